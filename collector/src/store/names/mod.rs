//! Which row a view has, by its name. Names are random: one index of all of them would cost a page of its
//! own for each new view, and the more so the more there are. So new names wait in mind and are filed in
//! runs: sorted, written once from end to end, and not touched again until their views are gone. Of each
//! run a filter is kept in mind that tells nearly always when a name is not in it.

mod filter;
#[cfg(test)]
mod tests;

use super::view_state::ViewKey;
use filter::Filter;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Names filed with one commit at least; a group files twice as many as it brings, so a run is filed before
/// the next one is due.
const STEP: usize = 64;

/// What is committed, for all who look for a view.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownNames(Arc<RwLock<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// What is in no run yet, and for a while what has just been filed: a reader's snapshot may be older.
    in_mind: HashMap<ViewKey, i64>,
    /// Oldest first.
    runs: Vec<Run>,
}

#[derive(Debug)]
struct Run {
    run: i64,
    /// It has the views up to this row that no earlier run has.
    last_id: i64,
    filter: Filter,
}

/// The writer's side.
#[derive(Debug)]
pub(super) struct Names {
    known: KnownNames,
    run_size: usize,
    /// Given in the open transaction.
    fresh: Vec<(ViewKey, i64)>,
    waiting: Vec<(ViewKey, i64)>,
    filing: Option<Filing>,
    /// In a run and still in mind.
    filed: Vec<(ViewKey, i64)>,
    staged: Staged,
}

/// A run that is being written, in order.
#[derive(Debug)]
struct Filing {
    run: i64,
    names: Vec<(ViewKey, i64)>,
    done: usize,
}

/// What the open transaction does, should it be committed.
#[derive(Debug, Default)]
struct Staged {
    done: Option<usize>,
    finished: Option<Run>,
    dropped: bool,
}

