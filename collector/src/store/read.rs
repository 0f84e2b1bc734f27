//! Counting queries: series over a window, running totals, coverage. All of one query's statements see
//! the same snapshot.

use super::ledger::MINUTE_MS;
use super::names::KnownNames;
use super::raw::{BeaconRow, LATE_MS, Posts, unpacked};
use super::series_table::{COLUMNS, series_of};
use super::view_state::ViewKey;
use crate::sli::Series;
use rusqlite::{Row, Transaction, params};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// A stretch of time in Unix milliseconds, the end excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first millisecond.
    pub from_ms: u64,
    /// The millisecond after the last.
    pub to_ms: u64,
}

/// How much of what was sent has arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Views of which at least one beacon has arrived.
    pub views: u64,
    /// Their beacons, duplicates not counted.
    pub beacons_received: u64,
    /// Beacons that later ones, or the next view, prove to have been sent.
    pub beacons_known_lost: u64,
    /// Views whose core never came up, other than for want of time.
    pub probe_degraded: u64,
    /// Events the probes themselves gave up.
    pub client_drops: u64,
    /// The same by reason, as far as reasons were told.
    pub client_drops_by_reason: BTreeMap<String, u64>,
    /// Document loads among the views, by release. A page restored from memory is a view but no
    /// document was served for it.
    pub documents_reported: BTreeMap<String, u64>,
}

/// How far back a number can be opened: past it counts stand, single beacons do not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RawKept {
    /// Days that beacons without a failure are kept.
    pub good_days: u64,
    /// Days that beacons with a failure are kept.
    pub bad_days: u64,
    /// From this receipt on, Unix milliseconds, every beacon is kept; `null` while none has gone.
    pub whole_from_ms: Option<u64>,
}

/// What a series has counted since the database began.
#[derive(Clone, Debug)]
pub struct SeriesTotal {
    /// The labels.
    pub series: Series,
    /// Events counted; never falls.
    pub added: u64,
    /// Events taken back by a later revision; never falls.
    pub withdrawn: u64,
}

/// Which raw rows to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rows {
    All,
    /// Those that hold a bad outcome.
    Bad,
}

/// Queries on one snapshot.
pub(super) struct Reader<'a> {
    pub(super) snapshot: &'a Transaction<'a>,
    pub(super) names: &'a KnownNames,
}

impl<'a> Reader<'a> {
    pub(super) fn new(snapshot: &'a Transaction<'a>, names: &'a KnownNames) -> Self {
        Self { snapshot, names }
    }

    /// Whole minutes come from their buckets, the broken ones at both ends from the raw rows.
    pub(super) fn series_counts(
        &mut self,
        app: &str,
        window: Window,
    ) -> rusqlite::Result<Vec<(Series, u64)>> {
        let mut counts = HashMap::new();
        let window = self.countable(window)?;
        let first_minute = window.from_ms.div_ceil(MINUTE_MS);
        let end_minute = window.to_ms / MINUTE_MS;
        if first_minute < end_minute {
            self.add_buckets(first_minute, end_minute, &mut counts)?;
            self.add_raw(window.from_ms, first_minute * MINUTE_MS, &mut counts)?;
            self.add_raw(end_minute * MINUTE_MS, window.to_ms, &mut counts)?;
        } else {
            self.add_raw(window.from_ms, window.to_ms, &mut counts)?;
        }
        let sql = format!("SELECT {COLUMNS}, id FROM series WHERE app = ?1 ORDER BY id");
        let mut statement = self.snapshot.prepare_cached(&sql)?;
        let rows = statement.query_map([app], |row| {
            let count = counts.get(&row.get("id")?).copied().unwrap_or(0);
            Ok(series_of(row)?.map(|series| (series, count)))
        })?;
        rows.filter_map(Result::transpose)
            .filter(has_count)
            .collect()
    }

    /// From this receipt on no raw row has gone; 0 while none has.
    pub(super) fn raw_from_ms(&self) -> rusqlite::Result<u64> {
        self.snapshot
            .prepare_cached("SELECT raw_from_ms FROM progress")?
            .query_row([], |row| row.get(0))
    }

    /// The window, with an end that lies before the raw rows moved out to a whole minute.
    fn countable(&self, window: Window) -> rusqlite::Result<Window> {
        let raw_from_ms = self.raw_from_ms()?;
        let is_whole = |minute: u64| minute * MINUTE_MS >= raw_from_ms;
        let (first, last) = (window.from_ms / MINUTE_MS, window.to_ms / MINUTE_MS);
        Ok(Window {
            from_ms: if is_whole(first) {
                window.from_ms
            } else {
                first * MINUTE_MS
            },
            to_ms: if is_whole(last) {
                window.to_ms
            } else {
                window.to_ms.div_ceil(MINUTE_MS) * MINUTE_MS
            },
        })
    }

    fn add_buckets(
        &self,
        first_minute: u64,
        end_minute: u64,
        counts: &mut HashMap<i64, u64>,
    ) -> rusqlite::Result<()> {
        let mut statement = self.snapshot.prepare_cached(
            "SELECT series, sum(count) FROM minutes
             WHERE minute >= ?1 AND minute < ?2 GROUP BY series",
        )?;
        add_rows(
            &mut statement.query(params![first_minute, end_minute])?,
            counts,
        )
    }

    fn add_raw(
        &self,
        from_ms: u64,
        to_ms: u64,
        counts: &mut HashMap<i64, u64>,
    ) -> rusqlite::Result<()> {
        if from_ms >= to_ms {
            return Ok(());
        }
        let mut changes: HashMap<i64, i64> = HashMap::new();
        let window = Window { from_ms, to_ms };
        self.beacons_with_events_in(window, Rows::All, |row, posts, _| {
            for (by, post) in posts.signed() {
                if (from_ms..to_ms).contains(&post.event_ms(row.received_ms())) {
                    *changes.entry(post.series).or_default() += by;
                }
            }
            Ok(())
        })?;
        for (series, by) in changes {
            let count = counts.entry(series).or_default();
            *count = count.saturating_add_signed(by);
        }
        Ok(())
    }

