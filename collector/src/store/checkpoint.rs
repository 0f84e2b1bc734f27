//! Moves what is committed from the log into the database, beside the writer. SQLite would do it within a
//! commit, which then takes as long as it takes. The log begins anew only when all of it has been moved,
//! which under load never happens by itself: so the writer is asked to move the small rest.

use anyhow::Context;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// A log this long is moved. The next start has to read it, some tenths of a second.
const LOG_BYTES: u64 = 64 * 1024 * 1024;
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Whether the writer shall move the rest of the log before its next group.
#[derive(Clone, Debug, Default)]
pub(super) struct RestWanted(Arc<AtomicBool>);

impl RestWanted {
    /// Whether it was wanted; no longer from now on.
    pub(super) fn take(&self) -> bool {
        self.0.load(Ordering::Relaxed) && self.0.swap(false, Ordering::Relaxed)
    }
}

/// The thread that moves; dropping it ends it.
#[derive(Debug)]
pub(super) struct Checkpointer {
    stop: Mutex<Option<Sender<()>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Checkpointer {
    pub(super) fn start(
        connection: Connection,
        path: &Path,
        rest_wanted: RestWanted,
    ) -> anyhow::Result<Self> {
        let log = log_path(path);
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new()
            .name("store-checkpoint".into())
            .spawn(move || {
                while stopped.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
                    let long = std::fs::metadata(&log).is_ok_and(|file| file.len() > LOG_BYTES);
                    if long && moved(&connection) {
                        rest_wanted.0.store(true, Ordering::Relaxed);
                    }
                }
            })
            .context("cannot start the checkpoint's thread")?;
        Ok(Self {
            stop: Mutex::new(Some(stop)),
            thread: Mutex::new(Some(thread)),
        })
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        let stop = self
            .stop
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(stop);
        let thread = self
            .thread
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the checkpoint's thread ended in a panic");
        }
    }
}

/// Moves what can be moved without waiting for anybody; whether there was anything left to move.
pub(super) fn moved(connection: &Connection) -> bool {
    let result: rusqlite::Result<(i64, i64)> =
        connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
            Ok((row.get(1)?, row.get(2)?))
        });
    match result {
        Ok((_, moved)) => moved > 0,
        Err(error) => {
            tracing::warn!(%error, "the log could not be moved into the database");
            false
        }
    }
}

pub(super) fn log_path(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    PathBuf::from(log)
}
