//! Where jobs wait for the writer. Beacons are bounded, one more is refused at once; the writer takes all
//! that waits together, and under load lets a group gather for a moment, so that a sync serves many.

use super::AppendError;
use super::writer::Job;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A sync that serves so many costs each of them little: more are not waited for.
const ENOUGH: usize = 64;

#[derive(Debug)]
pub(super) struct Queue {
    inner: Mutex<Inner>,
    wake: Condvar,
    limit: usize,
    /// Whether the limit is reached, to be asked without the lock.
    full: AtomicBool,
}

#[derive(Debug)]
struct Inner {
    jobs: VecDeque<Job>,
    closed: bool,
    /// The writer sleeps until so many wait.
    wake_at: usize,
}

/// What the writer finds.
#[derive(Debug)]
pub(super) enum Taken {
    Jobs(Vec<Job>),
    /// Nothing came within the time.
    Idle,
    /// Nothing will come any more.
    Closed,
}

impl Queue {
    pub(super) fn new(limit: usize) -> Self {
        let inner = Inner {
            jobs: VecDeque::with_capacity(limit.min(8192)),
            closed: false,
            wake_at: usize::MAX,
        };
        Self {
            inner: Mutex::new(inner),
            wake: Condvar::new(),
            limit,
            full: AtomicBool::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// A job that must wait its turn, or is given back.
    pub(super) fn push(&self, job: Job) -> Result<(), (Job, AppendError)> {
        let mut inner = self.lock();
        if inner.closed {
            return Err((job, AppendError::Failed));
        }
        if inner.jobs.len() >= self.limit {
            return Err((job, AppendError::Full));
        }
        inner.jobs.push_back(job);
        if inner.jobs.len() >= self.limit {
            self.full.store(true, Ordering::Relaxed);
        }
        if inner.jobs.len() >= inner.wake_at {
            inner.wake_at = usize::MAX;
            drop(inner);
            self.wake.notify_one();
        }
        Ok(())
    }

    /// A job of our own, of which there are few; it does not count against the limit.
    pub(super) fn push_own(&self, job: Job) -> Result<(), AppendError> {
        let mut inner = self.lock();
        if inner.closed {
            return Err(AppendError::Failed);
        }
        inner.jobs.push_front(job);
        inner.wake_at = usize::MAX;
        drop(inner);
        self.wake.notify_one();
        Ok(())
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.wake.notify_one();
    }

    /// Up to `most` jobs: as soon as there are any, but no sooner than `gather` allows unless there are
    /// that many.
    pub(super) fn take(&self, most: usize, gather: Option<Instant>, patience: Duration) -> Taken {
        let until = Instant::now() + patience;
        let mut inner = self.lock();
        loop {
            let now = Instant::now();
            let enough = most.min(ENOUGH);
            let gathering = gather.filter(|gather| *gather > now && inner.jobs.len() < enough);
            if inner.closed || (!inner.jobs.is_empty() && gathering.is_none()) {
                let count = inner.jobs.len().min(most);
                if count == 0 {
                    return Taken::Closed;
                }
                let jobs = inner.jobs.drain(..count).collect();
                let full = inner.jobs.len() >= self.limit;
                self.full.store(full, Ordering::Relaxed);
                return Taken::Jobs(jobs);
            }
            let deadline = gathering.unwrap_or(until);
            if deadline <= now {
                return Taken::Idle;
            }
            inner.wake_at = if gathering.is_some() { enough } else { 1 };
            let (again, _) = self
                .wake
                .wait_timeout(inner, deadline - now)
                .unwrap_or_else(PoisonError::into_inner);
            inner = again;
            inner.wake_at = usize::MAX;
        }
    }
}
