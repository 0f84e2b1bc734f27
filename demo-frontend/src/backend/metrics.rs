//! The real server's metrics, with its names, labels and buckets, as OpenMetrics text. The library adds
//! `_total` to every counter, so names that end in it are registered without.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::Backend;
use super::draws::Operation;

/// Upper bounds in milliseconds, from the real server.
const LOGIN_MS: [f64; 11] = [
    0.05, 0.1, 0.5, 1.0, 10.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 5000.0,
];
const STARTUP_MS: [f64; 13] = [
    1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 3000.0, 10000.0,
];
const CHAT_MS: [f64; 10] = [
    100.0, 250.0, 500.0, 1000.0, 2000.0, 3000.0, 4000.0, 5000.0, 10000.0, 12000.0,
];
const PREFERENCES_MS: [f64; 8] = [0.1, 1.0, 10.0, 50.0, 100.0, 500.0, 1000.0, 2000.0];
const HEALTH_MS: [f64; 7] = [0.1, 0.5, 1.0, 1.5, 2.0, 3.0, 10.0];

pub(super) const OUTCOMES: [&str; 4] = ["Engaged", "Acknowledged", "Rejected", "Unclassified"];
pub(super) const SENTIMENTS: [&str; 4] = ["Positive", "Negative", "Neutral", "Unclassified"];

/// All instruments, and the registry that prints them.
pub(super) struct Metrics {
    registry: Registry,
    login: OperationMetrics,
    logout: OperationMetrics,
    startup: OperationMetrics,
    chat: OperationMetrics,
    pref_get: OperationMetrics,
    pref_update: OperationMetrics,
    pub(super) safety_issues: Counter,
    pub(super) outcomes: Family<Label, Counter>,
    pub(super) sentiments: Family<Label, Counter>,
    pub(super) health: HealthMetrics,
}

pub(super) struct OperationMetrics {
    pub(super) attempts: Counter,
    pub(super) successes: Counter,
    pub(super) latency: Histogram,
}

pub(super) struct HealthMetrics {
    pub(super) attempts: Counter,
    pub(super) latency: Histogram,
}

/// One label, by name and value: the library's derive has no capital letters to offer.
type Label = [(&'static str, &'static str); 1];

pub(super) fn outcome_label(outcome: &'static str) -> Label {
    [("Outcome", outcome)]
}

pub(super) fn sentiment_label(sentiment: &'static str) -> Label {
    [("Sentiment", sentiment)]
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("movieguru");
        let attempts = |name: &str| [format!("{name}_attempts"), format!("{name}_success")];
        let login = operation(&mut registry, "login", attempts("login"), &LOGIN_MS);
        // The real server spells this one with a capital.
        let logout = operation(&mut registry, "Logout", attempts("Logout"), &LOGIN_MS);
        let startup = operation(&mut registry, "startup", attempts("startup"), &STARTUP_MS);
        let calls = ["chat_calls".to_owned(), "chat_calls_success".to_owned()];
        let chat = operation(&mut registry, "chat", calls, &CHAT_MS);
        let pref_get = operation(
            &mut registry,
            "prefGet",
            attempts("prefGet"),
            &PREFERENCES_MS,
        );
        let pref_update = operation(
            &mut registry,
            "prefUpdate",
            attempts("prefUpdate"),
            &PREFERENCES_MS,
        );
        let safety_issues = counter(
            &mut registry,
            "chat_safetyissue_counter",
            "Chats with a safety issue",
        );
        let health = HealthMetrics {
            attempts: counter(
                &mut registry,
                "healthcheck_attempts",
                "Calls of the health check",
            ),
            latency: histogram(&mut registry, "healthcheck", &HEALTH_MS),
        };
        let outcomes = Family::<Label, Counter>::default();
        registry.register(
            "chat_outcome_counter",
            "Chats by what the user made of them",
            outcomes.clone(),
        );
        let sentiments = Family::<Label, Counter>::default();
        registry.register(
            "chat_sentiment_counter",
            "Chats by the user's mood",
            sentiments.clone(),
        );
        // Every series exists at 0 before its first event.
        for outcome in OUTCOMES {
            drop(outcomes.get_or_create(&outcome_label(outcome)));
        }
        for sentiment in SENTIMENTS {
            drop(sentiments.get_or_create(&sentiment_label(sentiment)));
        }
        Self {
            registry,
            login,
            logout,
            startup,
            chat,
            pref_get,
            pref_update,
            safety_issues,
            outcomes,
            sentiments,
            health,
        }
    }

    pub(super) fn operation(&self, operation: Operation) -> &OperationMetrics {
        match operation {
            Operation::Login => &self.login,
            Operation::Logout => &self.logout,
            Operation::Startup => &self.startup,
            Operation::Chat => &self.chat,
            Operation::PrefGet => &self.pref_get,
            Operation::PrefUpdate => &self.pref_update,
        }
    }
}

fn operation(
    registry: &mut Registry,
    name: &str,
    [attempts, successes]: [String; 2],
    buckets_ms: &[f64],
) -> OperationMetrics {
    OperationMetrics {
        attempts: counter(registry, &attempts, &format!("Attempts of {name}")),
        successes: counter(registry, &successes, &format!("Successes of {name}")),
        latency: histogram(registry, name, buckets_ms),
    }
}

fn counter(registry: &mut Registry, name: &str, help: &str) -> Counter {
    let counter = Counter::default();
    registry.register(name, help, counter.clone());
    counter
}

fn histogram(registry: &mut Registry, name: &str, buckets_ms: &[f64]) -> Histogram {
    let histogram = Histogram::new(buckets_ms.iter().copied());
    registry.register(
        format!("{name}_latency_milliseconds"),
        format!("Latency of {name} in milliseconds"),
        histogram.clone(),
    );
    histogram
}

pub(super) async fn show(State(backend): State<Arc<Backend>>) -> Response {
    exposition(&backend.metrics.registry)
}

/// A registry as a scrape reads it.
pub(crate) fn exposition(registry: &Registry) -> Response {
    let mut text = String::new();
    match encode(&mut text, registry) {
        Ok(()) => {
            let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, content_type)], text).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "metrics could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
