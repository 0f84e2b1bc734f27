//! What people and pages read: the API, its errors, the metrics, the page, the probe's files.

use crate::harness::{Collector, NOON, beacon, chat, event, page, view};
use beacon::{
    EventKind, Finality, Initiator, JourneyOutcome, PageOutcome, RequestAttempt, RequestOutcome,
    Touched,
};
use serde_json::Value;

fn call(n: u32, origin: &str, outcome: RequestOutcome) -> beacon::Event {
    event(
        n,
        EventKind::Request(RequestAttempt {
            method: "POST".into(),
            backend_origin: origin.into(),
            route: "/login".into(),
            expected_origin: true,
            outcome,
            finality: Finality::Final,
            status: 0,
            duration_ms: 12,
            result: None,
            diagnosis: None,
            initiator: Initiator::Fetch,
            online: true,
            connection: "4g".into(),
            headers_ms: 0,
            stream: None,
            trace: None,
        }),
    )
}

/// Two views of release 1 that work, and one of release 2 that does not.
async fn incident() -> Collector {
    let collector = Collector::start().await;
    for number in [1, 2] {
        let events = vec![
            page(PageOutcome::Ready),
            chat(2, JourneyOutcome::Success, 900),
            call(3, "http://api.shop.test", RequestOutcome::Ok),
        ];
        collector.send(&beacon(view(number), 0, events)).await;
    }
    let mut blank = page(PageOutcome::Blank);
    if let EventKind::Page(load) = &mut blank.kind {
        let pod = |n: &str| Touched {
            release: n.into(),
            deployment: format!("pod-{n}"),
        };
        load.touched = vec![pod("1"), pod("2")];
    }
    let nowhere = call(3, "http://nowhere.internal", RequestOutcome::Unreachable);
    let mut bad = beacon(
        view(3),
        0,
        vec![blank, chat(2, JourneyOutcome::Failed, 30), nowhere],
    );
    bad.head.page.release = "2".into();
    bad.head.page.deployment = "pod-2".into();
    bad.head.page.backend_origin = "http://nowhere.internal".into();
    collector.send(&bad).await;
    collector
}

#[tokio::test]
async fn failures_are_split_by_release_pod_backend_origin_and_outcome() {
    let collector = incident().await;
    let slis = collector.slis("").await;
    let failures = slis["failures"].as_array().unwrap();
    assert_eq!(failures.len(), 3, "{failures:#?}");
    let blank = failures
        .iter()
        .find(|group| group["kind"] == "page")
        .unwrap();
    for (field, value) in [
        ("release", Value::from("2")),
        ("deployment", "pod-2".into()),
        ("backend_origin", "http://nowhere.internal".into()),
        ("outcome", "blank".into()),
        ("mixed", true.into()),
        ("count", 1.into()),
    ] {
        assert_eq!(blank[field], value, "{field}");
    }
    assert_eq!(slis["pages"]["mixed"], 1);
    let origins = slis["reachability"].as_array().unwrap();
    let unexpected = origins
        .iter()
        .find(|origin| origin["expected"] == false)
        .unwrap();
    assert_eq!(unexpected["backend_origin"], "http://nowhere.internal");
    assert_eq!(unexpected["ratio_ppm"], 0);
    collector.stop().await;
}

#[tokio::test]
async fn a_split_by_any_dimension_adds_up_to_the_whole() {
    let collector = incident().await;
    for by in ["release", "deployment", "backend_origin", "outcome"] {
        let slis = collector.slis(&format!("split={by}")).await;
        let parts = slis["split"].as_array().unwrap();
        let total: u64 = parts
            .iter()
            .map(|part| part["pages"]["total"].as_u64().unwrap())
            .sum();
        assert_eq!(total, 3, "{by}");
        assert!(parts.len() >= 2, "{by}: {parts:#?}");
    }
    let one = collector.slis("release=1").await;
    assert_eq!(
        (&one["pages"]["good"], &one["pages"]["bad"]),
        (&2.into(), &0.into())
    );
    let two = collector
        .slis("backend_origin=http://nowhere.internal&deployment=pod-2")
        .await;
    assert_eq!(
        (&two["pages"]["good"], &two["pages"]["bad"]),
        (&0.into(), &1.into())
    );
    collector.stop().await;
}

