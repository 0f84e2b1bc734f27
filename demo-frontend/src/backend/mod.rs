//! Movie Guru's backend: every path of the real server, its CORS headers, its bodies, its metrics.
//!
//! A request passes, in this order: the log, CORS, the fault switches, its handler. The handler's work goes
//! on when the client leaves, as it does in the real server, so a closed tab still counts as answered there.

mod accounts;
mod agent;
mod attempt;
mod chat;
mod cors;
mod draws;
mod fault;
mod films;
mod history;
mod metrics;
mod phase;
mod preferences;
mod request_log;
mod session;
mod startup;

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Router, extract::State};
use clap::ValueEnum;
use tokio_util::sync::CancellationToken;

pub use draws::DrawKind;
pub(crate) use fault::FaultOrder;
pub(crate) use metrics::exposition;
pub use phase::{Phase, PhaseFault};
pub(crate) use request_log::{Readers, RequestLog};

use accounts::Accounts;
use draws::Draws;
use fault::Faults;
use metrics::Metrics;

/// Users of the simulated in-cluster crowd have names that begin so: the log leaves them out, and faults
/// meant for a browser pass them by.
pub const CROWD_PREFIX: &str = "in-cluster-";

/// What a failed chat looks like from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ChatFailure {
    /// HTTP 500.
    Http500,
    /// HTTP 200 with result ERROR.
    ResultError,
    /// The two in turn.
    Mix,
}

/// All the backend remembers.
pub(crate) struct Backend {
    pub(crate) log: RequestLog,
    pub(crate) faults: Faults,
    phase: Mutex<Phase>,
    draws: Draws,
    metrics: Metrics,
    accounts: Accounts,
    chat_failures: chat::Failures,
    /// Requests that are never answered end with it.
    stop: CancellationToken,
}

impl Backend {
    pub(crate) fn new(
        phase: Phase,
        draws: DrawKind,
        seed: u64,
        chat_failure: ChatFailure,
        stop: CancellationToken,
    ) -> Self {
        Self {
            log: RequestLog::new(),
            faults: Faults::default(),
            phase: Mutex::new(phase),
            draws: Draws::new(draws, seed),
            metrics: Metrics::new(),
            accounts: Accounts::default(),
            chat_failures: chat::Failures::new(chat_failure),
            stop,
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn set_phase(&self, phase: Phase) {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = phase;
    }
}

/// The whole HTTP surface of the backend.
pub(crate) fn router(backend: Arc<Backend>) -> Router {
    Router::new()
        .route("/login", any(session::login))
        .route("/logout", any(session::logout))
        .route("/history", any(history::history))
        .route("/startup", any(startup::startup))
        .route("/chat", any(chat::chat))
        .route("/preferences", any(preferences::preferences))
        .fallback(health)
        .layer(middleware::from_fn_with_state(
            Arc::clone(&backend),
            fault::inject,
        ))
        .layer(middleware::from_fn(cors::allow))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&backend),
            request_log::record,
        ))
        // No business of browsers: no CORS, no log, no faults.
        .route("/metrics", get(metrics::show))
        .with_state(Arc::clone(&backend))
        .merge(phase_routes(backend))
}

/// `/phase`, which the admin has too.
pub(crate) fn phase_routes(backend: Arc<Backend>) -> Router {
    Router::new()
        .route("/phase", get(phase::show).post(phase::replace))
        .with_state(backend)
}

/// `/` and every path nobody else has.
async fn health(State(backend): State<Arc<Backend>>) -> &'static str {
    backend.metrics.health.attempts.inc();
    backend.metrics.health.latency.observe(0.2);
    "OK"
}

/// A method the real server's handlers have no branch for: 200, nothing done, nothing counted.
fn no_branch() -> Response {
    StatusCode::OK.into_response()
}

/// What the real server says when it finds no session for a user.
fn unknown_session() -> Response {
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        "unexpected end of JSON input\n",
    )
        .into_response()
}

fn internal_error(what: &'static str) -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, what).into_response()
}

/// Who asks, by the `user` header: all the authentication there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct User(String);

/// Browsers and crowd draw from sequences of their own, so that each population meets the rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Population {
    Browsers,
    Crowd,
}

impl User {
    fn of(parts: &header::HeaderMap) -> Option<Self> {
        parts
            .get("user")
            .map(|name| Self(String::from_utf8_lossy(name.as_bytes()).into_owned()))
    }

    fn population(&self) -> Population {
        if self.0.starts_with(CROWD_PREFIX) {
            Population::Crowd
        } else {
            Population::Browsers
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for User
where
    Arc<Backend>: FromRef<S>,
{
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        // Without a header the user is nobody, who has no session.
        Ok(Self::of(&parts.headers).unwrap_or_else(|| Self(String::new())))
    }
}
