//! What the writer must know of a view to take its next beacon: which numbers have come, which revision
//! of each event stands and where it is counted, and the newest head. One row per view on disk.

use super::ledger::Entry;
use super::raw::{BeaconRow, unpacked};
use super::seen::SeenSeqs;
use beacon::{Attribute, CoreStatus, Detail, DropReason, Page, SessionId};
use rusqlite::Row;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A view of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ViewKey {
    pub(super) app: i64,
    pub(super) view: [u8; 16],
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct ViewState {
    /// Its row, once it has one.
    pub(super) row: Option<i64>,
    pub(super) first_received_ms: u64,
    pub(super) last_received_ms: u64,
    pub(super) seen: SeenSeqs,
    /// The highest number known to have been sent; -1 for none.
    pub(super) highest_seq: i64,
    /// Events its probe gave up, and the same by reason as far as it is known.
    pub(super) client_drops: u64,
    pub(super) drops: Vec<(DropReason, u64)>,
    /// The beacon with the highest number among those that came, and what it says.
    pub(super) head: Option<NewestHead>,
    /// Its beacons in the order they came.
    pub(super) beacons: Vec<BeaconRow>,
    /// Ascending by number.
    pub(super) events: Vec<EventState>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct NewestHead {
    pub(super) seq: u32,
    pub(super) session: Option<SessionId>,
    pub(super) detail: Detail,
    pub(super) attributes: Vec<Attribute>,
    pub(super) document: Arc<Document>,
}

/// What most views of a release have in common, kept once for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Document {
    pub(super) core: CoreStatus,
    pub(super) page: Page,
}

/// The standing revision of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EventState {
    pub(super) n: u32,
    pub(super) rev: u32,
    /// Where it counts.
    pub(super) entries: Vec<Entry>,
}

impl ViewState {
    /// A view first heard of now.
    pub(super) fn new(received_ms: u64) -> Self {
        Self {
            row: None,
            first_received_ms: received_ms,
            last_received_ms: received_ms,
            seen: SeenSeqs::default(),
            highest_seq: -1,
            client_drops: 0,
            drops: Vec::new(),
            head: None,
            beacons: Vec::new(),
            events: Vec::new(),
        }
    }

    /// What stands under an event's number.
    pub(super) fn event(&self, n: u32) -> Option<&EventState> {
        let at = self.events.binary_search_by_key(&n, |event| event.n).ok()?;
        self.events.get(at)
    }

    pub(super) fn note_drop(&mut self, reason: DropReason, count: u64) {
        self.client_drops = self.client_drops.saturating_add(count);
        match self.drops.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, known)) => *known = known.saturating_add(count),
            None => self.drops.push((reason, count)),
        }
    }

    pub(super) fn set_event(&mut self, event: EventState) {
        match self.events.binary_search_by_key(&event.n, |known| known.n) {
            Ok(at) => self.events[at] = event,
            Err(at) => self.events.insert(at, event),
        }
    }
}

/// The columns [`read`] wants.
pub(super) const COLUMNS: &str = "id, first_received_ms, last_received_ms, highest_seq, client_drops, head_seq, \
                                  session, detail, attributes, core, navigation, route, release, \
                                  deployment, origin, backend_origin, state";

