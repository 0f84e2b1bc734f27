//! The error budget of a window: what it allows, what is spent, what is left, in events and in time, and
//! when it will be gone at the present rate.

use super::counts::{Counts, Factor};
use super::ppm::{MILLION, Ppm};
use super::window::Current;
use serde::Serialize;

/// What a window may spend and has spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorBudget {
    /// Bad events that these many events allow, in thousandths of an event.
    pub allowed_milli: u64,
    /// Bad events.
    pub spent: u64,
    /// What is left of the allowance, in thousandths of an event; less than nothing when overspent.
    pub remaining_milli: i64,
    /// The same as a share of the budget, in parts per million, rounded down; `None` without events.
    pub remaining_ppm: Option<i64>,
    /// Milliseconds of failing altogether that the whole window allows.
    pub allowed_ms: u64,
    /// What has been spent of them, by the share of events that failed.
    pub spent_ms: u64,
    /// What is left of them.
    pub remaining_ms: i64,
}

impl ErrorBudget {
    /// The budget of a window with these events.
    pub fn new(counts: Counts, target: Ppm, window: Current) -> Self {
        let budget = u128::from(target.complement().parts());
        let (bad, total) = (u128::from(counts.bad), u128::from(counts.total()));
        let million = u128::from(MILLION);
        let allowed_milli = total * budget * 1000 / million;
        let allowed_ms = u128::from(window.whole_ms()) * budget / million;
        let spent_ms = (u128::from(window.passed.ms()) * bad)
            .checked_div(total)
            .unwrap_or(0);
        Self {
            allowed_milli: narrow(allowed_milli),
            spent: counts.bad,
            remaining_milli: signed(allowed_milli) - signed(bad * 1000),
            remaining_ppm: remaining_ppm(counts, target),
            allowed_ms: narrow(allowed_ms),
            spent_ms: narrow(spent_ms),
            remaining_ms: signed(allowed_ms) - signed(spent_ms),
        }
    }
}

fn narrow(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

fn signed(value: u128) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX / 2)
}

/// 1 − bad ÷ (total × budget), rounded down. Without a budget the first failure overspends it.
fn remaining_ppm(counts: Counts, target: Ppm) -> Option<i64> {
    if counts.is_empty() {
        return None;
    }
    let million = i128::from(MILLION);
    let allowed = i128::from(target.complement().parts()) * i128::from(counts.total());
    if allowed == 0 {
        let left = if counts.bad == 0 { million } else { -million };
        return i64::try_from(left).ok();
    }
    let left = (allowed - i128::from(counts.bad) * million) * million;
    Some(i64::try_from(left.div_euclid(allowed)).unwrap_or(i64::MIN))
}

/// In how many seconds the rest of a budget is gone at a burn rate; `None` when it will not be: a rate of
/// at most 1 is what the budget is for, and of a calendar's window the end may come first.
pub(super) fn exhausted_in_s(
    remaining_ppm: i64,
    burn: Factor,
    window: Current,
    is_calendar: bool,
) -> Option<u64> {
    let Ok(remaining) = u128::try_from(remaining_ppm) else {
        return Some(0);
    };
    if remaining == 0 {
        return Some(0);
    }
    if burn.0 <= 1000 {
        return None;
    }
    let whole_ms = u128::from(window.whole_ms());
    let left_ms = narrow(remaining * whole_ms * 1000 / u128::from(MILLION) / u128::from(burn.0));
    let until_end_ms = window.ends_ms - window.passed.to_ms;
    (!is_calendar || left_ms < until_end_ms).then_some(left_ms / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slo::window::Stretch;
    use proptest::prelude::*;

    const DAY_MS: u64 = 86_400_000;

    fn rolling(days: u64) -> Current {
        Current {
            passed: Stretch::new(0, days * DAY_MS),
            ends_ms: days * DAY_MS,
        }
    }

    fn target(text: &str) -> Ppm {
        Ppm::from_share(text).unwrap()
    }

    #[test]
    fn three_million_requests_at_three_nines_allow_three_thousand_failures() {
        // https://sre.google/workbook/implementing-slos/: 99.9% of 3,000,000 requests in four weeks is a
        // budget of 3,000 errors, and an outage with 1,500 of them costs half of it.
        let counts = Counts::new(2_998_500, 1_500);
        let budget = ErrorBudget::new(counts, target("0.999"), rolling(28));
        assert_eq!(budget.allowed_milli, 3_000_000);
        assert_eq!(budget.remaining_ppm, Some(500_000));
        assert_eq!(budget.remaining_milli, 1_500_000);
    }

    #[test]
    fn a_month_at_three_nines_allows_43_minutes_and_12_seconds() {
        // https://sre.google/workbook/alerting-on-slos/#4-alert-on-burn-rate: 43 minutes
        let budget = ErrorBudget::new(Counts::new(500, 500), target("0.999"), rolling(30));
        assert_eq!(budget.allowed_ms, (43 * 60 + 12) * 1000);
        assert_eq!(budget.spent_ms, 15 * DAY_MS);
        assert!(budget.remaining_ms < 0);
    }

    #[test]
    fn burn_rates_exhaust_a_month_as_in_the_workbook() {
        // https://sre.google/workbook/alerting-on-slos/#4-alert-on-burn-rate, table 5-4 "Burn rates and
        // time to complete budget exhaustion": 1 → 30 days, 2 → 15 days, 10 → 3 days, 1,000 → 43 minutes.
        let all = 1_000_000;
        let in_s = |rate: u64| exhausted_in_s(all, Factor(rate * 1000), rolling(30), false);
        assert_eq!(in_s(1), None);
        assert_eq!(in_s(2), Some(15 * 86_400));
        assert_eq!(in_s(10), Some(3 * 86_400));
        assert_eq!(in_s(1000), Some(43 * 60 + 12));
    }

    #[test]
    fn a_window_that_ends_before_its_budget_does_is_not_exhausted() {
        let month = Current {
            passed: Stretch::new(0, 20 * DAY_MS),
            ends_ms: 30 * DAY_MS,
        };
        assert_eq!(exhausted_in_s(1_000_000, Factor(2000), month, true), None);
        assert_eq!(
            exhausted_in_s(1_000_000, Factor(6000), month, true),
            Some(5 * 86_400)
        );
        assert_eq!(exhausted_in_s(-1, Factor(0), month, true), Some(0));
    }

    #[test]
    fn no_events_leave_no_share_of_a_budget() {
        let budget = ErrorBudget::new(Counts::default(), target("0.9"), rolling(7));
        assert_eq!((budget.remaining_ppm, budget.allowed_milli), (None, 0));
    }

    proptest! {
        #[test]
        fn what_is_left_is_negative_exactly_when_the_target_is_missed(good in 0u64..1 << 30, bad in 0u64..1 << 30, parts in 0u32..MILLION) {
            let (counts, target) = (Counts::new(good, bad), Ppm::new(parts).unwrap());
            let left = ErrorBudget::new(counts, target, rolling(30)).remaining_ppm;
            prop_assert_eq!(left.map(|left| left >= 0), counts.meets(target));
        }

        #[test]
        fn good_events_never_take_from_a_budget(good in 0u64..1 << 30, bad in 0u64..1 << 30, more in 0u64..1 << 30, parts in 0u32..MILLION) {
            let target = Ppm::new(parts).unwrap();
            let left = |good| ErrorBudget::new(Counts::new(good, bad), target, rolling(30)).remaining_ppm;
            prop_assert!(left(good).is_none() || left(good + more) >= left(good));
        }
    }
}
