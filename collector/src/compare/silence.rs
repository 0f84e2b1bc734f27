//! Silence: fewer page views than the hour usually brings, or none at all while the servers are busy. Who
//! cannot reach us says nothing, and neither does a probe that was left out of the build. Pure.

use super::interval::at_most;
use serde::Serialize;
use std::collections::VecDeque;

const SLOT_MS: u64 = 600_000;
const SLOTS_OF_DAY: u64 = 144;
/// Days that make an hour's usual number.
const DAYS: u64 = 7;
/// Days without which nothing is usual.
const FEWEST_DAYS: u64 = 2;
/// So few would come by chance once in a hundred thousand such windows, if only half of what is usual came.
const CHANCE: f64 = 1e-5;
/// Slots looked at together: a short window for the day, a long one for the night.
const WINDOWS: [u64; 2] = [1, 6];
/// Server-side attempts in five minutes that make its traffic certain.
const BUSY: u64 = 20;

/// Views by ten minutes, for as long as makes a habit.
#[derive(Clone, Debug, Default)]
pub struct Rhythm {
    /// Slot number and views, ascending; slots without any are left out.
    slots: VecDeque<(u64, u64)>,
    first_slot: Option<u64>,
}

/// Fewer views than usual.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Silence {
    /// Views of the window.
    pub views: u64,
    /// Views such a window usually has.
    pub usual: f64,
    /// Length of the window.
    pub minutes: u64,
    /// In words.
    pub sentence: String,
}

impl Rhythm {
    /// Views first heard of at this time.
    pub fn add(&mut self, at_ms: u64, views: u64) {
        let slot = at_ms / SLOT_MS;
        self.first_slot = Some(self.first_slot.map_or(slot, |first| first.min(slot)));
        match self.slots.binary_search_by_key(&slot, |(slot, _)| *slot) {
            Ok(at) => self.slots[at].1 += views,
            Err(at) => self.slots.insert(at, (slot, views)),
        }
        let oldest = slot.saturating_sub((DAYS + 1) * SLOTS_OF_DAY);
        while self.slots.front().is_some_and(|(slot, _)| *slot < oldest) {
            self.slots.pop_front();
        }
    }

    /// Whether the last whole slots had too few.
    pub fn silence(&self, now_ms: u64) -> Option<Silence> {
        let end = now_ms / SLOT_MS;
        WINDOWS.into_iter().find_map(|slots| {
            let views = self.views(end - slots.min(end), end);
            let usual = self.usual(end, slots)?;
            (at_most(views, usual / 2.0) < CHANCE).then(|| {
                let minutes = slots * SLOT_MS / 60_000;
                let sentence = format!(
                    "{views} page views in {minutes} min, where this hour usually brings {usual:.0}."
                );
                Silence {
                    views,
                    usual,
                    minutes,
                    sentence,
                }
            })
        })
    }

    /// The quietest but one of the days before: a holiday is no habit, and neither is a rush.
    fn usual(&self, end: u64, slots: u64) -> Option<f64> {
        let known = end.checked_sub(self.first_slot?)? / SLOTS_OF_DAY;
        if known < FEWEST_DAYS {
            return None;
        }
        let mut days: Vec<u64> = (1..=known.min(DAYS))
            .map(|day| {
                let end = end - day * SLOTS_OF_DAY;
                self.views(end - slots.min(end), end)
            })
            .collect();
        days.sort_unstable();
        days.get(usize::from(days.len() > 2))
            .map(|views| *views as f64)
    }

    fn views(&self, from: u64, to: u64) -> u64 {
        let within = self
            .slots
            .iter()
            .filter(|(slot, _)| (from..to).contains(slot));
        within.map(|(_, views)| views).sum()
    }
}

/// No page reports while the servers are at work. `attempts` and `views` are those of the same five
/// minutes, `before` the views of the day before them.
pub fn unheard(attempts: u64, views: u64, before: u64) -> Option<String> {
    (views == 0 && before > 0 && attempts >= BUSY).then(|| {
        format!("No page has reported for 5 min, while the servers counted {attempts} attempts.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: u64 = SLOT_MS * SLOTS_OF_DAY;

    fn after(days: u64, per_slot: u64) -> Rhythm {
        let mut rhythm = Rhythm::default();
        (0..days * SLOTS_OF_DAY).for_each(|slot| rhythm.add(slot * SLOT_MS, per_slot));
        rhythm
    }

    #[test]
    fn a_day_that_falls_silent_is_noticed_in_ten_minutes_and_a_night_in_an_hour() {
        let day = after(4, 100);
        assert_eq!(day.silence(4 * DAY_MS), None);
        let silence = day.silence(4 * DAY_MS + SLOT_MS).unwrap();
        assert_eq!(
            silence.sentence,
            "0 page views in 10 min, where this hour usually brings 100."
        );
        let night = after(4, 4);
        assert_eq!(night.silence(4 * DAY_MS + SLOT_MS), None);
        assert_eq!(night.silence(4 * DAY_MS + 6 * SLOT_MS).unwrap().minutes, 60);
    }

    #[test]
    fn a_quiet_hour_that_is_quiet_every_day_is_no_silence() {
        let mut rhythm = Rhythm::default();
        for slot in 0..5 * SLOTS_OF_DAY {
            let of_day = slot % SLOTS_OF_DAY;
            rhythm.add(slot * SLOT_MS, if of_day < 36 { 0 } else { 100 });
        }
        assert_eq!(rhythm.silence(5 * DAY_MS + 3 * SLOT_MS), None);
        assert!(rhythm.silence(5 * DAY_MS + 40 * SLOT_MS).is_some());
    }

    #[test]
    fn nothing_is_usual_before_the_third_day() {
        assert_eq!(after(1, 100).silence(DAY_MS + 6 * SLOT_MS), None);
    }

    #[test]
    fn servers_at_work_without_a_single_page_are_told() {
        assert!(unheard(50, 0, 10).is_some());
        assert_eq!(unheard(50, 1, 10), None);
        assert_eq!(
            unheard(50, 0, 0),
            None,
            "a page that never reported is not built in yet"
        );
    }
}
