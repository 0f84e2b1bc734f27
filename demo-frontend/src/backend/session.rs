//! `POST /login` and `GET /logout`. The session is the user's name; no cookie is set or read.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::attempt::Verdict;
use super::cors::without_cors;
use super::draws::Operation;
use super::{Backend, User, internal_error, no_branch};

/// Failures leave without CORS headers, as the real server's do: the page sees a network error.
pub(super) async fn login(
    State(backend): State<Arc<Backend>>,
    user: User,
    method: Method,
) -> Response {
    if method != Method::POST {
        return no_branch();
    }
    if user.0.is_empty() {
        return without_cors((StatusCode::UNAUTHORIZED, "no user\n").into_response());
    }
    match backend.attempt(Operation::Login, user.population()).await {
        Verdict::Success => {
            backend.accounts.sign_in(&user);
            Json(json!({ "login": "success" })).into_response()
        }
        Verdict::Failure => without_cors(internal_error("login failed\n")),
    }
}

pub(super) async fn logout(
    State(backend): State<Arc<Backend>>,
    user: User,
    method: Method,
) -> Response {
    if method != Method::GET {
        return no_branch();
    }
    // Always succeeds, with or without a session.
    backend.attempt(Operation::Logout, user.population()).await;
    backend.accounts.sign_out(&user);
    Json(json!({ "logout": "success" })).into_response()
}
