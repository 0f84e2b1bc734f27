//! The views the writer has in mind. The raw rows are what is durable; the views' own rows are drawn
//! from them and may lag behind, within a bound: what has changed and has not been saved is replayed
//! from the raw rows at the next start. So a view is written once or twice, not with every beacon.

use super::ledger::Entry;
use super::names::Names;
use super::raw::{self, BeaconRow, StoredBeacon, packed};
use super::rows::Rows;
use super::view_state::{Document, EventState, NewestHead, ViewKey, ViewState};
use beacon::{Attribute, CoreStatus, Detail, DropCount, Page, PreviousView, SessionId};
use rusqlite::{Transaction, params};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Beacons since the oldest view that waits to be saved has changed: what a start must read again, some
/// tenths of a second. As many views may wait as are kept in mind, or each of them would be written with
/// each of its beacons as soon as more were under way.
const UNSAVED_BEACONS: u64 = 150_000;
/// With little traffic they wait so long, for what is not saved keeps its raw rows from being pruned.
const UNSAVED_MS: u64 = 60_000;
/// Distinct documents shared between views; past it sharing begins anew.
const DOCUMENTS: usize = 1_000;

#[derive(Debug)]
pub(super) struct Memory {
    /// Touched since the last change of guard, and before it. Whoever is touched moves to the young.
    young: HashMap<ViewKey, Known>,
    old: HashMap<ViewKey, Known>,
    /// Changed and not saved, by the first beacon that a replay would have to read.
    unsaved: BTreeSet<(BeaconRow, ViewKey)>,
    documents: HashMap<Vec<u8>, Arc<Document>>,
    names: Names,
    beacons: u64,
    /// What the views touched by the open transaction were before it; none, if they were not in mind.
    before: HashMap<ViewKey, Option<Known>>,
    capacity: usize,
}

#[derive(Clone, Debug)]
struct Known {
    state: ViewState,
    /// The first beacon since it was saved, and how many had come by then.
    unsaved_since: Option<(BeaconRow, u64)>,
}

/// What a beacon's head tells of its view.
#[derive(Debug)]
pub(super) struct Arrival<'a> {
    pub(super) row: BeaconRow,
    pub(super) seq: u32,
    pub(super) session: Option<SessionId>,
    pub(super) core: CoreStatus,
    pub(super) page: &'a Page,
    pub(super) detail: Detail,
    pub(super) attributes: &'a [Attribute],
    pub(super) dropped: &'a [DropCount],
}

