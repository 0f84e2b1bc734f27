//! Good and bad events, compared with a target or a factor before anything is rounded.

use super::ppm::{MILLION, Ppm};
use crate::sli::ratio_ppm;
use serde::Serialize;
use std::ops::{Add, AddAssign, Sub};

/// How many events, or time slices, were good and how many bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Counts {
    /// As they should be.
    pub good: u64,
    /// Failures.
    pub bad: u64,
}

/// A multiple, in thousandths: 14.4 is 14400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Factor(pub u64);

impl Counts {
    /// So many good and bad.
    pub const fn new(good: u64, bad: u64) -> Self {
        Self { good, bad }
    }

    /// Good and bad together.
    pub fn total(self) -> u64 {
        self.good + self.bad
    }

    /// Nothing happened.
    pub fn is_empty(self) -> bool {
        self.total() == 0
    }

    /// The indicator, rounded down for showing; never compared.
    pub fn ratio_ppm(self) -> Option<u32> {
        ratio_ppm(self.good, self.total())
    }

    /// Whether the share of good ones is at least the target; `None` without any.
    pub fn meets(self, target: Ppm) -> Option<bool> {
        let good = u128::from(self.good) * u128::from(MILLION);
        let asked = u128::from(target.parts()) * u128::from(self.total());
        (!self.is_empty()).then_some(good >= asked)
    }

    /// Whether bad ones come more than `factor` times as often as the target allows. Without events
    /// nothing burns.
    pub fn burns_faster_than(self, factor: Factor, target: Ppm) -> bool {
        let budget = u128::from(target.complement().parts());
        let bad = u128::from(self.bad) * u128::from(MILLION) * 1000;
        bad > u128::from(factor.0) * budget * u128::from(self.total())
    }

    /// The burn rate, rounded for showing; `None` without events or without a budget.
    pub fn burn_rate(self, target: Ppm) -> Option<Factor> {
        let budget = u128::from(target.complement().parts());
        let denominator = budget * u128::from(self.total());
        let bad = u128::from(self.bad) * u128::from(MILLION) * 1000;
        let rate = (bad + denominator / 2).checked_div(denominator)?;
        Some(Factor(u64::try_from(rate).unwrap_or(u64::MAX)))
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::new(self.good + other.good, self.bad + other.bad)
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// What an earlier running total leaves of a later one.
impl Sub for Counts {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self::new(
            self.good.saturating_sub(earlier.good),
            self.bad.saturating_sub(earlier.bad),
        )
    }
}

impl std::iter::Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), Add::add)
    }
}

impl Factor {
    /// Whether even failing always burns no faster: an alert on it can never fire.
    pub fn is_out_of_reach(self, target: Ppm) -> bool {
        u128::from(self.0) * u128::from(target.complement().parts()) >= u128::from(MILLION) * 1000
    }

    /// The fastest a budget can burn, when all fails; `None` without a budget.
    pub fn highest(target: Ppm) -> Option<Self> {
        let budget = u64::from(target.complement().parts());
        (u64::from(MILLION) * 1000).checked_div(budget).map(Self)
    }
}

impl std::fmt::Display for Factor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = format!("{}.{:03}", self.0 / 1000, self.0 % 1000);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Serialize for Factor {
    #[expect(clippy::cast_precision_loss, reason = "shown, not compared")]
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0 as f64 / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn share(text: &str) -> Ppm {
        Ppm::from_share(text).unwrap()
    }

    #[test]
    fn a_ratio_a_hair_below_the_target_does_not_meet_it() {
        let target = share("0.9995");
        assert_eq!(Counts::new(9995, 5).meets(target), Some(true));
        assert_eq!(
            Counts::new(99_950_000_000, 50_000_001).meets(target),
            Some(false)
        );
        assert_eq!(Counts::default().meets(target), None);
    }

    #[test]
    fn counts_near_the_end_of_their_type_are_compared_exactly() {
        let huge = u64::MAX / 2;
        assert_eq!(Counts::new(huge, 0).meets(share("0.999999")), Some(true));
        assert!(Counts::new(0, huge).burns_faster_than(Factor(999_999_999), share("0.999999")));
        assert!(!Counts::new(0, huge).burns_faster_than(Factor(1_000_000_000), share("0.999999")));
    }

    #[test]
    fn an_objective_of_90_percent_burns_ten_times_at_most() {
        let target = share("0.9");
        assert_eq!(Factor::highest(target), Some(Factor(10_000)));
        assert!(Factor(10_000).is_out_of_reach(target));
        assert!(!Factor(9_999).is_out_of_reach(target));
        assert_eq!(Counts::new(0, 7).burn_rate(target), Some(Factor(10_000)));
    }

    #[test]
    fn factors_are_written_without_needless_digits() {
        assert_eq!(Factor(14_400).to_string(), "14.4");
        assert_eq!(Factor(6_000).to_string(), "6");
        assert_eq!(Factor(933).to_string(), "0.933");
    }

    proptest! {
        #[test]
        fn more_good_events_never_break_what_held(good in 0u64..1 << 40, bad in 0u64..1 << 40, more in 0u64..1 << 40, parts in 0u32..MILLION) {
            let target = Ppm::new(parts).unwrap();
            let (before, after) = (Counts::new(good, bad), Counts::new(good + more, bad));
            prop_assert!(before.meets(target) != Some(true) || after.meets(target) == Some(true));
            prop_assert!(!after.burns_faster_than(Factor(1000), target) || before.burns_faster_than(Factor(1000), target));
        }

        #[test]
        fn what_is_below_its_target_is_what_burns_faster_than_once(good in 0u64..1 << 40, bad in 0u64..1 << 40, parts in 0u32..MILLION) {
            let (counts, target) = (Counts::new(good, bad), Ppm::new(parts).unwrap());
            prop_assert_eq!(counts.burns_faster_than(Factor(1000), target), counts.meets(target) == Some(false));
        }

        #[test]
        fn nothing_burns_faster_than_what_is_out_of_reach(good in 0u64..1 << 40, bad in 0u64..1 << 40, factor in 0u64..1 << 30, parts in 0u32..MILLION) {
            let (counts, target, factor) = (Counts::new(good, bad), Ppm::new(parts).unwrap(), Factor(factor));
            prop_assert!(!(factor.is_out_of_reach(target) && counts.burns_faster_than(factor, target)));
        }
    }
}
