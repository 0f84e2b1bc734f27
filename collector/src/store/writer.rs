//! The one thread that writes. It takes what waits, up to a group, commits it in one transaction and
//! only then answers. A group that fails for a reason of its own is tried again one by one, so that a
//! single beacon the database chokes on costs only itself; where the disk fails, all of it fails at once.

use super::append::append_beacon;
use super::checkpoint::{self, RestWanted};
use super::health::Health;
use super::ledger::Ledger;
use super::memory::Memory;
use super::names::{KnownNames, Names};
use super::notes::append_note;
use super::prepared::PreparedBeacon;
use super::queue::{Queue, Taken};
use super::raw::BeaconRow;
use super::retention::Retention;
use super::rows::Rows;
use super::scrapes::append_scrape;
use super::series_table::{KnownSeries, SeriesTable};
use super::view_state::ViewKey;
use super::{AppendError, Appended, Commit, Note, ServerDeltas, StoreGauges};
use crate::config::StoreConfig;
use anyhow::Context;
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior, params};
use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Hears what became of a beacon, on the writer's thread.
pub(super) type Done = Box<dyn FnOnce(Result<Appended, AppendError>) + Send>;

/// Something to be made durable, and whom to tell.
pub(super) enum Job {
    Beacon(Box<PreparedBeacon>, Done),
    Scrape(Box<ServerDeltas>, oneshot::Sender<Result<(), AppendError>>),
    Note(Box<Note>, oneshot::Sender<Result<(), AppendError>>),
    /// The views' rows shall catch up with the raw rows, for somebody wants to read them.
    CatchUp(oneshot::Sender<()>),
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Job::Beacon(..) => "Beacon",
            Job::Scrape(..) => "Scrape",
            Job::Note(..) => "Note",
            Job::CatchUp(_) => "CatchUp",
        })
    }
}

/// A group at least this large shows load: the next one may gather for a moment.
const UNDER_LOAD: usize = 4;
/// Views saved in one transaction because they have waited, besides two for each beacon.
const SAVED_AT_ONCE: usize = 200;
/// Views saved in one transaction when somebody waits to read them: some milliseconds.
const CATCH_UP_STEP: usize = 500;
/// A tenth of the weight of a thread at 0.
const WRITERS_NICENESS: i32 = 10;
/// How long an idle writer sleeps at most, and how often it tries a failed disk again.
const PATIENCE: Duration = Duration::from_millis(500);

/// The way to the writing thread; dropping it lets the thread finish what waits and end.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Arc<Queue>,
    known: KnownSeries,
    names: KnownNames,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(
        mut connection: Connection,
        config: &StoreConfig,
        gauges: Arc<StoreGauges>,
        health: Arc<Health>,
        rest_wanted: RestWanted,
    ) -> anyhow::Result<Self> {
        let queue = Arc::new(Queue::new(config.queue));
        let place = || format!("store.path: {} cannot be read", config.path.display());
        let series = SeriesTable::load(&connection, config.label_values, Arc::clone(&gauges))
            .with_context(place)?;
        // Small stores file small runs, so that tests come across them.
        let names = Names::load(&connection, 2 * config.views_in_memory).with_context(place)?;
        let known_names = names.known().clone();
        let mut memory = Memory::new(config.views_in_memory, names);
        let counter = take_up(&mut connection, &mut memory).with_context(place)?;
        let retention = Retention::new(config);
        let known = series.known();
        let mut work = Work {
            series,
            memory,
            retention,
            counter,
            connection,
            gauges,
            health,
            rest_wanted,
            runtime: Handle::try_current().ok(),
            gather: Duration::from_micros(config.gather_micros),
            catching_up: VecDeque::new(),
            readers: Vec::new(),
            late_readers: Vec::new(),
        };
        let (group, waiting) = (config.group, Arc::clone(&queue));
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || {
                stand_back();
                work.run(&waiting, group);
            })
            .context("cannot start the writer's thread")?;
        Ok(Self {
            queue,
            known,
            names: known_names,
            thread: Mutex::new(Some(thread)),
        })
    }

    pub(super) fn queue(&self) -> &Queue {
        &self.queue
    }

    pub(super) fn known_series(&self) -> &KnownSeries {
        &self.known
    }

    pub(super) fn known_names(&self) -> &KnownNames {
        &self.names
    }
}

/// Lets the threads that answer go first: refusing takes a moment, and who is refused late has waited for
/// nothing. Where there is a processor for all, nothing changes.
fn stand_back() {
    let own = Some(rustix::thread::gettid());
    if let Err(error) = rustix::process::setpriority_process(own, WRITERS_NICENESS) {
        tracing::debug!(%error, "the writer's thread keeps its priority");
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.close();
        let thread = self
            .thread
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the store's writer ended in a panic");
        }
    }
}

