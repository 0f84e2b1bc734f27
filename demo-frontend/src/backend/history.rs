//! `GET` and `DELETE /history`: the conversation so far. It has no metrics and no latency of its own.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::{Backend, User, no_branch, unknown_session};

pub(super) async fn history(
    State(backend): State<Arc<Backend>>,
    user: User,
    method: Method,
) -> Response {
    if method != Method::GET && method != Method::DELETE {
        return no_branch();
    }
    let Some(account) = backend.accounts.snapshot(&user) else {
        return unknown_session();
    };
    if method == Method::GET {
        return Json(account.history).into_response();
    }
    backend
        .accounts
        .change(&user, |account| account.history.clear());
    StatusCode::NO_CONTENT.into_response()
}
