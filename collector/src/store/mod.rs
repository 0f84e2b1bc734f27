//! What is durable. Accepted beacons are prepared where they come in and enter through one writer that
//! commits them in groups, each group in one transaction: dedup, raw rows, revisions, buckets. An answer
//! leaves only after the commit. [`Store`] is the narrow door behind which another engine could stand; it
//! knows no HTTP.

mod append;
mod backup;
mod checkpoint;
mod database;
mod health;
mod history;
mod ledger;
mod memory;
mod migrate;
mod names;
mod notes;
mod prepared;
mod queue;
mod raw;
mod read;
mod read_views;
mod recount;
mod replay;
mod retention;
mod rows;
mod scrapes;
mod seen;
mod series_table;
mod sums;
#[cfg(test)]
mod testing;
mod view_state;
mod writer;

pub use backup::backup;
pub use history::minutes;
pub use notes::{Note, NoteKind};
pub use read::{Coverage, RawKept, SeriesTotal, Window};
pub use read_views::{ViewFilter, Views};
pub use recount::{Disagreement, Recount, recount};
pub use replay::{CommittedBeacon, Position};
pub use scrapes::{LastValues, ServerDelta, ServerDeltas};
pub use sums::{SeriesMinutes, SeriesSums, Stretches};

use crate::config::StoreConfig;
use crate::ingest::AcceptedBeacon;
use crate::sli::{Contribution, Series};
use beacon::{Event, Head, ViewId};
use checkpoint::{Checkpointer, RestWanted};
use health::Health;
use names::KnownNames;
use prepared::PreparedBeacon;
use read::Reader;
use rusqlite::Connection;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use writer::{Job, Writer};

/// Says under which series an event counts; given by whoever joins store and indicators.
pub type Classify = dyn Fn(&str, &Head, &Event) -> Vec<Contribution> + Send + Sync;

/// What became of a beacon that is now durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// Its `(view, seq)` was known; nothing changed.
    Duplicate,
    /// It is stored.
    Stored {
        /// Events that are new or of a higher revision.
        accepted: usize,
        /// Events known in this or a higher revision.
        superseded: usize,
    },
}

/// Why something was not made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The writer's queue is full.
    #[error("the writer's queue is full")]
    Full,
    /// The database refused, or the writer is gone.
    #[error("the database could not commit")]
    Failed,
}

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the database could not be read: {0}")]
pub struct ReadError(String);

/// A transaction that was committed.
#[derive(Clone, Copy, Debug)]
pub struct Commit {
    /// Beacons and reads in it.
    pub jobs: u64,
    /// From its first statement to the end of its sync.
    pub took: Duration,
}

/// Hears of every commit, on the writer's thread.
#[derive(Default)]
pub struct CommitListener(OnceLock<Box<dyn Fn(Commit) + Send + Sync>>);

impl CommitListener {
    /// Listens from now on; only the first one ever does.
    pub fn listen(&self, listener: impl Fn(Commit) + Send + Sync + 'static) {
        let _ = self.0.set(Box::new(listener));
    }

    fn tell(&self, commit: Commit) {
        if let Some(listener) = self.0.get() {
            listener(commit);
        }
    }
}

impl std::fmt::Debug for CommitListener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CommitListener")
    }
}

/// What the store says about itself.
#[derive(Debug, Default)]
pub struct StoreGauges {
    /// Each commit.
    pub listener: CommitListener,
    /// Jobs waiting for the writer or being written.
    pub pending: AtomicU64,
    /// Transactions committed.
    pub commits: AtomicU64,
    /// Jobs committed in them.
    pub committed_jobs: AtomicU64,
    /// Microseconds spent committing.
    pub commit_micros: AtomicU64,
    /// Views the writer has in mind, for deduplication and revisions.
    pub views_in_memory: AtomicU64,
    /// Those of them whose own row lags behind the raw rows.
    pub views_unsaved: AtomicU64,
    /// Label values counted under `_other` because their budget was spent.
    pub folded_labels: AtomicU64,
}

/// A handle on the database; clones share it.
#[derive(Clone)]
pub struct Store {
    // Dropped in this order: the last connection to close moves the log, so it must be one that can.
    reader: Arc<Mutex<Connection>>,
    _checkpointer: Arc<Checkpointer>,
    writer: Arc<Writer>,
    classify: Arc<Classify>,
    names: KnownNames,
    raw_days: (u64, u64),
    gauges: Arc<StoreGauges>,
    health: Arc<Health>,
}

