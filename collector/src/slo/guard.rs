//! The guard against few events: would so many failures be surprising if the objective were just met?
//! Three failures at night are not, however fast the budget seems to burn.

use super::counts::Counts;
use super::ppm::{MILLION, Ppm};

/// Failures that a service just meeting its objective would show more often than this are no news.
pub(super) const SURPRISE: f64 = 0.005;

/// Whether at least `bad` failures among all events would be rarer than [`SURPRISE`] if each event
/// failed as often as the budget allows.
pub(super) fn is_surprising(counts: Counts, target: Ppm) -> bool {
    tail(counts.total(), counts.bad, target.complement()) < SURPRISE
}

/// P(X ≥ bad) for X the failures among `total` events that fail with probability `budget`.
#[expect(clippy::cast_precision_loss, reason = "a probability, not a count")]
pub(super) fn tail(total: u64, bad: u64, budget: Ppm) -> f64 {
    if bad == 0 {
        return 1.0;
    }
    if budget.parts() == 0 || bad > total {
        return 0.0;
    }
    let p = f64::from(budget.parts()) / f64::from(MILLION);
    let (n, k) = (total as f64, bad as f64);
    // At or below the mean the tail is no surprise: the median is within one of the mean.
    if k <= n * p {
        return 1.0;
    }
    if p >= 1.0 {
        return 1.0;
    }
    let mut term = (ln_choose(n, k) + k * p.ln() + (n - k) * (-p).ln_1p()).exp();
    let (mut sum, mut at) = (0.0, k);
    // Above the mean each further term is smaller than the one before.
    while at <= n && term > sum * f64::EPSILON {
        sum += term;
        term *= (n - at) / (at + 1.0) * p / (1.0 - p);
        at += 1.0;
    }
    sum.min(1.0)
}

fn ln_choose(n: f64, k: f64) -> f64 {
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

/// Summed up to 100, by Stirling's series (<https://dlmf.nist.gov/5.11#E1>) beyond.
fn ln_factorial(n: f64) -> f64 {
    if n <= 100.0 {
        let mut sum = 0.0;
        let mut at = 2.0;
        while at <= n {
            sum += f64::ln(at);
            at += 1.0;
        }
        return sum;
    }
    let correction = 1.0 / (12.0 * n) - 1.0 / (360.0 * n.powi(3));
    n * n.ln() - n + 0.5 * (std::f64::consts::TAU * n).ln() + correction
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn target(text: &str) -> Ppm {
        Ppm::from_share(text).unwrap()
    }

    /// Adds up every outcome, term by term.
    fn by_hand(n: u32, k: u32, p: f64) -> f64 {
        let choose = |k: u32| (0..k).fold(1.0, |c, i| c * f64::from(n - i) / f64::from(i + 1));
        let at =
            |k: u32| choose(k) * p.powi(k.cast_signed()) * (1.0 - p).powi((n - k).cast_signed());
        (k..=n).map(at).sum()
    }

    #[test]
    fn three_failures_of_three_attempts_at_night_are_no_news_at_80_percent() {
        assert!(!is_surprising(Counts::new(0, 3), target("0.8")));
        assert!(is_surprising(Counts::new(0, 4), target("0.8")));
    }

    #[test]
    fn one_failure_of_ten_at_three_nines_is_no_news_but_two_are() {
        // https://sre.google/workbook/alerting-on-slos/#low-traffic-services-and-error-budget-alerting:
        // 10 requests an hour, one of which fails, would be a burn rate of 1000.
        assert!(!is_surprising(Counts::new(9, 1), target("0.999")));
        assert!(is_surprising(Counts::new(8, 2), target("0.999")));
    }

    #[test]
    fn millions_of_events_are_reckoned_at_once() {
        let counts = Counts::new(999_000_000, 1_000_000);
        assert!(!is_surprising(counts, target("0.999")));
        assert!(is_surprising(
            Counts::new(998_990_000, 1_010_000),
            target("0.999")
        ));
    }

    #[test]
    fn without_a_budget_every_failure_is_news() {
        assert!(is_surprising(Counts::new(5, 1), target("1")));
        assert!(!is_surprising(Counts::new(5, 0), target("1")));
    }

    proptest! {
        #[test]
        fn the_tail_is_what_adding_up_by_hand_gives(n in 1u32..300, k in 0u32..300, parts in 1u32..999_999) {
            let (k, budget) = (k.min(n), Ppm::new(parts).unwrap());
            let p = f64::from(parts) / 1e6;
            prop_assume!(f64::from(k) > f64::from(n) * p);
            let (fast, slow) = (tail(n.into(), k.into(), budget), by_hand(n, k, p));
            prop_assert!((fast - slow).abs() <= 1e-9 + slow * 1e-6, "{fast} is not {slow}");
        }

        #[test]
        fn more_failures_are_never_less_surprising(n in 1u64..5000, k in 0u64..5000, parts in 1u32..500_000) {
            let (k, budget) = (k.min(n), Ppm::new(parts).unwrap());
            prop_assert!(tail(n, (k + 1).min(n), budget) <= tail(n, k, budget) + 1e-12);
        }
    }
}
