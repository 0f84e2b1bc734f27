//! Counts over many stretches of time at once, for objectives: added up from days, hours and minutes, so
//! that a month costs some hundred rows of each series, and the stretches' common parts are read once.

use super::ledger::{DAY, HOUR, MINUTE_MS, SLOT_MS};
use super::read::{Reader, Window};
use super::series_table::{COLUMNS, series_of};
use crate::sli::Series;
use rusqlite::{Transaction, params};
use std::collections::{BTreeSet, HashMap};

/// The stretches that counts are wanted for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stretches {
    /// Event time: the minutes that begin within.
    pub by_event: Vec<Window>,
    /// Receipt time in steps of 5 s, no longer ago than they are kept.
    pub by_receipt: Vec<Window>,
}

/// What one series counted in each of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesSums {
    /// The labels.
    pub series: Series,
    /// In the order they were asked for.
    pub by_event: Vec<u64>,
    /// Likewise.
    pub by_receipt: Vec<u64>,
}

/// By series, for each elementary part between two bounds.
type Parts = HashMap<i64, Vec<i64>>;

impl Reader<'_> {
    pub(super) fn sums(&mut self, stretches: &Stretches) -> rusqlite::Result<Vec<SeriesSums>> {
        let events = Bounds::new(&stretches.by_event, MINUTE_MS);
        let receipts = Bounds::new(&stretches.by_receipt, SLOT_MS);
        let mut by_event = Parts::new();
        for (index, (from, to)) in events.parts().enumerate() {
            self.add_minutes(from, to, (index, events.count()), &mut by_event)?;
        }
        let mut by_receipt = Parts::new();
        for (index, (from, to)) in receipts.parts().enumerate() {
            let place = (index, receipts.count());
            self.add_rows("five_seconds", "slot", (from, to), place, &mut by_receipt)?;
        }
        let sql = format!("SELECT {COLUMNS}, id FROM series ORDER BY id");
        let mut statement = self.snapshot.prepare_cached(&sql)?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let id: i64 = row.get("id")?;
            if !by_event.contains_key(&id) && !by_receipt.contains_key(&id) {
                continue;
            }
            let Some(series) = series_of(row)? else {
                continue;
            };
            found.push(SeriesSums {
                series,
                by_event: events.sums(&stretches.by_event, by_event.get(&id)),
                by_receipt: receipts.sums(&stretches.by_receipt, by_receipt.get(&id)),
            });
        }
        Ok(found)
    }

    /// Whole days from their sums, what is left at both ends from hours, and of these from minutes.
    fn add_minutes(
        &self,
        from: u64,
        to: u64,
        place: (usize, usize),
        parts: &mut Parts,
    ) -> rusqlite::Result<()> {
        let mut rest = vec![(from, to)];
        for (table, unit, minutes) in [("days", "day", DAY), ("hours", "hour", HOUR)] {
            let mut left = Vec::new();
            for (from, to) in rest {
                let (first, end) = (from.div_ceil(minutes), to / minutes);
                if first >= end {
                    left.push((from, to));
                    continue;
                }
                self.add_rows(table, unit, (first, end), place, parts)?;
                left.extend([(from, first * minutes), (end * minutes, to)]);
            }
            rest = left;
        }
        for (from, to) in rest {
            self.add_rows("minutes", "minute", (from, to), place, parts)?;
        }
        Ok(())
    }

    fn add_rows(
        &self,
        table: &str,
        unit: &str,
        (from, to): (u64, u64),
        (index, count): (usize, usize),
        parts: &mut Parts,
    ) -> rusqlite::Result<()> {
        if from >= to {
            return Ok(());
        }
        let sql = format!("SELECT series, count FROM {table} WHERE {unit} >= ?1 AND {unit} < ?2");
        let mut statement = self.snapshot.prepare_cached(&sql)?;
        let to = i64::try_from(to).unwrap_or(i64::MAX);
        let mut rows = statement.query(params![from, to])?;
        while let Some(row) = rows.next()? {
            let counted = parts.entry(row.get(0)?).or_insert_with(|| vec![0; count]);
            counted[index] += row.get::<_, i64>(1)?;
        }
        Ok(())
    }
}

/// Where stretches begin and end, in steps.
struct Bounds {
    step_ms: u64,
    at: Vec<u64>,
}

impl Bounds {
    fn new(stretches: &[Window], step_ms: u64) -> Self {
        let ends = |window: &Window| {
            [
                window.from_ms.div_ceil(step_ms),
                window.to_ms.div_ceil(step_ms),
            ]
        };
        let at: BTreeSet<_> = stretches.iter().flat_map(ends).collect();
        Self {
            step_ms,
            at: at.into_iter().collect(),
        }
    }

