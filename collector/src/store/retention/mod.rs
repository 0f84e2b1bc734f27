//! What is old goes, a little with every commit, so that no commit takes long and the pages it frees are
//! filled again by the next: the file keeps its size without ever being rewritten. Ages count back from
//! the newest receipt; the store has no clock of its own.

#[cfg(test)]
mod tests;

use super::ledger::{DAY, HOUR, MINUTE_MS};
use super::memory::Memory;
use super::raw::BeaconRow;
use super::view_state::ViewKey;
use crate::config::StoreConfig;
use rusqlite::{Transaction, params};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// Deduplication lives at least so long after the last receipt: beacons older than six days are refused.
const KNOWN_DAYS: u64 = 8;
/// Rows that go with one commit at least; a large group takes more with it than it brings.
const STEP: usize = 64;
/// When nothing was old enough, it is looked again after so much more has been received.
const LOOK_EVERY_MS: u64 = 10_000;

#[derive(Debug)]
pub(super) struct Retention {
    good_ms: u64,
    bad_ms: u64,
    buckets_ms: u64,
    most_bytes: u64,
    /// The newest receipt of all.
    now_ms: u64,
    /// Nothing is looked for before this.
    rests_until_ms: u64,
    /// Good rows before this are gone, so that the bad ones that stay are not looked at again and again.
    good_before: BeaconRow,
}

impl Retention {
    pub(super) fn new(config: &StoreConfig) -> Self {
        Self {
            good_ms: config.raw_good_days.saturating_mul(DAY_MS),
            bad_ms: config.raw_bad_days.saturating_mul(DAY_MS),
            buckets_ms: config.buckets_days.saturating_mul(DAY_MS),
            most_bytes: config.max_megabytes.saturating_mul(1024 * 1024),
            now_ms: 0,
            rests_until_ms: 0,
            good_before: BeaconRow(0),
        }
    }

    /// Something was received.
    pub(super) fn saw(&mut self, received_ms: u64) {
        self.now_ms = self.now_ms.max(received_ms);
    }

    /// The newest receipt of all.
    pub(super) fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// Whether a step may find something.
    pub(super) fn is_due(&self) -> bool {
        self.now_ms >= self.rests_until_ms && self.now_ms > 0
    }

    /// What the transaction did has not happened.
    pub(super) fn rolled_back(&mut self) {
        self.good_before = BeaconRow(0);
        self.rests_until_ms = 0;
    }

    /// Takes away a few rows of what is too old, or of the oldest where the file is too large.
    pub(super) fn step(
        &mut self,
        transaction: &Transaction<'_>,
        memory: &mut Memory,
        brought: usize,
    ) -> rusqlite::Result<()> {
        if !self.is_due() {
            return Ok(());
        }
        let most = STEP.max(brought * 2);
        let now_ms = self.now_ms;
        let before = |age_ms: u64| now_ms.saturating_sub(age_ms);
        let (good, bad) = (before(self.good_ms), before(self.bad_ms));
        // What a start must read again stays.
        let replay = memory.replay_from();
        let until = |ms: u64| BeaconRow::first_at(ms).min(replay);
        let mut gone = self.drop_good(transaction, until(good), most)?;
        gone += drop_bad(transaction, until(bad), most)?;
        if gone < most && used_bytes(transaction)? > self.most_bytes {
            let of_good = self.drop_good(transaction, replay, most)?;
            gone += of_good;
            if of_good == 0 {
                gone += drop_bad(transaction, replay, most)?;
            }
        }
        gone += drop_late(transaction, before(self.good_ms.max(self.bad_ms)), most)?;
        let known_ms = (KNOWN_DAYS * DAY_MS).max(self.good_ms).max(self.bad_ms);
        gone += drop_views(transaction, memory, before(known_ms), most)?;
        gone += memory.drop_names(transaction, most)?;
        let minute = before(self.buckets_ms) / MINUTE_MS;
        let buckets = [
            ("minutes", "minute", minute),
            ("hours", "hour", minute / HOUR),
            ("days", "day", minute / DAY),
        ];
        for (table, unit, before) in buckets {
            let sql = format!(
                "DELETE FROM {table} WHERE {unit} = (SELECT min({unit}) FROM {table}) AND {unit} < ?1"
            );
            gone += transaction.prepare_cached(&sql)?.execute([before])?;
        }
        if gone == 0 {
            self.rests_until_ms = self.now_ms + LOOK_EVERY_MS;
        }
        Ok(())
    }