/// The columns from `session` on, as every version of the schema names them.
pub(super) fn newest_head(row: &Row<'_>, seq: u32) -> rusqlite::Result<NewestHead> {
    Ok(NewestHead {
        seq,
        session: row.get::<_, Option<[u8; 8]>>("session")?.map(SessionId),
        detail: from_name(&row.get::<_, String>("detail")?),
        attributes: from_json(&row.get::<_, String>("attributes")?),
        document: Arc::new(Document {
            core: from_name(&row.get::<_, String>("core")?),
            page: Page {
                route: row.get("route")?,
                release: row.get("release")?,
                deployment: row.get("deployment")?,
                origin: row.get("origin")?,
                backend_origin: row.get("backend_origin")?,
                navigation: from_name(&row.get::<_, String>("navigation")?),
            },
        }),
    })
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<ViewState> {
    let first_received_ms: u64 = row.get("first_received_ms")?;
    let head_seq: Option<u32> = row.get("head_seq")?;
    let head = match head_seq {
        None => None,
        Some(seq) => Some(newest_head(row, seq)?),
    };
    let packed: Packed = unpacked(row.get_ref("state")?.as_blob()?)?;
    let (seen, beacons, events, drops) = packed.into_parts(first_received_ms);
    Ok(ViewState {
        row: Some(row.get("id")?),
        first_received_ms,
        last_received_ms: row.get("last_received_ms")?,
        seen,
        highest_seq: row.get("highest_seq")?,
        client_drops: row.get("client_drops")?,
        drops,
        head,
        beacons,
        events,
    })
}

/// The name an enum without fields has on the wire.
pub(super) fn wire_name(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

/// Plain structs of strings and numbers always serialise; an empty object would only lose detail.
pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned())
}

pub(super) fn from_json<T: Default + for<'a> Deserialize<'a>>(text: &str) -> T {
    serde_json::from_str(text).unwrap_or_default()
}

pub(super) fn drops_by_name(drops: &[(DropReason, u64)]) -> BTreeMap<String, u64> {
    let named = drops
        .iter()
        .map(|(reason, count)| (wire_name(reason), *count));
    named.collect()
}

/// What [`wire_name`] named; the default for what this version does not know.
pub(super) fn from_name<T: Default + for<'a> Deserialize<'a>>(name: &str) -> T {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).unwrap_or_default()
}

/// The column `state`: times as differences, which are small.
#[derive(Serialize, Deserialize)]
pub(super) struct Packed {
    seen: SeenSeqs,
    beacons: Vec<i64>,
    events: Vec<PackedEvent>,
    drops: Vec<(DropReason, u64)>,
}

type Parts = (
    SeenSeqs,
    Vec<BeaconRow>,
    Vec<EventState>,
    Vec<(DropReason, u64)>,
);

#[derive(Serialize, Deserialize)]
struct PackedEvent {
    n: u32,
    rev: u32,
    /// None and one are encoded as the option that stood here once.
    entries: Vec<PackedEntry>,
}

#[derive(Serialize, Deserialize)]
struct PackedEntry {
    series: i64,
    weight: i64,
    /// Since the first receipt of the view.
    event_ms: i64,
    received_ms: i64,
}

impl Packed {
    pub(super) fn of(state: &ViewState) -> Self {
        let since = |ms: u64| ms.cast_signed() - state.first_received_ms.cast_signed();
        let mut before = BeaconRow::first_at(state.first_received_ms).0;
        let beacons = state.beacons.iter().map(|row| {
            let step = row.0.wrapping_sub(before);
            before = row.0;
            step
        });
        Self {
            seen: state.seen.clone(),
            beacons: beacons.collect(),
            events: state
                .events
                .iter()
                .map(|event| PackedEvent {
                    n: event.n,
                    rev: event.rev,
                    entries: event
                        .entries
                        .iter()
                        .map(|entry| PackedEntry {
                            series: entry.series,
                            weight: entry.weight,
                            event_ms: since(entry.event_ms),
                            received_ms: since(entry.received_ms),
                        })
                        .collect(),
                })
                .collect(),
            drops: state.drops.clone(),
        }
    }

    fn into_parts(self, first_received_ms: u64) -> Parts {
        let at = |since: i64| first_received_ms.saturating_add_signed(since);
        let mut before = BeaconRow::first_at(first_received_ms).0;
        let beacons = self.beacons.into_iter().map(|step| {
            before = before.wrapping_add(step);
            BeaconRow(before)
        });
        let beacons = beacons.collect();
        let events = self.events.into_iter().map(|event| EventState {
            n: event.n,
            rev: event.rev,
            entries: event
                .entries
                .into_iter()
                .map(|entry| Entry {
                    series: entry.series,
                    weight: entry.weight,
                    event_ms: at(entry.event_ms),
                    received_ms: at(entry.received_ms),
                })
                .collect(),
        });
        (self.seen, beacons, events.collect(), self.drops)
    }
}
