//! Objectives in the running collector: files in, judgements out, and what happens when a file breaks.

use crate::harness::{Collector, NOON};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const FILE: &str = "apiVersion: openslo/v1
kind: SLI
metadata: {name: chat-latency}
spec:
  thresholdMetric: {metricSource: {type: sightline, spec: {app: shop, journey: chat, outcome: success}}}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: chat-3s, displayName: Chat within 3 s}
spec:
  service: shop
  indicatorRef: chat-latency
  timeWindow: [{duration: 1d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.9, op: lte, value: 3000}]
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: chat, displayName: Chat answers, annotations: {sightline.dev/twin: chat-servers}}
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
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: chat-servers, annotations: {sightline.dev/role: compared}}
spec:
  service: shop
  indicator:
    metadata: {name: chat-servers}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: scrape, spec: {target: backend, metric: 'chat_total{result=\"ok\"}'}}}
        total: {metricSource: {type: scrape, spec: {target: backend, metric: chat_total}}}
  timeWindow: [{duration: 1d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: calls-500ms}
spec:
  service: shop
  indicator:
    metadata: {name: calls-500ms}
    spec:
      thresholdMetric: {metricSource: {type: sightline, spec: {app: shop, request: GET /films, outcome: ok}}}
  timeWindow: [{duration: 1d, isRolling: true}]
  budgetingMethod: Timeslices
  objectives: [{target: 0.5, op: lte, value: 500, timeSliceTarget: 0.9, timeSliceWindow: 5m}]
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: lcp-p75}
spec:
  service: shop
  indicator:
    metadata: {name: lcp-p75}
    spec:
      thresholdMetric: {metricSource: {type: sightline, spec: {app: shop, vital: lcp}}}
  timeWindow: [{duration: 1d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.75, op: lte, value: 2500}]
";

/// A folder of objective files, and a collector that reads it.
async fn beside(folder: &Path, target: &str) -> Collector {
    let files = folder.display();
    Collector::start_with(&format!(
        "[objectives]\nfiles = [\"{files}\"]\n[[scrape]]\nname = \"backend\"\nurl = \"{target}\"\nevery_ms = 100\n"
    ))
    .await
}

fn objective_file(folder: &Path) -> PathBuf {
    folder.join("chat.yaml")
}

fn attempt(view: u32, outcome: &str, duration_ms: u64) -> Value {
    json!({
        "v": 1, "view": format!("{view:032x}"), "seq": 0, "sent_at_ms": NOON,
        "page": { "release": "1" },
        "events": [{ "n": 2, "at_ms": NOON, "kind": { "journey": {
            "name": "chat", "outcome": outcome, "duration_ms": duration_ms,
        }}}],
    })
}

async fn take(collector: &Collector, beacon: &Value) {
    let answer = collector.post(beacon.to_string()).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
}

async fn slos(collector: &Collector) -> Value {
    let answer = collector.ask("/api/v1/slos").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

fn find<'a>(slos: &'a Value, name: &str) -> &'a Value {
    let all = slos["objectives"].as_array().unwrap();
    all.iter()
        .find(|objective| objective["name"] == name)
        .unwrap_or_else(|| panic!("no {name} in {slos:#}"))
}

#[tokio::test]
async fn objectives_are_judged_by_what_browsers_sent() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(objective_file(folder.path()), FILE).unwrap();
    let collector = beside(folder.path(), "http://127.0.0.1:9/metrics").await;
    let none = slos(&collector).await;
    assert_eq!(find(&none, "chat")["state"], "no_data");
    assert_eq!(find(&none, "chat")["sli_ppm"], Value::Null);
    for view in 0..10 {
        let (outcome, ms) = if view < 2 {
            ("failed", 100)
        } else {
            ("success", 1000 + 300 * view)
        };
        take(&collector, &attempt(view.try_into().unwrap(), outcome, ms)).await;
    }
    collector.clock.advance_ms(2_000);
    let now = slos(&collector).await;
    let chat = find(&now, "chat");
    assert_eq!(
        (&chat["counts"]["good"], &chat["counts"]["bad"]),
        (&8.into(), &2.into())
    );
    assert_eq!(chat["sli_ppm"], 800_000);
    assert_eq!(chat["state"], "violated");
    // 2 of 10 where 1 of 100 is allowed: twenty times, and surprising enough for the page.
    assert_eq!(chat["present"]["rate"], 20.0);
    assert!(chat["alerts"][0]["burning"].as_bool().unwrap(), "{chat:#}");
    assert_eq!(chat["tells"], true);
    assert_eq!(
        chat["words"][0],
        "Chat answers is violated: 80% in the last 1 h, below the target of 99%, with a tenth of the budget left or less."
    );
    // Latency of the eight that succeeded: 1,600 to 3,700 ms, of which 3,100 to 3,700 are past the edge.
    let fast = find(&now, "chat-3s");
    assert_eq!(
        (&fast["counts"]["good"], &fast["counts"]["bad"]),
        (&5.into(), &3.into())
    );
    // The servers cannot be read: no data, never 100%.
    assert_eq!(chat["twin"]["state"], "no_data");
    assert_eq!(chat["twin"]["gap_ppm"], Value::Null);
    assert!(
        chat["twin"]["no_data"]
            .as_str()
            .unwrap()
            .contains("has not been read"),
        "{chat:#}"
    );
    collector.stop().await;
}

