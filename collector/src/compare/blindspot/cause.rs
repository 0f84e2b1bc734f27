//! What explains the failures best. Each value that loads can differ in is a candidate; its score is how
//! much likelier the failures are if those with the value fail at their own rate and all others as they
//! did before the fault, than if all fail alike. Values with the same loads cannot be told apart and are
//! one candidate.

use super::values::{Dimension, ValueId, Values};
use super::view::{Verdict, View};
use beacon::ViewId;
use serde::Serialize;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// A score from which on a cause is named.
const NAMED_FROM: f64 = 2.0;
/// What it is worth to be new: ln 10.
const NEW: f64 = 2.3;
const NEW_MS: u64 = 3_600_000;
/// Loads before the fault that show how it was without a value that came with it.
const BEFORE_MS: u64 = 600_000;
/// A value that came so long before the first failure came with it.
const CAME_WITH_IT_MS: u64 = 120_000;
/// When the detector itself is new, so is everything it sees.
const SETTLING_MS: u64 = 30_000;
/// Loads of one session that count.
const PER_SESSION: u8 = 3;
/// Causes told.
const TOLD: usize = 5;

/// A candidate, with what speaks for it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cause {
    /// The values that share these loads, in the order to name them.
    pub values: Vec<CauseValue>,
    /// Natural logarithm of the odds; named from 2 up.
    pub score: f64,
    /// Whether it is good enough to be named.
    pub named: bool,
    /// Loads with it that failed, of all with it.
    pub failed: u64,
    /// Loads with it.
    pub loads: u64,
    /// The same of all others.
    pub others_failed: u64,
    /// All others.
    pub others: u64,
    /// Whether the others are those before it came, for there are none beside it.
    pub others_before: bool,
    /// Share of all failures that it explains, parts per million.
    pub explains_ppm: u64,
    /// When it was first seen, if that is news: within an hour, and later than the detector.
    pub first_seen_ms: Option<u64>,
}

/// A value of a dimension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CauseValue {
    /// What loads can differ in.
    pub dimension: Dimension,
    /// In what they do.
    pub value: Arc<str>,
    /// When it was first seen.
    pub first_seen_ms: u64,
    #[serde(skip)]
    pub(super) id: ValueId,
}

/// The loads since the fault began, and what could have caused it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Ranking {
    pub(super) loads: u64,
    pub(super) failed: u64,
    /// Best first.
    pub(super) causes: Vec<Cause>,
}

/// When it began, and how it was before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    pub(super) onset_ms: u64,
    /// Loads from here on are looked at; later than the onset of a long fault.
    pub(super) from_ms: u64,
    pub(super) now_ms: u64,
    /// Since when the detector has been listening.
    pub(super) watching_since_ms: u64,
    /// Share of failing loads before it.
    pub(super) usual: f64,
}

/// Loads with a value, and their fingerprint: equal where the loads are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Count {
    loads: u64,
    failed: u64,
    fingerprint: u64,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    /// Since the fault began.
    during: Count,
    /// The ten minutes before it included.
    ever: Count,
}

/// Ranks what the views differ in: those since [`wanted_from`].
pub(super) fn rank<'a>(
    views: impl Iterator<Item = &'a View>,
    values: &Values,
    fault: Fault,
) -> Ranking {
    let (mut all, mut calling) = (Counts::default(), Counts::default());
    let mut by_value: HashMap<ValueId, Counts> = HashMap::new();
    let mut of_session: HashMap<u64, u8> = HashMap::new();
    for view in views {
        let failed = match view.verdict() {
            Verdict::Undecided => continue,
            Verdict::Good => false,
            Verdict::Bad => true,
        };
        let at_ms = view.decided_ms();
        let during = at_ms >= fault.from_ms;
        if !during && at_ms >= fault.onset_ms {
            continue;
        }
        let loads = of_session.entry(view.session).or_default();
        if *loads >= PER_SESSION {
            continue;
        }
        *loads += 1;
        let key = fingerprint(view.id);
        all.add(failed, during, key);
        let is_origin = |id: &ValueId| {
            values
                .get(*id)
                .is_some_and(|value| value.dimension == Dimension::UsedOrigin)
        };
        if view.values.iter().any(is_origin) {
            calling.add(failed, during, key);
        }
        for value in &view.values {
            by_value.entry(*value).or_default().add(failed, during, key);
        }
    }
    let mut groups: HashMap<Count, (Counts, Vec<ValueId>)> = HashMap::new();
    for (value, counts) in by_value {
        let group = groups
            .entry(counts.ever)
            .or_insert_with(|| (counts, Vec::new()));
        group.1.push(value);
    }
    let candidates = groups
        .values()
        .filter(|(counts, _)| counts.ever.loads < all.ever.loads)
        .count();
    let scored = groups.into_values().filter_map(|(counts, ids)| {
        let mut cause = cause(&ids, counts, all, values, fault)?;
        // The origin that all calls go to says no more than that there was a call.
        let origins_only = |value: &CauseValue| value.dimension == Dimension::UsedOrigin;
        if counts.during.loads == calling.during.loads && cause.values.iter().all(origins_only) {
            return None;
        }
        cause.score -= (candidates.max(1) as f64).ln();
        cause.named = cause.score >= NAMED_FROM;
        Some(cause)
    });
    let mut causes: Vec<Cause> = scored.collect();
    causes.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then_with(|| a.values[0].id.cmp(&b.values[0].id))
    });
    causes.truncate(TOLD);
    Ranking {
        loads: all.during.loads,
        failed: all.during.failed,
        causes,
    }
}

