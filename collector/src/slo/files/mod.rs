//! Objective files: texts enter, checked objectives or the list of everything wrong with them leave.
//! OpenSLO v1 (<https://github.com/OpenSLO/OpenSLO>), the files of Sloth, and the list of maintenance.

mod alerting;
mod counters;
mod entry;
mod events;
mod fields;
mod maintenance;
mod metadata;
mod node;
mod problem;
mod read;
mod sli;
mod slo;
mod sloth;
mod source;
mod time_window;

pub use problem::Problem;
pub use read::{File, Known, KnownApp, ObjectiveSet, Service, read};
