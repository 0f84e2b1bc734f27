//! The backend's `/metrics`: the real server's names, labels and buckets, and rates a short run already meets.

use crate::harness::{TestDemo, changed, quick_phase, send};
use reqwest::Method;
use serde_json::json;

fn value(metrics: &[(String, f64)], series: &str) -> f64 {
    let found = metrics.iter().find(|(name, _)| name == series);
    found.unwrap_or_else(|| panic!("no {series}")).1
}

fn buckets(metrics: &[(String, f64)], name: &str) -> Vec<f64> {
    let start = format!("movieguru_{name}_latency_milliseconds_bucket{{le=\"");
    let bound = |series: &str| {
        series
            .strip_prefix(&start)?
            .strip_suffix("\"}")?
            .parse()
            .ok()
    };
    metrics
        .iter()
        .filter_map(|(series, _)| bound(series))
        .collect()
}

#[tokio::test]
async fn every_series_of_the_real_server_is_there_from_the_start() {
    let test = TestDemo::start().await;
    let metrics = test.metrics().await;
    for name in [
        "login_attempts_total",
        "login_success_total",
        "Logout_attempts_total",
        "Logout_success_total",
        "startup_attempts_total",
        "startup_success_total",
        "chat_calls_total",
        "chat_calls_success_total",
        "chat_safetyissue_counter_total",
        "prefGet_attempts_total",
        "prefGet_success_total",
        "prefUpdate_attempts_total",
        "prefUpdate_success_total",
        "healthcheck_attempts_total",
    ] {
        assert_eq!(value(&metrics, &format!("movieguru_{name}")), 0.0, "{name}");
    }
    for outcome in ["Engaged", "Acknowledged", "Rejected", "Unclassified"] {
        value(
            &metrics,
            &format!("movieguru_chat_outcome_counter_total{{Outcome=\"{outcome}\"}}"),
        );
    }
    for sentiment in ["Positive", "Negative", "Neutral", "Unclassified"] {
        value(
            &metrics,
            &format!("movieguru_chat_sentiment_counter_total{{Sentiment=\"{sentiment}\"}}"),
        );
    }
}

#[tokio::test]
async fn every_histogram_has_the_real_servers_buckets() {
    let test = TestDemo::start().await;
    let metrics = test.metrics().await;
    let login = [
        0.05, 0.1, 0.5, 1.0, 10.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 5000.0,
    ];
    let startup = [
        1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 3000.0, 10000.0,
    ];
    let chat = [
        100.0, 250.0, 500.0, 1000.0, 2000.0, 3000.0, 4000.0, 5000.0, 10000.0, 12000.0,
    ];
    let preferences = [0.1, 1.0, 10.0, 50.0, 100.0, 500.0, 1000.0, 2000.0];
    let health = [0.1, 0.5, 1.0, 1.5, 2.0, 3.0, 10.0];
    let expected: [(&str, &[f64]); 7] = [
        ("login", &login),
        ("Logout", &login),
        ("startup", &startup),
        ("chat", &chat),
        ("prefGet", &preferences),
        ("prefUpdate", &preferences),
        ("healthcheck", &health),
    ];
    for (name, bounds) in expected {
        let mut bounds = bounds.to_vec();
        bounds.push(f64::INFINITY);
        assert_eq!(buckets(&metrics, name), bounds, "{name}");
    }
}

