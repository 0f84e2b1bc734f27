//! The browser's own objects and functions, bound one by one: each costs a line of glue, and a
//! lookup through `globalThis` would cost four.

use crate::Millis;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = window)]
    static WINDOW: JsValue;

    #[wasm_bindgen(thread_local_v2, js_name = document)]
    static DOCUMENT: web_sys::Document;

    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;

    #[wasm_bindgen(js_namespace = performance, js_name = getEntriesByType)]
    fn entries_by_type(kind: &str) -> Array;

    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date_now() -> f64;

    #[wasm_bindgen(js_namespace = Math, js_name = random)]
    fn math_random() -> f64;

    #[wasm_bindgen(js_namespace = navigator, js_name = sendBeacon, catch)]
    fn send_beacon(url: &str, body: &Uint8Array) -> Result<bool, JsValue>;
}

/// A property of the window, `undefined` where reading it throws.
pub(super) fn property(key: &str) -> JsValue {
    WINDOW.with(|window| super::get(window, key))
}

pub(super) fn with_document<T>(ask: impl FnOnce(&web_sys::Document) -> T) -> T {
    DOCUMENT.with(ask)
}

/// Milliseconds since the start of the navigation; does not jump when the clock is set.
pub(crate) fn now() -> Millis {
    performance_now()
}

/// The client's clock, Unix milliseconds.
pub(crate) fn unix_now_ms() -> u64 {
    // Saturating: a clock before 1970 reads 0.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let now = date_now() as u64;
    now
}

/// Between 0 and 1.
pub(crate) fn random() -> f64 {
    math_random()
}

/// Performance entries of a type.
pub(super) fn entries(kind: &str) -> Array {
    entries_by_type(kind)
}

/// Hands bytes to the browser for sending after the page. False when it does not take them.
pub(crate) fn hand_over(url: &str, bytes: &[u8]) -> bool {
    send_beacon(url, &Uint8Array::from(bytes)).unwrap_or(false)
}

/// The early hook's object.
pub(super) fn hook() -> JsValue {
    property("__sightline").unchecked_into()
}