    /// Every beacon that brought or took back an event of a window: the ones received in it or soon
    /// after, and the late ones. `each` gets its posts and the bytes of its view.
    pub(super) fn beacons_with_events_in(
        &self,
        window: Window,
        rows: Rows,
        mut each: impl FnMut(BeaconRow, &Posts, ViewKey) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let first = BeaconRow::first_at(window.from_ms);
        let end = BeaconRow::first_at(window.to_ms.saturating_add(LATE_MS + 1));
        let only_bad = match rows {
            Rows::All => "",
            Rows::Bad => "AND bad = 1",
        };
        let columns = "id, app, posts, substr(body, 2, 16) AS view";
        let mut take = |row: &Row<'_>| -> rusqlite::Result<()> {
            let posts: Posts = unpacked(row.get_ref("posts")?.as_blob()?)?;
            let key = ViewKey {
                app: row.get("app")?,
                view: row.get("view")?,
            };
            each(BeaconRow(row.get("id")?), &posts, key)
        };
        let sql = format!("SELECT {columns} FROM beacons WHERE id >= ?1 AND id < ?2 {only_bad}");
        let mut statement = self.snapshot.prepare_cached(&sql)?;
        let mut found = statement.query(params![first.0, end.0])?;
        while let Some(row) = found.next()? {
            take(row)?;
        }
        let sql = format!(
            "SELECT {columns} FROM beacons
             WHERE id IN (SELECT beacon FROM late WHERE minute >= ?3 AND minute <= ?4)
                 AND NOT (id >= ?1 AND id < ?2) {only_bad}"
        );
        let mut statement = self.snapshot.prepare_cached(&sql)?;
        let minutes = (window.from_ms / MINUTE_MS, window.to_ms / MINUTE_MS);
        let minutes =
            [minutes.0, minutes.1].map(|minute| i64::try_from(minute).unwrap_or(i64::MAX));
        let mut found = statement.query(params![first.0, end.0, minutes[0], minutes[1]])?;
        while let Some(row) = found.next()? {
            take(row)?;
        }
        Ok(())
    }

    pub(super) fn totals(&mut self) -> rusqlite::Result<Vec<SeriesTotal>> {
        let sql = format!(
            "SELECT {COLUMNS}, added, withdrawn FROM series JOIN totals ON totals.series = series.id
             ORDER BY id"
        );
        let mut statement = self.snapshot.prepare_cached(&sql)?;
        let rows = statement.query_map([], |row| {
            let (added, withdrawn) = (row.get("added")?, row.get("withdrawn")?);
            Ok(series_of(row)?.map(|series| SeriesTotal {
                series,
                added,
                withdrawn,
            }))
        })?;
        rows.filter_map(Result::transpose).collect()
    }

    pub(super) fn coverage(&mut self, app: &str, window: Window) -> rusqlite::Result<Coverage> {
        let (from_ms, to_ms) = (window.from_ms, window.to_ms);
        let mut coverage = self
            .snapshot
            .prepare_cached(
                "SELECT count(*) FILTER (WHERE received > 0),
                        coalesce(sum(received), 0),
                        coalesce(sum(highest_seq + 1 - received), 0),
                        count(*) FILTER (WHERE core IN ('blocked', 'http', 'unsupported', 'error')),
                        coalesce(sum(client_drops), 0)
                 FROM views WHERE app = (SELECT id FROM apps WHERE name = ?1) AND first_received_ms >= ?2 AND first_received_ms < ?3",
            )?
            .query_row(params![app, from_ms, to_ms], |row| {
                Ok(Coverage {
                    views: row.get(0)?,
                    beacons_received: row.get(1)?,
                    beacons_known_lost: row.get(2)?,
                    probe_degraded: row.get(3)?,
                    client_drops: row.get(4)?,
                    client_drops_by_reason: BTreeMap::new(),
                    documents_reported: BTreeMap::new(),
                })
            })?;
        let mut statement = self.snapshot.prepare_cached(
            "SELECT given_up.key, sum(given_up.value) FROM views, json_each(views.drops) AS given_up
             WHERE app = (SELECT id FROM apps WHERE name = ?1) AND first_received_ms >= ?2
                 AND first_received_ms < ?3 AND drops <> '{}'
             GROUP BY given_up.key",
        )?;
        let rows = statement.query_map(params![app, from_ms, to_ms], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        coverage.client_drops_by_reason = rows.collect::<rusqlite::Result<_>>()?;
        let mut statement = self.snapshot.prepare_cached(
            "SELECT release, count(*) FROM views
             WHERE app = (SELECT id FROM apps WHERE name = ?1) AND first_received_ms >= ?2 AND first_received_ms < ?3
                 AND received > 0 AND navigation <> 'back_forward_cache'
             GROUP BY release",
        )?;
        let rows = statement.query_map(params![app, from_ms, to_ms], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        coverage.documents_reported = rows.collect::<rusqlite::Result<_>>()?;
        Ok(coverage)
    }
}

fn has_count(row: &rusqlite::Result<(Series, u64)>) -> bool {
    row.as_ref().map_or(true, |(_, count)| *count > 0)
}

fn add_rows(rows: &mut rusqlite::Rows<'_>, counts: &mut HashMap<i64, u64>) -> rusqlite::Result<()> {
    while let Some(row) = rows.next()? {
        *counts.entry(row.get(0)?).or_default() += row.get::<_, u64>(1)?;
    }
    Ok(())
}
