//! Whether beacons that come now would be stored: the writer moves, the queue has room, the disk takes
//! what is written. Without it, a balancer should send them to another collector.

use super::App;
use crate::store::StoreHealth;
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How often the writer is looked at.
const EVERY: Duration = Duration::from_millis(250);
/// A writer that has committed nothing for this long, while something waits, is stuck.
const STUCK: Duration = Duration::from_secs(3);
/// Less than a journal may grow before it is written back.
const LEAST_FREE_BYTES: u64 = 32 * 1024 * 1024;

/// What is seen of the store from outside.
#[derive(Clone, Debug)]
struct Seen {
    /// What it says itself.
    pub health: StoreHealth,
    /// Beacons waiting or being written.
    pub waiting: u64,
    /// Beacons that may wait.
    pub room: u64,
    /// How long nothing was committed while something waited.
    pub stuck: Duration,
    /// Bytes free where the database lies, when the system says.
    pub free_bytes: Option<u64>,
}

/// The answer of `/readyz`.
#[derive(Clone, Debug, Serialize)]
pub struct Readiness {
    /// Whether to send beacons here.
    pub ready: bool,
    /// What stands against it.
    pub against: Vec<String>,
}

/// What is seen from outside the store.
#[derive(Debug, Default)]
pub(super) struct Watch {
    stopping: AtomicBool,
    stuck_ms: AtomicU64,
    /// 0 for not known.
    free_bytes: Arc<AtomicU64>,
}

impl Watch {
    pub(super) fn free_bytes(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.free_bytes)
    }
}

impl App {
    /// Whether beacons that come now would be stored.
    pub fn readiness(&self) -> Readiness {
        let mut against = against(&self.seen());
        if self.watch.stopping.load(Ordering::Relaxed) {
            against.push("the collector is stopping".to_owned());
        }
        Readiness {
            ready: against.is_empty(),
            against,
        }
    }

    /// From now on nothing new is taken.
    pub fn note_stopping(&self) {
        tracing::info!("stopping: no more connections, finishing what is open");
        self.watch.stopping.store(true, Ordering::Relaxed);
    }

    /// What is known of the store: what it says of itself, its gauges, its disk.
    fn seen(&self) -> Seen {
        Seen {
            health: self.store.health(),
            waiting: self.store.gauges().pending.load(Ordering::Relaxed),
            room: u64::try_from(self.settings().config.store.queue).unwrap_or(u64::MAX),
            stuck: Duration::from_millis(self.watch.stuck_ms.load(Ordering::Relaxed)),
            free_bytes: match self.watch.free_bytes.load(Ordering::Relaxed) {
                0 => None,
                free => Some(free),
            },
        }
    }

    /// Watches the writer. Does not end.
    pub async fn watch_writer(self: Arc<Self>) {
        let gauges = Arc::clone(self.store.gauges());
        let (mut commits, mut since) = (0, Instant::now());
        let database = self.settings().config.store.path.clone();
        let mut ticks = tokio::time::interval(EVERY);
        loop {
            ticks.tick().await;
            let now = gauges.commits.load(Ordering::Relaxed);
            if now != commits || gauges.pending.load(Ordering::Relaxed) == 0 {
                (commits, since) = (now, Instant::now());
            }
            let stuck = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.watch.stuck_ms.store(stuck, Ordering::Relaxed);
            let free = free_bytes(&database).map_or(0, |free| free.max(1));
            self.watch.free_bytes.store(free, Ordering::Relaxed);
        }
    }
}

/// What an ordinary user may still write where the file lies.
fn free_bytes(file: &Path) -> Option<u64> {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let state = rustix::fs::statvfs(folder.unwrap_or(Path::new("."))).ok()?;
    state.f_bavail.checked_mul(state.f_frsize)
}

fn against(store: &Seen) -> Vec<String> {
    let mut against = Vec::new();
    if store.health == StoreHealth::Overloaded {
        against.push(format!(
            "queue: {} beacons wait, {} may",
            store.waiting, store.room
        ));
    }
    if store.stuck >= STUCK {
        against.push(format!(
            "writer: nothing was committed for {} s while beacons wait",
            store.stuck.as_secs()
        ));
    }
    if let Some(free) = store.free_bytes.filter(|free| *free < LEAST_FREE_BYTES) {
        against.push(format!("disk: {} kB are free", free / 1024));
    }
    if let StoreHealth::Failing(what) = &store.health {
        against.push(format!("disk: the last write failed: {what}"));
    }
    against
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_disk_says_what_is_free() {
        let free = free_bytes(Path::new("some.db"));
        assert!(free.is_some_and(|free| free > 0), "{free:?}");
        assert_eq!(free_bytes(Path::new("/no/such/folder/some.db")), None);
    }

    #[test]
    fn each_fault_of_the_store_stands_against_readiness() {
        let well = Seen {
            health: StoreHealth::Well,
            waiting: 3,
            room: 3,
            stuck: Duration::ZERO,
            free_bytes: None,
        };
        assert!(against(&well).is_empty());
        let faults = [
            Seen {
                health: StoreHealth::Overloaded,
                ..well.clone()
            },
            Seen {
                stuck: STUCK,
                ..well.clone()
            },
            Seen {
                health: StoreHealth::Failing("full".to_owned()),
                ..well.clone()
            },
            Seen {
                free_bytes: Some(LEAST_FREE_BYTES - 1),
                ..well
            },
        ];
        let names = ["queue", "writer", "disk", "disk"];
        for (fault, name) in faults.into_iter().zip(names) {
            let told = against(&fault);
            assert!(told.len() == 1 && told[0].starts_with(name), "{told:?}");
        }
    }
}