    fn drop_good(
        &mut self,
        transaction: &Transaction<'_>,
        until: BeaconRow,
        most: usize,
    ) -> rusqlite::Result<usize> {
        let last: Option<i64> = transaction
            .prepare_cached(
                "SELECT max(id) FROM (SELECT id FROM beacons WHERE id >= ?1 AND id < ?2 AND bad = 0
                                      ORDER BY id LIMIT ?3)",
            )?
            .query_row(params![self.good_before.0, until.0, most], |row| row.get(0))?;
        let Some(last) = last else { return Ok(0) };
        let gone = transaction
            .prepare_cached("DELETE FROM beacons WHERE id >= ?1 AND id <= ?2 AND bad = 0")?
            .execute(params![self.good_before.0, last])?;
        self.good_before = BeaconRow(last);
        // From here on alone the raw rows are whole.
        transaction
            .prepare_cached("UPDATE progress SET raw_from_ms = max(raw_from_ms, ?1)")?
            .execute([BeaconRow(last).received_ms() + 1])?;
        Ok(gone)
    }
}

fn drop_bad(
    transaction: &Transaction<'_>,
    until: BeaconRow,
    most: usize,
) -> rusqlite::Result<usize> {
    transaction
        .prepare_cached(
            "DELETE FROM beacons WHERE id IN
                 (SELECT id FROM beacons WHERE bad = 1 AND id < ?1 ORDER BY id LIMIT ?2)",
        )?
        .execute(params![until.0, most])
}

/// An event's minute is no later than its beacon's receipt, and at most six days before.
fn drop_late(
    transaction: &Transaction<'_>,
    before_ms: u64,
    most: usize,
) -> rusqlite::Result<usize> {
    let minute = before_ms.saturating_sub(KNOWN_DAYS * DAY_MS) / MINUTE_MS;
    transaction
        .prepare_cached(
            "DELETE FROM late WHERE (minute, beacon) IN
                 (SELECT minute, beacon FROM late WHERE minute < ?1 ORDER BY minute LIMIT ?2)",
        )?
        .execute(params![minute, most])
}

fn drop_views(
    transaction: &Transaction<'_>,
    memory: &mut Memory,
    before_ms: u64,
    most: usize,
) -> rusqlite::Result<usize> {
    let mut statement = transaction.prepare_cached(
        "SELECT id, app, view FROM views
         WHERE first_received_ms < ?1 AND last_received_ms < ?1
         ORDER BY first_received_ms LIMIT ?2",
    )?;
    let rows = statement.query_map(params![before_ms, most], |row| {
        let key = ViewKey {
            app: row.get("app")?,
            view: row.get("view")?,
        };
        Ok((row.get::<_, i64>("id")?, key))
    })?;
    let old: Vec<_> = rows.collect::<rusqlite::Result<_>>()?;
    let mut drop = transaction.prepare_cached("DELETE FROM views WHERE id = ?1")?;
    let mut gone = 0;
    for (id, key) in old {
        if memory.forget(&key) {
            gone += drop.execute([id])?;
        }
    }
    Ok(gone)
}

/// Bytes of the pages that hold something.
fn used_bytes(transaction: &Transaction<'_>) -> rusqlite::Result<u64> {
    let number = |pragma| transaction.pragma_query_value(None, pragma, |row| row.get::<_, u64>(0));
    let pages = number("page_count")?.saturating_sub(number("freelist_count")?);
    Ok(pages * number("page_size")?)
}
