//! From the schemas of earlier versions to this one, in one transaction, forward only. Schema 4 knew no latencies
//! and no sums by hour and day. Schema 3 had one index
//! of all views' names; they are filed anew from the first start on. Schemas 1 and 2 had
//! a row per event with its fields as JSON; each beacon is put together again from them. What a later
//! revision had replaced by then is not in it, for it was not kept.

use super::ledger::Entry;
use super::raw::{Accepted, BeaconRow, Post, Posts, RawBeacon};
use super::rows::Rows;
use super::seen::SeenSeqs;
use super::series_table::insert_app;
use super::view_state::{EventState, ViewKey, ViewState, from_json, newest_head};
use beacon::{Event, EventKind, Head, ViewId};
use rusqlite::{Row, Transaction, params};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

const MADE_ROOM: &str = "
    DROP INDEX views_by_first_receipt;
    DROP INDEX events_by_time;
    ALTER TABLE views RENAME TO old_views;
    ALTER TABLE beacons RENAME TO old_beacons;
    ALTER TABLE events RENAME TO old_events;";
/// Columns that schema 1 did not have yet.
const AS_SCHEMA_2: &str = "
    ALTER TABLE old_views ADD COLUMN drops TEXT NOT NULL DEFAULT '{}';
    ALTER TABLE old_views ADD COLUMN detail TEXT NOT NULL DEFAULT 'full';
    ALTER TABLE old_views ADD COLUMN attributes TEXT NOT NULL DEFAULT '[]';";
const CLEARED: &str = "DROP TABLE old_events; DROP TABLE old_beacons; DROP TABLE old_views;";

/// The same columns, in the same order.
const VIEWS_SET_ASIDE: &str = "
    DROP INDEX views_by_name;
    DROP INDEX views_by_first_receipt;
    ALTER TABLE views RENAME TO old_views;";
const VIEWS_MOVED: &str =
    "INSERT INTO views SELECT * FROM old_views ORDER BY id; DROP TABLE old_views;";

/// From any earlier schema.
pub(super) fn forward(transaction: &Transaction<'_>, version: i64) -> rusqlite::Result<()> {
    match version {
        1 | 2 => from_event_rows(transaction, version)?,
        3 => {
            transaction.execute_batch(VIEWS_SET_ASIDE)?;
            transaction.execute_batch(include_str!("schema/views.sql"))?;
            transaction.execute_batch(VIEWS_MOVED)?;
        }
        _ => {}
    }
    transaction.execute_batch(include_str!("schema/counts_from_4.sql"))
}

/// From schema 1 or 2.
fn from_event_rows(transaction: &Transaction<'_>, version: i64) -> rusqlite::Result<()> {
    transaction.execute_batch(MADE_ROOM)?;
    if version == 1 {
        transaction.execute_batch(AS_SCHEMA_2)?;
    }
    transaction.execute_batch(include_str!("schema/beacons.sql"))?;
    transaction.execute_batch(include_str!("schema/views.sql"))?;
    let mut moving = Moving {
        transaction,
        rows: Rows::new(transaction)?,
        apps: HashMap::new(),
        counter: 0,
    };
    {
        let mut statement = transaction.prepare("SELECT * FROM old_views ORDER BY id")?;
        let mut views = statement.query([])?;
        while let Some(view) = views.next()? {
            moving.view(view)?;
        }
    }
    let counter = moving.counter;
    // Its statements would hold the tables that are to go.
    drop(moving);
    transaction.execute(
        "UPDATE progress SET counter = ?1, replay_from = ?2",
        params![counter, i64::MAX],
    )?;
    transaction.flush_prepared_statement_cache();
    transaction.execute_batch(CLEARED)
}

struct Moving<'t> {
    transaction: &'t Transaction<'t>,
    rows: Rows<'t>,
    apps: HashMap<String, i64>,
    counter: u64,
}

/// An event's row.
struct OldEvent {
    event: Option<Event>,
    state: EventState,
    bad: bool,
}

