//! Which backend origins have answered whom, and when: a failure is a sign where nobody was answered. Calls
//! that were answered enter; what the failures of a view may share with those of others leaves.

use super::signature::Sign;
use super::values::ValueId;
use super::view::{Answer, View};
use super::votes::WINDOW_MS;
use std::collections::HashMap;

/// Pairs of origin and release whose answers are remembered.
const ANSWERS: usize = 20_000;
const DAY_MS: u64 = 24 * 3_600_000;

#[derive(Clone, Debug, Default)]
pub(super) struct Answers {
    pub(super) by_origin: HashMap<ValueId, u64>,
    by_release: HashMap<(ValueId, Option<ValueId>), u64>,
}

impl Answers {
    /// Tells whether it is the first of its origin to its release.
    pub(super) fn note(&mut self, answer: Answer, now_ms: u64) -> bool {
        if self.by_release.len() >= ANSWERS {
            self.by_release.retain(|_, at_ms| *at_ms + DAY_MS > now_ms);
            self.by_origin.retain(|_, at_ms| *at_ms + DAY_MS > now_ms);
        }
        self.by_origin.insert(answer.origin, now_ms);
        let pair = (answer.origin, answer.release);
        self.by_release.insert(pair, now_ms).is_none()
    }

    /// What the failures of this view may share with those of others.
    pub(super) fn signs_of(&self, view: &View, now_ms: u64) -> Vec<Sign> {
        let mut signs = Vec::new();
        let mixed = view
            .page_failure()
            .is_some_and(|failure| failure.scripts_failed && failure.two_releases);
        let in_vain = view.call_failures().filter(|call| {
            // An expected origin is suspect if it never answered this release, any other one if it
            // does not at present.
            let within = if call.expected { DAY_MS } else { WINDOW_MS };
            let answered = self.by_release.get(&(call.origin, view.release));
            answered.is_none_or(|at_ms| at_ms + within <= now_ms)
        });
        signs.extend(in_vain.map(|call| Sign::Origin(call.origin)));
        if mixed || !signs.is_empty() {
            signs.extend(view.releases.iter().map(|release| Sign::Release(*release)));
        }
        signs
    }
}
