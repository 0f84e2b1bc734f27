//! Whether the database takes what is written: red from the first write the disk refuses to the first it
//! takes again. One line in the log for each turn, however many writes are refused between.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

#[derive(Debug, Default)]
pub(super) struct Health(Mutex<Option<Trouble>>);

#[derive(Clone, Debug)]
struct Trouble {
    what: String,
    since: Instant,
    refused: usize,
}

impl Health {
    fn lock(&self) -> MutexGuard<'_, Option<Trouble>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_well(&self) -> bool {
        self.lock().is_none()
    }

    /// What the database said when it last refused a write, while it has taken none since.
    pub(super) fn trouble(&self) -> Option<String> {
        self.lock().as_ref().map(|trouble| trouble.what.clone())
    }

    pub(super) fn wrote(&self) {
        if let Some(trouble) = self.lock().take() {
            let seconds = trouble.since.elapsed().as_secs_f64();
            let refused = trouble.refused;
            tracing::info!(seconds, refused, "the database takes writes again");
        }
    }

    pub(super) fn failed(&self, error: &rusqlite::Error, jobs: usize) {
        let mut trouble = self.lock();
        match trouble.as_mut() {
            Some(trouble) => trouble.refused += jobs,
            None => {
                tracing::error!(%error, "the database refuses writes; nothing is acknowledged");
                *trouble = Some(Trouble {
                    what: error.to_string(),
                    since: Instant::now(),
                    refused: jobs,
                });
            }
        }
    }
}
