//! The objective files: read at the start and whenever one of them changes. A set with anything wrong in
//! it is refused whole and the last good one stays; what is wrong is kept for the API, the page and the log.

use crate::app::{App, Settings};
use crate::slo::files::{File, Known, KnownApp, ObjectiveSet, Problem, read};
use serde::Serialize;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(1);

/// The set in force and what became of the last one read.
#[derive(Debug, Default)]
pub struct ObjectiveBook(RwLock<Pages>);

#[derive(Clone, Debug, Default)]
struct Pages {
    set: Arc<ObjectiveSet>,
    since_ms: u64,
    refused: Option<RefusedObjectives>,
    /// Of what was read last, good or not.
    fingerprint: u64,
}

/// A set of files that was not put in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusedObjectives {
    /// When.
    pub at_ms: u64,
    /// Everything that is wrong with it.
    pub problems: Vec<Problem>,
}

impl ObjectiveBook {
    /// The objectives in force, and since when.
    pub fn in_force(&self) -> (Arc<ObjectiveSet>, u64) {
        let pages = self.0.read().unwrap_or_else(PoisonError::into_inner);
        (Arc::clone(&pages.set), pages.since_ms)
    }

    /// What is wrong with the files as they are, if anything.
    pub fn refused(&self) -> Option<RefusedObjectives> {
        let pages = self.0.read().unwrap_or_else(PoisonError::into_inner);
        pages.refused.clone()
    }

    fn fingerprint(&self) -> u64 {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .fingerprint
    }

    fn note(&self, read: Result<ObjectiveSet, Vec<Problem>>, fingerprint: u64, at_ms: u64) {
        let mut pages = self.0.write().unwrap_or_else(PoisonError::into_inner);
        pages.fingerprint = fingerprint;
        match read {
            Ok(set) => {
                tracing::info!(objectives = set.objectives.len(), "objectives are in force");
                pages.set = Arc::new(set);
                pages.since_ms = at_ms;
                pages.refused = None;
            }
            Err(problems) => {
                let kept = pages.set.objectives.len();
                for problem in &problems {
                    tracing::error!(kept, "objective files are refused: {problem}");
                }
                pages.refused = Some(RefusedObjectives { at_ms, problems });
            }
        }
    }
}

/// Files, and the `.yaml` and `.yml` files of folders, in order of their names.
///
/// # Errors
/// Those that cannot be read.
pub fn read_files(paths: &[PathBuf]) -> Result<Vec<File>, Vec<Problem>> {
    let mut found = Vec::new();
    let mut problems = Vec::new();
    for path in paths {
        for path in listed(path) {
            let name = path.display().to_string();
            match std::fs::read_to_string(&path) {
                Ok(text) => found.push(File { name, text }),
                Err(error) => problems.push(Problem {
                    file: name,
                    document: 0,
                    line: 0,
                    field: String::new(),
                    what: format!("it cannot be read: {error}"),
                    right: "name files or folders that are there in objectives.files".to_owned(),
                }),
            }
        }
    }
    if problems.is_empty() {
        Ok(found)
    } else {
        Err(problems)
    }
}

fn listed(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(path) else {
        return vec![path.to_owned()];
    };
    let is_yaml = |path: &PathBuf| {
        path.extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml")
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<_> = paths.filter(is_yaml).collect();
    paths.sort();
    paths
}

impl Settings {
    /// What objective files may name.
    pub fn known_to_objectives(&self) -> Known {
        let journeys = |app: &crate::config::AppConfig| {
            app.journeys
                .iter()
                .map(|journey| journey.name.clone())
                .collect()
        };
        let apps = self.config.apps.iter();
        Known {
            checked: true,
            apps: apps
                .map(|app| {
                    let journeys = journeys(app);
                    (app.name.clone(), KnownApp { journeys })
                })
                .collect(),
            targets: self
                .config
                .scrape
                .iter()
                .map(|scrape| scrape.name.clone())
                .collect(),
        }
    }
}

/// Reads them as they are now.
pub(in crate::app) fn read_set(settings: &Settings) -> Result<ObjectiveSet, Vec<Problem>> {
    let files = read_files(&settings.config.objectives.files)?;
    read(&files, &settings.known_to_objectives())
}

impl App {
    /// The objective files.
    pub fn objective_book(&self) -> &ObjectiveBook {
        &self.objectives
    }

    /// Reads the objective files and puts them in force, or notes why not.
    pub fn load_objectives(&self) {
        let settings = self.settings();
        // Taken before, so that what changes while it is read is read again.
        let fingerprint = fingerprint(&settings);
        self.objectives
            .note(read_set(&settings), fingerprint, self.now_ms());
    }

    /// Loads them again when they have changed and are no longer being written. Does not end.
    pub async fn keep_objectives(self: Arc<Self>) {
        let mut looked = self.objectives.fingerprint();
        loop {
            tokio::time::sleep(EVERY).await;
            let now = self.fingerprint_of_objectives().await;
            let settled = now == std::mem::replace(&mut looked, now);
            if now != self.objectives.fingerprint() && settled {
                let app = Arc::clone(&self);
                // A panic in there would be one in reading a file; the set in force stays.
                let _ = tokio::task::spawn_blocking(move || app.load_objectives()).await;
            }
        }
    }

    async fn fingerprint_of_objectives(&self) -> u64 {
        let settings = self.settings();
        let read = tokio::task::spawn_blocking(move || fingerprint(&settings));
        read.await.unwrap_or(0)
    }
}

/// Of the files' texts, and of the configuration that they name things of.
fn fingerprint(settings: &Settings) -> u64 {
    let mut hasher = DefaultHasher::new();
    format!("{:?}", settings.known_to_objectives()).hash(&mut hasher);
    for path in &settings.config.objectives.files {
        for path in listed(path) {
            path.hash(&mut hasher);
            std::fs::read(&path).ok().hash(&mut hasher);
        }
    }
    hasher.finish()
}
