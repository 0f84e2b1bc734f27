//! What the server side counted, kept beside the browsers' own: increases in steps of 5 s, and the
//! last absolute value of each counter, so that a restart of the collector loses no increase.

use super::ledger::{SLOT_MS, SLOTS_KEPT_MS};
use super::read::{Reader, Window};
use rusqlite::{Transaction, params};
use std::collections::{BTreeMap, HashMap};

/// Absolute values by series; `None` when the target has never been read.
pub type LastValues = Option<HashMap<String, u64>>;

/// The series that counts successful reads of a target.
const READS: &str = "";
/// Slots of the coarse steps in which older increases are kept, or a month of them would take a second to
/// add up.
const COARSE: u64 = 5 * 60 * 1000 / SLOT_MS;
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
    make_coarse(transaction, deltas, slot)?;
    let oldest = deltas.at_ms.saturating_sub(KEPT_MS) / SLOT_MS;
    let mut prune = transaction
        .prepare_cached("DELETE FROM scraped WHERE target = ?1 AND series = ?2 AND slot < ?3")?;
    for series in deltas.values.keys().map(String::as_str).chain([READS]) {
        prune.execute(params![deltas.target, series, oldest])?;
    }
    Ok(())
}

/// What alerts no longer look back to is added up, one coarse step with the first read after it.
fn make_coarse(
    transaction: &Transaction<'_>,
    deltas: &ServerDeltas,
    slot: u64,
) -> rusqlite::Result<()> {
    let Some(step) = (slot.saturating_sub(SLOTS_KEPT_MS / SLOT_MS) / COARSE).checked_sub(1) else {
        return Ok(());
    };
    let (first, end) = (step * COARSE, (step + 1) * COARSE);
    let mut fine = transaction.prepare_cached(
        "SELECT count(*), sum(delta) FROM scraped
         WHERE target = ?1 AND series = ?2 AND slot >= ?3 AND slot < ?4",
    )?;
    let mut rows_of = |series: &str| -> rusqlite::Result<(u64, Option<u64>)> {
        fine.query_row(params![deltas.target, series, first, end], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
    };
    if rows_of(READS)?.0 < 2 {
        return Ok(());
    }
    for series in deltas.values.keys().map(String::as_str).chain([READS]) {
        let (rows, Some(sum)) = rows_of(series)? else {
            continue;
        };
        if rows < 2 {
            continue;
        }
        transaction
            .prepare_cached(
                "DELETE FROM scraped WHERE target = ?1 AND series = ?2 AND slot >= ?3 AND slot < ?4",
            )?
            .execute(params![deltas.target, series, first, end])?;
        transaction
            .prepare_cached(
                "INSERT INTO scraped (target, series, slot, delta) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![deltas.target, series, first, sum])?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{NOW, Sender, config_in};

    #[tokio::test]
    async fn what_is_old_is_kept_in_coarser_steps_and_adds_up_to_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let config = config_in(folder.path());
        let store = Sender::new().open(&config);
        let start_ms = NOW / (COARSE * SLOT_MS) * COARSE * SLOT_MS;
        for read in 0..2000u64 {
            let deltas = ServerDeltas {
                target: "t".into(),
                at_ms: start_ms + read * SLOT_MS,
                increases: [("a".to_owned(), read % 3)].into(),
                values: [("a".to_owned(), read)].into(),
            };
            store.append_scrape(deltas).await.unwrap();
        }
        let window = |from: u64, to: u64| Window {
            from_ms: start_ms + from * SLOT_MS,
            to_ms: start_ms + to * SLOT_MS,
        };
        for (from, to) in [(0, 2000), (60, 2000), (0, 120), (700, 2000), (1999, 2000)] {
            let found = store
                .server_deltas("t".into(), window(from, to))
                .await
                .unwrap();
            let due: u64 = (from..to).map(|read| read % 3).sum();
            assert_eq!(
                found.increases.get("a").copied().unwrap_or(0),
                due,
                "{from} to {to}"
            );
            assert_eq!(found.reads, to - from);
        }
        let database = rusqlite::Connection::open(&config.path).unwrap();
        let rows: u64 = database
            .query_row("SELECT count(*) FROM scraped", [], |row| row.get(0))
            .unwrap();
        // Two hours are 1,440 steps of each of both series, and up to two coarse ones may not be full yet.
        assert!(rows < 2 * (1440 + 130), "{rows} rows");
    }
}
