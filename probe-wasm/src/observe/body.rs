//! Reads one configured field of an answer's body, and nothing else of it.

use super::{get, number};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Bodies larger than this are not looked at, in bytes.
const LIMIT: f64 = 256.0 * 1024.0;

/// The field's value; `Some(None)` when the body has no such field or is not JSON; `None` when it
/// cannot be read or is too large. A body is text, a blob, a buffer or an object already parsed.
pub(crate) async fn field_of(body: JsValue, field: &str) -> Option<Option<String>> {
    let parsed = if let Some(blob) = body.dyn_ref::<web_sys::Blob>() {
        if blob.size() > LIMIT {
            return None;
        }
        parse(&JsFuture::from(blob.text()).await.ok()?)
    } else if body.is_instance_of::<js_sys::ArrayBuffer>() {
        if number(&body, "byteLength") > LIMIT {
            return None;
        }
        let bytes = js_sys::Uint8Array::new(&body).to_vec();
        String::from_utf8(bytes)
            .ok()
            .and_then(|text| parse(&JsValue::from_str(&text)))
    } else if body.is_string() {
        if number(&body, "length") > LIMIT {
            return None;
        }
        parse(&body)
    } else if body.is_object() {
        Some(body)
    } else {
        return None;
    };
    Some(parsed.and_then(|parsed| get(&parsed, field).as_string()))
}

fn parse(text: &JsValue) -> Option<JsValue> {
    js_sys::JSON::parse(&text.as_string()?).ok()
}