impl Memory {
    /// Keeps about so many views.
    pub(super) fn new(capacity: usize, names: Names) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            unsaved: BTreeSet::new(),
            documents: HashMap::new(),
            names,
            beacons: 0,
            before: HashMap::new(),
            capacity,
        }
    }

    /// Views in mind.
    pub(super) fn views(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Views whose row lags behind.
    pub(super) fn unsaved(&self) -> usize {
        self.unsaved.len()
    }

    /// The first beacon that the next start must read again.
    pub(super) fn replay_from(&self) -> BeaconRow {
        let first = self.unsaved.first().map(|(row, _)| *row);
        first.unwrap_or(BeaconRow(i64::MAX))
    }

    /// A view as it stands, from mind or from disk; a new one if it has never been heard of.
    fn known(
        &mut self,
        rows: &mut Rows<'_>,
        key: ViewKey,
        received_ms: u64,
    ) -> rusqlite::Result<&mut Known> {
        if !self.young.contains_key(&key) {
            let known = match self.old.remove(&key) {
                Some(known) => known,
                None => {
                    self.before.entry(key).or_insert(None);
                    let transaction = rows.transaction();
                    let known = self.names.known();
                    let state = known.find(transaction, &key, |id| rows.view(&key, id))?;
                    Known {
                        state: state.unwrap_or_else(|| ViewState::new(received_ms)),
                        unsaved_since: None,
                    }
                }
            };
            self.young.insert(key, known);
        }
        let known = self.young.entry(key);
        Ok(known.or_insert_with(|| Known {
            state: ViewState::new(received_ms),
            unsaved_since: None,
        }))
    }

    /// Notes that a beacon of a view has come; `None` when it had come before. What of its events is
    /// to stand is for the caller to put into the state.
    pub(super) fn arrive(
        &mut self,
        rows: &mut Rows<'_>,
        key: ViewKey,
        arrival: &Arrival<'_>,
    ) -> rusqlite::Result<Option<&mut ViewState>> {
        let received_ms = arrival.row.received_ms();
        let known = self.known(rows, key, received_ms)?;
        if known.state.seen.contains(arrival.seq) {
            return Ok(None);
        }
        self.remember(key);
        self.beacons += 1;
        self.note_unsaved(key, arrival.row);
        let document = self.document(key, arrival);
        let known = self.known(rows, key, received_ms)?;
        let state = &mut known.state;
        state.seen.insert(arrival.seq);
        state.highest_seq = state.highest_seq.max(i64::from(arrival.seq));
        for drop in arrival.dropped {
            state.note_drop(drop.reason, u64::from(drop.count));
        }
        state.last_received_ms = state.last_received_ms.max(received_ms);
        state.beacons.push(arrival.row);
        if let Some(document) = document {
            state.head = Some(NewestHead {
                seq: arrival.seq,
                session: arrival.session,
                detail: arrival.detail,
                attributes: arrival.attributes.to_vec(),
                document,
            });
        }
        Ok(Some(state))
    }

    /// The document of a head that is newer than what is known, shared with the views that have the same.
    fn document(&mut self, key: ViewKey, arrival: &Arrival<'_>) -> Option<Arc<Document>> {
        let head = self.young.get(&key)?.state.head.as_ref();
        if head.is_some_and(|head| arrival.seq <= head.seq) {
            return None;
        }
        let same = head.filter(|head| {
            head.document.core == arrival.core && head.document.page == *arrival.page
        });
        if let Some(head) = same {
            return Some(Arc::clone(&head.document));
        }
        if self.documents.len() >= DOCUMENTS {
            self.documents.clear();
        }
        let encoded = packed(&(arrival.core, arrival.page));
        let document = self.documents.entry(encoded).or_insert_with(|| {
            Arc::new(Document {
                core: arrival.core,
                page: arrival.page.clone(),
            })
        });
        Some(Arc::clone(document))
    }

    /// A view's first beacon tells how far the one before it got, so that a lost tail is known.
    pub(super) fn hear_of(
        &mut self,
        rows: &mut Rows<'_>,
        app: i64,
        previous: PreviousView,
        told_by: BeaconRow,
    ) -> rusqlite::Result<()> {
        let key = ViewKey {
            app,
            view: previous.view.0,
        };
        let told = i64::from(previous.last_seq);
        let known = self.known(rows, key, told_by.received_ms())?;
        if known.state.highest_seq >= told {
            return Ok(());
        }
        self.remember(key);
        self.note_unsaved(key, told_by);
        let known = self.known(rows, key, told_by.received_ms())?;
        known.state.highest_seq = told;
        Ok(())
    }

    fn remember(&mut self, key: ViewKey) {
        let young = &self.young;
        self.before
            .entry(key)
            .or_insert_with(|| young.get(&key).cloned());
    }

    fn note_unsaved(&mut self, key: ViewKey, row: BeaconRow) {
        let Some(known) = self.young.get_mut(&key) else {
            return;
        };
        match known.unsaved_since {
            Some((first, _)) if first <= row => {}
            Some((first, since)) => {
                self.unsaved.remove(&(first, key));
                known.unsaved_since = Some((row, since));
                self.unsaved.insert((row, key));
            }
            None => {
                known.unsaved_since = Some((row, self.beacons));
                self.unsaved.insert((row, key));
            }
        }
    }

    /// Saves what has waited for too long, at most so many views.
    pub(super) fn save_due(
        &mut self,
        rows: &mut Rows<'_>,
        now_ms: u64,
        most: usize,
    ) -> rusqlite::Result<()> {
        for _ in 0..most {
            let Some((first, key)) = self.unsaved.first().copied() else {
                break;
            };
            let since = self.find(&key).and_then(|known| known.unsaved_since);
            let waited = since.map_or(0, |(_, since)| self.beacons.saturating_sub(since));
            let young = first.received_ms().saturating_add(UNSAVED_MS) >= now_ms;
            if young && self.unsaved.len() <= self.capacity && waited <= UNSAVED_BEACONS {
                break;
            }
            self.save(rows, key)?;
        }
        Ok(())
    }

    /// The views that wait to be saved, oldest first.
    pub(super) fn all_unsaved(&self) -> Vec<ViewKey> {
        self.unsaved.iter().map(|(_, key)| *key).collect()
    }

    /// Saves a view whose row lags behind.
    pub(super) fn save(&mut self, rows: &mut Rows<'_>, key: ViewKey) -> rusqlite::Result<()> {
        if let Some(known) = self.old.remove(&key) {
            self.young.insert(key, known);
        }
        let Some((first, _)) = self.young.get(&key).and_then(|known| known.unsaved_since) else {
            return Ok(());
        };
        self.remember(key);
        self.unsaved.remove(&(first, key));
        if let Some(known) = self.young.get_mut(&key) {
            known.unsaved_since = None;
            let id = rows.save_view(&key, &known.state)?;
            if known.state.row.is_none() {
                self.names.give(key, id);
            }
            known.state.row = Some(id);
        }
        Ok(())
    }

    /// Lets go of a view whose row is to be dropped; false when it has changed since it was saved.
    pub(super) fn forget(&mut self, key: &ViewKey) -> bool {
        if self
            .find(key)
            .is_some_and(|known| known.unsaved_since.is_some())
        {
            return false;
        }
        // After a rollback it is read again.
        self.young.remove(key);
        self.old.remove(key);
        true
    }

    /// Files a few names of views.
    pub(super) fn file_names(&mut self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        self.names.step(transaction)
    }

    /// Forgets names of views that are gone.
    pub(super) fn drop_names(
        &mut self,
        transaction: &Transaction<'_>,
        most: usize,
    ) -> rusqlite::Result<usize> {
        self.names.drop_dead(transaction, most)
    }

    fn find(&self, key: &ViewKey) -> Option<&Known> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// What the transaction did is durable.
    pub(super) fn committed(&mut self) {
        self.before.clear();
        self.names.committed();
        if self.young.len() * 2 > self.capacity {
            let mut old = std::mem::take(&mut self.old);
            old.retain(|_, known| known.unsaved_since.is_some());
            self.old = std::mem::replace(&mut self.young, old);
        }
    }

    /// What the transaction did has not happened.
    pub(super) fn rolled_back(&mut self) {
        self.names.rolled_back();
        for (key, before) in std::mem::take(&mut self.before) {
            let now = self.young.remove(&key).or_else(|| self.old.remove(&key));
            if let Some((first, _)) = now.and_then(|known| known.unsaved_since) {
                self.unsaved.remove(&(first, key));
            }
            if let Some(known) = before {
                if let Some((first, _)) = known.unsaved_since {
                    self.unsaved.insert((first, key));
                }
                self.young.insert(key, known);
            }
        }
    }

    /// Takes up what was not saved when the database was last closed or its process ended.
    pub(super) fn replay(
        &mut self,
        transaction: &Transaction<'_>,
        from: BeaconRow,
    ) -> rusqlite::Result<u64> {
        let mut statement = transaction.prepare(&format!(
            "SELECT {} FROM beacons WHERE id >= ?1 ORDER BY id",
            raw::COLUMNS
        ))?;
        let mut found = statement.query(params![from.0])?;
        let mut rows = Rows::new(transaction)?;
        let mut replayed = 0;
        while let Some(row) = found.next()? {
            self.replay_one(&mut rows, &StoredBeacon::read(row)?)?;
            replayed += 1;
        }
        self.before.clear();
        Ok(replayed)
    }

    fn replay_one(&mut self, rows: &mut Rows<'_>, stored: &StoredBeacon) -> rusqlite::Result<()> {
        let decoded = stored.decoded()?;
        let head = &decoded.head;
        let key = ViewKey {
            app: stored.app,
            view: head.view.0,
        };
        let arrival = Arrival {
            row: stored.row,
            seq: head.seq,
            session: head.session,
            core: head.core,
            page: &head.page,
            detail: head.detail,
            attributes: &head.attributes,
            dropped: &head.dropped,
        };
        if let Some(state) = self.arrive(rows, key, &arrival)? {
            let received_ms = stored.row.received_ms();
            for accepted in &stored.posts.accepted {
                let event = decoded.events.get(usize::from(accepted.index));
                let Some(Ok(event)) = event else { continue };
                let entries = accepted.posts.iter().map(|post| Entry {
                    series: post.series,
                    weight: post.weight,
                    event_ms: post.event_ms(received_ms),
                    received_ms,
                });
                // Rows of the same millisecond need not lie in the order they came in.
                let newer = state
                    .event(event.n)
                    .is_none_or(|known| known.rev < event.rev);
                if newer {
                    state.set_event(EventState {
                        n: event.n,
                        rev: event.rev,
                        entries: entries.collect(),
                    });
                }
            }
        }
        if let Some(previous) = head.previous_view {
            self.hear_of(rows, stored.app, previous, stored.row)?;
        }
        Ok(())
    }
}
