//! Ratios from integer counts, in parts per million; no data is no ratio, never 100%.

use super::series::Class;
use serde::Serialize;
use std::collections::BTreeMap;

/// Good over total in parts per million, rounded down, so that a single failure among any number
/// never shows as a full million. `None` when there is no data.
pub fn ratio_ppm(good: u64, total: u64) -> Option<u32> {
    if total == 0 {
        return None;
    }
    let ppm = u128::from(good.min(total)) * 1_000_000 / u128::from(total);
    u32::try_from(ppm).ok()
}

/// The figures of one indicator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// As it should be.
    pub good: u64,
    /// Failures for the user.
    pub bad: u64,
    /// Neither, and in no ratio.
    pub excluded: u64,
    /// Good and bad.
    pub total: u64,
    /// Good over total.
    pub ratio_ppm: Option<u32>,
    /// Counts by outcome, excluded ones too.
    pub outcomes: BTreeMap<&'static str, u64>,
}

impl Figures {
    /// No events yet, every outcome of its kind present at 0.
    pub fn with_outcomes(labels: impl Iterator<Item = &'static str>) -> Self {
        Self {
            outcomes: labels.map(|label| (label, 0)).collect(),
            ..Self::default()
        }
    }

    /// Counts `count` events of one outcome.
    pub fn add(&mut self, class: Class, outcome: &'static str, count: u64) {
        match class {
            Class::Good => self.good += count,
            Class::Bad => self.bad += count,
            Class::Excluded => self.excluded += count,
        }
        *self.outcomes.entry(outcome).or_default() += count;
        self.total = self.good + self.bad;
        self.ratio_ppm = ratio_ppm(self.good, self.total);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_data_is_no_ratio() {
        assert_eq!(ratio_ppm(0, 0), None);
        let mut figures = Figures::default();
        figures.add(Class::Excluded, "abandoned", 5);
        assert_eq!(figures.ratio_ppm, None);
    }

    #[test]
    fn one_failure_in_ten_million_is_not_a_full_million() {
        assert_eq!(ratio_ppm(9_999_999, 10_000_000), Some(999_999));
        assert_eq!(ratio_ppm(10_000_000, 10_000_000), Some(1_000_000));
    }

    proptest! {
        #[test]
        fn adding_good_events_never_lowers_a_ratio(good in 0u64..2000, bad in 1u64..2000) {
            prop_assert!(ratio_ppm(good + 1, good + bad + 1) >= ratio_ppm(good, good + bad));
        }

        #[test]
        fn counting_in_two_parts_equals_counting_once(counts in prop::collection::vec(0u64..9, 3)) {
            let classes = [Class::Good, Class::Bad, Class::Excluded];
            let (mut once, mut parts) = (Figures::default(), Figures::default());
            for (class, count) in classes.iter().zip(&counts) {
                once.add(*class, "x", *count);
                parts.add(*class, "x", count / 2);
                parts.add(*class, "x", count - count / 2);
            }
            prop_assert_eq!(once, parts);
        }
    }
}
