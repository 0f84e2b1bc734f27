//! One vote per session, two per client network in ten minutes: a user who reloads and a bot that never
//! tires are one and two voices. A session votes good when something worked, and bad as soon
//! as something failed unseen; the vote moves the sum over all and those of the values its
//! views have.

use super::cusum::{BadVote, Cusum, Weights};
use super::session::{Cast, Session, Stand, SumOf};
use super::usual::Usual;
use super::values::ValueId;
use super::view::Verdict;
use std::collections::{HashMap, VecDeque};

/// Votes of one network count once in so long.
pub(super) const WINDOW_MS: u64 = 600_000;
/// A session is forgotten so long after it was last heard of: sessions end after four hours.
const SESSION_MS: u64 = 4 * 3_600_000;
/// Sessions remembered, some 500 bytes each; then those that began first are forgotten.
const SESSIONS: usize = 100_000;
/// Networks remembered before the quiet ones are swept, and at most; more of them have a voice and are not
/// held to two votes.
const NETWORKS: usize = 20_000;
const MOST_NETWORKS: usize = 200_000;
const SWEPT_EVERY_MS: u64 = 60_000;
/// Values with a sum before those without a vote for a day are swept.
const VALUES: usize = 5_000;
const DAY_MS: u64 = 24 * 3_600_000;

/// Everything a vote moves.
#[derive(Clone, Debug, Default)]
pub(super) struct Votes {
    sessions: HashMap<u64, Session>,
    by_age: VecDeque<(u64, u64)>,
    networks: HashMap<u64, VecDeque<u64>>,
    /// When networks and values were swept.
    swept_ms: u64,
    /// First votes of the last ten minutes, on their way into what is usual.
    fresh: VecDeque<(u64, u64)>,
    pooled: Cusum,
    of_values: HashMap<ValueId, ValueSum>,
    last_bad_ms: Option<u64>,
}

/// The sum of the sessions that have a value, and what is usual of them.
#[derive(Clone, Debug, Default)]
struct ValueSum {
    sum: Cusum,
    usual: Usual,
    /// The same with faults and all.
    lived: Usual,
    last_vote_ms: u64,
}

/// How a view stood and stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn<'a> {
    pub(super) session: u64,
    pub(super) network: Option<u64>,
    /// Its verdict, and how many of its values it had.
    pub(super) before: (Verdict, usize),
    pub(super) after: (Verdict, &'a [ValueId]),
}

/// What votes weigh at the moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scales {
    pub(super) all: Weights,
    /// The share that is taken for usual of all; that of a value is at least as high.
    pub(super) presumed: f64,
    /// The share that a value's sessions may have come to fail at.
    pub(super) feared_of_value: f64,
    /// How high a sum may stand.
    pub(super) most: f64,
    /// Votes a network has in ten minutes.
    pub(super) per_network: usize,
}

impl Votes {
    /// Counts a view's new verdict in its session. Tells whether the session has a voice.
    pub(super) fn count(&mut self, turn: Turn<'_>, scales: &Scales, now_ms: u64) -> bool {
        let by_age = &mut self.by_age;
        let session = self.sessions.entry(turn.session).or_insert_with(|| {
            by_age.push_back((now_ms, turn.session));
            Session {
                last_heard_ms: now_ms,
                network: turn.network,
                muted: None,
                stands: Vec::with_capacity(2),
            }
        });
        session.last_heard_ms = now_ms;
        session.network = session.network.or(turn.network);
        let (before, after) = (turn.before, turn.after);
        session.shift(SumOf::All, before.0, after.0);
        // Values only ever join a view.
        for (at, value) in after.1.iter().enumerate() {
            let stood = match at < before.1 {
                true => before.0,
                false => Verdict::Undecided,
            };
            session.shift(SumOf::Value(*value), stood, after.0);
        }
        let votes_now = session.stands.iter().any(|stand| stand.verdict().is_some());
        if votes_now && session.muted.is_none() {
            let muted = !admitted(
                &mut self.networks,
                session.network,
                scales.per_network,
                now_ms,
            );
            session.muted = Some(muted);
            if !muted {
                self.fresh.push_back((now_ms, turn.session));
            }
        }
        if session.muted != Some(false) {
            return false;
        }
        self.cast(turn.session, scales, now_ms);
        true
    }

