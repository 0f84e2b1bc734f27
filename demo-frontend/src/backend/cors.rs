//! CORS as the real server has it: the caller's own origin allowed with credentials, on every answer but
//! /login's failures. No Max-Age, no Expose-Headers, no Timing-Allow-Origin.

use axum::extract::Request;
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

const ALLOWED_HEADERS: HeaderValue = HeaderValue::from_static(
    "user, Origin, Cookie, Accept, Content-Type, Content-Length, Accept-Encoding,Authorization",
);
const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, DELETE, OPTIONS");

/// Marks an answer that leaves without CORS headers: to the page it is a network error.
#[derive(Clone, Copy, Debug)]
struct WithoutCors;

pub(super) fn without_cors(mut response: Response) -> Response {
    response.extensions_mut().insert(WithoutCors);
    response
}

pub(super) async fn allow(request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let preflight = request.method() == Method::OPTIONS;
    let mut response = if preflight {
        ().into_response()
    } else {
        next.run(request).await
    };
    if response.extensions().get::<WithoutCors>().is_some() {
        return response;
    }
    let headers = response.headers_mut();
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
        HeaderValue::from_static("true"),
    );
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
    if preflight {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS);
    }
    response
}