/// Whether the store takes beacons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreHealth {
    /// It does.
    Well,
    /// Its queue is full: it will, when the writer has caught up.
    Overloaded,
    /// The last write failed, with what the database said; none has succeeded since.
    Failing(String),
}

impl Store {
    /// Opens or creates the database and starts the writer.
    ///
    /// # Errors
    /// When the file cannot be opened, or was written by a newer version.
    pub fn open(config: &StoreConfig, classify: Arc<Classify>) -> anyhow::Result<Self> {
        let gauges = Arc::new(StoreGauges::default());
        let health = Arc::new(Health::default());
        let connection = database::open_for_writing(&config.path)?;
        let rest_wanted = RestWanted::default();
        let checkpointer = Checkpointer::start(
            database::open_beside(&config.path)?,
            &config.path,
            rest_wanted.clone(),
        )?;
        let writer = Writer::start(
            connection,
            config,
            Arc::clone(&gauges),
            Arc::clone(&health),
            rest_wanted,
        )?;
        let reader = Arc::new(Mutex::new(database::open_for_reading(&config.path)?));
        Ok(Self {
            names: writer.known_names().clone(),
            raw_days: (config.raw_good_days, config.raw_bad_days),
            writer: Arc::new(writer),
            _checkpointer: Arc::new(checkpointer),
            reader,
            classify,
            gauges,
            health,
        })
    }

    /// Makes a beacon durable.
    ///
    /// # Errors
    /// It is not durable.
    pub async fn append(&self, beacon: AcceptedBeacon) -> Result<Appended, AppendError> {
        let (reply, answer) = oneshot::channel();
        self.append_then(beacon, move |result| {
            // The asker may have gone; its beacon is durable all the same.
            let _ = reply.send(result);
        });
        answer.await.unwrap_or(Err(AppendError::Failed))
    }

    /// Makes a beacon durable and then calls `done`, which must not block, from another thread; or at
    /// once when it cannot be.
    pub fn append_then(
        &self,
        beacon: AcceptedBeacon,
        done: impl FnOnce(Result<Appended, AppendError>) + Send + 'static,
    ) {
        if self.writer.queue().is_full() {
            return done(Err(AppendError::Full));
        }
        let known = self.writer.known_series();
        let Some(prepared) = PreparedBeacon::new(beacon, &*self.classify, known) else {
            return done(Err(AppendError::Failed));
        };
        self.send(Job::Beacon(Box::new(prepared), Box::new(done)));
    }

    /// Whether as many beacons wait as may wait.
    pub fn is_full(&self) -> bool {
        self.writer.queue().is_full()
    }

    /// Whether it takes beacons now.
    pub fn health(&self) -> StoreHealth {
        match self.health.trouble() {
            Some(what) => StoreHealth::Failing(what),
            None if self.writer.queue().is_full() => StoreHealth::Overloaded,
            None => StoreHealth::Well,
        }
    }

    /// Puts a job into the queue, or answers it at once.
    fn send(&self, job: Job) {
        // Counted before the writer can take it, or the gauge would dip below zero.
        self.gauges.pending.fetch_add(1, Ordering::Relaxed);
        if let Err((job, error)) = self.writer.queue().push(job) {
            self.gauges.pending.fetch_sub(1, Ordering::Relaxed);
            writer::refuse(job, error);
        }
    }

