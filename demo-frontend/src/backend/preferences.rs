//! `GET` and `POST /preferences`: what the user likes and dislikes.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::accounts::Preferences;
use super::attempt::Verdict;
use super::draws::Operation;
use super::{Backend, User, internal_error, no_branch, unknown_session};

#[derive(Deserialize)]
struct Update {
    content: Preferences,
}

pub(super) async fn preferences(
    State(backend): State<Arc<Backend>>,
    user: User,
    method: Method,
    body: Bytes,
) -> Response {
    if method == Method::GET {
        read(&backend, &user).await
    } else if method == Method::POST {
        update(&backend, &user, &body).await
    } else {
        no_branch()
    }
}

async fn read(backend: &Backend, user: &User) -> Response {
    if backend.accounts.snapshot(user).is_none() {
        return unknown_session();
    }
    match backend.attempt(Operation::PrefGet, user.population()).await {
        Verdict::Success => backend
            .accounts
            .snapshot(user)
            .map_or_else(unknown_session, |account| {
                Json(account.preferences).into_response()
            }),
        Verdict::Failure => internal_error("preferences could not be read\n"),
    }
}

async fn update(backend: &Backend, user: &User, body: &[u8]) -> Response {
    if backend.accounts.snapshot(user).is_none() {
        return unknown_session();
    }
    let Ok(Update { content }) = serde_json::from_slice(body) else {
        return (StatusCode::BAD_REQUEST, "no preferences\n").into_response();
    };
    match backend
        .attempt(Operation::PrefUpdate, user.population())
        .await
    {
        Verdict::Success => {
            backend
                .accounts
                .change(user, |account| account.preferences = content);
            Json(json!({ "update": "success" })).into_response()
        }
        Verdict::Failure => internal_error("preferences could not be saved\n"),
    }
}
