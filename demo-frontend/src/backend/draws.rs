//! Where the backend's chances come from. A low-discrepancy sequence per kind of decision meets every rate
//! within a short run; plain random numbers meet them in the long one.

use std::sync::{Mutex, PoisonError};

use clap::ValueEnum;

use super::Population;
use crate::random::SplitMix;

/// How decisions are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DrawKind {
    /// Additive recurrences with quadratic irrationals: after n draws a rate is met to about one draw.
    LowDiscrepancy,
    /// Pseudo-random.
    Random,
}

/// What is decided. Each kind walks its own sequence, so that a failure says nothing about a latency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Success(Operation),
    Latency(Operation),
    Safety,
    Sentiment,
    Outcome,
}

/// What the backend does for a user, as the real server's metrics divide it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Login,
    Logout,
    Startup,
    Chat,
    PrefGet,
    PrefUpdate,
}

const OPERATIONS: usize = 6;
const DECISIONS: usize = 2 * OPERATIONS + 3;

/// Fractional parts of the golden ratio and of roots of different primes: all have continued fractions with
/// small terms (hence even spacing), and no two lie in the same field (hence no drift in step).
const SUCCESS_STEP: f64 = 0.618_033_988_749_894_9;
const LATENCY_STEP: f64 = std::f64::consts::SQRT_2 - 1.0;
const SAFETY_STEP: f64 = 0.732_050_807_568_877_2;
const SENTIMENT_STEP: f64 = 0.605_551_275_463_989_2;
const OUTCOME_STEP: f64 = 0.645_751_311_064_590_6;

/// The sequences of both populations.
pub(super) struct Draws {
    browsers: [Mutex<Sequence>; DECISIONS],
    crowd: [Mutex<Sequence>; DECISIONS],
}

enum Sequence {
    Additive { at: f64, step: f64 },
    Random(SplitMix),
}

impl Draws {
    pub(super) fn new(kind: DrawKind, seed: u64) -> Self {
        let mut seeds = SplitMix::new(seed);
        let mut sequences = || {
            std::array::from_fn(|place| {
                Mutex::new(match kind {
                    DrawKind::LowDiscrepancy => Sequence::Additive {
                        at: seeds.unit(),
                        step: step(place),
                    },
                    DrawKind::Random => Sequence::Random(SplitMix::new(seeds.next())),
                })
            })
        };
        Self {
            browsers: sequences(),
            crowd: sequences(),
        }
    }

    /// The next number in [0, 1) for this kind of decision.
    pub(super) fn next(&self, decision: Decision, population: Population) -> f64 {
        let sequences = match population {
            Population::Browsers => &self.browsers,
            Population::Crowd => &self.crowd,
        };
        sequences[decision.place()]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .next()
    }
}

impl Sequence {
    fn next(&mut self) -> f64 {
        match self {
            Self::Additive { at, step } => {
                *at = (*at + *step).fract();
                *at
            }
            Self::Random(random) => random.unit(),
        }
    }
}

impl Decision {
    fn place(self) -> usize {
        match self {
            Self::Success(operation) => operation as usize,
            Self::Latency(operation) => OPERATIONS + operation as usize,
            Self::Safety => 2 * OPERATIONS,
            Self::Sentiment => 2 * OPERATIONS + 1,
            Self::Outcome => 2 * OPERATIONS + 2,
        }
    }
}

fn step(place: usize) -> f64 {
    const SAFETY: usize = 2 * OPERATIONS;
    match place {
        0..OPERATIONS => SUCCESS_STEP,
        OPERATIONS..SAFETY => LATENCY_STEP,
        SAFETY => SAFETY_STEP,
        place if place == SAFETY + 1 => SENTIMENT_STEP,
        _ => OUTCOME_STEP,
    }
}

#[cfg(test)]
mod tests {
    use super::{Decision, DrawKind, Draws, Operation, Population};

    const DECISIONS: [Decision; 5] = [
        Decision::Success(Operation::Chat),
        Decision::Latency(Operation::Chat),
        Decision::Safety,
        Decision::Sentiment,
        Decision::Outcome,
    ];

    #[test]
    fn a_hundred_draws_meet_every_rate_to_two_draws_with_any_seed() {
        for seed in 0..200 {
            let draws = Draws::new(DrawKind::LowDiscrepancy, seed);
            for decision in DECISIONS {
                let drawn: Vec<f64> = (0..100)
                    .map(|_| draws.next(decision, Population::Browsers))
                    .collect();
                for percent in [1, 5, 10, 30, 50, 70, 90, 95, 99] {
                    let below = drawn
                        .iter()
                        .filter(|x| **x < f64::from(percent) / 100.0)
                        .count();
                    let missed_by = below.abs_diff(usize::try_from(percent).unwrap_or_default());
                    assert!(
                        missed_by <= 2,
                        "seed {seed}, {decision:?}: {below} below {percent}%"
                    );
                }
            }
        }
    }

    #[test]
    fn failures_are_not_tied_to_latencies() {
        // Among the failing 5% of 2,000 draws, latencies must still be spread over the whole range.
        let draws = Draws::new(DrawKind::LowDiscrepancy, 7);
        let mut slow_failures = 0;
        for _ in 0..2_000 {
            let failed = draws.next(Decision::Success(Operation::Chat), Population::Crowd) >= 0.95;
            let slow = draws.next(Decision::Latency(Operation::Chat), Population::Crowd) >= 0.5;
            slow_failures += u32::from(failed && slow);
        }
        assert!(
            (40..=60).contains(&slow_failures),
            "{slow_failures} of about 100"
        );
    }

    #[test]
    fn the_same_seed_draws_the_same_and_another_seed_something_else() {
        for kind in [DrawKind::LowDiscrepancy, DrawKind::Random] {
            let first = |seed| Draws::new(kind, seed).next(Decision::Safety, Population::Browsers);
            assert_eq!(first(7).to_bits(), first(7).to_bits());
            assert_ne!(first(7).to_bits(), first(8).to_bits());
        }
    }
}
