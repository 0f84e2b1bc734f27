//! Objectives whose counts are asked of a Prometheus: the HTTP API of one that a test speaks for, its
//! answers as <https://prometheus.io/docs/prometheus/latest/querying/api/> has them.

use crate::harness::{Collector, NOON};
use axum::extract::{Form, State};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const GOOD: &str = r#"sum(increase(chat_total{result="ok"}[86400s]))"#;
const TOTAL: &str = "sum(increase(chat_total[86400s]))";

fn file(url: &str) -> String {
    format!(
        "apiVersion: openslo/v1
kind: DataSource
metadata: {{name: prom}}
spec:
  type: prometheus
  connectionDetails: {{url: '{url}'}}
---
apiVersion: openslo/v1
kind: SLO
metadata: {{name: chat-servers}}
spec:
  service: shop
  indicator:
    metadata: {{name: chat-servers}}
    spec:
      ratioMetric:
        counter: true
        good: {{metricSource: {{metricSourceRef: prom, type: prometheus, spec: {{query: 'sum(increase(chat_total{{result=\"ok\"}}[{{{{.window}}}}]))'}}}}}}
        total: {{metricSource: {{metricSourceRef: prom, type: prometheus, spec: {{query: 'sum(increase(chat_total[{{{{.window}}}}]))'}}}}}}
  timeWindow: [{{duration: 1d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{target: 0.9}}]
"
    )
}

type Answers = Arc<Mutex<HashMap<&'static str, Value>>>;

/// It answers the queries it was told of, others with nothing, and keeps what it was asked last.
struct Prometheus {
    url: String,
    answers: Answers,
    asked: Arc<Mutex<Vec<HashMap<String, String>>>>,
    serving: JoinHandle<()>,
}

impl Prometheus {
    async fn start() -> Self {
        let answers = Answers::default();
        let asked = Arc::<Mutex<Vec<_>>>::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answer = |State((answers, asked)): State<(Answers, Arc<Mutex<Vec<_>>>)>,
                      Form(form): Form<HashMap<String, String>>| async move {
            let known = answers.lock().unwrap().get(form["query"].as_str()).cloned();
            asked.lock().unwrap().push(form);
            Json(known.unwrap_or_else(|| vector(&[])))
        };
        let router = Router::new()
            .route("/api/v1/query", post(answer))
            .with_state((Arc::clone(&answers), Arc::clone(&asked)));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            url,
            answers,
            asked,
            serving,
        }
    }

    fn answer(&self, query: &'static str, answer: Value) {
        self.answers.lock().unwrap().insert(query, answer);
    }

    fn counts(&self, good: &str, total: &str) {
        self.answer(GOOD, vector(&[good]));
        self.answer(TOTAL, vector(&[total]));
    }
}

fn vector(values: &[&str]) -> Value {
    let result: Vec<_> = values
        .iter()
        .map(|value| json!({ "metric": {}, "value": [NOON / 1000, value] }))
        .collect();
    json!({ "status": "success", "data": { "resultType": "vector", "result": result } })
}

async fn beside(url: &str) -> (Collector, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("servers.yaml");
    std::fs::write(&path, file(url)).unwrap();
    let files = format!("[objectives]\nfiles = [\"{}\"]\n", path.display());
    (Collector::start_with(&files).await, folder)
}

/// The objective now: answers are taken for the present one for some seconds.
async fn later(collector: &Collector) -> Value {
    collector.clock.advance_ms(20_000);
    let answer = collector.ask("/api/v1/slos").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let found = answer.json()["objectives"][0].clone();
    assert_eq!(found["name"], "chat-servers", "{}", answer.text);
    found
}

#[tokio::test]
async fn what_a_prometheus_answers_is_judged_as_its_counts_are() {
    let prometheus = Prometheus::start().await;
    prometheus.counts("95.0000001", "100.0000002");
    let (collector, _folder) = beside(&prometheus.url).await;
    let now = later(&collector).await;
    assert_eq!(
        (&now["state"], &now["counts"]["good"], &now["counts"]["bad"]),
        (&"healthy".into(), &95.into(), &5.into()),
        "{now:#}"
    );
    let asked = prometheus.asked.lock().unwrap().clone();
    let whole = asked.iter().find(|form| form["query"] == TOTAL).unwrap();
    assert_eq!(whole["time"], format!("{}.000", (NOON + 20_000) / 1000));
    prometheus.counts("80", "100");
    assert_eq!(later(&collector).await["state"], "violated");
    collector.stop().await;
}

#[tokio::test]
async fn a_prometheus_that_knows_nothing_refuses_or_is_gone_is_no_data_with_what_it_said() {
    let prometheus = Prometheus::start().await;
    let (collector, _folder) = beside(&prometheus.url).await;
    assert_eq!(later(&collector).await["state"], "no_data");
    let refused = json!({ "status": "error", "errorType": "bad_data", "error": "parse error" });
    for (answer, said) in [
        (refused, "refuses the query: \"parse error\""),
        (vector(&["1", "2"]), "the query has 2 series"),
        (vector(&["much"]), "invalid float"),
        (vector(&["100"]), ""),
    ] {
        prometheus.answer(GOOD, answer);
        prometheus.answer(TOTAL, vector(&["100"]));
        let now = later(&collector).await;
        let why = now["no_data"].as_str().unwrap_or_default();
        assert!(why.contains(said), "{said}: {now:#}");
        assert_eq!(now["state"] == "no_data", !said.is_empty(), "{now:#}");
    }
    prometheus.serving.abort();
    let _ = prometheus.serving.await;
    let now = later(&collector).await;
    assert_eq!(
        (&now["state"], &now["sli_ppm"]),
        (&"no_data".into(), &Value::Null)
    );
    let why = now["no_data"].as_str().unwrap();
    assert!(why.contains("does not answer"), "{why}");
    collector.stop().await;
}

#[tokio::test]
async fn one_that_accepts_and_never_answers_is_waited_for_once_and_not_for_every_objective() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let text: Vec<_> = (0..4)
        .map(|n| {
            let one = file(&url)
                .replace("chat-servers", &format!("chat-{n}"))
                .replace("chat_total", &format!("chat_{n}_total"));
            let (source, objective) = one.split_once("---\n").unwrap();
            if n == 0 {
                format!("{source}---\n{objective}")
            } else {
                objective.to_owned()
            }
        })
        .collect();
    let path = folder.path().join("servers.yaml");
    std::fs::write(&path, text.join("---\n")).unwrap();
    let files = format!("[objectives]\nfiles = [\"{}\"]\n", path.display());
    let collector = Collector::start_with(&files).await;
    let begun = Instant::now();
    let answer = collector.ask("/api/v1/slos").await.json();
    let took = begun.elapsed();
    let states = answer["objectives"].as_array().unwrap();
    assert_eq!(states.len(), 4);
    for objective in states {
        assert_eq!(objective["state"], "no_data");
        assert!(
            objective["no_data"]
                .as_str()
                .unwrap()
                .contains("does not answer")
        );
    }
    assert!(took < Duration::from_secs(9), "{took:?}");
    drop(listener);
    collector.stop().await;
}
