//! One accepted beacon into an open transaction: dedup, the view's head, what its head says of the
//! view before, and each event with the revision it replaces.

use super::ledger::{Entry, Ledger};
use super::seen::SeenSeqs;
use super::series_table::SeriesTable;
use super::{Appended, Classify};
use crate::ingest::{AcceptedBeacon, AcceptedEvent};
use beacon::{DropCount, EventKind, PreviousView, Vital, VitalRating};
use rusqlite::{OptionalExtension, Transaction, params};
use serde::Serialize;
use std::collections::BTreeMap;

pub(super) fn append_beacon(
    transaction: &Transaction<'_>,
    beacon: &AcceptedBeacon,
    classify: &Classify,
    series: &mut SeriesTable,
    ledger: &mut Ledger,
) -> rusqlite::Result<Appended> {
    let Some(view_id) = note_arrival(transaction, beacon)? else {
        return Ok(Appended::Duplicate);
    };
    if let Some(previous) = beacon.head().previous_view {
        note_previous_view(transaction, beacon, previous)?;
    }
    let mut accepted = 0;
    for event in beacon.events() {
        let former = former_revision(transaction, view_id, event)?;
        if former
            .as_ref()
            .is_some_and(|former| former.rev >= event.event.rev)
        {
            continue;
        }
        if let Some(entry) = former.and_then(|former| former.entry) {
            ledger.withdraw(entry);
        }
        let contribution = classify(beacon.app(), beacon.head(), &event.event);
        let entry = match contribution {
            None => None,
            Some(contribution) => {
                let id = series.id_of(transaction, contribution.series.clone())?;
                let received_ms = beacon.received_at_ms();
                Some(Entry::new(id, &contribution, event.event_ms, received_ms))
            }
        };
        if let Some(entry) = entry {
            ledger.add(entry);
        }
        write_event(transaction, view_id, beacon, event, entry)?;
        accepted += 1;
    }
    Ok(Appended::Stored {
        accepted,
        superseded: beacon.events().len() - accepted,
    })
}

/// Notes that this beacon has come; `None` when it had come before.
fn note_arrival(
    transaction: &Transaction<'_>,
    beacon: &AcceptedBeacon,
) -> rusqlite::Result<Option<i64>> {
    let head = beacon.head();
    let known = transaction
        .prepare_cached("SELECT id, seen, head_seq, drops FROM views WHERE app = ?1 AND view = ?2")?
        .query_row(params![beacon.app(), head.view.0], |row| {
            let seen: Vec<u8> = row.get(1)?;
            Ok((
                row.get::<_, i64>(0)?,
                SeenSeqs::from_bytes(&seen),
                row.get::<_, i64>(2)?,
                row.get::<_, String>(3)?,
            ))
        })
        .optional()?;
    let (id, mut seen, head_seq, drops) = match known {
        Some(known) => known,
        None => (
            create_view(transaction, beacon.app(), &head.view.0, beacon)?,
            SeenSeqs::default(),
            -1,
            "{}".to_owned(),
        ),
    };
    if !seen.insert(head.seq) {
        return Ok(None);
    }
    let dropped: i64 = head.dropped.iter().map(|drop| i64::from(drop.count)).sum();
    transaction
        .prepare_cached(
            "UPDATE views SET seen = ?2, received = received + 1,
                 highest_seq = max(highest_seq, ?3), client_drops = client_drops + ?4,
                 last_received_ms = max(last_received_ms, ?5), drops = ?6
             WHERE id = ?1",
        )?
        .execute(params![
            id,
            seen.to_bytes(),
            head.seq,
            dropped,
            beacon.received_at_ms(),
            with_drops(&drops, &head.dropped),
        ])?;
    if i64::from(head.seq) > head_seq {
        write_head(transaction, id, beacon)?;
    }
    transaction
        .prepare_cached(
            "INSERT INTO beacons (view_id, seq, received_ms, sent_at_ms) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            id,
            head.seq,
            beacon.received_at_ms(),
            head.sent_at_ms
        ])?;
    Ok(Some(id))
}

/// The view's drops by reason, and these.
fn with_drops(known: &str, dropped: &[DropCount]) -> String {
    let mut drops: BTreeMap<String, u64> = serde_json::from_str(known).unwrap_or_default();
    for drop in dropped {
        *drops.entry(wire_name(&drop.reason)).or_default() += u64::from(drop.count);
    }
    json(&drops)
}

fn create_view(
    transaction: &Transaction<'_>,
    app: &str,
    view: &[u8; 16],
    told_by: &AcceptedBeacon,
) -> rusqlite::Result<i64> {
    transaction
        .prepare_cached(
            "INSERT INTO views (app, view, first_received_ms, last_received_ms, seen, received,
                 highest_seq, head_seq, client_drops, drops, core, navigation, route, release,
                 deployment, origin, backend_origin, detail, attributes)
             VALUES (?1, ?2, ?3, ?3, x'', 0, -1, -1, 0, '{}', '', '', '', '', '', '', '', '', '[]')
             RETURNING id",
        )?
        .query_row(params![app, view, told_by.received_at_ms()], |row| {
            row.get(0)
        })
}

