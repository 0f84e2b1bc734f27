//! Attempts at the journeys an application declares.

use super::{Finality, RequestOutcome};
use serde::{Deserialize, Serialize};

/// One attempt at a declared journey. Its start is the event's `at_ms`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JourneyAttempt {
    /// As declared, such as `chat`.
    pub name: String,
    /// How it ended. Whether an abandoned attempt counts as bad is decided by the collector, which
    /// knows the objective's threshold.
    pub outcome: JourneyOutcome,
    /// Provisional while the page may still come back.
    #[serde(default)]
    pub finality: Finality,
    /// Why it failed.
    #[serde(default)]
    pub reason: Option<JourneyReason>,
    /// Milliseconds from start to end, or to the decision.
    pub duration_ms: u32,
    /// Backend origin of the request that decided it; else the configured one.
    #[serde(default)]
    pub backend_origin: String,
    /// Route of the page at the start.
    #[serde(default)]
    pub route: String,
    /// The value of the configured body field of the deciding request.
    #[serde(default)]
    pub result: Option<String>,
    /// The declared or reported steps that were reached, in order of their start; at most
    /// [`crate::limits::STEPS`].
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// A step of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its name, at most [`crate::limits::NAME_BYTES`].
    pub name: String,
    /// Milliseconds from the start of the attempt.
    pub started_ms: u32,
    /// Milliseconds it took; until the attempt ended, for one that did not end.
    pub duration_ms: u32,
    /// Position of the step it is a part of, plus one; 0 for a part of the attempt itself. Always an
    /// earlier step.
    #[serde(default)]
    pub parent: u8,
    /// Whether it ended.
    #[serde(default = "yes")]
    pub ended: bool,
}

fn yes() -> bool {
    true
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JourneyOutcome {
    /// Its end was reached.
    Success,
    /// Something it needs failed.
    Failed,
    /// Not ended within its limit.
    Hung,
    /// The page was left before it ended.
    Abandoned,
}

/// Why an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JourneyReason {
    /// The document load itself ended blank, broken or incomplete.
    Page,
    /// A request it needs ended badly.
    Request(RequestOutcome),
}
