//! The browser's own objects and functions, bound one by one: each costs a line of glue, and a
//! lookup through `globalThis` would cost four.

use js_sys::Array;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = window)]
    static WINDOW: JsValue;

    #[wasm_bindgen(thread_local_v2, js_name = document)]
    static DOCUMENT: web_sys::Document;

    #[wasm_bindgen(js_namespace = performance, js_name = getEntriesByType)]
    fn entries_by_type(kind: &str) -> Array;

    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date_now() -> f64;

    /// Has `js/check.js` ask an origin; the answer comes as a tuple of the hook's queue, or never.
    #[wasm_bindgen(js_namespace = __sightline, js_name = check)]
    pub(crate) fn check(origin: &str, id: u32);

    /// Has `js/body.js` read one field of a body; the answer comes as a tuple of the hook's queue.
    #[wasm_bindgen(js_namespace = __sightline, js_name = read)]
    pub(crate) fn read_field(body: &JsValue, id: u32, at: f64, field: &str);
}

/// A property of the window, `undefined` where reading it throws.
pub(super) fn property(key: &str) -> JsValue {
    WINDOW.with(|window| super::get(window, key))
}

pub(super) fn with_document<T>(ask: impl FnOnce(&web_sys::Document) -> T) -> T {
    DOCUMENT.with(ask)
}

/// The client's clock, Unix milliseconds.
pub(crate) fn unix_now_ms() -> u64 {
    // Saturating: a clock before 1970 reads 0.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let now = date_now() as u64;
    now
}

/// The same in seconds.
pub(crate) fn unix_now_s() -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let now = (date_now() / 1_000.0) as u32;
    now
}

/// Performance entries of a type.
pub(super) fn entries(kind: &str) -> Array {
    entries_by_type(kind)
}
