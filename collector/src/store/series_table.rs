//! The dictionary of series: labels to a number, in memory and on disk. Labels that a page's content
//! can reach have a budget of values each; past it they count under `_other`, and that is counted.
//! The writer alone gives numbers; what is committed may be looked up from everywhere.

use super::StoreGauges;
use crate::sli::{Class, Latency, Outcome, Series};
use rusqlite::{Connection, Row, Transaction, params};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

/// The value that stands for all values past a label's budget.
const OTHER: &str = "_other";

/// The latency of what has none: a value, since NULLs would not be unique.
const NO_LATENCY: i64 = -1;

/// Columns as [`series_of`] reads them.
pub(super) const COLUMNS: &str = "app, kind, name, release, deployment, backend_origin, \
                                  expected_origin, outcome, class, provisional, mixed, latency";

/// The committed part of the dictionary, for those who prepare beacons.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownSeries(Arc<RwLock<HashMap<Series, i64>>>);

impl KnownSeries {
    pub(super) fn read(&self) -> RwLockReadGuard<'_, HashMap<Series, i64>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn extend(&self, series: impl Iterator<Item = (Series, i64)>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(series);
    }
}

#[derive(Debug)]
pub(super) struct SeriesTable {
    ids: HashMap<Series, i64>,
    /// Numbers given in the open transaction.
    fresh: Vec<(Series, i64)>,
    known: KnownSeries,
    apps: HashMap<Arc<str>, i64>,
    values: HashMap<(String, Label), HashSet<String>>,
    label_values: usize,
    gauges: Arc<StoreGauges>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Label {
    Name,
    Release,
    Deployment,
    BackendOrigin,
}

impl SeriesTable {
    pub(super) fn load(
        connection: &Connection,
        label_values: usize,
        gauges: Arc<StoreGauges>,
    ) -> rusqlite::Result<Self> {
        let mut table = Self {
            ids: HashMap::new(),
            fresh: Vec::new(),
            known: KnownSeries::default(),
            apps: HashMap::new(),
            values: HashMap::new(),
            label_values,
            gauges,
        };
        table.fill(connection)?;
        let all = table.ids.iter();
        table
            .known
            .extend(all.map(|(series, id)| (series.clone(), *id)));
        Ok(table)
    }

    /// What is committed, for others to look up.
    pub(super) fn known(&self) -> KnownSeries {
        self.known.clone()
    }

    /// The numbers given since the last commit are durable.
    pub(super) fn committed(&mut self) {
        if !self.fresh.is_empty() {
            self.known.extend(self.fresh.drain(..));
        }
    }

    /// Starts again from what is on disk.
    pub(super) fn forget(&mut self, connection: &Connection) {
        self.ids.clear();
        self.fresh.clear();
        self.apps.clear();
        self.values.clear();
        if let Err(error) = self.fill(connection) {
            // Without the cache ids are looked up one by one, which is slower and as right.
            tracing::warn!(%error, "the dictionary of series could not be read");
        }
    }

    fn fill(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let mut statement = connection.prepare(&format!("SELECT {COLUMNS}, id FROM series"))?;
        let rows = statement.query_map([], |row| Ok((series_of(row)?, row.get("id")?)))?;
        for row in rows {
            let (series, id) = row?;
            if let Some(series) = series {
                self.note_values(&series);
                self.ids.insert(series, id);
            }
        }
        Ok(())
    }

    fn note_values(&mut self, series: &Series) {
        let labels = [
            (Label::Name, &series.name),
            (Label::Release, &series.release),
            (Label::Deployment, &series.deployment),
            (Label::BackendOrigin, &series.backend_origin),
        ];
        for (label, value) in labels {
            if label != Label::Name || has_open_name(series) {
                let values = self.values.entry((series.app.clone(), label)).or_default();
                values.insert(value.clone());
            }
        }
    }

