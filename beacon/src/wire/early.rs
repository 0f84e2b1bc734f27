//! The early hook's own word: what it saw of a page that was hidden before the core spoke, as plain
//! facts and tuples (`probe-wasm/js/early.js` says which). What leaves are the events that the core
//! would have told. Knows no other JSON.

use crate::{
    Detail, DropCount, DropReason, Event, EventKind, Finality, Head, Initiator, JourneyAttempt,
    JourneyOutcome, JourneyReason, PageLoad, PageOutcome, RequestAttempt, RequestOutcome, limits,
};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::HashMap;

/// Calls told singly; the hook's array holds no more than 500 tuples.
const CALLS: usize = 50;
/// Left this soon after the load event, a page that lacks something has not failed: see the outcomes
/// of a page in DESIGN and ARCHITECTURE.
const PATIENCE_MS: f64 = 3_000.0;

/// What the hook adds to the head.
#[derive(Deserialize)]
pub(super) struct Facts {
    config: Config,
    seen: Seen,
    queue: Vec<Note>,
    /// Revision of what is told; the beacon's number where it is missing.
    #[serde(default)]
    rev: Option<u32>,
    /// Global Privacy Control.
    #[serde(default)]
    gpc: Option<bool>,
}

/// Of the application's options, what its pages and calls are judged by.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Config {
    release: String,
    backend_origin: String,
    expected_backend_origins: Option<Vec<String>>,
    before_send: bool,
    journeys: Vec<Journey>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Journey {
    name: String,
    #[serde(default)]
    failed_page: bool,
}

/// Times in milliseconds since the start of the navigation.
#[derive(Deserialize)]
struct Seen {
    now: f64,
    /// 0 or nothing: not yet.
    loaded: Option<f64>,
    mount_empty: bool,
    ready_missing: bool,
}

/// One tuple of the hook: a call, its end, or the mere name of what else happened.
#[derive(Deserialize)]
#[serde(untagged)]
enum Note {
    /// `r`, when, id, method, origin and path template. A call without more than its `r` is one the hook
    /// had no room for or may not tell.
    Sent(char, f64, u32, String, String),
    /// `e`, when, id, how (an event's or an error's name), status.
    Ended(char, f64, u32, String, Option<u16>),
    Named(String),
    Other(IgnoredAny),
}

struct End {
    at: f64,
    how: String,
    status: u16,
}

impl Facts {
    /// The events told, and the head completed from the options and with what is not told.
    pub(super) fn tell(self, head: &mut Head) -> Vec<Event> {
        let outcome = self.page_outcome();
        let decided_after_ms = whole(self.seen.now);
        let failed_page = self.config.journeys.iter().find(|one| one.failed_page);
        // The hook alone has spoken so far, so each word of it revises the one before.
        let rev = self.rev.unwrap_or(head.seq);
        let event = |n, at: f64, kind| Event {
            n,
            rev,
            at_ms: head
                .sent_at_ms
                .saturating_add(u64::from(whole(at)))
                .saturating_sub(u64::from(decided_after_ms)),
            kind,
        };
        let mut events = vec![event(
            0,
            0.0,
            EventKind::Page(PageLoad {
                outcome,
                finality: Finality::Provisional,
                decided_after_ms,
                touched: Vec::new(),
                failed_scripts: self.failed_scripts(),
            }),
        )];
        let failed = !matches!(outcome, PageOutcome::Ready | PageOutcome::Abandoned);
        events.extend(failed_page.filter(|_| failed).map(|journey| {
            event(
                1,
                0.0,
                EventKind::Journey(JourneyAttempt {
                    name: journey.name.clone(),
                    outcome: JourneyOutcome::Failed,
                    finality: Finality::Provisional,
                    reason: Some(JourneyReason::Page),
                    duration_ms: decided_after_ms,
                    backend_origin: self.config.backend_origin.clone(),
                    route: head.page.route.clone(),
                    result: None,
                    steps: Vec::new(),
                }),
            )
        }));
        let calls = self.calls();
        let capped = calls.len().saturating_sub(CALLS);
        let told = calls.into_iter().take(CALLS);
        events.extend(told.map(|(n, at, call)| event(n, at, EventKind::Request(call))));
        let unnamed = self.unnamed_calls();
        if self.gpc == Some(true) {
            head.detail = Detail::Private;
        } else if self.config.before_send {
            drop_events(head, DropReason::Withheld, unnamed);
        } else {
            drop_events(head, DropReason::HookFull, unnamed);
        }
        drop_events(head, DropReason::Capped, capped);
        head.page.release = self.config.release;
        head.page.backend_origin = self.config.backend_origin;
        events
    }

