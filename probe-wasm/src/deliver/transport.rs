//! Bytes leave for the collector by `fetch` with `keepalive` while the page lives; when it is hidden
//! `observe` hands them to `sendBeacon`. No header is set and the body has no type, so no preflight is made.

use super::Answer;
use gloo_net::http::Request;
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::JsValue;

/// Sends and waits for the collector's word.
pub(crate) async fn send(endpoint: &str, bytes: &[u8]) -> Answer {
    let Some(request) = request(endpoint, bytes) else {
        return Answer::Refused;
    };
    let Ok(response) = Request::from(request).send().await else {
        return Answer::Later(None);
    };
    let asked = response
        .headers()
        .get("retry-after")
        .and_then(|seconds| seconds.parse::<u32>().ok());
    let status = response.status();
    // An unread body holds the browser's keepalive quota.
    let _ = response.binary().await;
    match status {
        200..=299 => Answer::Taken,
        408 | 429 | 500.. => Answer::Later(asked.map(|seconds| f64::from(seconds) * 1_000.0)),
        _ => Answer::Refused,
    }
}

fn request(endpoint: &str, bytes: &[u8]) -> Option<web_sys::Request> {
    let init = web_sys::RequestInit::new();
    init.set_method("POST");
    init.set_credentials(web_sys::RequestCredentials::Omit);
    init.set_body(&Uint8Array::from(bytes));
    // web-sys has no setter for it.
    Reflect::set(&init, &JsValue::from_str("keepalive"), &JsValue::TRUE).ok()?;
    web_sys::Request::new_with_str_and_init(endpoint, &init).ok()
}
