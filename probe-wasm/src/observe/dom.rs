//! Questions to the DOM. An invalid selector matches nothing.

use super::{get, text};
use wasm_bindgen::{JsCast, JsValue};

fn document() -> Option<web_sys::Document> {
    js_sys::global()
        .dyn_into::<web_sys::Window>()
        .ok()?
        .document()
}

/// Origin of the document.
pub(crate) fn page_origin() -> String {
    text(&get(&js_sys::global(), "location"), "origin")
}

/// Path of the document.
pub(crate) fn path() -> String {
    text(&get(&js_sys::global(), "location"), "pathname")
}

/// Whether the page is in the background.
pub(crate) fn is_hidden() -> bool {
    document().is_some_and(|document| document.hidden())
}

/// How many elements match.
pub(crate) fn count(selector: &str) -> u32 {
    let matches = document().and_then(|document| document.query_selector_all(selector).ok());
    matches.map_or(0, |matches| matches.length())
}

/// Whether the first match has element children.
pub(crate) fn has_children(selector: &str) -> bool {
    let found = document().and_then(|document| document.query_selector(selector).ok().flatten());
    found.is_some_and(|element| element.child_element_count() > 0)
}

/// Whether an element or one of its ancestors matches.
pub(super) fn is_within(element: &JsValue, selector: &str) -> bool {
    let element = element.dyn_ref::<web_sys::Element>();
    element.is_some_and(|element| matches!(element.closest(selector), Ok(Some(_))))
}
