//! What leaves: a finding, current or past, with everything a person or a page needs of it.

use super::cause::Cause;
use super::mechanism::{Example, Mechanism};
use serde::{Deserialize, Serialize};

/// Unseen failures that are no chance.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// When the failures began, as far as their votes tell; Unix milliseconds of receipt.
    pub onset_ms: u64,
    /// When it was found; also its number.
    pub found_ms: u64,
    /// When it was over; `null` while it lasts.
    pub closed_ms: Option<u64>,
    /// Which test found it first.
    pub test: Test,
    /// What happened, in words.
    pub sentence: String,
    /// Loads since the onset, at most of the last half hour.
    pub loads: u64,
    /// Those that failed unseen.
    pub failed: u64,
    /// Candidates, best first; one that is named is the cause.
    pub causes: Vec<Cause>,
    /// How the loads failed.
    pub mechanisms: Vec<Mechanism>,
    /// Loads to look at: of the cause where one is named.
    pub examples: Vec<Example>,
}

/// The tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// Sessions that share a sign no healthy traffic bears.
    Signature,
    /// What has one value fails: a release, or a pod, origin, browser, route, country or network.
    Value,
    /// Too many failures among all.
    Pooled,
}

impl Test {
    /// All there are.
    pub const ALL: [Test; 3] = [Test::Signature, Test::Value, Test::Pooled];

    /// Its name in metrics.
    pub fn label(self) -> &'static str {
        match self {
            Test::Signature => "signature",
            Test::Value => "value",
            Test::Pooled => "pooled",
        }
    }
}