#[tokio::test]
async fn every_bad_number_can_be_opened_down_to_its_views() {
    let collector = incident().await;
    let slis = collector.slis("").await;
    for group in slis["failures"].as_array().unwrap() {
        let field = |name: &str| group[name].as_str().unwrap().to_owned();
        let query = [
            "kind",
            "name",
            "outcome",
            "release",
            "deployment",
            "backend_origin",
        ]
        .map(|name| format!("{name}={}", field(name).replace(' ', "%20")))
        .join("&");
        let views = collector.views(&query).await;
        assert_eq!(
            views.len() as u64,
            group["count"].as_u64().unwrap(),
            "{query}"
        );
        assert_eq!(views[0]["view"], view(3).to_string());
    }
    let detail = collector
        .ask(&format!("/api/v1/views/{}", view(3)))
        .await
        .json();
    assert_eq!(detail["page"]["outcome"], "blank");
    assert_eq!(detail["page"]["touched"].as_array().unwrap().len(), 2);
    assert_eq!(detail["journeys"][0]["class"], "bad");
    assert_eq!(detail["requests"][0]["outcome"], "unreachable");
    assert_eq!(detail["beacons"][0]["seq"], 0);
    collector.stop().await;
}

#[tokio::test]
async fn a_list_of_views_says_when_it_was_cut_off() {
    let collector = incident().await;
    let answer = collector.ask("/api/v1/views?limit=2").await.json();
    assert_eq!(
        (
            answer["views"].as_array().unwrap().len(),
            &answer["truncated"]
        ),
        (2, &true.into())
    );
    let answer = collector.ask("/api/v1/views?limit=3").await.json();
    assert_eq!(answer["truncated"], false);
    collector.stop().await;
}

#[tokio::test]
async fn no_data_is_null_and_never_100_percent() {
    let collector = Collector::start().await;
    let slis = collector.slis("").await;
    assert_eq!(slis["pages"]["ratio_ppm"], Value::Null);
    assert_eq!(slis["journeys"]["chat"]["client"]["ratio_ppm"], Value::Null);
    assert_eq!(slis["journeys"]["chat"]["server"], Value::Null);
    assert_eq!(slis["coverage"]["received_ppm"], Value::Null);
    collector.stop().await;
}

