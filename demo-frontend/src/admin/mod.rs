//! The demo's own API, for tests and people: scenario, picks, phase, faults, logs and figures.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use prometheus_client::registry::Registry;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::backend::{self, Backend, FaultOrder, Readers};
use crate::balancer::Balancer;
use crate::log::now_ms;
use crate::pods::{Pod, PodRecords, mixed_loads};
use crate::scenario::Scenario;

/// What the API reaches.
pub(crate) struct Controls {
    /// With the time it was entered, Unix milliseconds.
    pub(crate) scenario: Mutex<(Scenario, u64)>,
    /// The release known to work: the only one that gets connections while all is healthy.
    pub(crate) good_release: String,
    pub(crate) backend: Arc<Backend>,
    pub(crate) balancer: Arc<Balancer>,
    pub(crate) pods: Arc<PodRecords>,
    pub(crate) registry: Registry,
}

impl Controls {
    /// Puts pods and backend into a scenario. Leaves a forced pick alone.
    pub(crate) fn enter(&self, scenario: Scenario) {
        *self.scenario.lock().unwrap_or_else(PoisonError::into_inner) = (scenario, now_ms());
        self.backend.set_phase(scenario.phase());
        self.balancer.set_eligible(|pod: &Pod| match scenario {
            Scenario::Healthy => pod.release == self.good_release,
            Scenario::Challenge7 => true,
        });
        tracing::info!(?scenario, "entered");
    }
}

/// The whole HTTP surface of the admin listener.
pub(crate) fn router(controls: Arc<Controls>) -> Router {
    let phase = backend::phase_routes(Arc::clone(&controls.backend));
    Router::new()
        .route("/scenario", get(show_scenario).post(enter_scenario))
        .route("/pick", get(show_balancer).post(set_pick))
        .route("/balancer", get(show_balancer))
        .route("/fault", get(show_faults).post(order_fault))
        .route("/access-log", get(access_log))
        .route("/backend-log", get(backend_log))
        .route("/mixed", get(show_mixed))
        .route("/metrics", get(metrics))
        .with_state(controls)
        .merge(phase)
}

#[derive(Deserialize)]
struct ScenarioOrder {
    scenario: Scenario,
}

#[derive(Deserialize)]
struct PickOrder {
    pick: String,
}

#[derive(Deserialize)]
struct LogQuery {
    #[serde(default)]
    after: u64,
    /// `1` shows the in-cluster crowd too.
    all: Option<String>,
}

type Shared = State<Arc<Controls>>;

async fn show_scenario(State(controls): Shared) -> Json<Value> {
    let (scenario, since_ms) = *controls
        .scenario
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    Json(json!({ "scenario": scenario, "since_ms": since_ms }))
}

async fn enter_scenario(State(controls): Shared, Json(order): Json<ScenarioOrder>) -> Json<Value> {
    controls.enter(order.scenario);
    show_scenario(State(controls)).await
}

async fn show_balancer(State(controls): Shared) -> Response {
    Json(controls.balancer.state()).into_response()
}

async fn set_pick(State(controls): Shared, Json(order): Json<PickOrder>) -> Response {
    match controls.balancer.set_pick(&order.pick) {
        Ok(()) => show_balancer(State(controls)).await,
        Err(error) => (
            StatusCode::BAD_REQUEST,
            Json(json!({ "error": error.to_string() })),
        )
            .into_response(),
    }
}

async fn show_faults(State(controls): Shared) -> Json<Value> {
    Json(json!({ "faults": controls.backend.faults.in_force() }))
}

async fn order_fault(State(controls): Shared, Json(order): Json<FaultOrder>) -> Json<Value> {
    controls.backend.faults.order(order);
    show_faults(State(controls)).await
}

async fn access_log(State(controls): Shared, Query(query): Query<LogQuery>) -> Response {
    Json(controls.pods.access.after(query.after, |_| true)).into_response()
}

async fn backend_log(State(controls): Shared, Query(query): Query<LogQuery>) -> Response {
    let whose = if query.all.as_deref() == Some("1") {
        Readers::Everyone
    } else {
        Readers::Browsers
    };
    Json(controls.backend.log.after(query.after, whose)).into_response()
}

async fn show_mixed(State(controls): Shared) -> Response {
    Json(mixed_loads(&controls.pods.access)).into_response()
}

async fn metrics(State(controls): Shared) -> Response {
    backend::exposition(&controls.registry)
}
