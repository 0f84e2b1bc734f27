//! A real Prometheus that scrapes the collector and evaluates the generated rules: it comes to the same
//! counts, the same ratio and the same alert. Debian's package `prometheus` has it.

use crate::harness::{Collector, NOON};
use collector::slo::files::{File, Known, read};
use collector::slo::generate::{Naming, prometheus};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const FILE: &str = "apiVersion: openslo/v1
kind: SLO
metadata: {name: chat}
spec:
  service: shop
  indicator:
    metadata: {name: chat}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: sightline, spec: {app: shop, journey: chat, class: good}}}
        total: {metricSource: {type: sightline, spec: {app: shop, journey: chat}}}
  timeWindow: [{duration: 1d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
";
/// Rules are evaluated so often here, and the collector is read so often.
const INTERVAL_S: f64 = 1.0;

struct Prometheus {
    process: Child,
    address: String,
    client: reqwest::Client,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Prometheus {
    fn start(folder: &Path, collector: &str, rules: &str) -> Self {
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
        write(
            "rules.yaml",
            &rules.replace("interval: 30s", "interval: 1s"),
        );
        let target = collector.trim_start_matches("http://");
        write(
            "prometheus.yaml",
            &format!(
                "global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [rules.yaml]
scrape_configs:
  - job_name: sightline
    static_configs: [{{targets: ['{target}']}}]
"
            ),
        );
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let listen = free.local_addr().unwrap().to_string();
        drop(free);
        let process = Command::new("prometheus")
            .args(["--config.file=prometheus.yaml", "--storage.tsdb.path=data"])
            .arg(format!("--web.listen-address={listen}"))
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus cannot be run; install Debian's package prometheus");
        Self {
            process,
            address: format!("http://{listen}"),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    async fn ask(&self, path: &str, form: &[(&str, &str)]) -> Option<Value> {
        let body: Vec<_> = form
            .iter()
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        let request = self
            .client
            .post(format!("{}/api/v1/{path}", self.address))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.join("&"));
        request.send().await.ok()?.json().await.ok()
    }

    /// The one value of a query now.
    async fn value(&self, query: &str) -> Option<f64> {
        let answer = self.ask("query", &[("query", query)]).await?;
        answer["data"]["result"][0]["value"][1]
            .as_str()?
            .parse()
            .ok()
    }

    async fn value_when(&self, query: &str, holds: impl Fn(f64) -> bool) -> f64 {
        let deadline = Instant::now() + Duration::from_secs(90);
        loop {
            let value = self.value(query).await;
            if let Some(value) = value.filter(|value| holds(*value)) {
                return value;
            }
            assert!(Instant::now() < deadline, "{query} is {value:?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// When a query first had a value for which `holds`, by Prometheus's own clock and to its second.
    async fn since(&self, query: &str, holds: impl Fn(f64) -> bool) -> f64 {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let now = self.value("vector(time())").await.unwrap();
            let (start, end) = (format!("{:.0}", now - 120.0), format!("{now:.0}"));
            let form = [
                ("query", query),
                ("start", &start),
                ("end", &end),
                ("step", "1"),
            ];
            let answer = self.ask("query_range", &form).await.unwrap();
            let values = answer["data"]["result"][0]["values"].as_array();
            let mut values = values.into_iter().flatten();
            let number = |value: &Value| value[1].as_str().unwrap().parse().unwrap();
            if let Some(first) = values.find(|value| holds(number(value))) {
                return first[0].as_f64().unwrap();
            }
            assert!(Instant::now() < deadline, "{query} never: {answer}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn attempts(view: u32, seq: u32, rev: u32, outcomes: &[&str]) -> Value {
    let events = outcomes.iter().zip(2u32..).map(|(outcome, n)| {
        json!({ "n": n, "rev": rev, "at_ms": NOON, "kind": { "journey": {
            "name": "chat", "outcome": outcome, "duration_ms": 100,
        }}})
    });
    json!({
        "v": 1, "view": format!("{view:032x}"), "seq": seq, "sent_at_ms": NOON,
        "page": { "release": "1" }, "events": events.collect::<Vec<_>>(),
    })
}

#[tokio::test]
async fn a_real_prometheus_comes_to_the_same_counts_ratio_and_alert() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("chat.yaml"), FILE).unwrap();
    let file = folder.path().join("chat.yaml");
    let collector =
        Collector::start_with(&format!("[objectives]\nfiles = [\"{}\"]\n", file.display())).await;
    let set = read(
        &[File {
            name: "chat.yaml".into(),
            text: FILE.into(),
        }],
        &Known::default(),
    )
    .unwrap();
    let rules = prometheus(&set.objectives, Naming::Own);
    let server = Prometheus::start(folder.path(), &collector.private, &rules);
    let counted = "sum(sightline_objective_events_total{objective=\"chat\"})";
    let withdrawn = "sum(sightline_objective_events_withdrawn_total{objective=\"chat\"})";
    server.value_when(counted, |value| value == 0.0).await;

    // 1,600 attempts: of 40 in each beacon 4 fail, of which 1 turns out to have succeeded.
    let mut outcomes = vec!["success"; 40];
    outcomes[..4].fill("failed");
    for view in 0..40 {
        let sent = collector
            .post(attempts(view, 0, 0, &outcomes).to_string())
            .await;
        assert_eq!(sent.status, 204, "{}", sent.text);
        let revised = collector
            .post(attempts(view, 1, 1, &["success"]).to_string())
            .await;
        assert_eq!(revised.status, 204, "{}", revised.text);
    }
    collector.clock.advance_ms(2000);
    let ours = collector.ask("/api/v1/slos").await.json()["objectives"][0].clone();
    assert_eq!(
        (&ours["counts"]["good"], &ours["counts"]["bad"]),
        (&1480.into(), &120.into())
    );
    assert_eq!(
        ours["alerts"][0]["burning"], false,
        "12 of 160 in a thousand are 7.5×, below 10×"
    );
    assert_eq!(ours["alerts"][1]["burning"], true, "{ours:#}");

    // Counter differences equal our counts exactly.
    server.value_when(counted, |value| value == 1640.0).await;
    assert_eq!(server.value(withdrawn).await, Some(40.0));
    let bad = "sum(sightline_objective_events_total{class=\"bad\"}) - sum(sightline_objective_events_withdrawn_total{class=\"bad\"})";
    assert_eq!(server.value(bad).await, Some(120.0));
    // Ratios of rules agree within 1%.
    let due = 120.0 / 1600.0;
    for window in ["5m", "1h", "1d"] {
        let ratio = format!("objective:error:ratio_rate{window}{{objective=\"chat\"}}");
        server
            .value_when(&ratio, |ratio| (ratio / due - 1.0).abs() < 0.01)
            .await;
    }
    // What burns here burns there within two intervals, and what does not, does not.
    let alert = |severity: &str| {
        format!(
            "count(ALERTS{{alertname=\"ErrorBudgetBurn\",severity=\"{severity}\",alertstate=\"firing\"}})"
        )
    };
    server
        .value_when(&alert("ticket"), |firing| firing == 1.0)
        .await;
    assert_eq!(server.value(&alert("page")).await, None);
    let there = server.since(counted, |value| value == 1640.0).await;
    let firing = server.since(&alert("ticket"), |firing| firing == 1.0).await;
    // The first sums that hold all of it, then at most two evaluations; the range is read by the second.
    assert!(
        firing - there <= 2.0 * INTERVAL_S + 1.0,
        "{firing} is {} s after {there}",
        firing - there
    );
    drop(server);
    collector.stop().await;
}
