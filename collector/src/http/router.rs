//! Every address the collector answers, on one screen.

use super::{api, beacons, guard, health, page, probe};
use crate::app::App;
use axum::Router;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get, post};
use std::sync::Arc;
use std::time::Duration;
use tower_http::cors::{Any, CorsLayer};
use tower_http::set_header::SetResponseHeaderLayer;

/// For browsers anywhere: beacons in, the probe out. Every answer, errors included, carries the CORS
/// headers that let a page read it; preflights are answered before anything else looks at them.
pub fn public(app: Arc<App>) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::CONTENT_TYPE])
        .expose_headers([header::RETRY_AFTER])
        .max_age(Duration::from_secs(24 * 60 * 60));
    Router::new()
        .route("/v1/beacons/{key}", any(beacons::take))
        .route("/probe/{file}", get(probe::file))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .method_not_allowed_fallback(beacons::wrong_method)
        .fallback(beacons::nowhere)
        .layer(cors)
        .with_state(app)
}

/// For the people who run the application: the page, the API, the metrics.
pub fn private(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(page::index))
        .route("/assets/{file}", get(page::asset))
        .route("/api/v1/slis", get(api::slis))
        .route("/api/v1/views", get(api::views))
        .route("/api/v1/views/{view}", get(api::view))
        .route("/api/v1/slos", get(api::slos))
        .route("/api/v1/findings", get(api::findings))
        .route("/api/v1/gaps", get(api::gaps))
        .route("/api/v1/deployments", post(api::note_deployment))
        .route("/api/v1/config", get(api::config))
        .route("/metrics", get(api::metrics))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz_in_full))
        .method_not_allowed_fallback(api::wrong_method)
        .fallback(api::nowhere)
        .layer(from_fn_with_state(Arc::clone(&app), guard::guard))
        .layer(set_header(
            "content-security-policy",
            "default-src 'self'; frame-ancestors 'none'",
        ))
        .layer(set_header("x-content-type-options", "nosniff"))
        .with_state(app)
}

fn set_header(name: &'static str, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(
        HeaderName::from_static(name),
        HeaderValue::from_static(value),
    )
}
