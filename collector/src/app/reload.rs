//! A configuration that changes while the collector runs: read when its files change or when somebody
//! asks, put in force whole or not at all, and what became of it told in the log and by the API.

use super::App;
use crate::config::{Config, ConfigErrors, ListenConfig, Source};
use serde::Serialize;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;

/// How often the files are looked at. Looking works where watching does not: on network file systems,
/// and where whole directories are swapped, as Kubernetes does.
const EVERY: Duration = Duration::from_secs(1);

/// What became of the configuration so far.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Reloads {
    /// Configurations put in force after the first.
    pub applied: u64,
    /// Configurations that were refused.
    pub refused: u64,
    /// When the one in force was put there.
    pub in_force_since_ms: u64,
    /// The last one, when it was refused.
    pub last_refused: Option<RefusedConfig>,
}

/// A configuration that was not put in force.
#[derive(Clone, Debug, Serialize)]
pub struct RefusedConfig {
    /// When.
    pub at_ms: u64,
    /// Everything that is wrong with it.
    pub problems: Vec<String>,
}

/// [`Reloads`] as they are kept.
#[derive(Debug, Default)]
pub struct ReloadBook(Mutex<Reloads>);

impl ReloadBook {
    /// So far.
    pub fn read(&self) -> Reloads {
        self.lock().clone()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Reloads> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// What became of the configuration so far.
    pub fn reloads(&self) -> &Arc<ReloadBook> {
        &self.reloads
    }

    /// Puts what was read in force, or tells why not.
    pub fn reload(&self, read: Result<Config, ConfigErrors>) {
        let result = read.and_then(|config| self.reconfigure(config));
        let at_ms = self.now_ms();
        let mut reloads = self.reloads.lock();
        match result {
            Ok(()) => {
                reloads.applied += 1;
                reloads.in_force_since_ms = at_ms;
                reloads.last_refused = None;
                tracing::info!(
                    changes = reloads.applied,
                    "the new configuration is in force"
                );
            }
            Err(ConfigErrors(problems)) => {
                reloads.refused += 1;
                tracing::error!(
                    ?problems,
                    "the new configuration is refused; the one before stays in force"
                );
                reloads.last_refused = Some(RefusedConfig { at_ms, problems });
            }
        }
    }

    /// Reloads when a file has changed and is no longer being written, or when `asked` says so.
    /// Does not end.
    pub async fn keep_configured(
        self: Arc<Self>,
        mut source: Source,
        mut asked: mpsc::Receiver<()>,
    ) {
        let mut in_force = Some(self.fingerprint(&source).await);
        let mut looked = in_force;
        loop {
            let forced = match tokio::time::timeout(EVERY, asked.recv()).await {
                Ok(Some(())) => true,
                // Nobody is left who could ask.
                Ok(None) => {
                    tokio::time::sleep(EVERY).await;
                    false
                }
                Err(_) => false,
            };
            let path = source.path.clone();
            let read = tokio::task::spawn_blocking(move || Source::read(&path)).await;
            let now = match &read {
                Ok(Ok(source)) => Some(self.fingerprint(source).await),
                Ok(Err(_)) | Err(_) => None,
            };
            let settled = now == std::mem::replace(&mut looked, now);
            if !forced && (now == in_force || !settled) {
                continue;
            }
            in_force = now;
            match read {
                Ok(Ok(read)) => {
                    source = read;
                    self.reload(source.config());
                }
                Ok(Err(errors)) => self.reload(Err(errors)),
                Err(_) => {}
            }
        }
    }

    /// Of all that the configuration is read from; a file that cannot be read is part of it.
    async fn fingerprint(&self, source: &Source) -> u64 {
        let mut hasher = DefaultHasher::new();
        source.text.hash(&mut hasher);
        for file in beside(&self.settings().config.listen) {
            tokio::fs::read(&file).await.ok().hash(&mut hasher);
        }
        hasher.finish()
    }
}

/// The files that a configuration names and that are read with it.
fn beside(listen: &ListenConfig) -> Vec<PathBuf> {
    let tls = [&listen.public_tls, &listen.private_tls];
    let tls = tls
        .into_iter()
        .flatten()
        .flat_map(|tls| [&tls.cert, &tls.key]);
    tls.chain(&listen.private_token_file).cloned().collect()
}
