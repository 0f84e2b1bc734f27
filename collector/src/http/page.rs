//! The dashboard: one page and its assets, built into the binary so that it needs nothing beside it.

use super::problem::Problem;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "dashboard/"]
struct Dashboard;

pub(super) async fn index() -> Response {
    embedded("index.html")
}

pub(super) async fn asset(Path(file): Path<String>) -> Response {
    embedded(&file)
}

fn embedded(file: &str) -> Response {
    let Some(found) = Dashboard::get(file) else {
        return Problem::new(
            StatusCode::NOT_FOUND,
            "not_found",
            format!("the dashboard has no {file:?}"),
            "GET /assets/{file}",
            "open /",
        )
        .into_response();
    };
    let mime = match file.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let headers = [
        (header::CONTENT_TYPE, mime),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, found.data.into_owned()).into_response()
}
