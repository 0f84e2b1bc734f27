//! Opening a number: the views behind it, each with everything known of it, as JSON in the shape of
//! the wire with the class of each counted event beside it.

use super::read::{Reader, Window};
use beacon::ViewId;
use rusqlite::types::ToSql;
use rusqlite::{OptionalExtension, Row, params};
use serde_json::{Map, Value, json};

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
                            highest_seq, received, detail, attributes, drops";

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
        let (sql, values) = selection(filter);
        let mut statement = self.snapshot.prepare_cached(&sql)?;
        let values: Vec<&dyn ToSql> = values.iter().map(AsRef::as_ref).collect();
        let mut rows = statement.query(values.as_slice())?;
        let mut views = Vec::new();
        while let Some(row) = rows.next()? {
            if views.len() == filter.limit {
                return Ok(Views {
                    views,
                    truncated: true,
                });
            }
            views.push(self.view_of(row)?);
        }
        Ok(Views {
            views,
            truncated: false,
        })
    }

    pub(super) fn view(&mut self, view: ViewId) -> rusqlite::Result<Option<Value>> {
        let sql = format!("SELECT {VIEW_COLUMNS} FROM views WHERE view = ?1 AND received > 0");
        let mut statement = self.snapshot.prepare_cached(&sql)?;
        let found = statement.query_row([view.0], |row| self.view_of(row));
        found.optional()
    }

    fn view_of(&self, row: &Row<'_>) -> rusqlite::Result<Value> {
        let id: i64 = row.get("id")?;
        let session: Option<Vec<u8>> = row.get("session")?;
        let text = |column: &str| row.get::<_, String>(column);
        let number = |column: &str| row.get::<_, i64>(column);
        let mut view = json!({
            "view": hex(&row.get::<_, Vec<u8>>("view")?),
            "app": text("app")?,
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
            "beacons": self.beacons_of(id)?,
        });
        for (_, place, many) in PLACES {
            view[place] = if many { json!([]) } else { Value::Null };
        }
        self.add_events(id, &mut view)?;
        Ok(view)
    }

    fn beacons_of(&self, id: i64) -> rusqlite::Result<Vec<Value>> {
        let mut statement = self.snapshot.prepare_cached(
            "SELECT seq, received_ms, sent_at_ms FROM beacons WHERE view_id = ?1 ORDER BY seq",
        )?;
        let rows = statement.query_map(params![id], |row| {
            let (seq, received, sent): (u32, i64, i64) = (
                row.get("seq")?,
                row.get("received_ms")?,
                row.get("sent_at_ms")?,
            );
            Ok(json!({ "seq": seq, "received_ms": received, "skew_ms": received - sent }))
        })?;
        rows.collect()
    }

    fn add_events(&self, id: i64, view: &mut Value) -> rusqlite::Result<()> {
        let mut statement = self.snapshot.prepare_cached(
            "SELECT n, rev, seq, at_ms, event_ms, received_ms, events.kind, body, class
             FROM events LEFT JOIN series ON series.id = events.series
             WHERE view_id = ?1 ORDER BY n",
        )?;
        let mut rows = statement.query(params![id])?;
        while let Some(row) = rows.next()? {
            let kind: String = row.get("kind")?;
            let event = event_of(row)?;
            let place = PLACES.iter().find(|(of, _, _)| *of == kind);
            match place {
                Some((_, place, true)) => push(&mut view[*place], event),
                Some((_, place, false)) => view[*place] = event,
                // What was withdrawn is shown nowhere.
                None => {}
            }
        }
        Ok(())
    }
}

fn event_of(row: &Row<'_>) -> rusqlite::Result<Value> {
    let mut event = Map::new();
    for column in ["n", "rev", "seq", "at_ms", "event_ms", "received_ms"] {
        event.insert(column.to_owned(), row.get::<_, i64>(column)?.into());
    }
    let body: String = row.get("body")?;
    if let Ok(Value::Object(body)) = serde_json::from_str(&body) {
        event.extend(body);
    }
    if let Some(class) = row.get::<_, Option<String>>("class")? {
        event.insert("class".to_owned(), class.into());
    }
    Ok(Value::Object(event))
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

type Values = Vec<Box<dyn ToSql>>;

fn selection(filter: &ViewFilter) -> (String, Values) {
    let event_fields = [
        ("series.kind", &filter.kind),
        ("series.name", &filter.name),
        ("series.outcome", &filter.outcome),
        ("series.class", &filter.class),
        ("series.release", &filter.release),
        ("series.deployment", &filter.deployment),
        ("series.backend_origin", &filter.backend_origin),
    ];
    let mut values: Values = vec![Box::new(filter.app.clone())];
    let mut conditions = Vec::new();
    for (column, wanted) in event_fields {
        if let Some(wanted) = wanted {
            values.push(Box::new(wanted.clone()));
            conditions.push(format!("{column} = ?{}", values.len()));
        }
    }
    let by_event = !conditions.is_empty();
    let time = if by_event {
        "events.event_ms"
    } else {
        "first_received_ms"
    };
    if let Some(window) = filter.window {
        values.push(Box::new(window.from_ms));
        conditions.push(format!("{time} >= ?{}", values.len()));
        values.push(Box::new(window.to_ms));
        conditions.push(format!("{time} < ?{}", values.len()));
    }
    let mut sql = format!("SELECT {VIEW_COLUMNS} FROM views WHERE app = ?1 AND received > 0");
    if by_event {
        sql += &format!(
            " AND id IN (SELECT view_id FROM events JOIN series ON series.id = events.series
               WHERE {})",
            conditions.join(" AND ")
        );
    } else if !conditions.is_empty() {
        sql += &format!(" AND {}", conditions.join(" AND "));
    }
    sql += " ORDER BY first_received_ms DESC, id DESC";
    (sql, values)
}
