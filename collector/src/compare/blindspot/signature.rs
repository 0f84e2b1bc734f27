//! What failures have in common beside their number: a backend origin outside the expected ones or that
//! never answered this release, or scripts that failed on a page made of two releases. Three sessions in
//! ten minutes that bear the same sign are no chance, unless the sign was about all day.

use super::cusum::{BadVote, Witnesses};
use super::values::ValueId;
use super::votes::WINDOW_MS;
use crate::compare::interval::at_least;
use std::collections::{HashMap, VecDeque};

const DAY_MS: u64 = 24 * 3_600_000;
/// Sessions remembered per sign: more make it no clearer.
const REMEMBERED: usize = 2000;
/// Signs remembered.
const SIGNS: usize = 2000;

/// What the failures of several sessions can share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Sign {
    /// The backend origin called in vain.
    Origin(ValueId),
    /// A release that touched pages which called such an origin, or whose scripts failed beside those
    /// of another.
    Release(ValueId),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Signs {
    /// By time, each session once in ten minutes.
    seen: HashMap<Sign, VecDeque<BadVote>>,
    since_ms: Option<u64>,
    last_ms: Option<u64>,
}

impl Signs {
    pub(super) fn watch_from(&mut self, now_ms: u64) {
        self.since_ms.get_or_insert(now_ms);
    }

    pub(super) fn note(&mut self, sign: Sign, vote: BadVote) {
        if self.seen.len() >= SIGNS && !self.seen.contains_key(&sign) {
            self.seen.retain(|_, votes| {
                votes
                    .back()
                    .is_some_and(|last| last.at_ms + DAY_MS > vote.at_ms)
            });
            if self.seen.len() >= SIGNS {
                return;
            }
        }
        let votes = self.seen.entry(sign).or_default();
        let lately = votes
            .iter()
            .rev()
            .take_while(|known| known.at_ms + WINDOW_MS > vote.at_ms);
        if lately
            .into_iter()
            .any(|known| known.session == vote.session)
        {
            return;
        }
        self.last_ms = Some(vote.at_ms);
        if votes.len() >= REMEMBERED {
            votes.pop_front();
        }
        votes.push_back(vote);
        while votes
            .front()
            .is_some_and(|known| known.at_ms + DAY_MS < vote.at_ms)
        {
            votes.pop_front();
        }
    }

    /// The origin has answered: what failed there for this release is no sign of its own.
    pub(super) fn forget(&mut self, sign: Sign) {
        self.seen.remove(&sign);
    }

    /// The first failure of a sign that is no chance; `threshold` as for the sums.
    pub(super) fn fired(&self, threshold: f64, witnesses: Witnesses, now_ms: u64) -> Option<u64> {
        // Nothing can have come to fire since the last sign was noted ten minutes ago.
        self.last_ms.filter(|last| last + WINDOW_MS > now_ms)?;
        let fired = self.seen.values().filter_map(|votes| {
            let early = votes
                .iter()
                .take_while(|vote| vote.at_ms + WINDOW_MS <= now_ms)
                .count();
            let lately = votes.iter().skip(early);
            if !witnesses.suffice(lately.clone()) {
                return None;
            }
            let watched = now_ms
                .saturating_sub(self.since_ms.unwrap_or(now_ms))
                .clamp(WINDOW_MS, DAY_MS);
            let usual = early as f64 * WINDOW_MS as f64 / watched as f64;
            (at_least(lately.len() as u64, usual).ln() <= -threshold)
                .then(|| votes.get(early).map(|vote| vote.at_ms))
                .flatten()
        });
        fired.min()
    }

    pub(super) fn last_ms(&self) -> Option<u64> {
        self.last_ms
    }

    /// The fault is over: its failures are nobody's usual.
    pub(super) fn forget_since(&mut self, onset_ms: u64) {
        for votes in self.seen.values_mut() {
            votes.retain(|vote| vote.at_ms < onset_ms);
        }
        self.last_ms = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::blindspot::values::{Dimension, Values};

    const THREE: Witnesses = Witnesses {
        sessions: 3,
        networks: 2,
    };

    fn signs(votes: &[(u64, u64)]) -> Signs {
        let mut values = Values::default();
        let sign = Sign::Origin(values.id(Dimension::UsedOrigin, "http://x", 0).unwrap());
        let mut signs = Signs::default();
        signs.watch_from(0);
        for (at_ms, session) in votes {
            let vote = BadVote {
                at_ms: *at_ms,
                session: *session,
                network: Some(*session),
            };
            signs.note(sign, vote);
        }
        signs
    }

    #[test]
    fn three_sessions_in_ten_minutes_fire_and_two_do_not_however_often_they_fail() {
        assert_eq!(
            signs(&[(1, 1), (2, 2), (3, 1)]).fired(13.0, THREE, 10),
            None
        );
        let three = signs(&[(1, 1), (2, 2), (3, 3)]);
        assert_eq!(three.fired(13.0, THREE, 10), Some(1));
        assert_eq!(three.fired(13.0, THREE, WINDOW_MS + 2), None);
    }

    #[test]
    fn a_sign_that_was_about_all_day_is_nothing_new() {
        let all_day: Vec<_> = (0..1440).map(|n| (n * 60_000, n)).collect();
        assert_eq!(signs(&all_day).fired(13.0, THREE, DAY_MS - 60_000), None);
        let mut burst = all_day;
        burst.extend((0..40).map(|n| (DAY_MS - 60_000 + n, 10_000 + n)));
        assert!(signs(&burst).fired(13.0, THREE, DAY_MS).is_some());
    }
}
