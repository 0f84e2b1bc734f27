//! Objective files: texts enter, checked objectives or the list of everything wrong with them leave.
//! OpenSLO v1 (<https://github.com/OpenSLO/OpenSLO>), the files of Sloth, and the list of maintenance.

mod alerting;
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
#[cfg(test)]
mod tests;

pub use problem::Problem;
pub use read::{File, Known, KnownApp, ObjectiveSet, Service, read};
