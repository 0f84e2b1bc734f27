//! What is durable. Accepted beacons enter through one writer that commits them in groups, each group
//! in one transaction: dedup, raw rows, revisions, buckets, coverage. An answer leaves only after the
//! commit. [`Store`] is the narrow door behind which another engine could stand; it knows no HTTP.

mod append;
mod database;
mod ledger;
mod read;
mod read_views;
#[cfg(test)]
mod recount;
mod scrapes;
mod seen;
mod series_table;
mod writer;

pub use read::{Coverage, SeriesTotal, Window};
pub use read_views::{ViewFilter, Views};
pub use scrapes::{LastValues, ServerDelta, ServerDeltas};

use crate::config::StoreConfig;
use crate::ingest::AcceptedBeacon;
use crate::sli::{Contribution, Series};
use beacon::{Event, Head, ViewId};
use read::Reader;
use rusqlite::Connection;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;
use writer::{Job, Writer};

/// Says under which series an event counts; given by whoever joins store and indicators.
pub type Classify = dyn Fn(&str, &Head, &Event) -> Option<Contribution> + Send + Sync;

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

/// What the store says about itself.
#[derive(Debug, Default)]
pub struct StoreGauges {
    /// Jobs waiting for the writer or being written.
    pub pending: AtomicU64,
    /// Transactions committed.
    pub commits: AtomicU64,
    /// Jobs committed in them.
    pub committed_jobs: AtomicU64,
    /// Microseconds spent committing.
    pub commit_micros: AtomicU64,
    /// Label values counted under `_other` because their budget was spent.
    pub folded_labels: AtomicU64,
}

/// A handle on the database; clones share it.
#[derive(Clone, Debug)]
pub struct Store {
    writer: Arc<Writer>,
    reader: Arc<Mutex<Connection>>,
    gauges: Arc<StoreGauges>,
}

impl Store {
    /// Opens or creates the database and starts the writer.
    ///
    /// # Errors
    /// When the file cannot be opened, or was written by a newer version.
    pub fn open(config: &StoreConfig, classify: Arc<Classify>) -> anyhow::Result<Self> {
        let gauges = Arc::new(StoreGauges::default());
        let connection = database::open_for_writing(&config.path)?;
        let writer = Writer::start(connection, config, classify, Arc::clone(&gauges))?;
        let reader = Arc::new(Mutex::new(database::open_for_reading(&config.path)?));
        Ok(Self {
            writer: Arc::new(writer),
            reader,
            gauges,
        })
    }

    /// Makes a beacon durable.
    ///
    /// # Errors
    /// It is not durable.
    pub async fn append(&self, beacon: AcceptedBeacon) -> Result<Appended, AppendError> {
        let (reply, answer) = oneshot::channel();
        self.writer.send(Job::Beacon(Box::new(beacon), reply))?;
        answer.await.unwrap_or(Err(AppendError::Failed))
    }

    /// Makes what a scrape found durable.
    ///
    /// # Errors
    /// It is not durable.
    pub async fn append_scrape(&self, deltas: ServerDeltas) -> Result<(), AppendError> {
        let (reply, answer) = oneshot::channel();
        self.writer.send(Job::Scrape(Box::new(deltas), reply))?;
        answer.await.unwrap_or(Err(AppendError::Failed))
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

    /// How much of what was sent has arrived, for views first heard of in the window.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn coverage(&self, app: String, window: Window) -> Result<Coverage, ReadError> {
        self.read(move |reader| reader.coverage(&app, window)).await
    }

    /// Views with everything known of them, newest first.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn views(&self, filter: ViewFilter) -> Result<Views, ReadError> {
        self.read(move |reader| reader.views(&filter)).await
    }

    /// One view with everything known of it.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn view(&self, view: ViewId) -> Result<Option<serde_json::Value>, ReadError> {
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

    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&mut Reader<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, ReadError> {
        let connection = Arc::clone(&self.reader);
        let reading = tokio::task::spawn_blocking(move || {
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            // One snapshot for all statements of a query.
            let transaction = connection.transaction()?;
            query(&mut Reader::new(&transaction))
        });
        match reading.await {
            Ok(result) => result.map_err(|error| ReadError(error.to_string())),
            Err(error) => Err(ReadError(error.to_string())),
        }
    }
}