impl KnownNames {
    /// The first of the rows a view may have that `row` finds to be its own.
    pub(super) fn find<T>(
        &self,
        connection: &Connection,
        key: &ViewKey,
        mut row: impl FnMut(i64) -> rusqlite::Result<Option<T>>,
    ) -> rusqlite::Result<Option<T>> {
        let (in_mind, runs) = {
            let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
            let hash = Filter::hash(key);
            let runs = known.runs.iter().rev();
            let runs: Vec<i64> = runs
                .filter(|run| run.filter.may_hold(hash))
                .map(|run| run.run)
                .collect();
            (known.in_mind.get(key).copied(), runs)
        };
        if let Some(id) = in_mind
            && let Some(found) = row(id)?
        {
            return Ok(Some(found));
        }
        for run in runs {
            let id: Option<i64> = connection
                .prepare_cached("SELECT id FROM names WHERE run = ?1 AND view = ?2 AND app = ?3")?
                .query_row(params![run, key.view, key.app], |row| row.get(0))
                .optional()?;
            // A row that is gone, or that has another's number by now, is nobody's.
            if let Some(id) = id
                && let Some(found) = row(id)?
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

impl Names {
    /// What is filed, and what is not yet.
    pub(super) fn load(connection: &Connection, run_size: usize) -> rusqlite::Result<Self> {
        let mut statement =
            connection.prepare("SELECT run, last_id, filter FROM name_runs ORDER BY run")?;
        let runs = statement.query_map([], |row| {
            Ok(Run {
                run: row.get(0)?,
                last_id: row.get(1)?,
                filter: Filter::from_bytes(row.get_ref(2)?.as_blob()?),
            })
        })?;
        let runs: Vec<Run> = runs.collect::<rusqlite::Result<_>>()?;
        let filed_to = runs.last().map_or(0, |run| run.last_id);
        let mut statement =
            connection.prepare("SELECT id, app, view FROM views WHERE id > ?1 ORDER BY id")?;
        let waiting = statement.query_map([filed_to], |row| {
            let (app, view) = (row.get(1)?, row.get(2)?);
            Ok((ViewKey { app, view }, row.get(0)?))
        })?;
        let waiting: Vec<(ViewKey, i64)> = waiting.collect::<rusqlite::Result<_>>()?;
        let known = Known {
            in_mind: waiting.iter().copied().collect(),
            runs,
        };
        Ok(Self {
            known: KnownNames(Arc::new(RwLock::new(known))),
            run_size: run_size.max(1),
            fresh: Vec::new(),
            waiting,
            filing: None,
            filed: Vec::new(),
            staged: Staged::default(),
        })
    }

    /// What is committed, to look for a view.
    pub(super) fn known(&self) -> &KnownNames {
        &self.known
    }

    /// A view has got a row.
    pub(super) fn give(&mut self, key: ViewKey, id: i64) {
        self.fresh.push((key, id));
    }

    /// Files a few of the names that wait, once there are enough for a run.
    pub(super) fn step(&mut self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        if self.filing.is_none() && self.waiting.len() >= self.run_size {
            self.begin();
        }
        let most = self.pace();
        let Some(filing) = &self.filing else {
            return Ok(());
        };
        let end = filing.names.len().min(filing.done + most);
        let mut file = transaction.prepare_cached(
            "INSERT OR REPLACE INTO names (run, view, app, id) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for (key, id) in &filing.names[filing.done..end] {
            file.execute(params![filing.run, key.view, key.app, id])?;
        }
        self.staged.done = Some(end);
        if end == filing.names.len() {
            let finished = Run {
                run: filing.run,
                last_id: filing.names.iter().map(|(_, id)| *id).max().unwrap_or(0),
                filter: Filter::of(&filing.names),
            };
            transaction
                .prepare_cached("INSERT INTO name_runs (run, last_id, filter) VALUES (?1, ?2, ?3)")?
                .execute(params![
                    finished.run,
                    finished.last_id,
                    finished.filter.to_bytes()
                ])?;
            self.staged.finished = Some(finished);
        }
        Ok(())
    }

    fn begin(&mut self) {
        let mut names = std::mem::take(&mut self.waiting);
        names.sort_unstable_by_key(|(key, _)| (key.view, key.app));
        let known = self.known.0.read().unwrap_or_else(PoisonError::into_inner);
        // What an unfinished run left under the same number is written over.
        let run = known.runs.last().map_or(1, |run| run.run + 1);
        let done = 0;
        self.filing = Some(Filing { run, names, done });
    }

    fn pace(&self) -> usize {
        STEP + 2 * self.fresh.len()
    }

    /// Forgets the oldest run once all of its views are gone, and clears a few of its rows away.
    pub(super) fn drop_dead(
        &mut self,
        transaction: &Transaction<'_>,
        most: usize,
    ) -> rusqlite::Result<usize> {
        let known = self.known.0.read().unwrap_or_else(PoisonError::into_inner);
        // The newest one stays: the next takes its number from it.
        let [oldest, next, ..] = known.runs.as_slice() else {
            return Ok(0);
        };
        let first: Option<i64> = transaction
            .prepare_cached("SELECT min(id) FROM views")?
            .query_row([], |row| row.get(0))?;
        let is_dead = first.is_none_or(|first| first > oldest.last_id);
        let oldest_kept = if is_dead { next.run } else { oldest.run };
        if is_dead {
            transaction
                .prepare_cached("DELETE FROM name_runs WHERE run = ?1")?
                .execute([oldest.run])?;
        }
        let cleared = transaction
            .prepare_cached(
                "DELETE FROM names WHERE (run, view, app) IN
                     (SELECT run, view, app FROM names WHERE run < ?1 ORDER BY run LIMIT ?2)",
            )?
            .execute(params![oldest_kept, most])?;
        self.staged.dropped = is_dead;
        Ok(cleared + usize::from(is_dead))
    }

    /// What the transaction did is durable.
    pub(super) fn committed(&mut self) {
        let pace = self.pace();
        let staged = std::mem::take(&mut self.staged);
        let mut known = self.known.0.write().unwrap_or_else(PoisonError::into_inner);
        if staged.dropped {
            known.runs.remove(0);
        }
        known.in_mind.extend(self.fresh.iter().copied());
        self.waiting.append(&mut self.fresh);
        if self.filing.is_some() {
            // By now every reader sees them in their run.
            let kept = self.filed.len().saturating_sub(pace);
            for (key, id) in self.filed.drain(kept..) {
                if known.in_mind.get(&key) == Some(&id) {
                    known.in_mind.remove(&key);
                }
            }
        }
        if let (Some(filing), Some(done)) = (&mut self.filing, staged.done) {
            filing.done = done;
        }
        if let Some(run) = staged.finished {
            known.runs.push(run);
            if let Some(filing) = self.filing.take() {
                self.filed.extend(filing.names);
            }
        }
    }

    /// What the transaction did has not happened.
    pub(super) fn rolled_back(&mut self) {
        self.fresh.clear();
        self.staged = Staged::default();
    }
}
