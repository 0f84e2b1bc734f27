//! What the backend writes down about a request: the half of the ground truth no browser can get wrong.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::agent::AgentResult;
use super::{Backend, Population, User};
use crate::log::{Log, LogPage, now_ms};

/// Answered requests, and those still without an answer.
pub(crate) struct RequestLog {
    answered: Log<BackendEntry>,
    in_flight: Mutex<InFlight>,
}

#[derive(Default)]
struct InFlight {
    started: u64,
    waiting: BTreeMap<u64, Waiting>,
}

/// One answered request.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct BackendEntry {
    at_ms: u64,
    method: String,
    path: String,
    status: u16,
    user: Option<String>,
    origin: Option<String>,
    /// `result` of an agent response.
    result: Option<&'static str>,
    duration_ms: u64,
    #[serde(skip)]
    population: Population,
}

/// One request that has no answer yet.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Waiting {
    at_ms: u64,
    method: String,
    path: String,
    user: Option<String>,
    #[serde(skip)]
    population: Population,
}

/// What `GET /backend-log` shows.
#[derive(Serialize)]
pub(crate) struct RequestLogPage {
    #[serde(flatten)]
    answered: LogPage<BackendEntry>,
    in_flight: Vec<Waiting>,
}

/// Whose requests a reader wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    Browsers,
    Everyone,
}

impl RequestLog {
    pub(super) fn new() -> Self {
        Self {
            answered: Log::new(),
            in_flight: Mutex::new(InFlight::default()),
        }
    }

    pub(crate) fn after(&self, after: u64, whose: Readers) -> RequestLogPage {
        let wanted = |population: Population| match whose {
            Readers::Everyone => true,
            Readers::Browsers => population == Population::Browsers,
        };
        // Unanswered ones first: a request answered in between then shows twice, never not at all.
        let in_flight = self
            .in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let in_flight: Vec<Waiting> = in_flight
            .waiting
            .values()
            .filter(|waiting| wanted(waiting.population))
            .cloned()
            .collect();
        RequestLogPage {
            answered: self.answered.after(after, |e| wanted(e.population)),
            in_flight,
        }
    }

    fn begin(&self, waiting: Waiting) -> u64 {
        let mut in_flight = self
            .in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        in_flight.started += 1;
        let id = in_flight.started;
        in_flight.waiting.insert(id, waiting);
        id
    }

    fn end(&self, id: u64, entry: BackendEntry) {
        self.answered.push(entry);
        self.in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .waiting
            .remove(&id);
    }
}

/// Runs the request to its end whether or not the client waits, and notes it.
pub(super) async fn record(
    State(backend): State<Arc<Backend>>,
    request: Request,
    next: Next,
) -> Response {
    let (begun, at_ms) = (Instant::now(), now_ms());
    let user = User::of(request.headers());
    // A preflight names no user, and only browsers send preflights.
    let population = user.as_ref().map_or(Population::Browsers, User::population);
    let origin = request.headers().get(header::ORIGIN);
    let origin = origin.map(|origin| String::from_utf8_lossy(origin.as_bytes()).into_owned());
    let waiting = Waiting {
        at_ms,
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        user: user.map(|user| user.0),
        population,
    };
    let id = backend.log.begin(waiting.clone());
    let work = tokio::spawn(async move {
        let response = next.run(request).await;
        let Waiting {
            method, path, user, ..
        } = waiting;
        let entry = BackendEntry {
            at_ms,
            method,
            path,
            status: response.status().as_u16(),
            user,
            origin,
            result: response
                .extensions()
                .get::<AgentResult>()
                .map(|result| result.name()),
            duration_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            population,
        };
        backend.log.end(id, entry);
        response
    });
    match work.await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(%error, "a handler failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
