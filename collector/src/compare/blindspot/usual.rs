//! What is usual: the share of sessions with an unseen failure over the trailing 24 hours. A session
//! enters ten minutes after its vote, so that a fault does not become its own yardstick.

use crate::compare::interval::wilson;
use std::collections::VecDeque;

const HOUR_MS: u64 = 3_600_000;
/// Trailing hours that make the rate.
const HOURS: usize = 24;
/// Never trust a rate below this: a quiet day must not make two failures an incident.
const FLOOR: f64 = 0.04;
/// The tests ask for a half; a baseline near it could never be told from it.
const CEILING: f64 = 0.45;
/// The sums of parts ask for nine tenths.
const CEILING_OF_PART: f64 = 0.85;
/// Sessions that say something of a part.
const FEWEST_OF_PART: u64 = 5;
/// One-sided 95%.
const Z: f64 = 1.645;
/// Fewer visits a month make no threshold that could hold.
const FEWEST_VISITS: f64 = 1000.0;

#[derive(Clone, Copy, Debug, Default)]
struct Hour {
    number: u64,
    bad: u64,
    total: u64,
}

/// Sessions by hour.
#[derive(Clone, Debug, Default)]
pub(super) struct Usual {
    hours: VecDeque<Hour>,
    bad: u64,
    total: u64,
    since_ms: Option<u64>,
}

/// Votes that are in the sums but not yet in the hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Recent {
    pub(super) bad: u64,
    pub(super) total: u64,
}

impl Usual {
    /// A session's vote, as it stands when it enters.
    pub(super) fn add(&mut self, bad: bool, at_ms: u64) {
        self.since_ms.get_or_insert(at_ms);
        let number = at_ms / HOUR_MS;
        if self.hours.back().is_none_or(|hour| hour.number < number) {
            self.hours.push_back(Hour {
                number,
                ..Hour::default()
            });
        }
        self.forget(at_ms);
        if let Some(hour) = self.hours.back_mut() {
            hour.total += 1;
            hour.bad += u64::from(bad);
            self.total += 1;
            self.bad += u64::from(bad);
        }
    }

    fn forget(&mut self, now_ms: u64) {
        let oldest = (now_ms / HOUR_MS).saturating_sub(HOURS as u64);
        while let Some(hour) = self.hours.front()
            && hour.number < oldest
        {
            self.total -= hour.total;
            self.bad -= hour.bad;
            self.hours.pop_front();
        }
    }

    /// The rate that a test takes for granted: the 95% upper bound of what was seen, at least 4%.
    pub(super) fn presumed(&self, recent: Recent) -> f64 {
        let (bad, total) = (self.bad + recent.bad, self.total + recent.total);
        upper_bound(bad, total).clamp(FLOOR, CEILING)
    }

    /// The same for a part of all: what few have shown of it counts, what nobody has does not.
    pub(super) fn presumed_of_part(&self, of_all: f64) -> f64 {
        if self.total < FEWEST_OF_PART {
            return of_all;
        }
        upper_bound(self.bad, self.total).clamp(of_all, CEILING_OF_PART)
    }

    /// The rate as it was seen; the floor's half where nothing was.
    pub(super) fn rate(&self, recent: Recent) -> f64 {
        let (bad, total) = (self.bad + recent.bad, self.total + recent.total);
        if total == 0 {
            return FLOOR / 2.0;
        }
        (bad as f64 / total as f64).clamp(0.01, CEILING)
    }

    /// Visits in 30 days if the trailing day is like the others.
    pub(super) fn visits_per_month(&self, now_ms: u64, recent: Recent) -> f64 {
        let watched = now_ms.saturating_sub(self.since_ms.unwrap_or(now_ms));
        let watched = watched.clamp(HOUR_MS, HOURS as u64 * HOUR_MS) as f64;
        let month = 30.0 * 24.0 * HOUR_MS as f64;
        ((self.total + recent.total) as f64 * month / watched).max(FEWEST_VISITS)
    }

    pub(super) fn counted(&self) -> (u64, u64) {
        (self.bad, self.total)
    }
}

fn upper_bound(bad: u64, total: u64) -> f64 {
    wilson(bad, total, Z).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_nobody_has_measured_yet_makes_no_failure_surprising() {
        let usual = Usual::default();
        assert_eq!(usual.presumed(Recent::default()), CEILING);
    }

    #[test]
    fn a_good_day_is_taken_for_four_percent_and_a_bad_one_for_its_upper_bound() {
        let mut usual = Usual::default();
        for n in 0..2000u64 {
            usual.add(n % 50 == 0, n * 1000);
        }
        assert_eq!(usual.presumed(Recent::default()), FLOOR);
        for n in 0..2000u64 {
            usual.add(n % 5 == 0, n * 1000);
        }
        let presumed = usual.presumed(Recent::default());
        assert!((0.11..0.13).contains(&presumed), "{presumed}");
    }

    #[test]
    fn what_is_older_than_a_day_is_forgotten() {
        let mut usual = Usual::default();
        (0..100).for_each(|n| usual.add(true, n));
        usual.add(false, 25 * HOUR_MS);
        assert_eq!(usual.counted(), (0, 1));
    }

    #[test]
    fn the_bound_is_that_of_wilsons_interval() {
        // Wilson (1927), Probable inference, the law of succession, and statistical inference. By hand
        // for 5 of 100 and z = 1.645: (0.05 + 0.013530 + 0.038320) / 1.027060.
        assert!((upper_bound(5, 100) - 0.099_167).abs() < 0.000_005);
        assert_eq!(upper_bound(0, 0), 1.0);
    }
}
