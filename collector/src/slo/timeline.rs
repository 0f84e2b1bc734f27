//! The history of one indicator in minutes, as running totals: any window costs two look-ups, however
//! long. What arrives late restates the totals after it. Time slices are judged from the same minutes.

use super::counts::Counts;
use super::ppm::{MILLION, Ppm};
use super::window::Stretch;

/// A minute in milliseconds.
pub const MINUTE_MS: u64 = 60_000;

/// Running totals over a stretch of minutes without gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    first: u64,
    /// Before each minute; one more than there are minutes.
    totals: Vec<Counts>,
}

impl Timeline {
    /// From counts by minute, in any order; the same minute may come more than once.
    pub fn new(minutes: impl IntoIterator<Item = (u64, Counts)>) -> Self {
        let mut minutes: Vec<_> = minutes.into_iter().collect();
        minutes.sort_unstable_by_key(|(minute, _)| *minute);
        let mut timeline = Self::default();
        for (minute, counts) in minutes {
            timeline.push(minute, counts);
        }
        timeline
    }

    /// Adds to a minute no earlier than the last one.
    fn push(&mut self, minute: u64, counts: Counts) {
        if self.totals.is_empty() {
            self.first = minute;
            self.totals.push(Counts::default());
        }
        let at = to_index(minute - self.first);
        let last = self.last_total();
        self.totals.resize(self.totals.len().max(at + 2), last);
        if let Some(total) = self.totals.last_mut() {
            *total += counts;
        }
    }

    fn last_total(&self) -> Counts {
        self.totals.last().copied().unwrap_or_default()
    }

    /// Adds what belongs to a minute, however long ago.
    pub fn add(&mut self, minute: u64, counts: Counts) {
        self.restate(minute, |total| *total += counts);
    }

    /// Takes back what a later revision has replaced.
    pub fn withdraw(&mut self, minute: u64, counts: Counts) {
        self.restate(minute, |total| *total = *total - counts);
    }

    fn restate(&mut self, minute: u64, change: impl Fn(&mut Counts)) {
        if self.totals.is_empty() || minute < self.first {
            let missing = to_index(self.first.saturating_sub(minute));
            if self.totals.is_empty() {
                self.totals = vec![Counts::default()];
            } else {
                self.totals.splice(0..0, vec![Counts::default(); missing]);
            }
            self.first = minute;
        }
        let at = to_index(minute - self.first);
        if at + 2 > self.totals.len() {
            let last = self.last_total();
            self.totals.resize(at + 2, last);
        }
        self.totals[at + 1..].iter_mut().for_each(change);
    }

    /// All of it.
    pub fn stretch(&self) -> Option<Stretch> {
        let minutes = self
            .totals
            .len()
            .checked_sub(1)
            .filter(|minutes| *minutes > 0)? as u64;
        let from_ms = self.first * MINUTE_MS;
        Some(Stretch::new(from_ms, from_ms + minutes * MINUTE_MS))
    }

    /// What happened in the minutes that begin within a stretch.
    pub fn counts(&self, stretch: Stretch) -> Counts {
        let from = stretch.from_ms.div_ceil(MINUTE_MS);
        let to = stretch.to_ms.div_ceil(MINUTE_MS);
        self.before(to.max(from)) - self.before(from)
    }

    /// Everything before a minute.
    fn before(&self, minute: u64) -> Counts {
        let at = to_index(minute.saturating_sub(self.first));
        let found = self.totals.get(at.min(self.totals.len().saturating_sub(1)));
        found.copied().unwrap_or_default()
    }
}

fn to_index(minutes: u64) -> usize {
    usize::try_from(minutes).unwrap_or(usize::MAX / 2)
}

/// How time slices are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slicing {
    /// A slice is good when its own ratio is at least this.
    Judged(Ppm),
    /// A slice counts by its ratio, in millionths of a slice.
    Weighed,
}

/// A timeline of slices: each slice with data counts in its first minute. A slice without any counts as
/// neither good nor bad, or silence would mend a budget.
pub fn sliced(timeline: &Timeline, slice_minutes: u64, slicing: Slicing) -> Timeline {
    let Some(all) = timeline.stretch() else {
        return Timeline::default();
    };
    let slice_ms = slice_minutes.max(1) * MINUTE_MS;
    let first = all.from_ms / slice_ms;
    let end = all.to_ms.div_ceil(slice_ms);
    let slices = (first..end).filter_map(|slice| {
        let stretch = Stretch::new(slice * slice_ms, (slice + 1) * slice_ms);
        let counts = timeline.counts(stretch);
        (!counts.is_empty()).then(|| (slice * slice_ms / MINUTE_MS, slicing.of(counts)))
    });
    Timeline::new(slices)
}

