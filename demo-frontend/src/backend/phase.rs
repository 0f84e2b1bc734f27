//! How the backend behaves at present: a probability or a range of milliseconds per kind of decision.
//! Everything that would make the real server panic on its next request is refused here, field by field.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Backend;

/// The real server's phase, with its JSON names. Probabilities are in 0 ..= 1, latencies in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Phase {
    pub chat_success: f64,
    pub chat_safety_issue: f64,
    pub chat_engaged: f64,
    pub chat_acknowledged: f64,
    pub chat_rejected: f64,
    pub chat_unclassified: f64,
    #[serde(rename = "ChatSPositive")]
    pub chat_s_positive: f64,
    #[serde(rename = "ChatSNegative")]
    pub chat_s_negative: f64,
    #[serde(rename = "ChatSNeutral")]
    pub chat_s_neutral: f64,
    #[serde(rename = "ChatSUnclassified")]
    pub chat_s_unclassified: f64,
    pub login_success: f64,
    pub startup_success: f64,
    pub pref_update_success: f64,
    pub pref_get_success: f64,
    #[serde(rename = "LoginLatencyMinMS")]
    pub login_latency_min_ms: u32,
    #[serde(rename = "LoginLatencyMaxMS")]
    pub login_latency_max_ms: u32,
    #[serde(rename = "ChatLatencyMinMS")]
    pub chat_latency_min_ms: u32,
    #[serde(rename = "ChatLatencyMaxMS")]
    pub chat_latency_max_ms: u32,
    #[serde(rename = "StartupLatencyMinMS")]
    pub startup_latency_min_ms: u32,
    #[serde(rename = "StartupLatencyMaxMS")]
    pub startup_latency_max_ms: u32,
    #[serde(rename = "PrefGetLatencyMinMS")]
    pub pref_get_latency_min_ms: u32,
    #[serde(rename = "PrefGetLatencyMaxMS")]
    pub pref_get_latency_max_ms: u32,
    #[serde(rename = "PrefUpdateLatencyMinMS")]
    pub pref_update_latency_min_ms: u32,
    #[serde(rename = "PrefUpdateLatencyMaxMS")]
    pub pref_update_latency_max_ms: u32,
}

/// One field, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PhaseFault {
    pub field: String,
    pub problem: String,
}

const PROBABILITIES: [&str; 14] = [
    "ChatSuccess",
    "ChatSafetyIssue",
    "ChatEngaged",
    "ChatAcknowledged",
    "ChatRejected",
    "ChatUnclassified",
    "ChatSPositive",
    "ChatSNegative",
    "ChatSNeutral",
    "ChatSUnclassified",
    "LoginSuccess",
    "StartupSuccess",
    "PrefUpdateSuccess",
    "PrefGetSuccess",
];

/// Drawn together: their sum must leave room for each. Below 1 the rest counts in no outcome.
const SUMS: [[&str; 4]; 2] = [
    [
        "ChatEngaged",
        "ChatAcknowledged",
        "ChatRejected",
        "ChatUnclassified",
    ],
    [
        "ChatSPositive",
        "ChatSNegative",
        "ChatSNeutral",
        "ChatSUnclassified",
    ],
];

const LATENCIES: [[&str; 2]; 5] = [
    ["LoginLatencyMinMS", "LoginLatencyMaxMS"],
    ["ChatLatencyMinMS", "ChatLatencyMaxMS"],
    ["StartupLatencyMinMS", "StartupLatencyMaxMS"],
    ["PrefGetLatencyMinMS", "PrefGetLatencyMaxMS"],
    ["PrefUpdateLatencyMinMS", "PrefUpdateLatencyMaxMS"],
];

/// What sums of decimal fractions miss 1 by in binary.
const SUM_TOLERANCE: f64 = 1e-9;

impl Phase {
    /// A phase that was checked when the program was built.
    ///
    /// # Panics
    /// When `json` is no valid phase; a test holds every preset to that.
    pub(crate) fn preset(json: &str) -> Self {
        let body = serde_json::from_str(json).unwrap_or_default();
        Self::read(body).unwrap_or_else(|faults| panic!("a preset is invalid: {faults:?}"))
    }

