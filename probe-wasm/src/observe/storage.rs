//! What a tab remembers from one view to the next: its session, and the last beacon of the view
//! before. Kept in `sessionStorage`; a browser without it has no session and no previous view.

use super::{get, window};
use crate::text::push_decimal;
use beacon::{PreviousView, SessionId, ViewId};
use js_sys::Reflect;
use wasm_bindgen::JsValue;

const KEY: &str = "sightline";

/// What the tab remembered, or a new session.
pub(crate) struct Tab {
    pub(crate) session: Option<SessionId>,
    pub(crate) previous: Option<PreviousView>,
}

impl Tab {
    /// Reads `session.view.seq`; draws a session from `random` when there is none.
    pub(crate) fn read(random: SessionId) -> Self {
        let Some(storage) = storage() else {
            return Self {
                session: None,
                previous: None,
            };
        };
        let kept = get(&storage, KEY).as_string();
        let parsed = kept.as_deref().and_then(parse);
        match parsed {
            Some((session, previous)) => Self {
                session: Some(session),
                previous,
            },
            None => Self {
                session: Some(random),
                previous: None,
            },
        }
    }
}

/// Notes the last beacon of this view, for the next one in this tab.
pub(crate) fn remember(session: SessionId, view: ViewId, last_seq: u32) {
    let Some(storage) = storage() else { return };
    let mut kept = session.to_hex();
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

fn parse(kept: &str) -> Option<(SessionId, Option<PreviousView>)> {
    let mut parts = kept.split('.');
    let session = parts.next()?.parse().ok()?;
    let view: ViewId = parts.next()?.parse().ok()?;
    let last_seq = parts.next()?.parse().ok()?;
    Some((session, Some(PreviousView { view, last_seq })))
}
