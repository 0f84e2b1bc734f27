//! Follows calls from sending to their end and names how they ended. Starts, ends, bodies and
//! violations enter; ended calls leave, bad ones as single events, good ones as counts.

mod call;
mod classify;
mod count;
mod diagnose;
mod tracker;

pub use call::{Call, Stage, flag};
pub use classify::{Field, How, bit};
pub use count::Counts;
pub use diagnose::{Evidence, diagnose};
pub use tracker::Tracker;