#[tokio::test]
async fn attempts_successes_and_latencies_are_counted_failures_included() {
    let test = TestDemo::start().await;
    test.sign_in("ann").await;
    let phase = [
        ("StartupSuccess", json!(0)),
        ("StartupLatencyMinMS", json!(30)),
        ("StartupLatencyMaxMS", json!(30)),
    ];
    test.post_phase(&changed(quick_phase(), &phase)).await;
    assert_eq!(
        send(test.call(Method::GET, "/startup", "ann"))
            .await
            .status(),
        500
    );
    let metrics = test.metrics().await;
    assert_eq!(value(&metrics, "movieguru_startup_attempts_total"), 1.0);
    assert_eq!(value(&metrics, "movieguru_startup_success_total"), 0.0);
    assert_eq!(
        value(
            &metrics,
            "movieguru_startup_latency_milliseconds_bucket{le=\"20.0\"}"
        ),
        0.0
    );
    assert_eq!(
        value(
            &metrics,
            "movieguru_startup_latency_milliseconds_bucket{le=\"50.0\"}"
        ),
        1.0
    );
    assert_eq!(value(&metrics, "movieguru_login_success_total"), 1.0);
}

#[tokio::test]
async fn a_run_of_200_chats_meets_every_rate_of_its_phase_to_two_chats() {
    let test = TestDemo::start().await;
    test.sign_in("ann").await;
    let healthy: serde_json::Value =
        serde_json::from_str(include_str!("../../phases/challenge-5-healthy.json")).expect("JSON");
    let rates = ["ChatSuccess", "ChatSafetyIssue"].map(|name| (name, healthy[name].clone()));
    test.post_phase(&changed(quick_phase(), &rates)).await;
    for number in 0..200 {
        test.chat("ann", &format!("message {number}")).await;
    }
    let metrics = test.metrics().await;
    let answered = value(&metrics, "movieguru_chat_calls_success_total");
    let engaged = value(
        &metrics,
        "movieguru_chat_outcome_counter_total{Outcome=\"Engaged\"}",
    );
    let positive = value(
        &metrics,
        "movieguru_chat_sentiment_counter_total{Sentiment=\"Positive\"}",
    );
    let naughty = value(&metrics, "movieguru_chat_safetyissue_counter_total");
    assert_eq!(value(&metrics, "movieguru_chat_calls_total"), 200.0);
    for (what, counted, expected) in [
        ("success", answered, 190.0),
        ("engaged", engaged, 0.7 * answered),
        ("positive", positive, 0.6 * answered),
        ("safety issues", naughty, 0.1 * answered),
    ] {
        assert!(
            (counted - expected).abs() <= 2.0,
            "{what}: {counted}, expected {expected}"
        );
    }
}

#[tokio::test]
async fn plain_random_draws_are_an_option_and_repeat_with_their_seed() {
    let mut runs = Vec::new();
    for seed in ["3", "3", "4"] {
        let test = TestDemo::with(&["--draws", "random", "--seed", seed]).await;
        test.sign_in("ann").await;
        test.post_phase(&changed(quick_phase(), &[("StartupSuccess", json!(0.5))]))
            .await;
        let mut statuses = Vec::new();
        for _ in 0..40 {
            statuses.push(
                send(test.call(Method::GET, "/startup", "ann"))
                    .await
                    .status()
                    .as_u16(),
            );
        }
        runs.push(statuses);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}

#[tokio::test]
async fn the_crowd_keeps_the_metrics_alive_and_stays_out_of_the_log() {
    let test = TestDemo::with(&["--crowd", "2"]).await;
    let crowded = |log: &serde_json::Value| {
        log["entries"]
            .as_array()
            .is_some_and(|entries| entries.len() >= 4)
    };
    let all = test.wait_for("/backend-log?all=1", crowded).await;
    assert!(
        all["entries"][0]["user"]
            .as_str()
            .is_some_and(|user| user.starts_with("in-cluster-")),
        "{all}"
    );
    assert_eq!(test.admin("/backend-log").await["entries"], json!([]));
    assert!(value(&test.metrics().await, "movieguru_login_success_total") >= 2.0);
}

#[tokio::test]
async fn healthchecks_are_counted() {
    let test = TestDemo::start().await;
    send(test.call(Method::GET, "/", "")).await;
    assert_eq!(
        value(
            &test.metrics().await,
            "movieguru_healthcheck_attempts_total"
        ),
        1.0
    );
}
