//! What storing costs and keeps: how long a beacon waited to be durable, how long commits take and how
//! much each holds, what is kept in mind for deduplication, how many values each label has taken, and how
//! much disk the database holds.

use crate::store::{SeriesTotal, StoreGauges};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Seconds; the promise is 30 ms.
const BOUNDS_S: [f64; 12] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0,
];
/// Beacons and reads.
const BOUNDS_JOBS: [f64; 11] = [
    0.0, 1.0, 4.0, 16.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0,
];
const LABELS: [&str; 4] = ["name", "release", "deployment", "backend_origin"];

/// See the file.
#[derive(Debug)]
pub(super) struct Storage {
    durable_after: Histogram<f64>,
    values: Arc<Mutex<[u64; LABELS.len()]>>,
}

impl Storage {
    pub(super) fn new(
        meter: &Meter,
        store: &Arc<StoreGauges>,
        database: &Path,
        free_bytes: &Arc<AtomicU64>,
    ) -> Self {
        let durable_after = meter
            .f64_histogram("sightline.collector.durable.duration")
            .with_unit("s")
            .with_description("from an accepted beacon to its commit, waiting included")
            .with_boundaries(BOUNDS_S.to_vec())
            .build();
        let values = Arc::<Mutex<[u64; LABELS.len()]>>::default();
        let read = Arc::clone(&values);
        meter
            .u64_observable_gauge("sightline.collector.label.values")
            .with_description("distinct values of a label among all series, by label")
            .with_callback(move |observer| {
                let values = *read.lock().unwrap_or_else(PoisonError::into_inner);
                for (label, count) in LABELS.into_iter().zip(values) {
                    observer.observe(count, &[KeyValue::new("label", label)]);
                }
            })
            .build();
        observe_commits(meter, store);
        observe_known_views(meter, store);
        observe_disk(meter, database);
        let free = Arc::clone(free_bytes);
        meter
            .u64_observable_gauge("sightline.collector.store.disk_free")
            .with_unit("By")
            .with_description("bytes free where the database lies")
            .with_callback(move |observer| observer.observe(free.load(Ordering::Relaxed), &[]))
            .build();
        Self {
            durable_after,
            values,
        }
    }

    pub(super) fn note_durable(&self, after: Duration) {
        self.durable_after.record(after.as_secs_f64(), &[]);
    }

    pub(super) fn note_series(&self, totals: &[SeriesTotal]) {
        let mut values: [BTreeSet<&str>; LABELS.len()] = Default::default();
        for SeriesTotal { series, .. } in totals {
            let of = [
                &series.name,
                &series.release,
                &series.deployment,
                &series.backend_origin,
            ];
            for (known, value) in values.iter_mut().zip(of) {
                known.insert(value);
            }
        }
        let counts = values.map(|known| u64::try_from(known.len()).unwrap_or(u64::MAX));
        *self.values.lock().unwrap_or_else(PoisonError::into_inner) = counts;
    }
}

fn observe_commits(meter: &Meter, store: &Arc<StoreGauges>) {
    let took = meter
        .f64_histogram("sightline.collector.store.commit.duration")
        .with_unit("s")
        .with_description("a transaction, from its first statement to the end of its sync")
        .with_boundaries(BOUNDS_S.to_vec())
        .build();
    let jobs = meter
        .u64_histogram("sightline.collector.store.commit.size")
        .with_description("beacons and reads committed together")
        .with_boundaries(BOUNDS_JOBS.to_vec())
        .build();
    store.listener.listen(move |commit| {
        took.record(commit.took.as_secs_f64(), &[]);
        jobs.record(commit.jobs, &[]);
    });
}

/// Views of which the writer knows what has come, and those of them whose own row is yet to be written.
fn observe_known_views(meter: &Meter, store: &Arc<StoreGauges>) {
    let store = Arc::clone(store);
    meter
        .u64_observable_gauge("sightline.collector.store.dedup_entries")
        .with_description("views kept in memory for deduplication, by state")
        .with_callback(move |observer| {
            let unsaved = store.views_unsaved.load(Ordering::Relaxed);
            let all = store.views_in_memory.load(Ordering::Relaxed);
            observer.observe(unsaved, &[KeyValue::new("state", "unsaved")]);
            let saved = all.saturating_sub(unsaved);
            observer.observe(saved, &[KeyValue::new("state", "saved")]);
        })
        .build();
}

/// Of the database and of its journal beside it (<https://www.sqlite.org/wal.html>).
fn observe_disk(meter: &Meter, database: &Path) {
    let beside = |suffix: &str| {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let files = HashMap::from([("database", beside("")), ("journal", beside("-wal"))]);
    meter
        .u64_observable_gauge("sightline.collector.store.disk")
        .with_unit("By")
        .with_description("bytes on disk, by file")
        .with_callback(move |observer| {
            for (file, path) in &files {
                let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
                observer.observe(bytes, &[KeyValue::new("file", *file)]);
            }
        })
        .build();
}
