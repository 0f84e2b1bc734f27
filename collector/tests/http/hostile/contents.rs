//! Beacons that are well formed and ill meant: absurd numbers, lines for our log, labels without end,
//! clocks that are wrong.

use super::{exchange, others_are_served};
use crate::harness::{Collector, KEY, Metrics, NOON, ORIGIN, beacon, event, page, view};
use crate::process::{configured, started};
use beacon::{ErrorKind, ErrorReport, EventKind, PageOutcome, ViewId, encode, encode_json};
use serde_json::Value;

#[tokio::test]
async fn absurd_numbers_are_refused_wherever_they_stand() {
    let collector = Collector::start().await;
    let good = encode_json(&beacon(view(1), 0, vec![page(PageOutcome::Ready)])).unwrap();
    let good: Value = serde_json::from_slice(&good).unwrap();
    let absurd = [
        "NaN",
        "Infinity",
        "1e308",
        "-1",
        "-1e308",
        "1.5",
        "18446744073709551616",
        "\"7\"",
    ];
    // Each number of the beacon in turn, however deep.
    let mut places = Vec::new();
    numbers(&good, String::new(), &mut places);
    assert!(places.len() >= 5, "{places:?}");
    let mut refused = 0;
    for place in &places {
        for number in absurd {
            let mut bad = good.clone();
            *bad.pointer_mut(place).unwrap() = Value::from("PLACE");
            let text = bad.to_string().replace("\"PLACE\"", number);
            let answer = collector.post(text).await;
            let told = format!("{place} = {number}: {} {}", answer.status, answer.text);
            assert!(matches!(answer.status, 400 | 422), "{told}");
            refused += 1;
        }
    }
    assert_eq!(collector.slis("").await["coverage"]["views"], 0);
    let metrics = collector.metrics().await;
    assert_eq!(
        metrics.sum("sightline_collector_beacons_rejected_total"),
        f64::from(refused)
    );
    others_are_served(&collector).await;
    collector.stop().await;
}

