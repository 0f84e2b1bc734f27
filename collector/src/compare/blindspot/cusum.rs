//! The sums that good votes lower and bad ones raise: Page's CUSUM for a share that has become one half
//! (nine tenths for a release) where at most `presumed` is usual. A sum past its threshold is no chance.

/// Bad votes remembered of a rise: enough to count sessions and networks.
const REMEMBERED: usize = 64;

/// What a vote weighs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Weights {
    bad: f64,
    good: f64,
}

impl Weights {
    /// For a share of `presumed` that may have become `feared`.
    pub(super) fn new(presumed: f64, feared: f64) -> Self {
        Self {
            bad: (feared / presumed).ln(),
            good: ((1.0 - feared) / (1.0 - presumed)).ln(),
        }
    }
}

/// How high a sum may rise by chance: once in three months at this many visits.
pub(super) fn threshold(visits_per_month: f64) -> f64 {
    visits_per_month.ln() + 3f64.ln()
}

/// A bad vote of a rise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadVote {
    pub(super) at_ms: u64,
    pub(super) session: u64,
    pub(super) network: Option<u64>,
}

/// How many different sessions and networks a test wants.
#[derive(Clone, Copy, Debug)]
pub(super) struct Witnesses {
    pub(super) sessions: usize,
    pub(super) networks: usize,
}

impl Witnesses {
    pub(super) fn suffice<'a>(self, votes: impl Iterator<Item = &'a BadVote>) -> bool {
        // Few are needed: of many votes most need not be looked at.
        let (mut sessions, mut networks) = (Vec::new(), Vec::new());
        for vote in votes {
            if sessions.len() < self.sessions && !sessions.contains(&vote.session) {
                sessions.push(vote.session);
            }
            // Who was heard again after a start has no network any more, and may be of any of the others.
            let network = vote.network.filter(|network| !networks.contains(network));
            if networks.len() < self.networks {
                networks.extend(network);
            }
            if sessions.len() >= self.sessions && networks.len().max(1) >= self.networks {
                return true;
            }
        }
        false
    }
}

/// One sum.
#[derive(Clone, Debug, Default)]
pub(super) struct Cusum {
    sum: f64,
    rise: Vec<BadVote>,
}

impl Cusum {
    /// A good vote. Returns what it changed, so that it can be taken back.
    pub(super) fn good(&mut self, weights: Weights) -> f64 {
        self.move_by(weights.good, f64::INFINITY)
    }

    /// A bad vote; the sum rises to `most` at most.
    pub(super) fn bad(&mut self, weights: Weights, vote: BadVote, most: f64) -> f64 {
        if self.rise.len() < REMEMBERED {
            self.rise.push(vote);
        }
        self.move_by(weights.bad, most)
    }

    /// A vote turned out otherwise.
    pub(super) fn take_back(&mut self, effect: f64, session: u64) {
        self.rise.retain(|vote| vote.session != session);
        self.move_by(-effect, f64::INFINITY);
    }

    fn move_by(&mut self, step: f64, most: f64) -> f64 {
        let before = self.sum;
        self.sum = (before + step).max(0.0).min(most.max(before));
        if self.sum == 0.0 {
            self.rise.clear();
        }
        self.sum - before
    }

    /// Since when it has been rising, if it is past the threshold with enough witnesses.
    pub(super) fn fired(&self, threshold: f64, witnesses: Witnesses) -> Option<u64> {
        (self.sum >= threshold && witnesses.suffice(self.rise.iter()))
            .then(|| self.rising_since_ms())
            .flatten()
    }

    /// The first bad vote of the present rise.
    pub(super) fn rising_since_ms(&self) -> Option<u64> {
        self.rise.first().map(|vote| vote.at_ms)
    }

    pub(super) fn sum(&self) -> f64 {
        self.sum
    }

    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALONE: Witnesses = Witnesses {
        sessions: 3,
        networks: 2,
    };

    fn vote(n: u64) -> BadVote {
        BadVote {
            at_ms: n,
            session: n,
            network: Some(n),
        }
    }

    #[test]
    fn at_a_hundred_thousand_visits_a_month_five_failures_in_a_row_are_enough_and_four_are_not() {
        let (weights, threshold) = (Weights::new(0.04, 0.5), threshold(100_000.0));
        let mut sum = Cusum::default();
        for n in 1..=4 {
            sum.bad(weights, vote(n), 100.0);
        }
        assert_eq!(sum.fired(threshold, ALONE), None);
        sum.bad(weights, vote(5), 100.0);
        assert_eq!(sum.fired(threshold, ALONE), Some(1));
    }

    #[test]
    fn two_users_who_fail_again_and_again_are_no_witnesses() {
        let weights = Weights::new(0.04, 0.5);
        let mut sum = Cusum::default();
        (0..20).for_each(|n| _ = sum.bad(weights, vote(n % 2), 100.0));
        assert!(sum.sum() > 30.0);
        assert_eq!(sum.fired(13.0, ALONE), None);
    }

    #[test]
    fn who_has_no_network_any_more_is_no_second_one() {
        let votes = |networks: [Option<u64>; 3]| {
            let vote = |(n, network)| BadVote { network, ..vote(n) };
            (1..).zip(networks).map(vote).collect::<Vec<_>>()
        };
        for (networks, enough) in [
            ([None, None, Some(7)], false),
            ([None, None, None], false),
            ([None, Some(7), Some(8)], true),
        ] {
            assert_eq!(
                ALONE.suffice(votes(networks).iter()),
                enough,
                "{networks:?}"
            );
        }
    }

    #[test]
    fn one_network_is_not_enough_unless_that_is_all_there_is() {
        let weights = Weights::new(0.04, 0.5);
        let mut sum = Cusum::default();
        for n in 0..9 {
            let network = None;
            sum.bad(weights, BadVote { network, ..vote(n) }, 100.0);
        }
        assert_eq!(sum.fired(13.0, ALONE), None);
        let demo = Witnesses {
            networks: 1,
            ..ALONE
        };
        assert_eq!(sum.fired(13.0, demo), Some(0));
    }

    #[test]
    fn a_rise_that_came_to_nothing_is_no_part_of_the_next() {
        let weights = Weights::new(0.04, 0.5);
        let mut sum = Cusum::default();
        sum.bad(weights, vote(1), 100.0);
        (0..10).for_each(|_| _ = sum.good(weights));
        (100..106).for_each(|n| _ = sum.bad(weights, vote(n), 100.0));
        assert_eq!(sum.fired(13.0, ALONE), Some(100));
    }

    #[test]
    fn a_vote_taken_back_leaves_no_trace() {
        let weights = Weights::new(0.04, 0.5);
        let mut sum = Cusum::default();
        sum.bad(weights, vote(1), 100.0);
        let before = sum.sum();
        let effect = sum.good(weights);
        sum.take_back(effect, 7);
        assert!((sum.sum() - before).abs() < 1e-12);
    }
}