/// Reads again what the views' rows do not know yet; the next beacon's counter.
fn take_up(connection: &mut Connection, memory: &mut Memory) -> anyhow::Result<u64> {
    let transaction = connection.transaction()?;
    let (counter, from) =
        transaction.query_row("SELECT counter, replay_from FROM progress", [], |row| {
            Ok((row.get(0)?, BeaconRow(row.get(1)?)))
        })?;
    let begun = Instant::now();
    let replayed = memory.replay(&transaction, from)?;
    if replayed > 0 {
        let millis = begun.elapsed().as_millis();
        tracing::info!(replayed, millis, "took up the views that were under way");
    }
    Ok(counter)
}

struct Work {
    connection: Connection,
    series: SeriesTable,
    memory: Memory,
    retention: Retention,
    counter: u64,
    gauges: Arc<StoreGauges>,
    health: Arc<Health>,
    rest_wanted: RestWanted,
    runtime: Option<Handle>,
    gather: Duration,
    catching_up: VecDeque<ViewKey>,
    readers: Vec<oneshot::Sender<()>>,
    /// Those who came while others were being served: they may know of later beacons.
    late_readers: Vec<oneshot::Sender<()>>,
}

/// What a committed job is answered with.
enum Outcome {
    Beacon(Appended),
    Other,
}

impl Work {
    fn run(&mut self, queue: &Queue, limit: usize) {
        let mut gather = None;
        loop {
            let patience = if self.catching_up.is_empty() {
                PATIENCE
            } else {
                Duration::ZERO
            };
            match queue.take(limit, gather, patience) {
                Taken::Jobs(jobs) => {
                    let size = jobs.len();
                    self.take(jobs);
                    gather = (size >= UNDER_LOAD).then(|| Instant::now() + self.gather);
                }
                Taken::Idle if self.rests() => {}
                // Readers wait, there is more to prune, or the disk may be back.
                Taken::Idle => self.settle(Vec::new()),
                Taken::Closed => break,
            }
            if self.rest_wanted.take() {
                checkpoint::moved(&self.connection);
            }
            self.note_gauges();
        }
        self.catching_up.extend(self.memory.all_unsaved());
        while !self.catching_up.is_empty() && self.health.is_well() {
            self.settle(Vec::new());
        }
    }

    fn rests(&self) -> bool {
        self.catching_up.is_empty() && self.health.is_well() && !self.retention.is_due()
    }

    fn take(&mut self, mut jobs: Vec<Job>) {
        let taken = u64::try_from(jobs.len()).unwrap_or_default();
        let mut group = Vec::with_capacity(jobs.len());
        for job in jobs.drain(..) {
            match job {
                Job::CatchUp(reader) if self.catching_up.is_empty() => {
                    self.readers.push(reader);
                }
                Job::CatchUp(reader) => self.late_readers.push(reader),
                Job::Beacon(..) | Job::Scrape(..) | Job::Note(..) => group.push(job),
            }
        }
        let counted = u64::try_from(group.len()).unwrap_or(taken);
        if !self.readers.is_empty() && self.catching_up.is_empty() {
            self.catching_up.extend(self.memory.all_unsaved());
            self.serve_readers();
        }
        if !group.is_empty() || !self.catching_up.is_empty() {
            self.settle(group);
        }
        self.gauges.pending.fetch_sub(counted, Ordering::Relaxed);
    }

    fn note_gauges(&self) {
        let set = |gauge: &std::sync::atomic::AtomicU64, value: usize| {
            gauge.store(u64::try_from(value).unwrap_or(u64::MAX), Ordering::Relaxed);
        };
        set(&self.gauges.views_in_memory, self.memory.views());
        set(&self.gauges.views_unsaved, self.memory.unsaved());
    }

    fn settle(&mut self, group: Vec<Job>) {
        match self.commit(&group) {
            Ok(done) => {
                self.answer_all(group, done);
                self.health.wrote();
                self.serve_readers();
            }
            Err(error) if group.len() <= 1 || is_of_the_disk(&error) => {
                self.health.failed(&error, group.len());
                for job in group {
                    answer(job, Err(AppendError::Failed));
                }
                // They read what is there; it is not made worse by waiting.
                self.catching_up.clear();
                self.serve_readers();
            }
            Err(error) => {
                tracing::warn!(%error, jobs = group.len(), "a group failed; writing one by one");
                group.into_iter().for_each(|job| self.settle(vec![job]));
            }
        }
    }

    /// From within the runtime, where there is one: waking a task from outside costs a lock and often a
    /// system call each.
    fn answer_all(&self, group: Vec<Job>, done: Vec<Outcome>) {
        let answers = move || {
            for (job, done) in group.into_iter().zip(done) {
                answer(job, Ok(done));
            }
        };
        match &self.runtime {
            Some(runtime) => drop(runtime.spawn(async move { answers() })),
            None => answers(),
        }
    }