impl Moving<'_> {
    fn view(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        let app: String = row.get("app")?;
        let app = match self.apps.get(&app) {
            Some(id) => *id,
            None => {
                let id = insert_app(self.transaction, &app)?;
                self.apps.insert(app, id);
                id
            }
        };
        let key = ViewKey {
            app,
            view: row.get("view")?,
        };
        let mut state = state_of(row)?;
        let old_id: i64 = row.get("id")?;
        let mut beacons = self.transaction.prepare_cached(
            "SELECT seq, received_ms, sent_at_ms FROM old_beacons WHERE view_id = ?1
             ORDER BY received_ms, seq",
        )?;
        let mut beacons = beacons.query([old_id])?;
        while let Some(beacon) = beacons.next()? {
            let (seq, received_ms) = (beacon.get(0)?, beacon.get(1)?);
            let sent_at_ms = beacon.get(2)?;
            self.beacon(old_id, key, seq, received_ms, sent_at_ms, &mut state)?;
        }
        self.rows.save_view(&key, &state)?;
        Ok(())
    }

    fn beacon(
        &mut self,
        old_id: i64,
        key: ViewKey,
        seq: u32,
        received_ms: u64,
        sent_at_ms: u64,
        state: &mut ViewState,
    ) -> rusqlite::Result<()> {
        let row = BeaconRow::new(received_ms, self.counter);
        self.counter += 1;
        let mut posts = Posts::default();
        let mut events = Vec::new();
        let mut bad = false;
        for old in self.events(old_id, seq)? {
            state.set_event(old.state.clone());
            bad |= old.bad;
            let Some(event) = old.event else { continue };
            let entries = old.state.entries.iter();
            let brought = entries.map(|entry| Post::of(*entry, received_ms));
            posts.accepted.push(Accepted {
                index: u16::try_from(events.len()).unwrap_or(u16::MAX),
                posts: brought.collect(),
            });
            events.push(event);
        }
        let newest = state.head.as_ref();
        let document = newest.map(|head| Arc::clone(&head.document));
        let head = Head {
            view: ViewId(key.view),
            seq,
            session: newest.and_then(|head| head.session),
            sent_at_ms,
            core: document
                .as_ref()
                .map(|document| document.core)
                .unwrap_or_default(),
            detail: newest.map(|head| head.detail).unwrap_or_default(),
            page: document
                .map(|document| document.page.clone())
                .unwrap_or_default(),
            previous_view: None,
            dropped: Vec::new(),
            attributes: newest
                .map(|head| head.attributes.clone())
                .unwrap_or_default(),
        };
        let body = beacon::encode_parts(&head, &events).unwrap_or_default();
        state.beacons.push(row);
        self.rows.append(&RawBeacon {
            row,
            app: key.app,
            seq,
            bad,
            posts: &posts,
            body: &body,
        })
    }

    fn events(&self, old_id: i64, seq: u32) -> rusqlite::Result<Vec<OldEvent>> {
        let mut statement = self.transaction.prepare_cached(
            "SELECT n, rev, at_ms, event_ms, received_ms, old_events.kind, body, series, weight,
                 class
             FROM old_events LEFT JOIN series ON series.id = old_events.series
             WHERE view_id = ?1 AND seq = ?2 ORDER BY n",
        )?;
        let rows = statement.query_map(params![old_id, seq], |row| {
            let (n, rev, at_ms) = (row.get("n")?, row.get("rev")?, row.get("at_ms")?);
            let kind: String = row.get("kind")?;
            let (event_ms, received_ms) = (row.get("event_ms")?, row.get("received_ms")?);
            let weight = row.get("weight")?;
            let series: Option<i64> = row.get("series")?;
            let class: Option<String> = row.get("class")?;
            let known = kind_of(&kind, &row.get::<_, String>("body")?);
            Ok(OldEvent {
                event: known.map(|kind| Event {
                    n,
                    rev,
                    at_ms,
                    kind,
                }),
                state: EventState {
                    n,
                    rev,
                    entries: series
                        .map(|series| Entry {
                            series,
                            weight,
                            event_ms,
                            received_ms,
                        })
                        .into_iter()
                        .collect(),
                },
                bad: class.as_deref() == Some("bad") || kind == "error",
            })
        })?;
        rows.collect()
    }
}

fn state_of(row: &Row<'_>) -> rusqlite::Result<ViewState> {
    let head_seq: i64 = row.get("head_seq")?;
    let head = match u32::try_from(head_seq) {
        Err(_) => None,
        Ok(seq) => Some(newest_head(row, seq)?),
    };
    let drops: HashMap<String, u64> = from_json(&row.get::<_, String>("drops")?);
    let named = drops.into_iter().filter_map(|(name, count)| {
        Some((serde_json::from_value(Value::String(name)).ok()?, count))
    });
    Ok(ViewState {
        row: None,
        first_received_ms: row.get("first_received_ms")?,
        last_received_ms: row.get("last_received_ms")?,
        seen: SeenSeqs::from_bytes(row.get_ref("seen")?.as_blob()?),
        highest_seq: row.get("highest_seq")?,
        client_drops: row.get("client_drops")?,
        drops: named.collect(),
        head,
        beacons: Vec::new(),
        events: Vec::new(),
    })
}

/// Kinds and fields were stored under their names on the wire.
fn kind_of(kind: &str, body: &str) -> Option<EventKind> {
    if kind == "withdrawn" {
        return Some(EventKind::Withdrawn);
    }
    let body: Value = serde_json::from_str(body).ok()?;
    serde_json::from_value(serde_json::json!({ kind: body })).ok()
}
