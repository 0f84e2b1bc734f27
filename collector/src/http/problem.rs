//! The one shape of an error: a reason for programs; what, where and what to do for people.

use crate::ingest::{Refused, RefusedEvent, Rejection};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::borrow::Cow;

/// An error as it is answered.
#[derive(Debug, Serialize)]
pub(super) struct Problem {
    #[serde(skip)]
    status: StatusCode,
    reason: &'static str,
    what: Cow<'static, str>,
    #[serde(rename = "where")]
    place: Cow<'static, str>,
    what_to_do: Cow<'static, str>,
}

impl Problem {
    pub(super) fn new(
        status: StatusCode,
        reason: &'static str,
        what: impl Into<Cow<'static, str>>,
        place: impl Into<Cow<'static, str>>,
        what_to_do: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            reason,
            what: what.into(),
            place: place.into(),
            what_to_do: what_to_do.into(),
        }
    }

    /// An internal failure: told to the log, not to the asker.
    pub(super) fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a query failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the collector could not answer",
            "the collector",
            "try again; the collector's log has the cause",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, Json(self)).into_response()
    }
}

#[derive(Serialize)]
struct RefusalBody {
    reason: &'static str,
    what: &'static str,
    #[serde(rename = "where")]
    place: &'static str,
    what_to_do: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rejected: Vec<RefusedEvent>,
}

impl From<Refused> for RefusalBody {
    fn from(refused: Refused) -> Self {
        let (what, what_to_do) = refused.rejection.advice();
        Self {
            reason: refused.rejection.label(),
            what,
            place: "POST /v1/beacons/{key}",
            what_to_do,
            rejected: refused.events,
        }
    }
}

/// A refused beacon as its sender reads it.
pub(super) fn refusal(refused: Refused) -> Response {
    let retry_after_s = refused.retry_after_s;
    let status = status_of(refused.rejection);
    let mut response = (status, Json(RefusalBody::from(refused))).into_response();
    let headers = response.headers_mut();
    if let Some(seconds) = retry_after_s {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, HeaderValue::from_static("POST, OPTIONS"));
    }
    response
}

/// The same for a sender whose request no router sees, with what the router would add; the connection
/// stays open.
pub fn raw_refusal(refused: Refused) -> Vec<u8> {
    let status = status_of(refused.rejection);
    let retry_after = refused
        .retry_after_s
        .map(|seconds| format!("retry-after: {seconds}\r\n"));
    let body = serde_json::to_string(&RefusalBody::from(refused)).unwrap_or_default();
    format!(
        "HTTP/1.1 {status}\r\naccess-control-allow-origin: *\r\naccess-control-expose-headers: \
         retry-after\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{}\r\n{body}",
        body.len(),
        retry_after.unwrap_or_default(),
    )
    .into_bytes()
}

fn status_of(rejection: Rejection) -> StatusCode {
    StatusCode::from_u16(rejection.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
