//! `/api/v1` and `/metrics`: queries in, JSON and the exposition text out.

use super::problem::Problem;
use super::query::{AppQuery, SliQuery, ViewsQuery, parsed};
use crate::app::{
    App, Deployment, FindingsAnswer, GapsAnswer, Latencies, ObjectivesAnswer, Reloads, SliAnswer,
    SliQuestion,
};
use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;

/// Bytes of a text in what an operator tells.
const NOTED: usize = 500;

pub(super) async fn slis(
    State(app): State<Arc<App>>,
    query: Result<Query<SliQuery>, QueryRejection>,
) -> Result<Json<SliAnswer>, Problem> {
    let query = parsed(query)?;
    let question = SliQuestion {
        app: named_app(&app, query.app.as_deref())?,
        window: query.window(app.now_ms())?,
        release: query.release,
        deployment: query.deployment,
        backend_origin: query.backend_origin,
        split: query.split,
    };
    app.slis(question)
        .await
        .map(Json)
        .map_err(|error| Problem::internal(&error))
}

pub(super) async fn views(
    State(app): State<Arc<App>>,
    query: Result<Query<ViewsQuery>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let query = parsed(query)?;
    let name = named_app(&app, query.app.as_deref())?;
    let filter = query.into_filter(name.clone(), app.now_ms())?;
    let views = app
        .store()
        .views(filter)
        .await
        .map_err(|error| Problem::internal(&error))?;
    let raw = app.store().raw_kept().await;
    let raw = raw.map_err(|error| Problem::internal(&error))?;
    Ok(Json(json!({
        "app": name, "views": views.views, "truncated": views.truncated, "raw": raw,
    })))
}

pub(super) async fn view(
    State(app): State<Arc<App>>,
    Path(view): Path<String>,
) -> Result<Json<Value>, Problem> {
    let not_found = || {
        Problem::new(
            StatusCode::NOT_FOUND,
            "unknown_view",
            "no beacon of this view has arrived",
            "the path",
            "give the 32 hex digits of a view listed by /api/v1/views",
        )
    };
    let id = view.parse().map_err(|_| not_found())?;
    let found = app
        .store()
        .view(id)
        .await
        .map_err(|error| Problem::internal(&error))?;
    found.map(Json).ok_or_else(not_found)
}

/// How the objectives stand.
pub(super) async fn slos(State(app): State<Arc<App>>) -> Result<Json<ObjectivesAnswer>, Problem> {
    let objectives = app.objectives().await;
    objectives
        .map(Json)
        .map_err(|error| Problem::internal(&error))
}

pub(super) async fn findings(
    State(app): State<Arc<App>>,
    query: Result<Query<AppQuery>, QueryRejection>,
) -> Result<Json<FindingsAnswer>, Problem> {
    let name = named_app(&app, parsed(query)?.app.as_deref())?;
    let found = app.findings(name).await;
    let found = found.map_err(|error| Problem::internal(&error))?;
    found.map(Json).ok_or_else(no_such_app)
}

pub(super) async fn gaps(
    State(app): State<Arc<App>>,
    query: Result<Query<SliQuery>, QueryRejection>,
) -> Result<Json<GapsAnswer>, Problem> {
    let query = parsed(query)?;
    let name = named_app(&app, query.app.as_deref())?;
    let window = query.window(app.now_ms())?;
    let gaps = app.gaps(name, window, Latencies::Wanted).await;
    gaps.map(Json).map_err(|error| Problem::internal(&error))
}

/// The body must be declared as JSON, which no page of somebody else's can do without being asked.
pub(super) async fn note_deployment(
    State(app): State<Arc<App>>,
    body: Result<Json<Deployment>, JsonRejection>,
) -> Result<(StatusCode, Json<Deployment>), Problem> {
    let Json(deployment) = body.map_err(|error| {
        Problem::new(
            error.status(),
            "bad_deployment",
            error.body_text(),
            "the body",
            "send JSON as application/json: {\"release\": \"…\"}, and where wanted app, deployment, \
             at_ms and note",
        )
    })?;
    let texts = [
        Some(&deployment.release),
        deployment.deployment.as_ref(),
        deployment.note.as_ref(),
    ];
    if texts.into_iter().flatten().any(|text| text.len() > NOTED) {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "bad_deployment",
            format!("a text is longer than {NOTED} bytes"),
            "the body",
            "say it shorter",
        ));
    }
    let name = named_app(&app, deployment.app.as_deref())?;
    match app.note_deployment(name, deployment).await {
        Ok(noted) => Ok((StatusCode::CREATED, Json(noted))),
        Err(error) => Err(Problem::internal(&error)),
    }
}

/// What became of the configuration since the start.
pub(super) async fn config(State(app): State<Arc<App>>) -> Json<Reloads> {
    Json(app.reloads().read())
}

pub(super) async fn metrics(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let text = app
        .metrics()
        .await
        .map_err(|error| Problem::internal(&error))?;
    let mime = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, mime)], text).into_response())
}

/// Everything else on the private listener.
pub(super) async fn nowhere() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is nothing at this address",
        "the private listener",
        "it has /, /api/v1/slis, /api/v1/views, /api/v1/views/{view}, /api/v1/findings, /api/v1/gaps, \
         /api/v1/deployments, /api/v1/config, /metrics, \
         /healthz and /readyz",
    )
}

/// A known address, asked in a way it does not answer.
pub(super) async fn wrong_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this address is only read",
        "the private listener",
        "use GET",
    )
}

fn no_such_app() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "unknown_app",
        "nothing is known of this application yet",
        "app in the query string",
        "name one that was configured when the collector started",
    )
}

/// The application asked for, or the only one there is.
fn named_app(app: &App, name: Option<&str>) -> Result<String, Problem> {
    let settings = app.settings();
    let known: Vec<&str> = settings.app_names().collect();
    match (name, known.as_slice()) {
        (None, [only]) => Ok((*only).to_owned()),
        (Some(name), known) if known.contains(&name) => Ok(name.to_owned()),
        (name, known) => Err(Problem::new(
            StatusCode::NOT_FOUND,
            "unknown_app",
            format!("no application is named {:?}", name.unwrap_or_default()),
            "app in the query string",
            format!("name one of: {}", known.join(", ")),
        )),
    }
}
