//! Follows attempts at the declared journeys. Clicks, calls, paints, page verdicts and hiding enter;
//! words about attempts leave, revisions included. Knows no DOM and no clock.

mod attempt;
mod tracker;

pub use attempt::Word;
pub use tracker::{Painted, Tracker};