#[tokio::test]
async fn calls_counted_in_the_browser_are_judged_by_their_histogram_and_vitals_by_their_rating() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(objective_file(folder.path()), FILE).unwrap();
    let collector = beside(folder.path(), "http://127.0.0.1:9/metrics").await;
    let beacon = json!({
        "v": 1, "view": format!("{:032x}", 7), "seq": 0, "sent_at_ms": NOON,
        "page": { "release": "1" },
        "events": [
            { "n": 2, "at_ms": NOON, "kind": { "requests": {
                "method": "GET", "route": "/films", "backend_origin": "http://api.shop.test",
                "expected_origin": true, "outcome": "ok",
                "durations": { "counts": [[8, 17], [11, 3]] },
            }}},
            { "n": 3, "at_ms": NOON, "kind": { "vital": { "name": "lcp", "value_micros": 2_600_000, "delta_micros": 2_600_000 }}},
        ],
    });
    take(&collector, &beacon).await;
    let revised = json!({
        "v": 1, "view": format!("{:032x}", 7), "seq": 1, "sent_at_ms": NOON,
        "page": { "release": "1" },
        "events": [{ "n": 2, "rev": 1, "at_ms": NOON, "kind": { "requests": {
            "method": "GET", "route": "/films", "backend_origin": "http://api.shop.test",
            "expected_origin": true, "outcome": "ok",
            "durations": { "counts": [[8, 19], [11, 1]] },
        }}}],
    });
    collector.clock.advance_ms(60_000);
    let first = slos(&collector).await;
    // One slice, in which 17 of 20 are in time where 18 would make it good.
    let calls = find(&first, "calls-500ms");
    assert_eq!(
        (&calls["counts"]["good"], &calls["counts"]["bad"]),
        (&0.into(), &1.into())
    );
    let lcp = find(&first, "lcp-p75");
    assert_eq!(
        (&lcp["counts"]["good"], &lcp["counts"]["bad"]),
        (&0.into(), &1.into())
    );
    take(&collector, &revised).await;
    collector.clock.advance_ms(60_000);
    let second = slos(&collector).await;
    let calls = find(&second, "calls-500ms");
    assert_eq!(
        (&calls["counts"]["good"], &calls["counts"]["bad"]),
        (&1.into(), &0.into())
    );
    collector.stop().await;
}

#[tokio::test]
async fn every_series_of_an_objective_is_there_from_the_start_and_no_data_is_no_number() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(objective_file(folder.path()), FILE).unwrap();
    let collector = beside(folder.path(), "http://127.0.0.1:9/metrics").await;
    let events = "sightline_objective_events_total";
    let chat = "objective=\"chat\"";
    let before = collector.metrics().await;
    let present = |class: &str| {
        before
            .0
            .keys()
            .any(|name| name.starts_with(events) && name.contains(chat) && name.contains(class))
    };
    assert!(
        present("class=\"good\"") && present("class=\"bad\""),
        "{before:#?}"
    );
    assert!(
        !before
            .0
            .keys()
            .any(|name| name.starts_with("sightline_objective_sli_ratio")),
        "{before:#?}"
    );
    assert_eq!(
        before.sum_of("sightline_objective_state", &[chat, "no data"]),
        1.0
    );
    take(&collector, &attempt(1, "success", 100)).await;
    collector.clock.advance_ms(2_000);
    let after = collector.metrics().await;
    assert_eq!(after.sum_of(events, &[chat, "good"]), 1.0);
    assert_eq!(after.sum_of("sightline_objective_sli_ratio", &[chat]), 1.0);
    collector.stop().await;
}

#[tokio::test]
async fn a_broken_file_leaves_the_last_good_set_running_and_says_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(objective_file(folder.path()), FILE).unwrap();
    let collector = beside(folder.path(), "http://127.0.0.1:9/metrics").await;
    let when = async |what: &str, holds: &dyn Fn(&Value) -> bool| {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let now = slos(&collector).await;
            if holds(&now) {
                return now;
            }
            assert!(Instant::now() < deadline, "not so: {what}; instead {now:#}");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    };
    std::fs::write(
        objective_file(folder.path()),
        FILE.replace("0.99}", "1.99}")
            .replace("value: 3000", "value: 3001"),
    )
    .unwrap();
    let broken = when("refused", &|now| !now["refused"].is_null()).await;
    assert_eq!(broken["objectives"].as_array().unwrap().len(), 5);
    let problems = broken["refused"]["problems"].as_array().unwrap();
    let of = |field: &str| {
        problems
            .iter()
            .find(|problem| problem["field"] == field)
            .unwrap_or_else(|| panic!("{broken:#}"))
    };
    let threshold = of("spec.objectives[0].value");
    assert_eq!(
        (&threshold["document"], &threshold["line"]),
        (&2.into(), &15.into())
    );
    assert!(
        threshold["right"]
            .as_str()
            .unwrap()
            .starts_with("3000 is the nearest"),
        "{threshold}"
    );
    assert_eq!(
        of("spec.objectives[0].target")["what"],
        "1.99 is more than all"
    );
    // Put right, and changed: the new set takes its place.
    std::fs::write(
        objective_file(folder.path()),
        FILE.replace("target: 0.9,", "target: 0.95,"),
    )
    .unwrap();
    let mended = when("mended", &|now| now["refused"].is_null()).await;
    assert_eq!(find(&mended, "chat-3s")["target_ppm"], 950_000);
    collector.stop().await;
}

#[tokio::test]
async fn a_file_that_is_not_there_is_a_problem_and_no_end() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.yaml");
    let collector = Collector::start_with(&format!(
        "[objectives]\nfiles = [\"{}\"]\n",
        missing.display()
    ))
    .await;
    let now = slos(&collector).await;
    let what = now["refused"]["problems"][0]["what"].as_str().unwrap();
    assert!(what.starts_with("it cannot be read"), "{now:#}");
    collector.stop().await;
}
