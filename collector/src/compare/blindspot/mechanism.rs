//! How the loads failed: each failed load in one way, the page's own failure before that of a call.

use super::values::{ValueId, Values};
use super::view::{CallFailure, PageFailure, View};
use beacon::{PageOutcome, RequestOutcome, ViewId};
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;

/// Example loads named with each.
const EXAMPLES: usize = 3;

/// A way to fail, and how many loads took it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mechanism {
    /// The way.
    pub way: Way,
    /// Whether its scripts and document came from two releases; of pages only.
    pub two_releases: bool,
    /// Whether a script could not be loaded; of pages only.
    pub scripts_failed: bool,
    /// The origin called in vain; of calls only.
    pub backend_origin: Option<Arc<str>>,
    /// Whether that origin is one the pages ought to call.
    pub expected_origin: bool,
    /// Loads that failed this way.
    pub loads: u64,
    /// In words, without the number.
    pub words: String,
    /// Some of them, newest first, of different sessions.
    pub examples: Vec<Example>,
}

/// A load to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    /// Its id.
    pub view: ViewId,
    /// When it failed, Unix milliseconds of receipt.
    pub at_ms: u64,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Nothing was ever mounted.
    Blank,
    /// Something was, and a script failed before it was ready.
    Broken,
    /// It never became ready.
    Incomplete,
    /// A call got no answer.
    Unreachable,
    /// A call was answered with a page.
    WrongContent,
    /// A call was never allowed to leave.
    Blocked,
    /// A call never ended.
    Hung,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Key {
    Page(Way, bool, bool),
    Call(Way, ValueId, bool),
}

/// The ways of these views, those of pages first, the frequent before the rare. Views come newest first.
pub(super) fn mechanisms<'a>(
    failed: impl Iterator<Item = &'a View>,
    values: &Values,
) -> Vec<Mechanism> {
    let mut groups: HashMap<Key, (u64, Vec<(u64, Example)>)> = HashMap::new();
    for view in failed {
        let page = view.page_failure().map(key_of_page);
        let Some(key) = page.or_else(|| view.call_failures().next().and_then(key_of_call)) else {
            continue;
        };
        let (loads, examples) = groups.entry(key).or_default();
        *loads += 1;
        let known = examples.iter().any(|(session, _)| *session == view.session);
        if examples.len() < EXAMPLES && !known {
            let example = Example {
                view: view.id,
                at_ms: view.decided_ms(),
            };
            examples.push((view.session, example));
        }
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(key, (loads, _))| {
        let of_call = matches!(key, Key::Call(..));
        (of_call, std::cmp::Reverse(*loads), *key)
    });
    let mechanisms = groups.into_iter().map(|(key, (loads, examples))| {
        let examples = examples.into_iter().map(|(_, example)| example).collect();
        mechanism(key, loads, examples, values)
    });
    mechanisms.collect()
}

fn key_of_page(failure: PageFailure) -> Key {
    let way = match failure.outcome {
        PageOutcome::Broken => Way::Broken,
        PageOutcome::Incomplete => Way::Incomplete,
        PageOutcome::Blank | PageOutcome::Ready | PageOutcome::Abandoned => Way::Blank,
    };
    Key::Page(way, failure.two_releases, failure.scripts_failed)
}

fn key_of_call(failure: CallFailure) -> Option<Key> {
    let way = match failure.outcome {
        RequestOutcome::Unreachable => Way::Unreachable,
        RequestOutcome::WrongContent => Way::WrongContent,
        RequestOutcome::Blocked => Way::Blocked,
        RequestOutcome::Hung => Way::Hung,
        RequestOutcome::Ok
        | RequestOutcome::HttpError
        | RequestOutcome::Timeout
        | RequestOutcome::Aborted
        | RequestOutcome::AppError => return None,
    };
    Some(Key::Call(way, failure.origin, failure.expected))
}

fn mechanism(key: Key, loads: u64, examples: Vec<Example>, values: &Values) -> Mechanism {
    match key {
        Key::Page(way, two_releases, scripts_failed) => Mechanism {
            words: page_words(way, two_releases, scripts_failed),
            way,
            two_releases,
            scripts_failed,
            backend_origin: None,
            expected_origin: true,
            loads,
            examples,
        },
        Key::Call(way, origin, expected_origin) => {
            let origin = values
                .get(origin)
                .map_or_else(|| "".into(), |value| Arc::clone(&value.text));
            Mechanism {
                words: call_words(way, &origin, expected_origin, loads),
                way,
                two_releases: false,
                scripts_failed: false,
                backend_origin: Some(origin),
                expected_origin,
                loads,
                examples,
            }
        }
    }
}

fn page_words(way: Way, two_releases: bool, scripts_failed: bool) -> String {
    let outcome = match way {
        Way::Broken => "broken",
        Way::Incomplete => "never ready",
        Way::Blank | Way::Unreachable | Way::WrongContent | Way::Blocked | Way::Hung => "blank",
    };
    let why = match (two_releases, scripts_failed) {
        (true, _) => " (assets of two releases)",
        (false, true) => " (a script could not be loaded)",
        (false, false) => "",
    };
    format!("{outcome}{why}")
}

fn call_words(way: Way, origin: &str, expected: bool, loads: u64) -> String {
    let calls = if loads == 1 { "call" } else { "calls" };
    let end = match way {
        Way::WrongContent => "answered with a page instead of data",
        Way::Blocked => "blocked by the page's own policy",
        Way::Hung => "without an end",
        Way::Unreachable | Way::Blank | Way::Broken | Way::Incomplete => "never answered",
    };
    let unexpected = if expected {
        ""
    } else {
        ", not an expected backend"
    };
    format!("{calls} to {origin} {end}{unexpected}")
}
