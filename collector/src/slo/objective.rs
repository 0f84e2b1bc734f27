//! An objective: what it counts, how much of that must be good, over which window, and who is told when
//! the budget burns. Made by the readers of files; everything in it has been checked.

use super::indicator::Indicator;
use super::policy::BurnAlert;
use super::ppm::Ppm;
use super::timeline::Slicing;
use super::window::Window;
use std::collections::BTreeMap;

/// One objective of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// Unique among all.
    pub name: String,
    /// For people.
    pub title: String,
    /// Why it is there.
    pub description: String,
    /// What it belongs to.
    pub service: String,
    /// What it counts.
    pub indicator: Indicator,
    /// The share that must be good.
    pub target: Ppm,
    /// Over which time.
    pub window: Window,
    /// Events or slices.
    pub budgeting: Budgeting,
    /// Whether it may wake somebody.
    pub role: Role,
    /// In order of urgency; none for aspirational ones.
    pub alerts: Vec<BurnAlert>,
    /// Alerts left out because the target cannot burn so fast.
    pub unreachable: Vec<BurnAlert>,
    /// The objective that counts the same on the server side.
    pub twin: Option<Twin>,
    /// Why the count is only near the truth; `None` when it is exact.
    pub approximate: Option<String>,
    /// Where it says what to do.
    pub runbook: Option<String>,
    /// From the file, for routes and dashboards.
    pub labels: BTreeMap<String, String>,
    /// Where it stands.
    pub place: Place,
}

/// The other side's count of the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twin {
    /// The name of its objective.
    pub objective: String,
    /// Whether it sees every attempt of the clients and no others, so that attempts may be compared.
    pub complete: bool,
}

/// What a budget is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budgeting {
    /// Events.
    Occurrences,
    /// Slices of time.
    Timeslices {
        /// The length of a slice.
        minutes: u64,
        /// How a slice counts.
        slicing: Slicing,
    },
}

/// What an objective is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Holds when all is well; tells somebody when it does not.
    Alerting,
    /// Shown as what to aim at.
    Aspirational,
    /// The other side's count of an alerting one, shown beside it; one fault need not page twice.
    Compared,
}

impl Role {
    /// As in files and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Alerting => "alerting",
            Self::Aspirational => "aspirational",
            Self::Compared => "compared",
        }
    }
}

/// Where something stands in the files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file's name.
    pub file: String,
    /// Which of its documents, from 1.
    pub document: usize,
    /// The line, from 1.
    pub line: usize,
}

impl Objective {
    /// The length of the window, or of the longest it can have.
    pub fn window_s(&self) -> u64 {
        self.window.longest_seconds()
    }

    /// Over how long the present state is judged: an hour, or a quarter of a short window.
    pub fn present_s(&self) -> u64 {
        (self.window_s() / 4).clamp(60, 3600)
    }
}
