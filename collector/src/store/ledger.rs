//! What a group of beacons changes in the buckets, collected in memory and written once per group:
//! event time in minutes, receipt time in steps of 5 s, and running totals that only grow.

use crate::sli::Contribution;
use rusqlite::{Transaction, params};
use std::collections::HashMap;

/// Milliseconds of a minute bucket.
pub(super) const MINUTE_MS: u64 = 60_000;
/// Milliseconds of a slot.
pub(super) const SLOT_MS: u64 = 5_000;
/// Slots are for alerts, whose windows end at two hours.
const SLOTS_KEPT_MS: u64 = 2 * 60 * 60 * 1000;

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
    minutes: HashMap<(u64, i64), i64>,
    slots: HashMap<(u64, i64), i64>,
    added: HashMap<i64, i64>,
    withdrawn: HashMap<i64, i64>,
    newest_ms: u64,
}

impl Ledger {
    /// Counts an event.
    pub(super) fn add(&mut self, entry: Entry) {
        self.change(entry, entry.weight);
        *self.added.entry(entry.series).or_default() += entry.weight;
        self.newest_ms = self.newest_ms.max(entry.received_ms);
    }

    /// Takes back an event that a higher revision replaces, from where it was counted.
    pub(super) fn withdraw(&mut self, entry: Entry) {
        self.change(entry, -entry.weight);
        *self.withdrawn.entry(entry.series).or_default() += entry.weight;
    }

    fn change(&mut self, entry: Entry, by: i64) {
        *self
            .minutes
            .entry((entry.event_ms / MINUTE_MS, entry.series))
            .or_default() += by;
        *self
            .slots
            .entry((entry.received_ms / SLOT_MS, entry.series))
            .or_default() += by;
    }

    pub(super) fn write(self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let oldest_slot = self.newest_ms.saturating_sub(SLOTS_KEPT_MS) / SLOT_MS;
        let mut minutes = transaction.prepare_cached(
            "INSERT INTO minutes (minute, series, count) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET count = count + excluded.count",
        )?;
        for ((minute, series), change) in changed(self.minutes) {
            minutes.execute(params![minute, series, change])?;
        }
        let mut slots = transaction.prepare_cached(
            "INSERT INTO five_seconds (slot, series, count) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET count = count + excluded.count",
        )?;
        for ((slot, series), change) in changed(self.slots) {
            if slot >= oldest_slot {
                slots.execute(params![slot, series, change])?;
            }
        }
        if self.newest_ms > 0 {
            transaction
                .prepare_cached("DELETE FROM five_seconds WHERE slot < ?1")?
                .execute(params![oldest_slot])?;
        }
        let mut totals = transaction.prepare_cached(
            "INSERT INTO totals (series, added, withdrawn) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET added = added + excluded.added,
                                       withdrawn = withdrawn + excluded.withdrawn",
        )?;
        for (series, added) in self.added {
            totals.execute(params![series, added, 0])?;
        }
        for (series, withdrawn) in self.withdrawn {
            totals.execute(params![series, 0, withdrawn])?;
        }
        Ok(())
    }
}

fn changed(changes: HashMap<(u64, i64), i64>) -> impl Iterator<Item = ((u64, i64), i64)> {
    changes.into_iter().filter(|(_, change)| *change != 0)
}

impl Entry {
    pub(super) fn new(
        series: i64,
        contribution: &Contribution,
        event_ms: u64,
        received_ms: u64,
    ) -> Self {
        let weight = i64::try_from(contribution.weight).unwrap_or(i64::MAX);
        Self {
            series,
            weight,
            event_ms,
            received_ms,
        }
    }
}
