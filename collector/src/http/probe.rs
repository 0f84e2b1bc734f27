//! The built probe as files: the fallback origin of the core, and a one-line loader for pages without
//! a bundler. Unhashed names, so never cached without asking; readable and timeable from any origin.

use super::problem::Problem;
use crate::app::App;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

const SCRIPT: &str = "text/javascript; charset=utf-8";
/// The files there are: a closed list, so that no path can reach out of the folder.
const FILES: [(&str, &str); 10] = [
    ("early.js", SCRIPT),
    ("core.js", SCRIPT),
    ("more.js", SCRIPT),
    ("api.js", SCRIPT),
    ("check.js", SCRIPT),
    ("console.js", SCRIPT),
    ("events.js", SCRIPT),
    ("debug.js", SCRIPT),
    ("trace.js", SCRIPT),
    ("core.wasm", "application/wasm"),
];

pub(super) async fn file(State(app): State<Arc<App>>, Path(name): Path<String>) -> Response {
    let settings = app.settings();
    if let Some((file, mime)) = FILES.into_iter().find(|(file, _)| *file == name) {
        return match tokio::fs::read(settings.config.probe_dir.join(file)).await {
            Ok(bytes) => served(mime, bytes),
            Err(_) => absent(file),
        };
    }
    let config = name
        .strip_suffix(".js")
        .and_then(|key| settings.probe_config(key));
    let Some(config) = config else {
        return absent("the file");
    };
    let script =
        async |name: &str| tokio::fs::read_to_string(settings.config.probe_dir.join(name)).await;
    let Ok(mut text) = script("early.js").await else {
        return absent("early.js");
    };
    if is_traced(config) {
        let Ok(trace) = script("trace.js").await else {
            return absent("trace.js");
        };
        text = format!("{text};\n{trace}");
    }
    served(
        SCRIPT,
        format!("globalThis.__sightlineConfig = {config};\n{text}").into_bytes(),
    )
}

/// Whether calls of the pages are to carry a trace context, which takes a script of its own.
fn is_traced(config: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(config).is_ok_and(|config| {
        let origins = config["traceOrigins"].as_array();
        origins.is_some_and(|origins| !origins.is_empty())
    })
}

fn served(mime: &'static str, bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, mime),
        (header::CACHE_CONTROL, "no-cache"),
        (header::HeaderName::from_static("timing-allow-origin"), "*"),
        (
            header::HeaderName::from_static("cross-origin-resource-policy"),
            "cross-origin",
        ),
    ];
    (headers, bytes).into_response()
}

fn absent(file: &str) -> Response {
    Problem::new(
        StatusCode::NOT_FOUND,
        "not_found",
        format!("{file} is not there"),
        "GET /probe/{file}",
        "build the probe into the collector's probe_dir; there are early.js, core.js, core.wasm, \
         more.js, api.js, check.js, console.js, events.js, debug.js, trace.js and {key}.js for each application with a [probe] table",
    )
    .into_response()
}