#[tokio::test]
async fn errors_of_the_api_say_what_where_and_what_to_do() {
    let collector = Collector::start().await;
    for (path, status, reason) in [
        ("/api/v1/slis?app=nobody", 404, "unknown_app"),
        ("/api/v1/slis?window=soon", 400, "bad_window"),
        ("/api/v1/slis?window=5m&from_ms=1", 400, "bad_window"),
        ("/api/v1/slis?from_ms=2&to_ms=1", 400, "bad_window"),
        ("/api/v1/slis?from_ms=-1", 400, "bad_query"),
        ("/api/v1/slis?to_ms=18446744073709551615", 400, "bad_window"),
        ("/api/v1/slis?split=colour", 400, "bad_query"),
        ("/api/v1/views?colour=red", 400, "bad_query"),
        ("/api/v1/views/xyz", 404, "unknown_view"),
        (
            "/api/v1/views/00000000000000000000000000000000",
            404,
            "unknown_view",
        ),
        ("/api/v2", 404, "not_found"),
        ("/assets/nothing.js", 404, "not_found"),
    ] {
        let answer = collector.ask(path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
        let problem = answer.json();
        assert_eq!(problem["reason"], reason, "{path}");
        for part in ["what", "where", "what_to_do"] {
            assert!(
                problem[part].as_str().is_some_and(|text| !text.is_empty()),
                "{path}: {problem}"
            );
        }
    }
    collector.stop().await;
}

#[tokio::test]
async fn the_metrics_are_one_text_in_which_no_name_is_described_twice() {
    let collector = incident().await;
    let answer = collector.ask("/metrics").await;
    assert!(
        answer
            .header("content-type")
            .unwrap()
            .starts_with("application/openmetrics-text")
    );
    assert!(answer.text.ends_with("# EOF\n"));
    let mut described: Vec<_> = answer
        .text
        .lines()
        .filter(|line| line.starts_with("# TYPE "))
        .collect();
    let all = described.len();
    described.sort_unstable();
    described.dedup();
    assert_eq!(described.len(), all);
    let metrics = collector.metrics().await;
    let bad = [r#"class="bad""#, r#"release="2""#];
    assert_eq!(metrics.sum_of("sightline_pages_total", &bad), 1.0);
    assert_eq!(
        metrics.sum_of("sightline_requests_total", &[r#"request="POST /login""#]),
        3.0
    );
    collector.stop().await;
}

#[tokio::test]
async fn the_page_and_its_parts_come_from_the_collector_alone() {
    let collector = Collector::start().await;
    let page = collector.ask("/").await;
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(
        page.header("content-security-policy")
            .unwrap()
            .contains("default-src 'self'")
    );
    let mut parts = vec![];
    for quoted in page
        .text
        .split('"')
        .filter(|text| text.starts_with("/assets/"))
    {
        let part = collector.ask(quoted).await;
        assert_eq!(part.status, 200, "{quoted}");
        parts.push(part.text);
    }
    assert!(parts.len() >= 3);
    // The icon's namespace is a name, not an address that anybody fetches.
    let foreign = |text: &str| text.replace("http://www.w3.org/", "").contains("://");
    assert!(!foreign(&page.text) && !parts.iter().any(|part| foreign(part)));
    collector.stop().await;
}

#[tokio::test]
async fn the_probes_files_are_served_to_any_origin_with_their_types() {
    let collector = Collector::start().await;
    assert_eq!(collector.fetch("/probe/core.js").await.status, 404);
    std::fs::create_dir(collector.probe_dir()).unwrap();
    for name in [
        "early.js",
        "core.js",
        "more.js",
        "console.js",
        "events.js",
        "debug.js",
        "core.wasm",
        "secret.txt",
    ] {
        std::fs::write(collector.probe_dir().join(name), format!("/* {name} */")).unwrap();
    }
    let script = "text/javascript; charset=utf-8";
    for (name, mime) in [
        ("early.js", script),
        ("core.js", script),
        ("more.js", script),
        ("console.js", script),
        ("events.js", script),
        ("debug.js", script),
        ("core.wasm", "application/wasm"),
    ] {
        let file = collector.fetch(&format!("/probe/{name}")).await;
        assert_eq!(
            (file.status, file.header("content-type")),
            (200, Some(mime))
        );
        assert_eq!(file.text, format!("/* {name} */"));
        assert_eq!(file.header("access-control-allow-origin"), Some("*"));
        assert_eq!(file.header("timing-allow-origin"), Some("*"));
        assert_eq!(file.header("cache-control"), Some("no-cache"));
    }
    for path in [
        "/probe/secret.txt",
        "/probe/..%2fcollector.db",
        "/probe/nobody.js",
    ] {
        assert_eq!(collector.fetch(path).await.status, 404, "{path}");
    }
    collector.stop().await;
}

#[tokio::test]
async fn a_plain_script_tag_gets_the_early_hook_with_its_configuration() {
    let collector = Collector::start().await;
    std::fs::create_dir(collector.probe_dir()).unwrap();
    std::fs::write(collector.probe_dir().join("early.js"), "/* hook */").unwrap();
    let loader = collector.fetch("/probe/shop-web.js").await;
    assert_eq!(
        collector.fetch("/probe/probe.js").await.text,
        loader.text,
        "the only application"
    );
    let (first, hook) = loader.text.split_once('\n').unwrap();
    assert_eq!(hook, "/* hook */");
    let json = first
        .strip_prefix("globalThis.__sightlineConfig = ")
        .unwrap();
    let config: Value = serde_json::from_str(json.trim_end_matches(';')).unwrap();
    assert_eq!(
        (&config["app"], &config["mount"]),
        (&"shop-web".into(), &"#app".into())
    );
    collector.stop().await;
}

#[tokio::test]
async fn the_public_listener_shows_nothing_of_the_private_one() {
    let collector = incident().await;
    for path in ["/", "/metrics", "/api/v1/slis", "/api/v1/views"] {
        assert_eq!(collector.fetch(path).await.status, 404, "{path}");
    }
    assert_eq!(collector.fetch("/healthz").await.status, 200);
    assert!(collector.slis("").await["to_ms"].as_u64().unwrap() > NOON);
    collector.stop().await;
}

#[tokio::test]
async fn every_commit_is_seen_in_its_length_and_in_its_size() {
    let collector = Collector::start().await;
    for seq in 0..5 {
        collector.send(&beacon(view(1), seq, Vec::new())).await;
    }
    let metrics = collector.metrics().await;
    let sum = |name: &str| metrics.sum(&format!("sightline_collector_store_{name}"));
    assert!(sum("commit_duration_seconds_count") >= 5.0, "{metrics:#?}");
    assert!(sum("commit_duration_seconds_sum") > 0.0, "{metrics:#?}");
    assert_eq!(sum("commit_size_sum"), 5.0, "{metrics:#?}");
    assert_eq!(sum("dedup_entries"), 1.0, "{metrics:#?}");
    collector.stop().await;
}
