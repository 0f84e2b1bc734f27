//! What an event counts as, and what counts add up to. Pure: events and integers enter, series and
//! ratios leave; no clock, no I/O, no HTTP.

mod classify;
mod ratio;
mod report;
mod series;

pub(crate) use classify::is_expected;
pub use classify::{Contribution, Objectives};
pub use ratio::{Figures, ratio_ppm};
pub use report::{
    FailureGroup, JourneyFigures, PageFigures, Reachability, Report, Split, SplitBy, split,
};
pub use series::{Class, Latency, Outcome, Series};
