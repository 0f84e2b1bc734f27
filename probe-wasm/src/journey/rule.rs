//! What an application declares of a journey, once the shell has given each condition a number.

use crate::{Millis, Text};

/// A set of conditions, one bit each. The shell numbers the distinct ones of all journeys.
pub type Signals = u32;

/// Conditions there can be.
pub(super) const SIGNALS: usize = 32;

/// A declared journey.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name.
    pub name: Text,
    /// Not ended by then: hung.
    pub limit: Millis,
    /// A click, a route, a paint or an event that starts an attempt, unless one is under way.
    pub starts: Signals,
    /// The first such call of a document in which no attempt was made starts one; it then began with the
    /// document load.
    pub loads: Signals,
    /// Each such call starts an attempt.
    pub calls: Signals,
    /// All that must have come for success; a call among them must have ended well.
    pub ends: Signals,
    /// Calls whose failure fails the attempt.
    pub needs: Signals,
    /// A document load that fails is a failed attempt.
    pub failed_page: bool,
}

/// A declared step of a journey.
#[derive(Clone, Copy, Debug)]
pub struct StepRule {
    /// Of which journey, by position.
    pub rule: usize,
    /// Its name.
    pub name: Text,
    /// What begins it: of a call its sending.
    pub start: Signals,
    /// What ends it: of a call its end, however it was. Without one it ends with the attempt.
    pub end: Signals,
    /// Of which step it is a part: its position plus one among all declared, 0 for none.
    pub parent: usize,
}

impl Rule {
    /// Room for one.
    pub const NONE: Self = Self {
        name: 0,
        limit: 0,
        starts: 0,
        loads: 0,
        calls: 0,
        ends: 0,
        needs: 0,
        failed_page: false,
    };
}

impl StepRule {
    /// Room for one.
    pub const NONE: Self = Self {
        rule: 0,
        name: 0,
        start: 0,
        end: 0,
        parent: 0,
    };
}