    /// Tells those whose views are all saved, and begins with those who came meanwhile.
    fn serve_readers(&mut self) {
        if self.catching_up.is_empty() {
            for reader in self.readers.drain(..) {
                // The reader may have gone.
                let _ = reader.send(());
            }
            if !self.late_readers.is_empty() {
                self.readers.append(&mut self.late_readers);
                self.catching_up.extend(self.memory.all_unsaved());
                if self.catching_up.is_empty() {
                    self.serve_readers();
                }
            }
        }
    }

    fn commit(&mut self, group: &[Job]) -> rusqlite::Result<Vec<Outcome>> {
        let started = Instant::now();
        let result = self.try_commit(group);
        match &result {
            Ok(done) => {
                let took = started.elapsed();
                let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
                let jobs = u64::try_from(done.len()).unwrap_or_default();
                self.gauges.commits.fetch_add(1, Ordering::Relaxed);
                self.gauges
                    .committed_jobs
                    .fetch_add(jobs, Ordering::Relaxed);
                self.gauges
                    .commit_micros
                    .fetch_add(micros, Ordering::Relaxed);
                self.gauges.listener.tell(Commit { jobs, took });
                self.memory.committed();
                self.series.committed();
            }
            Err(_) => {
                self.memory.rolled_back();
                self.retention.rolled_back();
                // Ids given out in a transaction that was rolled back do not exist.
                self.series.forget(&self.connection);
            }
        }
        result
    }

    fn try_commit(&mut self, group: &[Job]) -> rusqlite::Result<Vec<Outcome>> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut rows = Rows::new(&transaction)?;
        let mut ledger = Ledger::default();
        let mut done = Vec::with_capacity(group.len());
        for job in group {
            done.push(match job {
                Job::Beacon(beacon, _) => {
                    let row = BeaconRow::new(beacon.received_ms, self.counter);
                    self.counter = self.counter.wrapping_add(1);
                    self.retention.saw(beacon.received_ms);
                    Outcome::Beacon(append_beacon(
                        &transaction,
                        &mut rows,
                        beacon,
                        row,
                        &mut self.memory,
                        &mut self.series,
                        &mut ledger,
                    )?)
                }
                Job::Scrape(deltas, _) => {
                    append_scrape(&transaction, deltas)?;
                    Outcome::Other
                }
                Job::Note(note, _) => {
                    append_note(&transaction, note)?;
                    Outcome::Other
                }
                Job::CatchUp(_) => Outcome::Other,
            });
        }
        ledger.write(&transaction)?;
        let most = SAVED_AT_ONCE + 2 * group.len();
        self.memory
            .save_due(&mut rows, self.retention.now_ms(), most)?;
        let step = self.catching_up.len().min(CATCH_UP_STEP);
        for key in self.catching_up.iter().take(step) {
            self.memory.save(&mut rows, *key)?;
        }
        self.memory.file_names(&transaction)?;
        self.retention
            .step(&transaction, &mut self.memory, group.len())?;
        write_progress(&transaction, self.counter, self.memory.replay_from())?;
        drop(rows);
        transaction.commit()?;
        self.catching_up.drain(..step);
        Ok(done)
    }
}

fn write_progress(
    transaction: &Transaction<'_>,
    counter: u64,
    replay_from: BeaconRow,
) -> rusqlite::Result<()> {
    // Twenty bits are used of it.
    let counter = counter & 0xffff_ffff;
    transaction
        .prepare_cached("UPDATE progress SET counter = ?1, replay_from = ?2")?
        .execute(params![counter, replay_from.0])?;
    Ok(())
}

/// Whether another try, job by job, would meet the same.
fn is_of_the_disk(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::ReadOnly
                | ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::CannotOpen
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::OutOfMemory
        )
    )
}

/// Answers a job that never came to the writer.
pub(super) fn refuse(job: Job, error: AppendError) {
    answer(job, Err(error));
}

/// The asker may have gone; what it asked for is durable all the same.
fn answer(job: Job, result: Result<Outcome, AppendError>) {
    match (job, result) {
        (Job::Beacon(_, done), Ok(Outcome::Beacon(appended))) => done(Ok(appended)),
        (Job::Beacon(_, done), Ok(Outcome::Other)) => done(Err(AppendError::Failed)),
        (Job::Beacon(_, done), Err(error)) => done(Err(error)),
        (Job::Scrape(_, reply) | Job::Note(_, reply), result) => {
            let _ = reply.send(result.map(|_| ()));
        }
        (Job::CatchUp(reader), _) => {
            let _ = reader.send(());
        }
    }
}
