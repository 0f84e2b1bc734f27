//! A numbered log in memory that a reader follows by the number of the last entry it has seen.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

/// Oldest entries beyond this go: hours of visitors, some tens of megabytes.
const CAPACITY: usize = 200_000;

/// Entries in the order of their numbers, which start at 1 and never repeat.
pub(crate) struct Log<Entry> {
    kept: Mutex<Kept<Entry>>,
}

struct Kept<Entry> {
    last: u64,
    entries: VecDeque<(u64, Entry)>,
}

/// What a reader gets: `next` is the `after` of its next question.
#[derive(Serialize)]
pub(crate) struct LogPage<Entry> {
    pub(crate) next: u64,
    pub(crate) entries: Vec<Numbered<Entry>>,
}

#[derive(Serialize)]
pub(crate) struct Numbered<Entry> {
    n: u64,
    #[serde(flatten)]
    entry: Entry,
}

impl<Entry: Clone> Log<Entry> {
    pub(crate) fn new() -> Self {
        Self {
            kept: Mutex::new(Kept {
                last: 0,
                entries: VecDeque::new(),
            }),
        }
    }

    pub(crate) fn push(&self, entry: Entry) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.last += 1;
        let n = kept.last;
        kept.entries.push_back((n, entry));
        if kept.entries.len() > CAPACITY {
            kept.entries.pop_front();
        }
    }

    /// The entries after number `after` that `wanted` lets through.
    pub(crate) fn after(&self, after: u64, wanted: impl Fn(&Entry) -> bool) -> LogPage<Entry> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let first = kept.entries.partition_point(|(n, _)| *n <= after);
        LogPage {
            next: kept.last,
            entries: kept
                .entries
                .range(first..)
                .filter(|(_, entry)| wanted(entry))
                .map(|(n, entry)| Numbered {
                    n: *n,
                    entry: entry.clone(),
                })
                .collect(),
        }
    }

    /// Folds over all that is kept, oldest first.
    pub(crate) fn fold<State>(
        &self,
        start: State,
        step: impl FnMut(State, &Entry) -> State,
    ) -> State {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.entries
            .iter()
            .map(|(_, entry)| entry)
            .fold(start, step)
    }
}

/// Milliseconds since the Unix epoch, now.
pub(crate) fn now_ms() -> u64 {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}