    /// The number of a series, within the budget of its labels.
    pub(super) fn id_of(
        &mut self,
        transaction: &Transaction<'_>,
        series: Series,
    ) -> rusqlite::Result<i64> {
        if let Some(id) = self.ids.get(&series) {
            return Ok(*id);
        }
        let series = self.within_budget(series);
        if let Some(id) = self.ids.get(&series) {
            return Ok(*id);
        }
        let id = insert(transaction, &series)?;
        self.fresh.push((series.clone(), id));
        self.ids.insert(series, id);
        Ok(id)
    }

    /// The number of an application.
    pub(super) fn app_id(
        &mut self,
        transaction: &Transaction<'_>,
        app: &Arc<str>,
    ) -> rusqlite::Result<i64> {
        if let Some(id) = self.apps.get(app) {
            return Ok(*id);
        }
        let id = insert_app(transaction, app)?;
        self.apps.insert(Arc::clone(app), id);
        Ok(id)
    }

    fn within_budget(&mut self, mut series: Series) -> Series {
        let app = series.app.clone();
        let open_name = has_open_name(&series);
        let fields = [
            (Label::Name, open_name.then_some(&mut series.name)),
            (Label::Release, Some(&mut series.release)),
            (Label::Deployment, Some(&mut series.deployment)),
            (Label::BackendOrigin, Some(&mut series.backend_origin)),
        ];
        for (label, field) in fields {
            let Some(field) = field else { continue };
            let values = self.values.entry((app.clone(), label)).or_default();
            if values.contains(field.as_str()) {
                continue;
            }
            if values.len() < self.label_values {
                values.insert(field.clone());
            } else {
                OTHER.clone_into(field);
                self.gauges.folded_labels.fetch_add(1, Ordering::Relaxed);
            }
        }
        series
    }
}

/// The names of journeys are a closed list, those of pages and requests are not.
fn has_open_name(series: &Series) -> bool {
    !matches!(series.outcome, Outcome::Journey(_))
}

pub(super) fn insert_app(transaction: &Transaction<'_>, app: &str) -> rusqlite::Result<i64> {
    transaction
        .prepare_cached(
            "INSERT INTO apps (name) VALUES (?1) ON CONFLICT DO UPDATE SET name = name RETURNING id",
        )?
        .query_row([app], |row| row.get(0))
}

fn insert(transaction: &Transaction<'_>, series: &Series) -> rusqlite::Result<i64> {
    // The useless update makes RETURNING answer for a row that was there already.
    let sql = format!(
        "INSERT INTO series ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
         ON CONFLICT DO UPDATE SET app = app RETURNING id"
    );
    transaction.prepare_cached(&sql)?.query_row(
        params![
            series.app,
            series.outcome.kind(),
            series.name,
            series.release,
            series.deployment,
            series.backend_origin,
            series.expected_origin,
            series.outcome.label(),
            series.class.label(),
            series.provisional,
            series.mixed,
            series.latency.bucket().map_or(NO_LATENCY, i64::from),
        ],
        |row| row.get(0),
    )
}

/// The series of a row that has [`COLUMNS`]; `None` for an outcome that this version does not know.
pub(super) fn series_of(row: &Row<'_>) -> rusqlite::Result<Option<Series>> {
    let kind: String = row.get("kind")?;
    let outcome: String = row.get("outcome")?;
    let class: String = row.get("class")?;
    let known = Outcome::from_labels(&kind, &outcome).zip(Class::from_label(&class));
    let Some((outcome, class)) = known else {
        return Ok(None);
    };
    Ok(Some(Series {
        app: row.get("app")?,
        name: row.get("name")?,
        release: row.get("release")?,
        deployment: row.get("deployment")?,
        backend_origin: row.get("backend_origin")?,
        expected_origin: row.get("expected_origin")?,
        outcome,
        class,
        provisional: row.get("provisional")?,
        mixed: row.get("mixed")?,
        latency: u8::try_from(row.get::<_, i64>("latency")?)
            .map_or(Latency::UNKNOWN, Latency::of_bucket),
    }))
}