fn numbers(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::Number(_) => places.push(place),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                numbers(item, format!("{place}/{index}"), places);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                numbers(field, format!("{place}/{name}"), places);
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

#[tokio::test]
async fn a_clock_that_is_a_day_off_changes_nothing_but_the_skew_that_is_shown() {
    const DAY: u64 = 24 * 60 * 60 * 1000;
    let collector = Collector::start().await;
    for (number, now) in [(1, NOON - DAY), (2, NOON), (3, NOON + DAY)] {
        let mut sent = beacon(view(number), 0, vec![page(PageOutcome::Ready)]);
        sent.head.sent_at_ms = now;
        // It happened ten seconds before it was sent, by whatever clock.
        sent.events[0].at_ms = now - 10_000;
        collector.send(&sent).await;
    }
    let views = collector.views("").await;
    assert_eq!(views.len(), 3);
    for seen in &views {
        let number = seen["view"].as_str().unwrap()[..2].parse::<u64>().unwrap();
        let skew = i64::try_from(DAY).unwrap() * (2 - i64::try_from(number).unwrap());
        assert_eq!(seen["beacons"][0]["skew_ms"], skew, "{seen}");
        let page = &seen["page"];
        assert_eq!(page["event_ms"], NOON - 10_000, "corrected");
        let raw = i64::try_from(NOON).unwrap() - skew - 10_000;
        assert_eq!(page["at_ms"], raw, "as the client said");
    }
    let minute = format!("from_ms={}&to_ms={}", NOON - 60_000, NOON);
    assert_eq!(collector.slis(&minute).await["pages"]["good"], 3);
    collector.stop().await;
}

#[tokio::test]
async fn a_cardinality_bomb_ends_in_other_and_changes_no_other_series() {
    // The store's own table stands open before `more`.
    let collector = Collector::start_with("label_values = 10").await;
    for number in 1..=3 {
        collector
            .send(&beacon(view(number), 0, vec![page(PageOutcome::Ready)]))
            .await;
    }
    let honest = |metrics: &Metrics| {
        let mut series = metrics.0.clone();
        series.retain(|name, _| {
            name.starts_with("sightline_pages") && name.contains("release=\"1\"")
        });
        series
    };
    let before = honest(&collector.metrics().await);
    assert!(!before.is_empty());
    for number in 0..600u32 {
        let [_, _, a, b] = number.to_be_bytes();
        let mut id = [99; 16];
        (id[0], id[1]) = (a, b);
        let mut bomb = beacon(ViewId(id), 0, vec![page(PageOutcome::Blank)]);
        bomb.head.page.release = format!("r{number}");
        bomb.head.page.deployment = format!("d{number}");
        bomb.head.page.route = format!("/x{number}y");
        bomb.head.page.backend_origin = format!("http://o{number}.test");
        collector.send(&bomb).await;
    }
    let metrics = collector.metrics().await;
    assert_eq!(honest(&metrics), before);
    let series = metrics
        .0
        .keys()
        .filter(|name| name.starts_with("sightline_pages_total"))
        .count();
    assert!(series <= 1 + 10 * 2, "{series} series of pages");
    assert!(metrics.sum("sightline_collector_store_folded_labels_total") >= 590.0);
    for label in ["release", "deployment", "backend_origin"] {
        let label = format!("label=\"{label}\"");
        let values = metrics.sum_of("sightline_collector_label_values", &[&label]);
        assert_eq!(values, 11.0, "{label}: ten and _other");
    }
    // Nothing is lost, only its name.
    assert_eq!(collector.slis("").await["pages"]["bad"], 600);
    collector.stop().await;
}

#[tokio::test]
async fn nobody_writes_a_line_of_our_log_and_no_address_stands_in_it() {
    let folder = configured();
    let mut process = started(folder.path()).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let forged = "2026-11-21T00:00:00Z ERROR collector: all is lost";
    let line = format!("x%0d%0a{}", forged.replace(' ', "%20"));
    for path in [
        format!("/v1/beacons/{line}"),
        format!("/v1/beacons/shop-web/{line}"),
        format!("/probe/{line}.js"),
    ] {
        let request = client.post(format!("{}{path}", process.public));
        let answer = request
            .header("origin", ORIGIN)
            .header("user-agent", forged)
            .send()
            .await;
        assert!(answer.unwrap().status().is_client_error());
    }
    let origin = "http://x.test/\u{1b}[31m";
    let mut report = beacon(view(1), 0, Vec::new());
    report.head.page.release = format!("\r\n{forged}");
    report.events.push(event(
        2,
        EventKind::Error(ErrorReport {
            kind: ErrorKind::Script,
            message: format!("\r\n{forged}"),
            source: String::new(),
            stack: String::new(),
            count: 1,
        }),
    ));
    let url = format!("{}/v1/beacons/{KEY}", process.public);
    let sent = client
        .post(&url)
        .header("origin", ORIGIN)
        .body(encode(&report).unwrap());
    assert!(sent.send().await.unwrap().status().is_success());
    let foreign = client.post(&url).header(
        "origin",
        reqwest::header::HeaderValue::from_bytes(origin.as_bytes())
            .unwrap_or_else(|_| "http://x.test".parse().unwrap()),
    );
    assert_eq!(
        foreign.body("x").send().await.unwrap().status().as_u16(),
        403
    );
    let log = std::mem::replace(&mut process.log, tokio::spawn(async { String::new() }));
    process.stop().await;
    let log = log.await.unwrap();
    assert!(log.contains("unknown_key"), "the refusals are told: {log}");
    for line in log.lines() {
        assert!(
            !line.starts_with("2026-11-21T00:00:00Z ERROR"),
            "forged: {log}"
        );
    }
    assert!(!log.contains('\u{1b}'), "{log:?}");
    assert!(!log.contains("127.0.0.1"), "an address: {log}");
}

#[tokio::test]
async fn a_path_that_climbs_out_of_the_probes_folder_finds_nothing() {
    let collector = Collector::start().await;
    std::fs::create_dir_all(collector.probe_dir()).unwrap();
    std::fs::write(collector.probe_dir().join("../secret.js"), "secret").unwrap();
    for path in [
        "/probe/../secret.js",
        "/probe/..%2fsecret.js",
        "/probe/%2e%2e/secret.js",
        "/probe/..%5csecret.js",
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: c\r\nconnection: close\r\n\r\n");
        let answer = exchange(&collector, request.as_bytes()).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.text.contains("secret\""), "{}", answer.text);
    }
    collector.stop().await;
}
