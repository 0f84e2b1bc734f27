//! The only rooms that touch the page: the hook's queue, the DOM, the browser's performance entries,
//! bodies of answers and the tab's storage. Plain values leave; nothing here decides an outcome.

mod dom;
mod hook;
mod storage;
mod timing;
mod window;

pub(crate) use dom::{count, has_children, is_hidden, is_online, page_origin, path};
pub(crate) use hook::{Entry, Hook};
pub(crate) use storage::{Tab, remember};
pub(crate) use timing::{navigation, touched};
pub(crate) use window::{check, read_field, unix_now_ms, unix_now_s};

use wasm_bindgen::JsValue;

/// A property, `undefined` when it is missing or reading it throws.
fn get(object: &JsValue, key: &str) -> JsValue {
    js_sys::Reflect::get(object, &JsValue::from_str(key)).unwrap_or(JsValue::UNDEFINED)
}

/// A numeric property, 0 when it is none.
fn number(object: &JsValue, key: &str) -> f64 {
    get(object, key).as_f64().unwrap_or_default()
}

/// A text property, empty when it is none.
fn text(object: &JsValue, key: &str) -> String {
    get(object, key).as_string().unwrap_or_default()
}
