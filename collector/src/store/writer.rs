//! The one thread that writes. It takes what waits, up to a group, commits it in one transaction and
//! only then answers. A group that fails is tried again one by one, so that a single beacon the
//! database chokes on costs only itself.

use super::append::append_beacon;
use super::ledger::Ledger;
use super::scrapes::append_scrape;
use super::series_table::SeriesTable;
use super::{AppendError, Appended, Classify, ServerDeltas, StoreGauges};
use crate::config::StoreConfig;
use crate::ingest::AcceptedBeacon;
use anyhow::Context;
use rusqlite::{Connection, TransactionBehavior};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;
use tokio::sync::oneshot;

/// Something to be made durable, and whom to tell.
#[derive(Debug)]
pub(super) enum Job {
    Beacon(
        Box<AcceptedBeacon>,
        oneshot::Sender<Result<Appended, AppendError>>,
    ),
    Scrape(Box<ServerDeltas>, oneshot::Sender<Result<(), AppendError>>),
}

/// The way to the writing thread; dropping it lets the thread finish what waits and end.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: Mutex<Option<SyncSender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    gauges: Arc<StoreGauges>,
}

impl Writer {
    pub(super) fn start(
        connection: Connection,
        config: &StoreConfig,
        classify: Arc<Classify>,
        gauges: Arc<StoreGauges>,
    ) -> anyhow::Result<Self> {
        let (jobs, waiting) = sync_channel(config.queue);
        let mut work = Work {
            series: SeriesTable::load(&connection, config.label_values, Arc::clone(&gauges))?,
            connection,
            classify,
            gauges: Arc::clone(&gauges),
        };
        let group = config.group;
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || work.run(&waiting, group))
            .context("cannot start the writer's thread")?;
        Ok(Self {
            jobs: Mutex::new(Some(jobs)),
            thread: Mutex::new(Some(thread)),
            gauges,
        })
    }

    pub(super) fn send(&self, job: Job) -> Result<(), AppendError> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let jobs = jobs.as_ref().ok_or(AppendError::Failed)?;
        // Counted before the writer can take it, or the gauge would dip below zero.
        self.gauges.pending.fetch_add(1, Ordering::Relaxed);
        jobs.try_send(job).map_err(|error| {
            self.gauges.pending.fetch_sub(1, Ordering::Relaxed);
            match error {
                TrySendError::Full(_) => AppendError::Full,
                TrySendError::Disconnected(_) => AppendError::Failed,
            }
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let jobs = self
            .jobs
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(jobs);
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

struct Work {
    connection: Connection,
    series: SeriesTable,
    classify: Arc<Classify>,
    gauges: Arc<StoreGauges>,
}

/// What a committed job is answered with.
enum Done {
    Beacon(Appended),
    Scrape,
}

impl Work {
    fn run(&mut self, waiting: &Receiver<Job>, limit: usize) {
        while let Ok(first) = waiting.recv() {
            let mut group = vec![first];
            group.extend(waiting.try_iter().take(limit.saturating_sub(1)));
            let taken = u64::try_from(group.len()).unwrap_or_default();
            self.settle(group);
            self.gauges.pending.fetch_sub(taken, Ordering::Relaxed);
        }
    }

    fn settle(&mut self, group: Vec<Job>) {
        match self.commit(&group) {
            Ok(done) => group
                .into_iter()
                .zip(done)
                .for_each(|(job, done)| answer(job, Ok(done))),
            Err(error) if group.len() == 1 => {
                tracing::error!(%error, "a write could not be committed");
                group
                    .into_iter()
                    .for_each(|job| answer(job, Err(AppendError::Failed)));
            }
            Err(error) => {
                tracing::warn!(%error, jobs = group.len(), "a group failed; writing one by one");
                group.into_iter().for_each(|job| self.settle(vec![job]));
            }
        }
    }

    fn commit(&mut self, group: &[Job]) -> rusqlite::Result<Vec<Done>> {
        let started = Instant::now();
        let result = self.try_commit(group);
        match &result {
            Ok(done) => {
                let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
                let jobs = u64::try_from(done.len()).unwrap_or_default();
                self.gauges.commits.fetch_add(1, Ordering::Relaxed);
                self.gauges
                    .committed_jobs
                    .fetch_add(jobs, Ordering::Relaxed);
                self.gauges
                    .commit_micros
                    .fetch_add(micros, Ordering::Relaxed);
            }
            // Ids given out in a transaction that was rolled back do not exist.
            Err(_) => self.series.forget(&self.connection),
        }
        result
    }

    fn try_commit(&mut self, group: &[Job]) -> rusqlite::Result<Vec<Done>> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut ledger = Ledger::default();
        let mut done = Vec::with_capacity(group.len());
        for job in group {
            done.push(match job {
                Job::Beacon(beacon, _) => Done::Beacon(append_beacon(
                    &transaction,
                    beacon,
                    &*self.classify,
                    &mut self.series,
                    &mut ledger,
                )?),
                Job::Scrape(deltas, _) => {
                    append_scrape(&transaction, deltas)?;
                    Done::Scrape
                }
            });
        }
        ledger.write(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }
}

/// The asker may have gone; what it asked for is durable all the same.
fn answer(job: Job, result: Result<Done, AppendError>) {
    match (job, result) {
        (Job::Beacon(_, reply), Ok(Done::Beacon(appended))) => {
            let _ = reply.send(Ok(appended));
        }
        (Job::Scrape(_, reply), Ok(_)) => {
            let _ = reply.send(Ok(()));
        }
        (Job::Beacon(_, reply), Err(error)) => {
            let _ = reply.send(Err(error));
        }
        (Job::Scrape(_, reply), Err(error)) => {
            let _ = reply.send(Err(error));
        }
        (Job::Beacon(_, reply), Ok(Done::Scrape)) => {
            let _ = reply.send(Err(AppendError::Failed));
        }
    }
}