    /// Brings the sums in line with how the session stands.
    fn cast(&mut self, id: u64, scales: &Scales, now_ms: u64) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        for stand in &mut session.stands {
            let verdict = stand.verdict();
            if verdict == stand.cast.map(|cast| cast.bad) {
                continue;
            }
            let (sum, weights) = match stand.sum {
                SumOf::All => (&mut self.pooled, scales.all),
                SumOf::Value(value) => {
                    let of_value = self.of_values.entry(value).or_default();
                    of_value.last_vote_ms = now_ms;
                    let presumed = of_value.usual.presumed_of_part(scales.presumed);
                    let weights = Weights::new(presumed, scales.feared_of_value);
                    (&mut of_value.sum, weights)
                }
            };
            if let Some(cast) = stand.cast {
                sum.take_back(cast.effect, id);
            }
            stand.cast = verdict.map(|bad| {
                let effect = if bad {
                    let vote = BadVote {
                        at_ms: now_ms,
                        session: id,
                        network: session.network,
                    };
                    self.last_bad_ms = Some(now_ms);
                    sum.bad(weights, vote, scales.most)
                } else {
                    sum.good(weights)
                };
                Cast { bad, effect }
            });
        }
    }

    /// The sum over all.
    pub(super) fn pooled(&self) -> &Cusum {
        &self.pooled
    }

    /// Those of the values that still get votes.
    pub(super) fn of_values(&self, now_ms: u64) -> impl Iterator<Item = (ValueId, &Cusum)> {
        self.of_values
            .iter()
            .filter(move |(_, of)| of.last_vote_ms + WINDOW_MS >= now_ms)
            .map(|(value, of)| (*value, &of.sum))
    }

    pub(super) fn last_bad_ms(&self) -> Option<u64> {
        self.last_bad_ms
    }

    /// First votes that are not yet usual.
    pub(super) fn fresh(&self) -> usize {
        self.fresh.len()
    }

    /// First votes before `until_ms` that are not yet usual, as they stand.
    pub(super) fn fresh_before(&self, until_ms: u64) -> impl Iterator<Item = bool> {
        self.fresh
            .iter()
            .filter(move |(at_ms, _)| *at_ms < until_ms)
            .filter_map(|(_, session)| self.standing(*session))
    }

    /// Lets votes that are ten minutes old become usual; not those since `fault_ms`, which must not
    /// become their own yardstick.
    pub(super) fn settle(&mut self, usual: &mut Usual, fault_ms: u64, now_ms: u64) {
        while let Some((at_ms, session)) = self.fresh.front().copied()
            && at_ms + WINDOW_MS <= now_ms
        {
            self.fresh.pop_front();
            let Some(session) = self.sessions.get(&session) else {
                continue;
            };
            let is_usual = at_ms < fault_ms;
            for stand in &session.stands {
                let Some(bad) = stand.verdict() else {
                    continue;
                };
                match stand.sum {
                    SumOf::All if is_usual => usual.add(bad, at_ms),
                    SumOf::All => {}
                    SumOf::Value(value) => {
                        let of_value = self.of_values.entry(value).or_default();
                        of_value.lived.add(bad, at_ms);
                        if is_usual {
                            of_value.usual.add(bad, at_ms);
                        }
                    }
                }
            }
        }
    }

    /// Failed and all sessions of the trailing day by value, the unsettled ones included.
    pub(super) fn lived(&self) -> impl Iterator<Item = (ValueId, (u64, u64))> {
        let mut counts: HashMap<ValueId, (u64, u64)> = self
            .of_values
            .iter()
            .map(|(value, of)| (*value, of.lived.counted()))
            .collect();
        let fresh = self
            .fresh
            .iter()
            .filter_map(|(_, id)| self.sessions.get(id));
        for stand in fresh.flat_map(|session| &session.stands) {
            if let (SumOf::Value(value), Some(bad)) = (stand.sum, stand.verdict()) {
                let count = counts.entry(value).or_default();
                count.0 += u64::from(bad);
                count.1 += 1;
            }
        }
        counts.into_iter()
    }

    fn standing(&self, session: u64) -> Option<bool> {
        let stands = &self.sessions.get(&session)?.stands;
        stands.first().and_then(Stand::verdict)
    }

    /// Forgets sessions that have ended.
    pub(super) fn forget(&mut self, now_ms: u64) {
        while let Some((at_ms, id)) = self.by_age.front().copied()
            && (at_ms + SESSION_MS < now_ms || self.sessions.len() > SESSIONS)
        {
            self.by_age.pop_front();
            let Some(session) = self.sessions.get(&id) else {
                continue;
            };
            let has_ended = session.last_heard_ms + SESSION_MS < now_ms;
            if has_ended || self.sessions.len() > SESSIONS {
                self.sessions.remove(&id);
            } else {
                self.by_age.push_back((session.last_heard_ms, id));
            }
        }
        // Not for every beacon: there may be many.
        if self.swept_ms + SWEPT_EVERY_MS > now_ms {
            return;
        }
        self.swept_ms = now_ms;
        if self.of_values.len() > VALUES {
            self.of_values
                .retain(|_, of| of.last_vote_ms + DAY_MS > now_ms);
        }
        if self.networks.len() > NETWORKS {
            self.networks
                .retain(|_, votes| votes.back().is_some_and(|at_ms| at_ms + WINDOW_MS > now_ms));
        }
    }

    /// The fault is over: the sums begin anew, and what was cast no longer moves them.
    pub(super) fn reset(&mut self) {
        self.pooled.reset();
        self.of_values.values_mut().for_each(|of| of.sum.reset());
        for session in self.sessions.values_mut() {
            for cast in session.stands.iter_mut().filter_map(|s| s.cast.as_mut()) {
                cast.effect = 0.0;
            }
        }
    }
}