    fn failed_scripts(&self) -> u32 {
        let failed = self.queue.iter().filter(|note| {
            matches!(note, Note::Named(kind)
                if kind == "error script" || kind.starts_with("vite:preloadError"))
        });
        u32::try_from(failed.count()).unwrap_or(u32::MAX)
    }

    fn page_outcome(&self) -> PageOutcome {
        let Seen {
            now,
            loaded,
            mount_empty,
            ready_missing,
        } = self.seen;
        let failed = self.failed_scripts() > 0;
        let early = loaded
            .filter(|at| *at > 0.0)
            .is_none_or(|at| now < at + PATIENCE_MS);
        if !ready_missing {
            PageOutcome::Ready
        } else if !failed && early {
            PageOutcome::Abandoned
        } else if mount_empty {
            PageOutcome::Blank
        } else if failed {
            PageOutcome::Broken
        } else {
            PageOutcome::Incomplete
        }
    }

    /// Of these calls the hook says only that they were.
    fn unnamed_calls(&self) -> usize {
        let unnamed = |note: &&Note| matches!(note, Note::Named(kind) if kind == "r");
        self.queue.iter().filter(unnamed).count()
    }

    /// Number, start and fate of the calls that failed or are pending, in the order they were sent.
    fn calls(&self) -> Vec<(u32, f64, RequestAttempt)> {
        let mut ends: HashMap<u32, End> = HashMap::new();
        for note in &self.queue {
            if let Note::Ended('e', at, id, how, status) = note {
                let end = End {
                    at: *at,
                    how: how.to_ascii_lowercase(),
                    status: status.unwrap_or(0),
                };
                // An XMLHttpRequest used again tells the end of its earlier calls once more.
                if ends.get(id).is_none_or(|known| end.at < known.at) {
                    ends.insert(*id, end);
                }
            }
        }
        let calls = self.queue.iter().filter_map(|note| match note {
            Note::Sent('r', at, id, method, address) => {
                let call = self.call(*at, method, address, ends.get(id))?;
                Some((*id, *at, call))
            }
            _ => None,
        });
        let mut calls: Vec<_> = calls.collect();
        calls.sort_by(|(_, one, _), (_, other, _)| one.total_cmp(other));
        calls
    }

    fn call(
        &self,
        at: f64,
        method: &str,
        address: &str,
        end: Option<&End>,
    ) -> Option<RequestAttempt> {
        let outcome = outcome_of(end)?;
        let (backend_origin, route) = split(address);
        let expected = &self.config.expected_backend_origins;
        Some(RequestAttempt {
            method: cut(method, limits::NAME_BYTES),
            expected_origin: expected
                .as_ref()
                .is_none_or(|all| all.iter().any(|one| one == backend_origin)),
            backend_origin: cut(backend_origin, limits::ROUTE_BYTES),
            route: cut(route, limits::ROUTE_BYTES),
            outcome,
            finality: match end {
                Some(_) => Finality::Final,
                None => Finality::Provisional,
            },
            status: end.map_or(0, |end| end.status),
            duration_ms: whole(end.map_or(self.seen.now, |end| end.at) - at),
            result: None,
            diagnosis: None,
            initiator: Initiator::default(),
            online: true,
            connection: String::new(),
            headers_ms: 0,
            stream: None,
            trace: None,
        })
    }
}

fn drop_events(head: &mut Head, reason: DropReason, count: usize) {
    if count > 0 {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        head.dropped.push(DropCount { reason, count });
    }
}

/// Nothing for a call that ended well.
fn outcome_of(end: Option<&End>) -> Option<RequestOutcome> {
    let Some(End { how, status, .. }) = end else {
        return Some(RequestOutcome::Aborted);
    };
    if how == "load" {
        (*status >= 400).then_some(RequestOutcome::HttpError)
    } else if how.starts_with("abort") {
        Some(RequestOutcome::Aborted)
    } else if how.starts_with("timeout") {
        Some(RequestOutcome::Timeout)
    } else {
        Some(RequestOutcome::Unreachable)
    }
}

/// As the core cuts what it tells, never within a character.
fn cut(text: &str, bytes: usize) -> String {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}

/// Origin and path.
fn split(address: &str) -> (&str, &str) {
    let host = address.find("://").map_or(0, |at| at + 3);
    let path = address
        .get(host..)
        .and_then(|rest| rest.find('/'))
        .map_or(address.len(), |at| host + at);
    address.split_at(path)
}

/// Whole milliseconds; what is negative or no number is 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, which is what is wanted"
)]
fn whole(ms: f64) -> u32 {
    ms as u32
}
