//! What a tab remembers from one view to the next: its session, and the last beacon of the view
//! before. Kept in `sessionStorage`; a browser without it has no session and no previous view.

use super::{get, window};
use crate::session::Visit;
use crate::text::push_decimal;
use beacon::{PreviousView, SessionId, ViewId};
use js_sys::Reflect;
use wasm_bindgen::JsValue;

const KEY: &str = "sightline";

/// What the tab remembered, or a new session.
#[derive(Default)]
pub(crate) struct Tab {
    pub(crate) session: Option<(SessionId, Visit)>,
    pub(crate) previous: Option<PreviousView>,
}

impl Tab {
    /// Reads `session.since.active.view.seq`; begins a visit under the id `random` when there is none,
    /// or when it is over.
    pub(crate) fn read(random: SessionId, now_s: u32) -> Self {
        let Some(storage) = storage() else {
            return Self::default();
        };
        let kept = get(&storage, KEY).as_string();
        let new = (random, Visit::begin(now_s));
        let Some((session, visit, previous)) = kept.as_deref().and_then(parse) else {
            return Self {
                session: Some(new),
                previous: None,
            };
        };
        let now = visit.at(now_s);
        let goes_on = now.since_s == visit.since_s;
        Self {
            session: Some(if goes_on { (session, now) } else { new }),
            previous: Some(previous),
        }
    }
}

/// Notes the last beacon of this view, for the next one in this tab.
pub(crate) fn remember((session, visit): (SessionId, Visit), view: ViewId, last_seq: u32) {
    let Some(storage) = storage() else { return };
    let mut kept = session.to_hex();
    for seconds in [visit.since_s, visit.active_s] {
        kept.push('.');
        push_decimal(&mut kept, seconds);
    }
    kept.push('.');
    kept.push_str(&view.to_hex());
    kept.push('.');
    push_decimal(&mut kept, last_seq);
    // A full or forbidden storage costs the next view its reference to this one.
    let _ = Reflect::set(&storage, &JsValue::from_str(KEY), &JsValue::from_str(&kept));
}

fn storage() -> Option<JsValue> {
    let storage = window::property("sessionStorage");
    storage.is_object().then_some(storage)
}

fn parse(kept: &str) -> Option<(SessionId, Visit, PreviousView)> {
    let mut parts = kept.split('.');
    let session = parts.next()?.parse().ok()?;
    let visit = Visit {
        since_s: parts.next()?.parse().ok()?,
        active_s: parts.next()?.parse().ok()?,
    };
    let view: ViewId = parts.next()?.parse().ok()?;
    let last_seq = parts.next()?.parse().ok()?;
    Some((session, visit, PreviousView { view, last_seq }))
}
