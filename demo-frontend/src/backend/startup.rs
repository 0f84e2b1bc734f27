//! `GET /startup`: the agent's greeting, whose films the page features.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Method;
use axum::response::Response;

use super::attempt::Verdict;
use super::draws::Operation;
use super::films::films_about;
use super::{Backend, User, agent, internal_error, no_branch, unknown_session};

const FEATURED_FILMS: usize = 6;

pub(super) async fn startup(
    State(backend): State<Arc<Backend>>,
    user: User,
    method: Method,
) -> Response {
    if method != Method::GET {
        return no_branch();
    }
    let Some(account) = backend.accounts.snapshot(&user) else {
        return unknown_session();
    };
    match backend.attempt(Operation::Startup, user.population()).await {
        // The preferences of when the request came: a chip deleted meanwhile comes back on the page.
        Verdict::Success => agent::success(
            "Welcome to Movie Guru. Here are some films you might like.".to_owned(),
            films_about(&user.0, FEATURED_FILMS),
            account.preferences,
        ),
        Verdict::Failure => internal_error("startup failed\n"),
    }
}