    /// Reads a phase, or names everything that is wrong with it.
    pub fn read(body: Value) -> Result<Self, Vec<PhaseFault>> {
        let Value::Object(fields) = &body else {
            return Err(vec![fault("(body)", "is not a JSON object")]);
        };
        let mut faults = Vec::new();
        for name in PROBABILITIES {
            faults.extend(probability(fields, name).err());
        }
        for [min, max] in LATENCIES {
            faults.extend(range(fields, min, max));
        }
        for names in SUMS {
            faults.extend(sum(fields, names));
        }
        let known =
            |name: &str| PROBABILITIES.contains(&name) || LATENCIES.as_flattened().contains(&name);
        faults.extend(
            fields
                .keys()
                .filter(|name| !known(name))
                .map(|name| fault(name, "is not a field of a phase")),
        );
        if !faults.is_empty() {
            return Err(faults);
        }
        serde_json::from_value(body).map_err(|error| vec![fault("(body)", &error.to_string())])
    }
}

fn fault(field: &str, problem: &str) -> PhaseFault {
    PhaseFault {
        field: field.to_owned(),
        problem: problem.to_owned(),
    }
}

fn probability(fields: &Map<String, Value>, name: &str) -> Result<f64, PhaseFault> {
    match fields.get(name).map(|value| (value, value.as_f64())) {
        None => Err(fault(name, "is missing")),
        Some((_, Some(p))) if (0.0..=1.0).contains(&p) => Ok(p),
        Some((_, Some(p))) if p < 0.0 => Err(fault(name, &format!("is negative: {p}"))),
        Some((_, Some(p))) => Err(fault(name, &format!("is above 1: {p}"))),
        Some((value, None)) => Err(fault(name, &format!("is not a number: {value}"))),
    }
}

fn milliseconds(fields: &Map<String, Value>, name: &str) -> Result<u32, PhaseFault> {
    let value = fields.get(name).ok_or_else(|| fault(name, "is missing"))?;
    match value.as_u64().map(u32::try_from) {
        Some(Ok(ms)) => Ok(ms),
        Some(Err(_)) => Err(fault(name, &format!("is too large: {value}"))),
        None if value.as_f64().is_some_and(|ms| ms < 0.0) => {
            Err(fault(name, &format!("is negative: {value}")))
        }
        None => Err(fault(
            name,
            &format!("is not a whole number of milliseconds: {value}"),
        )),
    }
}

fn range(fields: &Map<String, Value>, min: &str, max: &str) -> Vec<PhaseFault> {
    match (milliseconds(fields, min), milliseconds(fields, max)) {
        (Ok(low), Ok(high)) if low > high => {
            vec![fault(min, &format!("is above {max}: {low} > {high}"))]
        }
        (low, high) => low.err().into_iter().chain(high.err()).collect(),
    }
}

/// A sum of fields of which one is invalid says nothing of its own.
fn sum(fields: &Map<String, Value>, names: [&str; 4]) -> Option<PhaseFault> {
    let parts: Vec<f64> = names
        .iter()
        .map_while(|name| probability(fields, name).ok())
        .collect();
    let total: f64 = parts.iter().sum();
    (parts.len() == names.len() && total > 1.0 + SUM_TOLERANCE)
        .then(|| fault(&names.join(" + "), &format!("is above 1: {total}")))
}

pub(super) async fn show(State(backend): State<Arc<Backend>>) -> Json<Value> {
    Json(json!({ "CurrentProbMetrics": backend.phase() }))
}

/// Also behind the admin's `/phase`.
pub(super) async fn replace(State(backend): State<Arc<Backend>>, body: Bytes) -> Response {
    let read = match serde_json::from_slice(&body) {
        Ok(body) => Phase::read(body),
        Err(error) => Err(vec![fault("(body)", &format!("is not JSON: {error}"))]),
    };
    match read {
        Ok(phase) => {
            backend.set_phase(phase);
            show(State(backend)).await.into_response()
        }
        Err(faults) => (StatusCode::BAD_REQUEST, Json(json!({ "errors": faults }))).into_response(),
    }
}