    /// Makes what a scrape found durable.
    ///
    /// # Errors
    /// It is not durable.
    pub async fn append_scrape(&self, deltas: ServerDeltas) -> Result<(), AppendError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Scrape(Box::new(deltas), reply));
        answer.await.unwrap_or(Err(AppendError::Failed))
    }

    /// Makes a note durable.
    ///
    /// # Errors
    /// It is not durable.
    pub async fn append_note(&self, note: Note) -> Result<(), AppendError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Note(Box::new(note), reply));
        answer.await.unwrap_or(Err(AppendError::Failed))
    }

    /// The newest notes of a kind, newest first.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn notes(
        &self,
        app: String,
        kind: NoteKind,
        most: usize,
    ) -> Result<Vec<Note>, ReadError> {
        self.read(move |reader| reader.notes(&app, kind, most))
            .await
    }

    /// The place before the newest so many beacons; none where there are no more than these.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn newest(&self, count: usize) -> Result<Option<Position>, ReadError> {
        self.read(move |reader| reader.newest(count)).await
    }

    /// What was committed after a place in the order of receipt, so many at most.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn committed_after(
        &self,
        position: Position,
        most: usize,
    ) -> Result<Vec<CommittedBeacon>, ReadError> {
        self.read(move |reader| reader.committed_after(position, most))
            .await
    }

    /// Page loads per step of so many minutes since a time: the step's start and its loads.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn page_loads(
        &self,
        app: String,
        from_ms: u64,
        step_minutes: u64,
    ) -> Result<Vec<(u64, u64)>, ReadError> {
        self.read(move |reader| reader.page_loads(&app, from_ms, step_minutes))
            .await
    }

    /// Counts per series over a window of event time, exact to the millisecond.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn series_counts(
        &self,
        app: String,
        window: Window,
    ) -> Result<Vec<(Series, u64)>, ReadError> {
        self.read(move |reader| reader.series_counts(&app, window))
            .await
    }

    /// Counts of every series that counted anything in one of many stretches.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn sums(&self, stretches: Stretches) -> Result<Vec<SeriesSums>, ReadError> {
        self.read(move |reader| reader.sums(&stretches)).await
    }

    /// Counts by minute of the series that are wanted.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn minutes(
        &self,
        window: Window,
        wanted: impl Fn(&Series) -> bool + Send + 'static,
    ) -> Result<Vec<SeriesMinutes>, ReadError> {
        self.read(move |reader| sums::minutes(reader.snapshot, window, &wanted))
            .await
    }

    /// Running totals of every series, since the database began.
    ///
    /// # Errors
    /// The database could not be read.
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method alone is tied to one lifetime"
    )]
    pub async fn totals(&self) -> Result<Vec<SeriesTotal>, ReadError> {
        self.read(|reader| reader.totals()).await
    }

    /// How far back beacons are kept whole.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn raw_kept(&self) -> Result<RawKept, ReadError> {
        let (good_days, bad_days) = self.raw_days;
        let whole_from_ms = self.read(|reader| reader.raw_from_ms()).await?;
        Ok(RawKept {
            good_days,
            bad_days,
            whole_from_ms: (whole_from_ms > 0).then_some(whole_from_ms),
        })
    }

    /// How much of what was sent has arrived, for views first heard of in the window.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn coverage(&self, app: String, window: Window) -> Result<Coverage, ReadError> {
        self.catch_up().await;
        self.read(move |reader| reader.coverage(&app, window)).await
    }

    /// Views with everything known of them, newest first.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn views(&self, filter: ViewFilter) -> Result<Views, ReadError> {
        self.catch_up().await;
        self.read(move |reader| reader.views(&filter)).await
    }

    /// One view with everything known of it.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn view(&self, view: ViewId) -> Result<Option<serde_json::Value>, ReadError> {
        self.catch_up().await;
        self.read(move |reader| reader.view(view)).await
    }

    /// What the server side of one target counted in a window of receipt time.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn server_deltas(
        &self,
        target: String,
        window: Window,
    ) -> Result<ServerDelta, ReadError> {
        self.read(move |reader| reader.server_deltas(&target, window))
            .await
    }

    /// The last absolute values of one target's counters.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn last_values(&self, target: String) -> Result<LastValues, ReadError> {
        self.read(move |reader| reader.last_values(&target)).await
    }

    /// What the store says about itself.
    pub fn gauges(&self) -> &Arc<StoreGauges> {
        &self.gauges
    }

    /// Waits until the views' rows hold all that was committed before. Where they cannot be written, what
    /// is there is read.
    async fn catch_up(&self) {
        let (reply, answer) = oneshot::channel();
        if self.writer.queue().push_own(Job::CatchUp(reply)).is_ok() {
            let _ = answer.await;
        }
    }

    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&mut Reader<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, ReadError> {
        let connection = Arc::clone(&self.reader);
        let names = self.names.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            // One snapshot for all statements of a query.
            let transaction = connection.transaction()?;
            query(&mut Reader::new(&transaction, &names))
        });
        match reading.await {
            Ok(result) => result.map_err(|error| ReadError(error.to_string())),
            Err(error) => Err(ReadError(error.to_string())),
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("health", &self.health())
            .finish_non_exhaustive()
    }
}