    fn count(&self) -> usize {
        self.at.len().saturating_sub(1)
    }

    fn parts(&self) -> impl Iterator<Item = (u64, u64)> {
        self.at.windows(2).map(|pair| (pair[0], pair[1]))
    }

    fn sums(&self, stretches: &[Window], parts: Option<&Vec<i64>>) -> Vec<u64> {
        let place = |ms: u64| {
            self.at
                .binary_search(&ms.div_ceil(self.step_ms))
                .unwrap_or(0)
        };
        let sum = |window: &Window| {
            let (from, to) = (place(window.from_ms), place(window.to_ms));
            let parts = parts
                .and_then(|parts| parts.get(from..to))
                .unwrap_or_default();
            u64::try_from(parts.iter().sum::<i64>()).unwrap_or(0)
        };
        stretches.iter().map(sum).collect()
    }
}

/// Counts by minute over a stretch, for time slices and backtests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesMinutes {
    /// The labels.
    pub series: Series,
    /// Minutes since 1970 and what was counted in them, in order.
    pub minutes: Vec<(u64, u64)>,
}

/// Of the series that are wanted.
pub(super) fn minutes(
    snapshot: &Transaction<'_>,
    window: Window,
    wanted: &dyn Fn(&Series) -> bool,
) -> rusqlite::Result<Vec<SeriesMinutes>> {
    let mut found: HashMap<i64, SeriesMinutes> = HashMap::new();
    let sql = format!("SELECT {COLUMNS}, id FROM series");
    let mut statement = snapshot.prepare_cached(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(series) = series_of(row)?.filter(|series| wanted(series)) {
            let minutes = Vec::new();
            found.insert(row.get("id")?, SeriesMinutes { series, minutes });
        }
    }
    let mut statement = snapshot.prepare_cached(
        "SELECT minute, series, count FROM minutes WHERE minute >= ?1 AND minute < ?2 ORDER BY minute",
    )?;
    let (from, to) = (
        window.from_ms.div_ceil(MINUTE_MS),
        window.to_ms.div_ceil(MINUTE_MS),
    );
    let mut rows = statement.query(params![from, i64::try_from(to).unwrap_or(i64::MAX)])?;
    while let Some(row) = rows.next()? {
        if let Some(series) = found.get_mut(&row.get(1)?) {
            series.minutes.push((row.get(0)?, row.get(2)?));
        }
    }
    Ok(found.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{NOW, Sender, config_in};
    use beacon::JourneyOutcome::{Failed, Success};

    const HOUR_MS: u64 = 60 * MINUTE_MS;

    #[tokio::test]
    async fn any_stretch_is_what_the_minutes_add_up_to() {
        let folder = tempfile::tempdir().unwrap();
        let sender = Sender::new();
        let store = sender.open(&config_in(folder.path()));
        let mut happened = Vec::new();
        for view in 0..120u32 {
            let at_ms = NOW + u64::from(view) * 3_717_000;
            let outcome = if view % 5 == 0 { Failed } else { Success };
            store
                .append(sender.journey(view, 0, outcome, at_ms))
                .await
                .unwrap();
            happened.push(at_ms);
        }
        let end = NOW + 130 * HOUR_MS;
        let mut by_event = vec![Window {
            from_ms: 0,
            to_ms: end,
        }];
        for step in 0..40u64 {
            let from_ms = NOW + step * 7_000_000;
            by_event.push(Window {
                from_ms,
                to_ms: end - step * 3_000_000,
            });
        }
        let stretches = Stretches {
            by_event: by_event.clone(),
            by_receipt: vec![Window {
                from_ms: NOW + 119 * 3_717_000 - 10_000,
                to_ms: end,
            }],
        };
        let sums = store.sums(stretches).await.unwrap();
        assert_eq!(sums.iter().map(|of| of.by_receipt[0]).sum::<u64>(), 1);
        for (index, window) in by_event.iter().enumerate() {
            let counted: u64 = sums.iter().map(|of| of.by_event[index]).sum();
            let begins = |ms: u64| ms / MINUTE_MS * MINUTE_MS;
            let due = happened.iter().filter(|ms| {
                let minute = begins(**ms);
                minute >= window.from_ms && minute < window.to_ms
            });
            assert_eq!(counted, due.count() as u64, "{window:?}");
        }
        assert!(
            sums.iter().any(|of| of.series.latency.is_known()),
            "successes have a latency"
        );
    }
}
