//! Questions to the DOM. An invalid selector matches nothing.

use super::{get, text, window};
use wasm_bindgen::{JsCast, JsValue};

/// Origin of the document.
pub(crate) fn page_origin() -> String {
    text(&window::property("location"), "origin")
}

/// Path of the document.
pub(crate) fn path() -> String {
    text(&window::property("location"), "pathname")
}

/// Whether the page is in the background.
pub(crate) fn is_hidden() -> bool {
    window::with_document(web_sys::Document::hidden)
}

/// `navigator.onLine`; a browser that does not tell is taken to be online.
pub(crate) fn is_online() -> bool {
    get(&window::property("navigator"), "onLine").as_bool() != Some(false)
}

/// How many elements match.
pub(crate) fn count(selector: &str) -> u32 {
    let matches = window::with_document(|document| document.query_selector_all(selector));
    matches.map_or(0, |matches| matches.length())
}

/// Whether the first match has element children.
pub(crate) fn has_children(selector: &str) -> bool {
    let found = window::with_document(|document| document.query_selector(selector));
    matches!(found, Ok(Some(element)) if element.child_element_count() > 0)
}

/// Whether an element or one of its ancestors matches.
pub(super) fn is_within(element: &JsValue, selector: &str) -> bool {
    // The target of a click may be the document or a text node, which have no `closest`: it throws.
    let element: &web_sys::Element = element.unchecked_ref();
    matches!(element.closest(selector), Ok(Some(_)))
}
