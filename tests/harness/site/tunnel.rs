//! A tunnel: a request below a path of this site goes to another server, and its answer comes back.

use super::backend::BODY_BYTES;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// What a beacon's receiver looks at.
const PASSED_ON: [header::HeaderName; 3] =
    [header::CONTENT_TYPE, header::ORIGIN, header::USER_AGENT];

/// Passes the request on below `to`, without the first segment of its path.
pub(super) async fn through(to: &str, request: Request) -> Response {
    answer(to, request).await.unwrap_or_else(|error| {
        let text = format!("{to}: {error:#}");
        (StatusCode::BAD_GATEWAY, text).into_response()
    })
}

async fn answer(to: &str, request: Request) -> anyhow::Result<Response> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().trim_start_matches('/');
    let rest = path.split_once('/').map_or("", |(_, rest)| rest);
    let mut passed = reqwest::Client::new().request(parts.method, format!("{to}/{rest}"));
    for name in PASSED_ON {
        if let Some(value) = parts.headers.get(&name) {
            passed = passed.header(name, value);
        }
    }
    let answer = passed
        .body(to_bytes(body, BODY_BYTES).await?)
        .send()
        .await?;
    let status = answer.status();
    let kind = answer.headers().get(header::CONTENT_TYPE).cloned();
    let body = answer.bytes().await?;
    let mut answer = (status, body).into_response();
    if let Some(kind) = kind {
        answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    Ok(answer)
}
