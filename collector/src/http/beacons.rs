//! `POST /v1/beacons/{key}`: from headers and body to a knock and bytes, and from the verdict to an
//! answer. 204 without a body when everything was taken, since an unread body would hold the page's
//! keepalive quota; 200 with the list when part was refused.

use super::body::{self, BodyLimits};
use super::browser::browser;
use super::client::client_of;
use super::problem::{Problem, refusal};
use crate::app::{App, Taken};
use crate::compare::blindspot::Surroundings;
use crate::config::IngestConfig;
use crate::ingest::{Knock, Refused, Rejection, Verdict};
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

pub(super) async fn take(
    State(app): State<Arc<App>>,
    key: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    // A key that is no text is nobody's key.
    let key = key.map(|Path(key)| key).unwrap_or_default();
    let mut verdict = app.tally().beacon_received();
    let (parts, body) = request.into_parts();
    let settings = app.settings();
    let mut knock = knock_of(&key, &parts.headers);
    knock.client = client_of(&parts, &settings.config.listen.trusted_proxies);
    let refuse = |verdict: Verdict, refused: Refused| {
        app.tell_refused(refused.rejection, &knock);
        verdict.rejected(&refused);
        refusal(refused)
    };
    if parts.method != Method::POST {
        return refuse(verdict, Rejection::MethodNotAllowed.into());
    }
    let entrant = match app.open(&knock) {
        Ok(entrant) => entrant,
        Err(refused) => return refuse(verdict, refused),
    };
    let limits = limits_of(&settings.config.ingest);
    let read = match body::read(body, limits, app.bodies()).await {
        Ok(read) => read,
        Err(rejection) => return refuse(verdict, rejection.into()),
    };
    let accepted = match app.admit(&entrant, &read.bytes, &mut verdict) {
        Ok(accepted) => accepted,
        Err(refused) => return refuse(verdict, refused),
    };
    let user_agent = parts.headers.get(header::USER_AGENT);
    let from = Surroundings {
        network: knock.client.map(|client| app.network_number(client)),
        browser: user_agent
            .and_then(|value| value.to_str().ok())
            .and_then(browser),
        ..Surroundings::default()
    };
    match app.keep(accepted, from, verdict).await {
        Ok(taken) => answer(&taken),
        Err(refused) => {
            app.tell_refused(refused.rejection, &knock);
            refusal(refused)
        }
    }
}

/// Everything else on the public listener. What is posted there was meant as a beacon, and counts.
pub(super) async fn nowhere(State(app): State<Arc<App>>, method: Method) -> Response {
    if method == Method::POST {
        let refused = Refused::from(Rejection::NotFound);
        app.tally().beacon_received().rejected(&refused);
        return refusal(refused);
    }
    Problem::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is nothing at this address",
        "the public listener",
        "it has POST /v1/beacons/{key}, GET /probe/{file}, GET /healthz and GET /readyz",
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
        client: None,
        encoded: headers
            .get_all(header::CONTENT_ENCODING)
            .iter()
            .any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity")),
    }
}

fn limits_of(ingest: &IngestConfig) -> BodyLimits {
    BodyLimits {
        bytes: ingest.body_bytes,
        all_bytes: ingest.bodies_bytes,
        within: Duration::from_millis(ingest.body_timeout_ms),
    }
}
