//! The two states of the demo: everything fine, and the incident of the workshop's challenge 7.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::backend::Phase;

/// What goes on: which pods get connections, and how the backend behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Scenario {
    /// Only pods of the working release; the backend as in challenge 5.
    Healthy,
    /// A second release with a wrong backend URL beside the first; the backend as healthy as before.
    Challenge7,
}

impl Scenario {
    /// The backend's behaviour in this scenario.
    pub fn phase(self) -> Phase {
        match self {
            Self::Healthy => Phase::preset(include_str!("../phases/challenge-5-healthy.json")),
            Self::Challenge7 => {
                Phase::preset(include_str!("../phases/challenge-7-healthy-backend.json"))
            }
        }
    }
}
