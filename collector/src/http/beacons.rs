//! `POST /v1/beacons/{key}`: from headers and body to a knock and bytes, and from the verdict to an
//! answer. 204 without a body when everything was taken, since an unread body would hold the page's
//! keepalive quota; 200 with the list when part was refused.

use super::problem::{Problem, refusal};
use crate::app::{App, Taken};
use crate::ingest::{Knock, Refused, Rejection};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::json;
use std::sync::Arc;

pub(super) async fn take(
    State(app): State<Arc<App>>,
    key: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    // A key that is no text is nobody's key.
    let key = key.map(|Path(key)| key).unwrap_or_default();
    let mut verdict = app.tally().beacon_received();
    let (parts, body) = request.into_parts();
    if parts.method != Method::POST {
        return refuse(verdict, Rejection::MethodNotAllowed.into());
    }
    let knock = knock_of(&key, &parts.headers);
    let entrant = match app.open(&knock) {
        Ok(entrant) => entrant,
        Err(rejection) => return refuse(verdict, rejection.into()),
    };
    let bytes = match read(&app, body).await {
        Ok(bytes) => bytes,
        Err(rejection) => return refuse(verdict, rejection.into()),
    };
    let accepted = match app.admit(&entrant, &bytes, &mut verdict) {
        Ok(accepted) => accepted,
        Err(refused) => return refuse(verdict, refused),
    };
    match app.keep(accepted, verdict).await {
        Ok(taken) => answer(&taken),
        Err(refused) => refusal(refused),
    }
}

/// Everything else on the public listener. What is posted there was meant as a beacon, and counts.
pub(super) async fn nowhere(State(app): State<Arc<App>>, method: Method) -> Response {
    if method == Method::POST {
        return refuse(app.tally().beacon_received(), Rejection::NotFound.into());
    }
    Problem::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is nothing at this address",
        "the public listener",
        "it has POST /v1/beacons/{key}, GET /probe/{file} and GET /healthz",
    )
    .into_response()
}

/// A known address, asked in a way it does not answer.
pub(super) async fn wrong_method() -> Response {
    let mut response = Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this address is only read",
        "the public listener",
        "use GET",
    )
    .into_response();
    response
        .headers_mut()
        .insert(header::ALLOW, header::HeaderValue::from_static("GET, HEAD"));
    response
}

fn refuse(verdict: crate::ingest::Verdict, refused: Refused) -> Response {
    verdict.rejected(&refused);
    refusal(refused)
}

fn answer(taken: &Taken) -> Response {
    if taken.refused.is_empty() {
        return StatusCode::NO_CONTENT.into_response();
    }
    Json(json!({ "accepted": taken.accepted, "rejected": taken.refused })).into_response()
}

fn knock_of<'a>(key: &'a str, headers: &'a HeaderMap) -> Knock<'a> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    Knock {
        key,
        origin: text(header::ORIGIN),
        header_bytes: headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len())
            .sum(),
        content_length: text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok()),
        encoded: headers
            .get_all(header::CONTENT_ENCODING)
            .iter()
            .any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity")),
    }
}

/// The body, counted while it arrives: Content-Length may be absent.
async fn read(app: &App, body: Body) -> Result<Bytes, Rejection> {
    let limited = Limited::new(body, app.body_bytes());
    match tokio::time::timeout(app.body_timeout(), limited.collect()).await {
        Err(_) => Err(Rejection::BodyTimeout),
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Rejection::BodyTooLarge),
        Ok(Err(_)) => Err(Rejection::Aborted),
    }
}