fn cause(
    ids: &[ValueId],
    counts: Counts,
    all: Counts,
    values: &Values,
    fault: Fault,
) -> Option<Cause> {
    if counts.during.failed == 0 {
        return None;
    }
    let mut named: Vec<CauseValue> = ids
        .iter()
        .filter_map(|id| {
            let value = values.get(*id)?;
            Some(CauseValue {
                dimension: value.dimension,
                value: Arc::clone(&value.text),
                first_seen_ms: value.first_seen_ms,
                id: *id,
            })
        })
        .collect();
    named.sort_by_key(|value| (value.dimension, value.id));
    let newest = named.iter().map(|value| value.first_seen_ms).max()?;
    let news = newest >= fault.watching_since_ms + SETTLING_MS && newest + NEW_MS >= fault.now_ms;
    // What came with the fault is held against how it was without it.
    let came_with_it = news && newest + CAME_WITH_IT_MS >= fault.onset_ms;
    let (with, of) = match came_with_it {
        true => (counts.ever, all.ever),
        false => (counts.during, all.during),
    };
    let (others, others_failed) = (of.loads - with.loads, of.failed - with.failed);
    if others == 0 {
        return None;
    }
    let score = likelihood(with.failed, with.loads, share(with.failed, with.loads))
        + likelihood(others_failed, others, fault.usual)
        - likelihood(of.failed, of.loads, share(of.failed, of.loads))
        + if news { NEW } else { 0.0 };
    let beside = all.during.loads - counts.during.loads;
    let (told, told_of, others_before) = match beside {
        0 => (with, of, true),
        _ => (counts.during, all.during, false),
    };
    Some(Cause {
        values: named,
        score,
        named: false,
        failed: told.failed,
        loads: told.loads,
        others_failed: told_of.failed - told.failed,
        others: told_of.loads - told.loads,
        others_before,
        explains_ppm: counts.during.failed * 1_000_000 / all.during.failed.max(1),
        first_seen_ms: news.then_some(newest),
    })
}

impl Counts {
    fn add(&mut self, failed: bool, during: bool, key: u64) {
        self.ever.add(failed, key);
        if during {
            self.during.add(failed, key);
        }
    }
}

impl Count {
    fn add(&mut self, failed: bool, key: u64) {
        self.loads += 1;
        self.failed += u64::from(failed);
        self.fingerprint ^= key;
    }
}

/// A number for a view that no sum of others' equals by design: ids are drawn by pages, and anybody can
/// be a page.
fn fingerprint(view: ViewId) -> u64 {
    let mut hasher = DefaultHasher::new();
    view.hash(&mut hasher);
    hasher.finish()
}

/// From how long before the fault views are wanted.
pub(super) fn wanted_from(onset_ms: u64) -> u64 {
    onset_ms.saturating_sub(BEFORE_MS)
}

/// Logarithm of the chance that just these fail if each does with this chance.
fn likelihood(failed: u64, loads: u64, chance: f64) -> f64 {
    let term = |count: u64, chance: f64| match count {
        0 => 0.0,
        count => count as f64 * chance.ln(),
    };
    term(failed, chance) + term(loads - failed, 1.0 - chance)
}

fn share(failed: u64, loads: u64) -> f64 {
    failed as f64 / loads.max(1) as f64
}
