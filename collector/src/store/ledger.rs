//! What a group of beacons changes in the buckets, collected in memory and written once per group:
//! event time in minutes, receipt time in steps of 5 s, and running totals that only grow.

use rusqlite::{Transaction, params};
use std::collections::{BTreeMap, HashMap};

/// Milliseconds of a minute bucket.
pub(super) const MINUTE_MS: u64 = 60_000;
/// Minutes of an hour's and of a day's bucket.
pub(super) const HOUR: u64 = 60;
pub(super) const DAY: u64 = 24 * 60;
/// Milliseconds of a slot.
pub(super) const SLOT_MS: u64 = 5_000;
/// Slots are for alerts, whose windows end at two hours.
pub(super) const SLOTS_KEPT_MS: u64 = 2 * 60 * 60 * 1000;

/// Where and when an event counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) series: i64,
    pub(super) weight: i64,
    pub(super) event_ms: u64,
    pub(super) received_ms: u64,
}

#[derive(Debug, Default)]
pub(super) struct Ledger {
    changes: HashMap<Place, Change>,
    newest_ms: u64,
}

/// A minute of event time, a slot of receipt time, and a series.
type Place = (u64, u64, i64);

#[derive(Clone, Copy, Debug, Default)]
struct Change {
    added: i64,
    withdrawn: i64,
}

impl Ledger {
    /// Counts an event.
    pub(super) fn add(&mut self, entry: Entry) {
        self.change(entry).added += entry.weight;
        self.newest_ms = self.newest_ms.max(entry.received_ms);
    }

    /// Takes back an event that a higher revision replaces, from where it was counted.
    pub(super) fn withdraw(&mut self, entry: Entry) {
        self.change(entry).withdrawn += entry.weight;
    }

    fn change(&mut self, entry: Entry) -> &mut Change {
        let place = (
            entry.event_ms / MINUTE_MS,
            entry.received_ms / SLOT_MS,
            entry.series,
        );
        self.changes.entry(place).or_default()
    }

    pub(super) fn write(self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let mut minutes: BTreeMap<(u64, i64), i64> = BTreeMap::new();
        let mut slots: BTreeMap<(u64, i64), i64> = BTreeMap::new();
        let mut totals: BTreeMap<i64, Change> = BTreeMap::new();
        for ((minute, slot, series), change) in self.changes {
            let by = change.added - change.withdrawn;
            *minutes.entry((minute, series)).or_default() += by;
            *slots.entry((slot, series)).or_default() += by;
            let total = totals.entry(series).or_default();
            total.added += change.added;
            total.withdrawn += change.withdrawn;
        }
        let mut add = transaction.prepare_cached(
            "INSERT INTO minutes (minute, series, count) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET count = count + excluded.count",
        )?;
        for ((minute, series), by) in changed(&minutes) {
            add.execute(params![minute, series, by])?;
        }
        write_sums(transaction, "hours", "hour", sums(&minutes, HOUR))?;
        write_sums(transaction, "days", "day", sums(&minutes, DAY))?;
        let mut add = transaction.prepare_cached(
            "INSERT INTO five_seconds (slot, series, count) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET count = count + excluded.count",
        )?;
        let oldest_slot = self.newest_ms.saturating_sub(SLOTS_KEPT_MS) / SLOT_MS;
        for ((slot, series), by) in changed(&slots) {
            if slot >= oldest_slot {
                add.execute(params![slot, series, by])?;
            }
        }
        if self.newest_ms > 0 {
            transaction
                .prepare_cached("DELETE FROM five_seconds WHERE slot < ?1")?
                .execute(params![oldest_slot])?;
        }
        let mut add = transaction.prepare_cached(
            "INSERT INTO totals (series, added, withdrawn) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET added = added + excluded.added,
                                       withdrawn = withdrawn + excluded.withdrawn",
        )?;
        for (series, change) in totals {
            add.execute(params![series, change.added, change.withdrawn])?;
        }
        Ok(())
    }
}

type Changes = BTreeMap<(u64, i64), i64>;

fn changed(changes: &Changes) -> impl Iterator<Item = ((u64, i64), i64)> {
    let changes = changes.iter().map(|(place, change)| (*place, *change));
    changes.filter(|(_, change)| *change != 0)
}

/// The changes of minutes by the hour or the day.
fn sums(minutes: &Changes, of: u64) -> Changes {
    let mut sums = Changes::new();
    for ((minute, series), by) in minutes {
        *sums.entry((minute / of, *series)).or_default() += by;
    }
    sums
}

fn write_sums(
    transaction: &Transaction<'_>,
    table: &str,
    unit: &str,
    sums: Changes,
) -> rusqlite::Result<()> {
    let mut add = transaction.prepare_cached(&format!(
        "INSERT INTO {table} ({unit}, series, count) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET count = count + excluded.count"
    ))?;
    for ((time, series), by) in changed(&sums) {
        add.execute(params![time, series, by])?;
    }
    Ok(())
}
