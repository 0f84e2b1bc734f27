//! Reading again what was committed: beacons in the order of their receipt, and page loads by time, for
//! whoever must know after a restart what it had heard before.

use super::ledger::MINUTE_MS;
use super::raw::{BeaconRow, COLUMNS, StoredBeacon, event_ms};
use super::read::Reader;
use beacon::{Event, Head};
use rusqlite::{OptionalExtension as _, params};

/// A beacon that was committed.
#[derive(Clone, Debug)]
pub struct CommittedBeacon {
    /// The application.
    pub app: String,
    /// Who speaks.
    pub head: Head,
    /// Its events, with the time each happened by the collector's clock.
    pub events: Vec<(Event, u64)>,
    /// Receipt, Unix milliseconds.
    pub received_ms: u64,
    /// Where reading goes on after it.
    pub position: Position,
}

/// A place in the order of receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(BeaconRow);

impl Position {
    /// Before everything received at or after this time.
    pub fn before(ms: u64) -> Self {
        Self(BeaconRow(BeaconRow::first_at(ms).0 - 1))
    }
}

impl Reader<'_> {
    /// Before the newest so many, if there are more.
    pub(super) fn newest(&mut self, count: usize) -> rusqlite::Result<Option<Position>> {
        self.snapshot
            .prepare_cached("SELECT id FROM beacons ORDER BY id DESC LIMIT 1 OFFSET ?1")?
            .query_row(params![count], |row| Ok(Position(BeaconRow(row.get(0)?))))
            .optional()
    }

    pub(super) fn committed_after(
        &mut self,
        position: Position,
        most: usize,
    ) -> rusqlite::Result<Vec<CommittedBeacon>> {
        let sql = format!(
            "SELECT {COLUMNS}, (SELECT name FROM apps WHERE apps.id = beacons.app) AS app_name
             FROM beacons WHERE id > ?1 ORDER BY id LIMIT ?2"
        );
        let mut statement = self.snapshot.prepare_cached(&sql)?;
        let mut rows = statement.query(params![position.0.0, most])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let stored = StoredBeacon::read(row)?;
            let received_ms = stored.row.received_ms();
            let decoded = stored.decoded()?;
            let sent_at_ms = decoded.head.sent_at_ms;
            // What does not decode was refused at the door and is only in the body.
            let events = decoded.events.into_iter().flatten();
            found.push(CommittedBeacon {
                app: row.get("app_name")?,
                events: events
                    .map(|event| {
                        let at_ms = event_ms(received_ms, sent_at_ms, event.at_ms);
                        (event, at_ms)
                    })
                    .collect(),
                head: decoded.head,
                received_ms,
                position: Position(stored.row),
            });
        }
        Ok(found)
    }

    /// Page loads per step of so many minutes: the step's start and its loads.
    pub(super) fn page_loads(
        &mut self,
        app: &str,
        from_ms: u64,
        step_minutes: u64,
    ) -> rusqlite::Result<Vec<(u64, u64)>> {
        let mut statement = self.snapshot.prepare_cached(
            "SELECT minute / ?3 * ?3, sum(count) FROM minutes
             JOIN series ON series.id = minutes.series
             WHERE minutes.minute >= ?2 AND series.app = ?1 AND series.kind = 'page'
             GROUP BY 1 ORDER BY 1",
        )?;
        let from = from_ms / MINUTE_MS;
        let rows = statement.query_map(params![app, from, step_minutes], |row| {
            Ok((row.get::<_, u64>(0)? * MINUTE_MS, row.get(1)?))
        })?;
        rows.collect()
    }
}