/// Takes one of the network's votes. Who has no network any more (after a restart), or one there is no room
/// for, is not held to it.
fn admitted(
    networks: &mut HashMap<u64, VecDeque<u64>>,
    network: Option<u64>,
    most: usize,
    now_ms: u64,
) -> bool {
    let Some(network) = network else {
        return true;
    };
    if networks.len() >= MOST_NETWORKS && !networks.contains_key(&network) {
        return true;
    }
    let votes = networks.entry(network).or_default();
    while votes
        .front()
        .is_some_and(|at_ms| at_ms + WINDOW_MS <= now_ms)
    {
        votes.pop_front();
    }
    if votes.len() >= most {
        return false;
    }
    votes.push_back(now_ms);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_sessions_and_networks_is_bounded_and_the_newest_are_known() {
        let mut votes = Votes::default();
        let scales = Scales {
            all: Weights::new(0.04, 0.5),
            presumed: 0.04,
            feared_of_value: 0.9,
            most: 20.0,
            per_network: 2,
        };
        let flood = 3 * MOST_NETWORKS as u64;
        for n in 0..flood {
            let turn = Turn {
                session: n,
                network: Some(n),
                before: (Verdict::Undecided, 0),
                after: (Verdict::Good, &[]),
            };
            assert!(votes.count(turn, &scales, 1000 + n / 1000));
            votes.forget(1000 + n / 1000);
        }
        assert_eq!(votes.sessions.len(), SESSIONS);
        assert_eq!(votes.by_age.len(), SESSIONS);
        assert_eq!(votes.networks.len(), MOST_NETWORKS);
        assert!(votes.sessions.contains_key(&(flood - 1)));
        // A quarter of an hour later there is room again.
        votes.forget(1_000_000_000);
        assert_eq!((votes.sessions.len(), votes.networks.len()), (0, 0));
    }
}
