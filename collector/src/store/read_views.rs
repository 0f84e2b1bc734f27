//! Opening a number: the views behind it, each with everything known of it, as JSON in the shape of
//! the wire with the class of each counted event beside it.

use super::raw::{self, BeaconRow, Post, StoredBeacon, event_ms};
use super::read::{Reader, Rows, Window};
use super::view_state::{self, ViewKey, ViewState};
use crate::sli::Class;
use beacon::{DecodedBeacon, EventKind, ViewId, Vital, VitalRating};
use rusqlite::types::ToSql;
use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashSet};

/// Which views to show. The event fields select views that hold an event with all of them.
#[derive(Clone, Debug, Default)]
pub struct ViewFilter {
    /// The application.
    pub app: String,
    /// First receipt of the view; with any event field set, time of the event.
    pub window: Option<Window>,
    /// `page`, `journey` or `request`.
    pub kind: Option<String>,
    /// Route, journey, or method and route.
    pub name: Option<String>,
    /// How the event ended.
    pub outcome: Option<String>,
    /// `good`, `bad` or `excluded`.
    pub class: Option<String>,
    /// Release of the document.
    pub release: Option<String>,
    /// Pod of the document.
    pub deployment: Option<String>,
    /// The backend origin called, or the configured one.
    pub backend_origin: Option<String>,
    /// Views shown at most.
    pub limit: usize,
}

/// Views, and whether there are more than were asked for.
#[derive(Clone, Debug)]
pub struct Views {
    /// Newest first.
    pub views: Vec<Value>,
    /// Whether the limit cut some off.
    pub truncated: bool,
}

const VIEW_COLUMNS: &str = "id, app, view, session, first_received_ms, last_received_ms, core, \
                            navigation, route, release, deployment, origin, backend_origin, \
                            highest_seq, received, detail, attributes, drops, head_seq, client_drops, \
                            state";

/// Where a view shows its events, by their kind in the table: `true` where it holds many.
const PLACES: [(&str, &str, bool); 17] = [
    ("page", "page", false),
    ("journey", "journeys", true),
    ("request", "requests", true),
    ("requests", "request_counts", true),
    ("navigation", "navigation", false),
    ("vital", "vitals", true),
    ("vital_cause", "vital_causes", true),
    ("error", "errors", true),
    ("route", "routes", true),
    ("resource", "resources", true),
    ("resources", "resource_counts", true),
    ("long_tasks", "long_tasks", true),
    ("socket", "sockets", true),
    ("clicks", "clicks", true),
    ("frustration", "frustrations", true),
    ("measurement", "measurements", true),
    ("probe", "probe", false),
];

