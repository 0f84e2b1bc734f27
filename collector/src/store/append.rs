//! One prepared beacon into an open transaction: dedup, the view's head, what its head says of the
//! view before, and each event with the revision it replaces.

use super::Appended;
use super::ledger::{Entry, Ledger};
use super::memory::{Arrival, Memory};
use super::prepared::{PreparedBeacon, SeriesRef};
use super::raw::{Accepted, BeaconRow, Post, Posts, RawBeacon};
use super::rows::Rows;
use super::series_table::SeriesTable;
use super::view_state::{EventState, ViewKey};
use rusqlite::Transaction;

pub(super) fn append_beacon(
    transaction: &Transaction<'_>,
    rows: &mut Rows<'_>,
    beacon: &PreparedBeacon,
    row: BeaconRow,
    memory: &mut Memory,
    series: &mut SeriesTable,
    ledger: &mut Ledger,
) -> rusqlite::Result<Appended> {
    let app = series.app_id(transaction, &beacon.app)?;
    let key = ViewKey {
        app,
        view: beacon.view,
    };
    let arrival = Arrival {
        row,
        seq: beacon.seq,
        session: beacon.session,
        core: beacon.core,
        page: &beacon.page,
        detail: beacon.detail,
        attributes: &beacon.attributes,
        dropped: &beacon.dropped,
    };
    let Some(state) = memory.arrive(rows, key, &arrival)? else {
        return Ok(Appended::Duplicate);
    };
    let received_ms = row.received_ms();
    let mut posts = Posts::default();
    let mut bad = false;
    for (index, event) in (0..).zip(&beacon.events) {
        let former = state.event(event.n).cloned();
        if former
            .as_ref()
            .is_some_and(|former| former.rev >= event.rev)
        {
            continue;
        }
        for entry in former.into_iter().flat_map(|former| former.entries) {
            ledger.withdraw(entry);
            posts.withdrawn.push(Post::of(entry, received_ms));
        }
        let mut entries = Vec::with_capacity(event.counted.len());
        for (reference, weight) in &event.counted {
            let entry = Entry {
                series: match reference {
                    SeriesRef::Known(id) => *id,
                    SeriesRef::New(labels) => series.id_of(transaction, (**labels).clone())?,
                },
                weight: *weight,
                event_ms: event.event_ms,
                received_ms,
            };
            ledger.add(entry);
            entries.push(entry);
        }
        let brought = entries.iter().map(|entry| Post::of(*entry, received_ms));
        posts.accepted.push(Accepted {
            index,
            posts: brought.collect(),
        });
        bad |= event.bad;
        state.set_event(EventState {
            n: event.n,
            rev: event.rev,
            entries,
        });
    }
    let raw = RawBeacon {
        row,
        app,
        seq: beacon.seq,
        bad,
        posts: &posts,
        body: &beacon.body,
    };
    rows.append(&raw)?;
    if let Some(previous) = beacon.previous_view {
        memory.hear_of(rows, app, previous, row)?;
    }
    let accepted = posts.accepted.len();
    Ok(Appended::Stored {
        accepted,
        superseded: beacon.events.len() - accepted,
    })
}
