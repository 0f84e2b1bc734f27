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
const FILES: [(&str, &str); 3] = [
    ("early.js", SCRIPT),
    ("core.js", SCRIPT),
    ("core.wasm", "application/wasm"),
];

pub(super) async fn file(State(app): State<Arc<App>>, Path(name): Path<String>) -> Response {
    if let Some((file, mime)) = FILES.into_iter().find(|(file, _)| *file == name) {
        return match tokio::fs::read(app.probe_dir().join(file)).await {
            Ok(bytes) => served(mime, bytes),
            Err(_) => absent(file),
        };
    }
    let config = name
        .strip_suffix(".js")
        .and_then(|key| app.probe_config(key));
    let Some(config) = config else {
        return absent("the file");
    };
    match tokio::fs::read_to_string(app.probe_dir().join("early.js")).await {
        Ok(early) => served(
            SCRIPT,
            format!("globalThis.__sightlineConfig = {config};\n{early}").into_bytes(),
        ),
        Err(_) => absent("early.js"),
    }
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
        "build the probe into the collector's probe_dir; there are early.js, core.js, core.wasm and \
         {key}.js for each application with a [probe] table",
    )
    .into_response()
}
