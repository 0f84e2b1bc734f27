//! What the server side counted, kept beside the browsers' own: increases in steps of 5 s, and the
//! last absolute value of each counter, so that a restart of the collector loses no increase.

use super::ledger::SLOT_MS;
use super::read::{Reader, Window};
use rusqlite::{Transaction, params};
use std::collections::{BTreeMap, HashMap};

/// Absolute values by series; `None` when the target has never been read.
pub type LastValues = Option<HashMap<String, u64>>;

/// The series that counts successful reads of a target.
const READS: &str = "";
/// Long enough for the longest windows of the objectives.
const KEPT_MS: u64 = 31 * 24 * 60 * 60 * 1000;

/// One successful read of a target, as increases since the read before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerDeltas {
    /// The target's name.
    pub target: String,
    /// Receipt, Unix milliseconds.
    pub at_ms: u64,
    /// Series that grew, and by how much.
    pub increases: BTreeMap<String, u64>,
    /// Every series there is now.
    pub values: HashMap<String, u64>,
}

/// What a target counted in a window, to the 5 s step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerDelta {
    /// Increase by series.
    pub increases: BTreeMap<String, u64>,
    /// Successful reads within the window.
    pub reads: u64,
    /// Start of the last step with a successful read.
    pub last_read_ms: Option<u64>,
}

pub(super) fn append_scrape(
    transaction: &Transaction<'_>,
    deltas: &ServerDeltas,
) -> rusqlite::Result<()> {
    let slot = deltas.at_ms / SLOT_MS;
    let mut add = transaction.prepare_cached(
        "INSERT INTO scraped (target, series, slot, delta) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET delta = delta + excluded.delta",
    )?;
    add.execute(params![deltas.target, READS, slot, 1])?;
    for (series, increase) in &deltas.increases {
        add.execute(params![deltas.target, series, slot, increase])?;
    }
    let mut set = transaction.prepare_cached(
        "INSERT INTO scraped_last (target, series, value) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET value = excluded.value",
    )?;
    transaction
        .prepare_cached("DELETE FROM scraped_last WHERE target = ?1")?
        .execute([&deltas.target])?;
    for (series, value) in &deltas.values {
        set.execute(params![deltas.target, series, value])?;
    }
    // An empty target still leaves a trace of having been read.
    set.execute(params![deltas.target, READS, 0])?;
    let oldest = deltas.at_ms.saturating_sub(KEPT_MS) / SLOT_MS;
    let mut prune = transaction
        .prepare_cached("DELETE FROM scraped WHERE target = ?1 AND series = ?2 AND slot < ?3")?;
    for series in deltas.values.keys().map(String::as_str).chain([READS]) {
        prune.execute(params![deltas.target, series, oldest])?;
    }
    Ok(())
}

impl Reader<'_> {
    pub(super) fn server_deltas(
        &mut self,
        target: &str,
        window: Window,
    ) -> rusqlite::Result<ServerDelta> {
        let mut statement = self.snapshot.prepare_cached(
            "SELECT series, sum(delta), max(slot) FROM scraped
             WHERE target = ?1 AND slot >= ?2 AND slot < ?3 GROUP BY series",
        )?;
        let first = window.from_ms / SLOT_MS;
        let end = window.to_ms.div_ceil(SLOT_MS);
        let mut rows = statement.query(params![target, first, end])?;
        let mut found = ServerDelta::default();
        while let Some(row) = rows.next()? {
            let series: String = row.get(0)?;
            let sum: u64 = row.get(1)?;
            if series == READS {
                found.reads = sum;
                found.last_read_ms = Some(row.get::<_, u64>(2)? * SLOT_MS);
            } else {
                found.increases.insert(series, sum);
            }
        }
        Ok(found)
    }

    pub(super) fn last_values(&mut self, target: &str) -> rusqlite::Result<LastValues> {
        let mut statement = self
            .snapshot
            .prepare_cached("SELECT series, value FROM scraped_last WHERE target = ?1")?;
        let rows = statement.query_map([target], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut values: HashMap<String, u64> = rows.collect::<rusqlite::Result<_>>()?;
        // The reads' own row tells "read and empty" from "never read".
        Ok(values.remove(READS).map(|_| values))
    }
}
