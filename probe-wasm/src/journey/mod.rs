//! Follows attempts at the declared journeys and those that code makes. Signals (clicks, calls, routes,
//! paints, events of the application), page verdicts and hiding enter; words about attempts leave,
//! revisions included. Knows no DOM, no clock and no pattern: which conditions hold is the shell's to say.

mod attempt;
mod rule;
mod tracker;

pub use rule::{Rule, Signals, StepRule};
pub use tracker::Tracker;
