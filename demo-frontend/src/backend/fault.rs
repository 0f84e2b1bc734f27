//! Switches that make a path fail in one chosen way, for tests. A fault stands before the handler: the
//! backend's own metrics do not count what it swallows, and the in-cluster crowd never meets it.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::agent::{self, AgentResult};
use super::cors::without_cors;
use super::{Backend, Population, User, internal_error};
use crate::listen::drop_connection;

/// A way to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fault {
    /// Takes the switch back.
    None,
    /// The request is read and never answered.
    NeverAnswers,
    /// The connection is closed without an answer.
    Drops,
    /// HTTP 500, with CORS headers.
    #[serde(rename = "http-500")]
    Http500,
    /// HTTP 500, without CORS headers.
    #[serde(rename = "no-cors-500")]
    NoCors500,
    /// HTTP 200 with an HTML page.
    Html,
    /// HTTP 200 with result ERROR.
    ResultError,
    /// HTTP 200 with result BAD_QUERY.
    BadQuery,
    /// HTTP 200 with result TOO_LONG.
    TooLong,
    /// HTTP 200 with result UNDEFINED.
    Undefined,
    /// HTTP 200 with result UNSAFE.
    Unsafe,
}

/// What `POST /fault` takes: the path (and method, if only one is meant), the fault, and how many requests
/// it lasts; without `times` until it is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FaultOrder {
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    fault: Fault,
    #[serde(default)]
    times: Option<u32>,
}

/// The switches that are on; a new order for a path and method replaces the old one.
#[derive(Default)]
pub(crate) struct Faults {
    orders: Mutex<Vec<FaultOrder>>,
}

impl Faults {
    pub(crate) fn order(&self, order: FaultOrder) {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        orders.retain(|old| (&old.path, &old.method) != (&order.path, &order.method));
        if order.fault != Fault::None && order.times != Some(0) {
            orders.push(order);
        }
    }

    pub(crate) fn in_force(&self) -> Vec<FaultOrder> {
        self.orders
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The fault this request meets; uses up one of its times.
    fn take(&self, method: &Method, path: &str) -> Option<Fault> {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let meant = |order: &FaultOrder| {
            order.path == path
                && order
                    .method
                    .as_deref()
                    .is_none_or(|m| m.eq_ignore_ascii_case(method.as_str()))
        };
        let place = orders.iter().position(meant)?;
        let fault = orders[place].fault;
        if let Some(times) = &mut orders[place].times {
            *times -= 1;
            if *times == 0 {
                orders.remove(place);
            }
        }
        Some(fault)
    }
}

pub(super) async fn inject(
    State(backend): State<Arc<Backend>>,
    request: Request,
    next: Next,
) -> Response {
    if User::of(request.headers()).is_some_and(|user| user.population() == Population::Crowd) {
        return next.run(request).await;
    }
    let Some(fault) = backend.faults.take(request.method(), request.uri().path()) else {
        return next.run(request).await;
    };
    let agent_says = |result| agent::without_films(result, None);
    match fault {
        Fault::None => next.run(request).await,
        Fault::NeverAnswers => {
            backend.stop.cancelled().await;
            drop_connection()
        }
        Fault::Drops => drop_connection(),
        Fault::Http500 => internal_error("a fault was ordered\n"),
        Fault::NoCors500 => without_cors(internal_error("a fault was ordered\n")),
        Fault::Html => (
            StatusCode::OK,
            Html("<!doctype html><title>Not the backend</title>"),
        )
            .into_response(),
        Fault::ResultError => agent_says(AgentResult::Error),
        Fault::BadQuery => agent_says(AgentResult::BadQuery),
        Fault::TooLong => agent_says(AgentResult::TooLong),
        Fault::Undefined => agent_says(AgentResult::Undefined),
        Fault::Unsafe => agent_says(AgentResult::Unsafe),
    }
}