impl Reader<'_> {
    pub(super) fn views(&mut self, filter: &ViewFilter) -> rusqlite::Result<Views> {
        let wanted = self.wanted(filter)?;
        let mut views = Vec::new();
        let mut truncated = false;
        for id in wanted {
            if views.len() == filter.limit {
                truncated = true;
                break;
            }
            let sql = format!("SELECT {VIEW_COLUMNS} FROM views WHERE views.id = ?1");
            let mut statement = self.snapshot.prepare_cached(&sql)?;
            views.push(statement.query_row([id], |row| self.view_of(row))?);
        }
        Ok(Views { views, truncated })
    }

    pub(super) fn view(&mut self, view: ViewId) -> rusqlite::Result<Option<Value>> {
        let mut apps = self.snapshot.prepare_cached("SELECT id FROM apps")?;
        let apps = apps.query_map([], |row| row.get(0))?;
        let apps: Vec<i64> = apps.collect::<rusqlite::Result<_>>()?;
        let sql = format!(
            "SELECT {VIEW_COLUMNS} FROM views WHERE id = ?1 AND view = ?2 AND app = ?3 AND received > 0"
        );
        let mut statement = self.snapshot.prepare_cached(&sql)?;
        for app in apps {
            let key = ViewKey { app, view: view.0 };
            let found = self.names.find(self.snapshot, &key, |id| {
                let row = params![id, key.view, key.app];
                statement.query_row(row, |row| self.view_of(row)).optional()
            })?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The rows of the views to show, newest first; one more than the limit tells that there are more.
    fn wanted(&self, filter: &ViewFilter) -> rusqlite::Result<Vec<i64>> {
        match EventFilter::new(self, filter)? {
            Some(events) => self.views_with(filter, &events),
            None => self.views_first_heard_of(filter),
        }
    }

    fn views_first_heard_of(&self, filter: &ViewFilter) -> rusqlite::Result<Vec<i64>> {
        let (from_ms, to_ms) = bounds(filter.window);
        let mut statement = self.snapshot.prepare_cached(
            "SELECT views.id FROM views JOIN apps ON apps.id = views.app
             WHERE apps.name = ?1 AND received > 0
                 AND first_received_ms >= ?2 AND first_received_ms < ?3
             ORDER BY first_received_ms DESC, views.id DESC LIMIT ?4",
        )?;
        let most = filter.limit.saturating_add(1);
        let rows =
            statement.query_map(params![filter.app, from_ms, to_ms, most], |row| row.get(0))?;
        rows.collect()
    }

    /// Views of which an event stands that fits: the raw rows tell the candidates, the view's own row
    /// whether a later revision has replaced it.
    fn views_with(&self, filter: &ViewFilter, events: &EventFilter) -> rusqlite::Result<Vec<i64>> {
        let mut candidates = HashSet::new();
        if events.series.is_empty() {
            return Ok(Vec::new());
        }
        self.beacons_with_events_in(events.window, events.rows, |row, posts, key| {
            let brought = posts.accepted.iter().flat_map(|accepted| &accepted.posts);
            let fits = |post: &Post| events.fit(post.series, post.event_ms(row.received_ms()));
            if brought.into_iter().any(fits) {
                candidates.insert(key);
            }
            Ok(())
        })?;
        let mut found = Vec::new();
        for key in candidates {
            let Some(state) = self.state(&key)? else {
                continue;
            };
            let mut standing = state.events.iter().flat_map(|event| &event.entries);
            if standing.any(|entry| events.fit(entry.series, entry.event_ms)) {
                found.push((state.first_received_ms, state.row.unwrap_or_default()));
            }
        }
        found.sort_unstable_by(|left, right| right.cmp(left));
        found.truncate(filter.limit.saturating_add(1));
        Ok(found.into_iter().map(|(_, id)| id).collect())
    }

    fn view_of(&self, row: &Row<'_>) -> rusqlite::Result<Value> {
        let state = view_state::read(row)?;
        let session: Option<Vec<u8>> = row.get("session")?;
        let text = |column: &str| row.get::<_, String>(column);
        let number = |column: &str| row.get::<_, i64>(column);
        let app: String = self
            .snapshot
            .prepare_cached("SELECT name FROM apps WHERE id = ?1")?
            .query_row([number("app")?], |row| row.get(0))?;
        let mut view = json!({
            "view": hex(&row.get::<_, Vec<u8>>("view")?),
            "app": app,
            "session": session.map(|session| hex(&session)),
            "first_received_ms": number("first_received_ms")?,
            "last_received_ms": number("last_received_ms")?,
            "core": text("core")?,
            "navigation_kind": text("navigation")?,
            "route": text("route")?,
            "release": text("release")?,
            "deployment": text("deployment")?,
            "origin": text("origin")?,
            "backend_origin": text("backend_origin")?,
            "beacons_known_lost": number("highest_seq")? + 1 - number("received")?,
            "detail": text("detail")?,
            "attributes": json_of(&text("attributes")?),
            "drops": json_of(&text("drops")?),
        });
        for (_, place, many) in PLACES {
            view[place] = if many { json!([]) } else { Value::Null };
        }
        self.add_beacons(&state, &mut view)?;
        Ok(view)
    }

    /// The beacons that are still kept raw, and the events of them that stand.
    fn add_beacons(&self, state: &ViewState, view: &mut Value) -> rusqlite::Result<()> {
        let mut beacons = Vec::new();
        let mut no_longer_kept = 0;
        let mut events: BTreeMap<u32, (&str, Value)> = BTreeMap::new();
        for row in &state.beacons {
            let Some(stored) = self.beacon(*row)? else {
                no_longer_kept += 1;
                continue;
            };
            let received_ms = row.received_ms();
            let DecodedBeacon { head, events: told } = stored.decoded()?;
            let skew_ms = received_ms.cast_signed() - head.sent_at_ms.cast_signed();
            beacons.push((
                head.seq,
                json!({ "seq": head.seq, "received_ms": received_ms, "skew_ms": skew_ms }),
            ));
            for accepted in &stored.posts.accepted {
                let Some(Ok(event)) = told.get(usize::from(accepted.index)) else {
                    continue;
                };
                let stands = state
                    .event(event.n)
                    .is_some_and(|known| known.rev == event.rev);
                if !stands {
                    continue;
                }
                let (kind, body) = shown(&event.kind);
                let mut shown = Map::new();
                shown.insert("n".to_owned(), event.n.into());
                shown.insert("rev".to_owned(), event.rev.into());
                shown.insert("seq".to_owned(), head.seq.into());
                shown.insert("at_ms".to_owned(), event.at_ms.into());
                let event_ms = event_ms(received_ms, head.sent_at_ms, event.at_ms);
                shown.insert("event_ms".to_owned(), event_ms.into());
                shown.insert("received_ms".to_owned(), received_ms.into());
                if let Value::Object(body) = body {
                    shown.extend(body);
                }
                if let Some(post) = accepted.posts.first() {
                    shown.insert("class".to_owned(), self.class_of(post.series)?);
                }
                events.insert(event.n, (kind, Value::Object(shown)));
            }
        }
        for (kind, event) in events.into_values() {
            let place = PLACES.iter().find(|(of, _, _)| *of == kind);
            match place {
                Some((_, place, true)) => push(&mut view[*place], event),
                Some((_, place, false)) => view[*place] = event,
                // What was withdrawn is shown nowhere.
                None => {}
            }
        }
        view["beacons_no_longer_kept"] = no_longer_kept.into();
        beacons.sort_by_key(|(seq, _)| *seq);
        view["beacons"] = beacons.into_iter().map(|(_, beacon)| beacon).collect();
        Ok(())
    }

    fn beacon(&self, row: BeaconRow) -> rusqlite::Result<Option<StoredBeacon>> {
        let sql = format!("SELECT {} FROM beacons WHERE id = ?1", raw::COLUMNS);
        let mut statement = self.snapshot.prepare_cached(&sql)?;
        statement.query_row([row.0], StoredBeacon::read).optional()
    }

    fn state(&self, key: &ViewKey) -> rusqlite::Result<Option<ViewState>> {
        let sql = format!(
            "SELECT {} FROM views WHERE id = ?1 AND view = ?2 AND app = ?3",
            view_state::COLUMNS
        );
        let mut statement = self.snapshot.prepare_cached(&sql)?;
        self.names.find(self.snapshot, key, |id| {
            statement
                .query_row(params![id, key.view, key.app], view_state::read)
                .optional()
        })
    }

    fn class_of(&self, series: i64) -> rusqlite::Result<Value> {
        let mut statement = self
            .snapshot
            .prepare_cached("SELECT class FROM series WHERE id = ?1")?;
        let class: Option<String> = statement.query_row([series], |row| row.get(0)).optional()?;
        Ok(class.into())
    }
}

/// The condition on a view's events.
struct EventFilter {
    series: HashSet<i64>,
    window: Window,
    rows: Rows,
}

impl EventFilter {
    /// `None` when any view will do, whatever its events.
    fn new(reader: &Reader<'_>, filter: &ViewFilter) -> rusqlite::Result<Option<Self>> {
        let fields = [
            ("kind", &filter.kind),
            ("name", &filter.name),
            ("outcome", &filter.outcome),
            ("class", &filter.class),
            ("release", &filter.release),
            ("deployment", &filter.deployment),
            ("backend_origin", &filter.backend_origin),
        ];
        let mut sql = "SELECT id FROM series WHERE app = ?1".to_owned();
        let mut values: Vec<&dyn ToSql> = vec![&filter.app];
        for (column, wanted) in fields {
            if let Some(wanted) = wanted {
                values.push(wanted);
                sql += &format!(" AND {column} = ?{}", values.len());
            }
        }
        if values.len() == 1 {
            return Ok(None);
        }
        let mut statement = reader.snapshot.prepare_cached(&sql)?;
        let series = statement.query_map(values.as_slice(), |row| row.get(0))?;
        let (from_ms, to_ms) = bounds(filter.window);
        let only_bad = filter.class.as_deref() == Some(Class::Bad.label());
        Ok(Some(Self {
            series: series.collect::<rusqlite::Result<_>>()?,
            window: Window { from_ms, to_ms },
            rows: if only_bad { Rows::Bad } else { Rows::All },
        }))
    }

    fn fit(&self, series: i64, event_ms: u64) -> bool {
        (self.window.from_ms..self.window.to_ms).contains(&event_ms)
            && self.series.contains(&series)
    }
}

/// All of time where no window is asked for; as far as a column can hold it.
fn bounds(window: Option<Window>) -> (u64, u64) {
    let last = i64::MAX.cast_unsigned();
    window.map_or((0, last), |window| {
        (window.from_ms.min(last), window.to_ms.min(last))
    })
}

/// Kind and fields of an event, in the shape of the wire.
fn shown(kind: &EventKind) -> (&'static str, Value) {
    match kind {
        EventKind::Page(page) => ("page", fields(page)),
        EventKind::Navigation(timing) => ("navigation", fields(timing)),
        EventKind::Vital(vital) => ("vital", fields(&Rated::from(vital))),
        EventKind::Request(request) => ("request", fields(request)),
        EventKind::Requests(counts) => ("requests", fields(counts)),
        EventKind::Journey(attempt) => ("journey", fields(attempt)),
        EventKind::Error(report) => ("error", fields(report)),
        EventKind::Withdrawn => ("withdrawn", Value::Null),
        EventKind::VitalCause(cause) => ("vital_cause", fields(cause)),
        EventKind::Route(view) => ("route", fields(view)),
        EventKind::Resources(counts) => ("resources", fields(counts)),
        EventKind::Resource(resource) => ("resource", fields(resource)),
        EventKind::LongTasks(tasks) => ("long_tasks", fields(tasks)),
        EventKind::Socket(socket) => ("socket", fields(socket)),
        EventKind::Clicks(clicks) => ("clicks", fields(clicks)),
        EventKind::Frustration(frustration) => ("frustration", fields(frustration)),
        EventKind::Measurement(measurement) => ("measurement", fields(measurement)),
        EventKind::Probe(report) => ("probe", fields(report)),
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

/// Plain structs of strings and numbers always serialise; nothing would only lose detail.
fn fields(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

fn push(list: &mut Value, event: Value) {
    if let Value::Array(list) = list {
        list.push(event);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
