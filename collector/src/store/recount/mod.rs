//! Counting again from the raw rows, by the rules alone: a pair of view and number is taken once, of an
//! event's revisions the first with the highest number stands. What comes out must be what the buckets say.

#[cfg(test)]
mod tests;

use super::database;
use super::ledger::{DAY, HOUR, MINUTE_MS, SLOT_MS, SLOTS_KEPT_MS};
use super::raw::{self, StoredBeacon, event_ms};
use super::view_state::ViewKey;
use rusqlite::{Connection, Transaction};
use serde::Serialize;
use std::collections::btree_map::Entry as Slot;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

/// What a recount found.
#[derive(Debug, Serialize)]
pub struct Recount {
    /// Raw rows read.
    pub beacons: u64,
    /// Pairs of view and number that stand in more than one row.
    pub counted_twice: u64,
    /// Where buckets and raw rows differ, the first hundred.
    pub disagreements: Vec<Disagreement>,
}

/// A bucket that does not hold what the raw rows add up to.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Disagreement {
    /// `minutes`, `hours`, `days`, `five_seconds` or `totals`.
    pub table: &'static str,
    /// The bucket's time, in its own unit.
    pub time: u64,
    /// Number of the series.
    pub series: i64,
    /// What the bucket holds.
    pub bucket: i64,
    /// What the raw rows add up to.
    pub raw: i64,
}

/// Reads a database and changes nothing. It must hold all of its raw rows still, and a few hundred bytes
/// of memory for each event are needed.
///
/// # Errors
/// The database cannot be read.
pub fn recount(path: &Path) -> anyhow::Result<Recount> {
    let mut connection = database::open_for_reading(path)?;
    let snapshot = connection.transaction()?;
    let mut standing = Standing::default();
    {
        let sql = format!("SELECT {} FROM beacons ORDER BY id", raw::COLUMNS);
        let mut statement = snapshot.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            standing.take(&StoredBeacon::read(row)?)?;
        }
    }
    let disagreements = standing.compare(&snapshot)?;
    Ok(Recount {
        beacons: standing.beacons,
        counted_twice: standing.twice,
        disagreements,
    })
}

#[derive(Default)]
struct Standing {
    beacons: u64,
    twice: u64,
    newest_ms: u64,
    seen: HashSet<(ViewKey, u32)>,
    events: BTreeMap<(ViewKey, u32), Event>,
}

struct Event {
    rev: u32,
    event_ms: u64,
    received_ms: u64,
    counted: Vec<(i64, i64)>,
}

type Counts = BTreeMap<(u64, i64), i64>;

impl Standing {
    fn take(&mut self, stored: &StoredBeacon) -> rusqlite::Result<()> {
        let decoded = stored.decoded()?;
        let head = &decoded.head;
        let key = ViewKey {
            app: stored.app,
            view: head.view.0,
        };
        self.beacons += 1;
        self.twice += u64::from(!self.seen.insert((key, head.seq)));
        let received_ms = stored.row.received_ms();
        self.newest_ms = self.newest_ms.max(received_ms);
        for (index, event) in decoded.events.iter().enumerate() {
            let Ok(event) = event else { continue };
            let mut accepted = stored.posts.accepted.iter();
            let accepted = accepted.find(|accepted| usize::from(accepted.index) == index);
            let posts = accepted.map_or(&[][..], |accepted| &accepted.posts);
            let candidate = Event {
                rev: event.rev,
                event_ms: event_ms(received_ms, head.sent_at_ms, event.at_ms),
                received_ms,
                counted: posts
                    .iter()
                    .map(|post| (post.series, post.weight))
                    .collect(),
            };
            match self.events.entry((key, event.n)) {
                Slot::Vacant(slot) => {
                    slot.insert(candidate);
                }
                Slot::Occupied(mut slot) if slot.get().rev < candidate.rev => {
                    slot.insert(candidate);
                }
                Slot::Occupied(_) => {}
            }
        }
        Ok(())
    }

    fn compare(&self, snapshot: &Transaction<'_>) -> rusqlite::Result<Vec<Disagreement>> {
        let oldest_slot = self.newest_ms.saturating_sub(SLOTS_KEPT_MS) / SLOT_MS;
        let mut minutes = Counts::new();
        let mut hours = Counts::new();
        let mut days = Counts::new();
        let mut slots = Counts::new();
        let mut totals = Counts::new();
        for event in self.events.values() {
            for (series, weight) in &event.counted {
                let (series, weight) = (*series, *weight);
                let minute = event.event_ms / MINUTE_MS;
                let slot = event.received_ms / SLOT_MS;
                *minutes.entry((minute, series)).or_default() += weight;
                *hours.entry((minute / HOUR, series)).or_default() += weight;
                *days.entry((minute / DAY, series)).or_default() += weight;
                *slots.entry((slot, series)).or_default() += weight;
                *totals.entry((0, series)).or_default() += weight;
            }
        }
        slots.retain(|(slot, _), _| *slot >= oldest_slot);
        let mut found = Vec::new();
        let buckets = [
            (
                "minutes",
                "SELECT minute, series, count FROM minutes".to_owned(),
                minutes,
            ),
            (
                "hours",
                "SELECT hour, series, count FROM hours".to_owned(),
                hours,
            ),
            (
                "days",
                "SELECT day, series, count FROM days".to_owned(),
                days,
            ),
            (
                "five_seconds",
                format!("SELECT slot, series, count FROM five_seconds WHERE slot >= {oldest_slot}"),
                slots,
            ),
            (
                "totals",
                "SELECT 0, series, added - withdrawn FROM totals".to_owned(),
                totals,
            ),
        ];
        for (table, sql, raw) in buckets {
            found.extend(differences(table, &counts(snapshot, &sql)?, &raw));
        }
        found.truncate(100);
        Ok(found)
    }
}

fn counts(connection: &Connection, sql: &str) -> rusqlite::Result<Counts> {
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
    rows.collect()
}

fn differences(table: &'static str, buckets: &Counts, raw: &Counts) -> Vec<Disagreement> {
    let places: HashSet<_> = buckets.keys().chain(raw.keys()).copied().collect();
    let at = |counts: &Counts, place| counts.get(place).copied().unwrap_or(0);
    let differing = places.iter().map(|place| Disagreement {
        table,
        time: place.0,
        series: place.1,
        bucket: at(buckets, place),
        raw: at(raw, place),
    });
    differing
        .filter(|place| place.bucket != place.raw)
        .collect()
}