/// The newest head wins: the core's later word over the early hook's.
fn write_head(
    transaction: &Transaction<'_>,
    id: i64,
    beacon: &AcceptedBeacon,
) -> rusqlite::Result<()> {
    let head = beacon.head();
    let page = &head.page;
    transaction
        .prepare_cached(
            "UPDATE views SET head_seq = ?2, session = ?3, core = ?4, navigation = ?5, route = ?6,
                 release = ?7, deployment = ?8, origin = ?9, backend_origin = ?10, detail = ?11,
                 attributes = ?12
             WHERE id = ?1",
        )?
        .execute(params![
            id,
            head.seq,
            head.session.map(|session| session.0),
            wire_name(&head.core),
            wire_name(&page.navigation),
            page.route,
            page.release,
            page.deployment,
            page.origin,
            page.backend_origin,
            wire_name(&head.detail),
            json(&head.attributes),
        ])?;
    Ok(())
}

/// A view's first beacon tells how far the one before it got, so that a lost tail is known.
fn note_previous_view(
    transaction: &Transaction<'_>,
    beacon: &AcceptedBeacon,
    previous: PreviousView,
) -> rusqlite::Result<()> {
    let note = |transaction: &Transaction<'_>| {
        transaction
            .prepare_cached(
                "UPDATE views SET highest_seq = max(highest_seq, ?3) WHERE app = ?1 AND view = ?2",
            )?
            .execute(params![beacon.app(), previous.view.0, previous.last_seq])
    };
    if note(transaction)? == 0 {
        create_view(transaction, beacon.app(), &previous.view.0, beacon)?;
        note(transaction)?;
    }
    Ok(())
}

/// What is stored under an event's number: its revision, and where it is counted.
struct Former {
    rev: u32,
    entry: Option<Entry>,
}

fn former_revision(
    transaction: &Transaction<'_>,
    view_id: i64,
    event: &AcceptedEvent,
) -> rusqlite::Result<Option<Former>> {
    transaction
        .prepare_cached(
            "SELECT rev, series, weight, event_ms, received_ms FROM events
             WHERE view_id = ?1 AND n = ?2",
        )?
        .query_row(params![view_id, event.event.n], |row| {
            let series: Option<i64> = row.get(1)?;
            let (weight, event_ms, received_ms) = (row.get(2)?, row.get(3)?, row.get(4)?);
            let entry = series.map(|series| Entry {
                series,
                weight,
                event_ms,
                received_ms,
            });
            Ok(Former {
                rev: row.get(0)?,
                entry,
            })
        })
        .optional()
}

fn write_event(
    transaction: &Transaction<'_>,
    view_id: i64,
    beacon: &AcceptedBeacon,
    event: &AcceptedEvent,
    entry: Option<Entry>,
) -> rusqlite::Result<()> {
    let (kind, body) = row_of(&event.event.kind);
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO events (view_id, n, rev, seq, at_ms, event_ms, received_ms,
                 kind, body, series, weight)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            view_id,
            event.event.n,
            event.event.rev,
            beacon.head().seq,
            event.event.at_ms,
            event.event_ms,
            beacon.received_at_ms(),
            kind,
            body,
            entry.map(|entry| entry.series),
            entry.map_or(0, |entry| entry.weight),
        ])?;
    Ok(())
}

fn row_of(kind: &EventKind) -> (&'static str, String) {
    match kind {
        EventKind::Page(page) => ("page", json(page)),
        EventKind::Navigation(timing) => ("navigation", json(timing)),
        EventKind::Vital(vital) => ("vital", json(&Rated::from(vital))),
        EventKind::Request(request) => ("request", json(request)),
        EventKind::Requests(counts) => ("requests", json(counts)),
        EventKind::Journey(attempt) => ("journey", json(attempt)),
        EventKind::Error(report) => ("error", json(report)),
        EventKind::Withdrawn => ("withdrawn", "{}".to_owned()),
        EventKind::VitalCause(cause) => ("vital_cause", json(cause)),
        EventKind::Route(view) => ("route", json(view)),
        EventKind::Resources(counts) => ("resources", json(counts)),
        EventKind::Resource(resource) => ("resource", json(resource)),
        EventKind::LongTasks(tasks) => ("long_tasks", json(tasks)),
        EventKind::Socket(socket) => ("socket", json(socket)),
        EventKind::Clicks(clicks) => ("clicks", json(clicks)),
        EventKind::Frustration(frustration) => ("frustration", json(frustration)),
        EventKind::Measurement(measurement) => ("measurement", json(measurement)),
        EventKind::Probe(report) => ("probe", json(report)),
    }
}

/// A vital with its rating, which does not travel.
#[derive(Serialize)]
struct Rated<'a> {
    #[serde(flatten)]
    vital: &'a Vital,
    rating: VitalRating,
}

impl<'a> From<&'a Vital> for Rated<'a> {
    fn from(vital: &'a Vital) -> Self {
        let rating = vital.rating();
        Self { vital, rating }
    }
}

/// Plain structs of strings and numbers always serialise; an empty object would only lose detail.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned())
}

/// The name an enum without fields has on the wire.
fn wire_name(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}
