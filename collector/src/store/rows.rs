//! The rows of beacons and views, written with statements that are prepared once per transaction.

use super::raw::{RawBeacon, packed};
use super::view_state::{self, Packed, ViewKey, ViewState, drops_by_name, json, wire_name};
use beacon::Page;
use rusqlite::{CachedStatement, OptionalExtension, Transaction, params};

/// An open transaction's rows.
pub(super) struct Rows<'t> {
    transaction: &'t Transaction<'t>,
    append: CachedStatement<'t>,
    view: CachedStatement<'t>,
    new_view: CachedStatement<'t>,
    changed_view: CachedStatement<'t>,
}

const NEW_VIEW: &str = "INSERT INTO views (last_received_ms, received, highest_seq, client_drops, \
     drops, head_seq, session, detail, attributes, core, navigation, route, release, deployment, \
     origin, backend_origin, state, app, view, first_received_ms) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, \
     ?20)";
const CHANGED_VIEW: &str = "UPDATE views SET last_received_ms = ?1, received = ?2, \
     highest_seq = ?3, client_drops = ?4, drops = ?5, head_seq = ?6, session = ?7, detail = ?8, \
     attributes = ?9, core = ?10, navigation = ?11, route = ?12, release = ?13, deployment = ?14, \
     origin = ?15, backend_origin = ?16, state = ?17 WHERE id = ?18";

impl<'t> Rows<'t> {
    pub(super) fn new(transaction: &'t Transaction<'t>) -> rusqlite::Result<Self> {
        let view = format!(
            "SELECT {} FROM views WHERE id = ?1 AND view = ?2 AND app = ?3",
            view_state::COLUMNS
        );
        Ok(Self {
            append: transaction.prepare_cached(
                "INSERT INTO beacons (id, app, seq, bad, posts, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?,
            view: transaction.prepare_cached(&view)?,
            new_view: transaction.prepare_cached(NEW_VIEW)?,
            changed_view: transaction.prepare_cached(CHANGED_VIEW)?,
            transaction,
        })
    }

    /// A beacon's raw row.
    pub(super) fn append(&mut self, beacon: &RawBeacon<'_>) -> rusqlite::Result<()> {
        self.append.execute(params![
            beacon.row.0,
            beacon.app,
            beacon.seq,
            beacon.bad,
            packed(beacon.posts),
            beacon.body
        ])?;
        for minute in beacon.posts.late_minutes(beacon.row.received_ms()) {
            self.transaction
                .prepare_cached("INSERT INTO late (minute, beacon) VALUES (?1, ?2)")?
                .execute(params![minute, beacon.row.0])?;
        }
        Ok(())
    }

    pub(super) fn transaction(&self) -> &'t Transaction<'t> {
        self.transaction
    }

    /// A view as it was saved last, if the row is its own.
    pub(super) fn view(&mut self, key: &ViewKey, id: i64) -> rusqlite::Result<Option<ViewState>> {
        self.view
            .query_row(params![id, key.view, key.app], view_state::read)
            .optional()
    }

    /// Writes a view's row; a new one gets its number.
    pub(super) fn save_view(&mut self, key: &ViewKey, state: &ViewState) -> rusqlite::Result<i64> {
        let head = state.head.as_ref();
        let document = head.map(|head| &*head.document);
        let page = document.map(|document| &document.page);
        let text = |of: fn(&Page) -> &String| page.map_or("", |page| of(page));
        let drops_json = match state.drops.as_slice() {
            [] => "{}".to_owned(),
            some => json(&drops_by_name(some)),
        };
        let attributes = match head.map(|head| head.attributes.as_slice()) {
            None | Some([]) => "[]".to_owned(),
            Some(some) => json(&some),
        };
        let statement = match state.row {
            Some(_) => &mut self.changed_view,
            None => &mut self.new_view,
        };
        statement.raw_bind_parameter(1, state.last_received_ms)?;
        statement.raw_bind_parameter(2, state.seen.count())?;
        statement.raw_bind_parameter(3, state.highest_seq)?;
        statement.raw_bind_parameter(4, state.client_drops)?;
        statement.raw_bind_parameter(5, drops_json)?;
        statement.raw_bind_parameter(6, head.map(|head| head.seq))?;
        let session = head.and_then(|head| head.session);
        statement.raw_bind_parameter(7, session.map(|session| session.0))?;
        let detail = head.map_or_else(String::new, |head| wire_name(&head.detail));
        statement.raw_bind_parameter(8, detail)?;
        statement.raw_bind_parameter(9, attributes)?;
        let core = document.map_or_else(String::new, |document| wire_name(&document.core));
        statement.raw_bind_parameter(10, core)?;
        let navigation = page.map_or_else(String::new, |page| wire_name(&page.navigation));
        statement.raw_bind_parameter(11, navigation)?;
        statement.raw_bind_parameter(12, text(|page| &page.route))?;
        statement.raw_bind_parameter(13, text(|page| &page.release))?;
        statement.raw_bind_parameter(14, text(|page| &page.deployment))?;
        statement.raw_bind_parameter(15, text(|page| &page.origin))?;
        statement.raw_bind_parameter(16, text(|page| &page.backend_origin))?;
        statement.raw_bind_parameter(17, packed(&Packed::of(state)))?;
        if let Some(id) = state.row {
            statement.raw_bind_parameter(18, id)?;
            statement.raw_execute()?;
            return Ok(id);
        }
        statement.raw_bind_parameter(18, key.app)?;
        statement.raw_bind_parameter(19, key.view)?;
        statement.raw_bind_parameter(20, state.first_received_ms)?;
        statement.raw_execute()?;
        Ok(self.transaction.last_insert_rowid())
    }
}