impl Slicing {
    /// What a slice with these events counts as.
    pub fn of(self, counts: Counts) -> Counts {
        match self {
            Self::Judged(target) if counts.meets(target) == Some(true) => Counts::new(1, 0),
            Self::Judged(_) => Counts::new(0, 1),
            Self::Weighed => {
                let good = u64::from(counts.ratio_ppm().unwrap_or(0));
                Counts::new(good, u64::from(MILLION) - good)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn events() -> impl Strategy<Value = Vec<(u64, Counts)>> {
        let counts = (0u64..50, 0u64..5).prop_map(|(good, bad)| Counts::new(good, bad));
        prop::collection::vec((1000u64..1400, counts), 0..60)
    }

    /// Adds up minute by minute.
    fn by_hand(events: &[(u64, Counts)], stretch: Stretch) -> Counts {
        let within = |minute: u64| (stretch.from_ms..stretch.to_ms).contains(&(minute * MINUTE_MS));
        events
            .iter()
            .filter(|(minute, _)| within(*minute))
            .map(|(_, counts)| *counts)
            .sum()
    }

    #[test]
    fn a_quiet_slice_is_neither_good_nor_bad() {
        let timeline = Timeline::new([(0, Counts::new(9, 1)), (20, Counts::new(1, 9))]);
        let slices = sliced(
            &timeline,
            5,
            Slicing::Judged(Ppm::from_share("0.9").unwrap()),
        );
        assert_eq!(slices.counts(Stretch::new(0, u64::MAX)), Counts::new(1, 1));
    }

    #[test]
    fn a_busy_bad_minute_weighs_no_more_than_a_quiet_one_in_slices_and_more_in_events() {
        let timeline = Timeline::new([
            (0, Counts::new(0, 1000)),
            (1, Counts::new(10, 0)),
            (2, Counts::new(10, 0)),
            (3, Counts::new(10, 0)),
        ]);
        let all = Stretch::new(0, u64::MAX);
        assert_eq!(timeline.counts(all).ratio_ppm(), Some(29_126));
        let slices = sliced(
            &timeline,
            1,
            Slicing::Judged(Ppm::from_share("0.9").unwrap()),
        );
        assert_eq!(slices.counts(all).ratio_ppm(), Some(750_000));
    }

    proptest! {
        #[test]
        fn any_window_is_what_adding_up_by_hand_gives(events in events(), from in 900u64..1500, minutes in 0u64..600) {
            let stretch = Stretch::new(from * MINUTE_MS, (from + minutes) * MINUTE_MS);
            prop_assert_eq!(Timeline::new(events.clone()).counts(stretch), by_hand(&events, stretch));
        }

        #[test]
        fn what_comes_late_counts_as_if_it_had_come_in_time(events in events(), late in events(), from in 900u64..1500) {
            let mut timeline = Timeline::new(events.clone());
            for (minute, counts) in &late {
                timeline.add(*minute, *counts);
            }
            let all: Vec<_> = events.iter().chain(&late).copied().collect();
            let stretch = Stretch::new(from * MINUTE_MS, 1300 * MINUTE_MS);
            prop_assert_eq!(timeline.counts(stretch), by_hand(&all, stretch));
            for (minute, counts) in &late {
                timeline.withdraw(*minute, *counts);
            }
            prop_assert_eq!(timeline.counts(stretch), by_hand(&events, stretch));
        }

        #[test]
        fn slices_are_judged_as_by_hand(events in events(), slice in 1u64..30, parts in 0u32..=MILLION) {
            let target = Ppm::new(parts).unwrap();
            let mut by_slice: BTreeMap<u64, Counts> = BTreeMap::new();
            for (minute, counts) in &events {
                *by_slice.entry(minute / slice).or_default() += *counts;
            }
            let judged = by_slice.values().filter_map(|counts| counts.meets(target));
            let due = judged.fold(Counts::default(), |sum, good| sum + Counts::new(good.into(), (!good).into()));
            let slices = sliced(&Timeline::new(events), slice, Slicing::Judged(target));
            prop_assert_eq!(slices.counts(Stretch::new(0, u64::MAX)), due);
        }
    }
}
