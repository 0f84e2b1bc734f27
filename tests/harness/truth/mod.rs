//! What really happened, decided without the probe: from the driver's own view of page and network
//! ([`watch`]), the pods' access logs and the backend's log ([`logs`]).
//! Imports nothing of `beacon` and nothing the probe serves; the one thing it takes from the page is an
//! opaque label per document, so that somebody else can line the two accounts up.

mod journey;
pub mod logs;
mod page;
mod record;
mod rules;
mod watch;

pub use journey::{Attempt, JourneyOutcome, attempts};
pub use page::{PageOutcome, has_failed_script, page_outcome};
pub use record::{Document, Ending, Look, Request};
pub use rules::{Call, Rules};
pub use watch::Watch;

use std::fmt;

/// The document was left in a state that the definitions do not decide: a fault of the visit, not a
/// finding about the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecided(pub String);

impl fmt::Display for Undecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Undecided {}

/// The account of one document load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageTruth {
    /// The label the page carried; none where there is no probe, or where it never ran.
    pub label: Option<String>,
    /// How the load ended.
    pub outcome: PageOutcome,
    /// The attempts at journeys that began in this document, in their order.
    pub attempts: Vec<Attempt>,
}

/// Decides a document that has been left.
///
/// # Errors
/// When it was left in a state that the definitions do not decide.
pub fn decide(document: &Document, rules: &Rules) -> Result<PageTruth, Undecided> {
    let outcome = page_outcome(document, rules)?;
    let attempts = attempts(document, outcome, rules)?;
    Ok(PageTruth {
        label: document.label.clone(),
        outcome,
        attempts,
    })
}
