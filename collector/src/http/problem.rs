//! The one shape of an error: a reason for programs; what, where and what to do for people.

use crate::ingest::{Refused, RefusedEvent};
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

/// A refused beacon as its sender reads it.
pub(super) fn refusal(refused: Refused) -> Response {
    let rejection = refused.rejection;
    let (what, what_to_do) = rejection.advice();
    let body = RefusalBody {
        reason: rejection.label(),
        what,
        place: "POST /v1/beacons/{key}",
        what_to_do,
        rejected: refused.events,
    };
    let status =
        StatusCode::from_u16(rejection.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(body)).into_response();
    let headers = response.headers_mut();
    if let Some(seconds) = refused.retry_after_s {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, HeaderValue::from_static("POST, OPTIONS"));
    }
    response
}
