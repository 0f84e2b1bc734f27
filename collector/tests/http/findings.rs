//! The blind spot by its addresses: what is found, told, noted and remembered.

use crate::harness::{Answer, Collector, ORIGIN, beacon, event, page, view};
use crate::view_page::rendered_as;
use beacon::{
    Beacon, EventKind, Finality, PageLoad, PageOutcome, RequestAttempt, RequestOutcome, Touched,
    ViewId,
};
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// All users share this machine's address.
const FOUND: &str = r#"
[[apps]]
name = "found"
keys = ["found-web"]
origins = ["http://shop.test"]
expected_backend_origins = ["http://api.shop.test"]
blind_spot = { networks = 1, votes_per_network = 1000 }
[[apps.journeys]]
name = "chat"
threshold_ms = 5000
"#;

async fn send(collector: &Collector, beacon: &Beacon) {
    collector.clock.advance_ms(5_000);
    let bytes = beacon::encode(beacon).unwrap();
    let answer = collector.post_as("found-web", Some(ORIGIN), bytes).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
}

/// Document of release 1, scripts of release 2.
fn mixed(id: ViewId) -> Beacon {
    let touched = [("1", "pod-1"), ("2", "pod-2")].map(|(release, pod)| Touched {
        release: release.into(),
        deployment: pod.into(),
    });
    let load = PageLoad {
        outcome: PageOutcome::Blank,
        finality: Finality::Final,
        decided_after_ms: 2400,
        touched: touched.to_vec(),
        failed_scripts: 1,
    };
    beacon(id, 0, vec![event(0, EventKind::Page(load))])
}

async fn findings_when(collector: &Collector, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let answer = collector.ask("/api/v1/findings?app=found").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let found = answer.json();
        if holds(&found) {
            return found;
        }
        assert!(
            Instant::now() < deadline,
            "not so: {what}; instead {found:#}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Until the one finding is in the database as told.
async fn noted(collector: &Collector, holds: impl Fn(&Value) -> bool) {
    let database = Connection::open(collector.database()).unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let query = "SELECT body FROM notes WHERE kind = 'finding'";
        let note: Option<String> = database
            .query_row(query, (), |row| row.get(0))
            .optional()
            .unwrap();
        let note: Value = note.map_or(Value::Null, |body| serde_json::from_str(&body).unwrap());
        if holds(&note) {
            return;
        }
        assert!(Instant::now() < deadline, "{note:#}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Forty loads that work, one release; then what the incident brings, and when it was found.
async fn in_the_incident() -> (Collector, Value) {
    let collector = Collector::start_with(FOUND).await;
    for number in 0..40 {
        send(
            &collector,
            &beacon(view(number), 0, vec![page(PageOutcome::Ready)]),
        )
        .await;
    }
    for number in 100..105 {
        send(&collector, &mixed(view(number))).await;
        let well = beacon(view(number + 50), 0, vec![page(PageOutcome::Ready)]);
        send(&collector, &well).await;
    }
    let found = findings_when(&collector, "five loads failed", |found| {
        found["open"]["failed"] == 5 && found["open"]["loads"] == 10
    })
    .await;
    (collector, found)
}

#[tokio::test]
async fn a_finding_is_one_sentence_with_loads_to_look_at() {
    let (collector, found) = in_the_incident().await;
    let open = &found["open"];
    assert_eq!(
        open["sentence"],
        "Release 2 (pod-2), first seen 20 s earlier: 5 of 5 loads that touched it failed, 0 of 5 \
         others. 5 blank (assets of two releases)."
    );
    assert_eq!(open["test"], "signature");
    let example = open["examples"][0]["view"].as_str().unwrap();
    let shown = collector.ask(&format!("/api/v1/views/{example}")).await;
    assert_eq!(shown.json()["page"]["outcome"], "blank");
    let release = &found["releases"][0];
    assert_eq!(
        (
            &release["release"],
            &release["sessions"],
            &release["failure_free"]
        ),
        (&"2".into(), &5.into(), &0.into())
    );
    let metrics = collector.metrics().await;
    let app = "app=\"found\"";
    assert_eq!(metrics.sum_of("sightline_blind_spot_open", &[app]), 1.0);
    let by_signature = [app, "test=\"signature\""];
    assert_eq!(
        metrics.sum_of("sightline_blind_spot_findings_total", &by_signature),
        1.0
    );
    assert_eq!(
        metrics.sum_of("sightline_blind_spot_open", &["app=\"shop\""]),
        0.0
    );
    collector.stop().await;
}

#[tokio::test]
async fn the_page_leads_with_the_sentence_and_tells_how_it_shows_and_what_else_was_considered() {
    let (collector, found) = in_the_incident().await;
    let text = rendered_as(&found, "finding");
    let sentence = found["open"]["sentence"].as_str().unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    assert!(
        lines[0].starts_with("Users fail and no server says so"),
        "{text}"
    );
    assert_eq!(lines[1], sentence);
    assert_eq!(lines[2], "5 blank (assets of two releases)an example23");
    assert!(text.contains("What could be the cause of 5 failed loads"));
    assert!(text.contains("5 of 5 | 0 of 5 | 100%"), "{text}");
    let quiet = collector.ask("/api/v1/findings?app=shop").await.json();
    assert_eq!(rendered_as(&quiet, "finding").trim(), "nothing found");
    collector.stop().await;
}

#[tokio::test]
async fn a_finding_outlives_a_restart_and_is_past_when_it_is_over() {
    let (collector, before) = in_the_incident().await;
    let found_ms = &before["open"]["found_ms"];
    noted(&collector, |note| {
        note["failed"] == 5 && note["loads"] == 10
    })
    .await;
    let collector = collector.restart().await;
    let after = findings_when(&collector, "remembered", |found| {
        found["open"]["failed"] == 5 && found["open"]["loads"] == 10
    })
    .await;
    assert_eq!(&after["open"]["found_ms"], found_ms);
    assert_eq!(after["open"]["sentence"], before["open"]["sentence"]);
    for number in 0..20 {
        let id = view(200 + number);
        collector.clock.advance_ms(60_000);
        send(&collector, &beacon(id, 0, vec![page(PageOutcome::Ready)])).await;
    }
    let over = findings_when(&collector, "over", |found| found["open"].is_null()).await;
    assert_eq!(&over["past"][0]["found_ms"], found_ms);
    assert!(over["past"][0]["closed_ms"].is_u64());
    noted(&collector, |note| note["closed_ms"].is_u64()).await;
    let collector = collector.restart().await;
    let still = findings_when(&collector, "past", |found| found["past"][0].is_object()).await;
    assert_eq!(still["past"][0]["found_ms"], *found_ms);
    assert!(still["open"].is_null());
    collector.stop().await;
}

#[tokio::test]
async fn a_country_that_alone_fails_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("places.csv");
    let places = "192.0.2.0/25,AT\n192.0.2.128/25,CH,AS64500 Example\n";
    std::fs::write(&file, places).unwrap();
    let ingest = format!("[ingest]\nplaces = {:?}\n", file.display().to_string());
    let proxies = "[listen]\ntrusted_proxies = [\"127.0.0.0/8\"]\n";
    let collector = Collector::start_with(&format!("{proxies}{ingest}{FOUND}")).await;
    let visit = async |number: u8, last: u8, outcome: PageOutcome| {
        collector.clock.advance_ms(5000);
        let bytes = beacon::encode(&beacon(view(number), 0, vec![page(outcome)])).unwrap();
        let request = collector
            .request("POST", "/v1/beacons/found-web")
            .header("origin", ORIGIN)
            .header("x-forwarded-for", format!("192.0.2.{last}"));
        assert_eq!(request.body(bytes).send().await.unwrap().status(), 204);
    };
    for number in 0..120 {
        visit(
            number,
            if number % 2 == 0 { 1 } else { 200 },
            PageOutcome::Ready,
        )
        .await;
    }
    for number in 120..160 {
        let of_austria = number % 2 == 0;
        let outcome = match of_austria {
            true => PageOutcome::Incomplete,
            false => PageOutcome::Ready,
        };
        visit(number, if of_austria { 1 } else { 200 }, outcome).await;
    }
    let found = findings_when(&collector, "all heard", |found| {
        found["releases"][0]["sessions"] == 160
    })
    .await;
    let sentence = found["open"]["sentence"].as_str().unwrap();
    assert!(sentence.starts_with("Country AT: "), "{sentence}");
    let known = std::fs::read(collector.database()).unwrap();
    assert!(
        !known.windows(9).any(|bytes| bytes == b"192.0.2.1"),
        "no address is stored"
    );
    collector.stop().await;
}

#[tokio::test]
async fn where_users_come_from_many_networks_one_network_proves_nothing() {
    let many = FOUND.replace("networks = 1, ", "");
    assert_ne!(many, FOUND);
    let collector = Collector::start_with(&many).await;
    for number in 0..20 {
        send(&collector, &mixed(view(number))).await;
    }
    let answer = findings_when(&collector, "all heard", |found| {
        found["releases"][0]["sessions"] == 20
    })
    .await;
    assert!(answer["open"].is_null(), "{answer:#}");
    collector.stop().await;
}

#[tokio::test]
async fn the_gap_says_what_no_server_can_have_counted() {
    let collector = Collector::start_with(FOUND).await;
    send(&collector, &mixed(view(1))).await;
    let call = RequestAttempt {
        method: "GET".into(),
        backend_origin: "http://inner.test".into(),
        route: "/startup".into(),
        expected_origin: true,
        outcome: RequestOutcome::Unreachable,
        finality: Finality::Final,
        status: 0,
        duration_ms: 4,
        result: None,
        diagnosis: None,
        initiator: beacon::Initiator::Xhr,
        online: true,
        connection: String::new(),
        headers_ms: 0,
        stream: None,
        trace: None,
    };
    let called = event(2, EventKind::Request(call));
    send(
        &collector,
        &beacon(view(2), 0, vec![page(PageOutcome::Ready), called]),
    )
    .await;
    let gaps = collector
        .ask("/api/v1/gaps?app=found&window=1h")
        .await
        .json();
    let unseen = &gaps["unseen_failures"];
    assert_eq!(
        unseen["pages"],
        json!({ "blank": 1, "broken": 0, "incomplete": 0 })
    );
    assert_eq!(unseen["calls"]["unreachable"], 1);
    assert_eq!(unseen["total"], 2);
    let chat = &gaps["pairs"]["chat"];
    assert_eq!(chat["gap_ppm"], Value::Null, "no twin, no gap");
    assert_eq!(chat["missing_unknown"], "no data of the servers");
    collector.stop().await;
}

async fn deploy(collector: &Collector, mime: &str, body: &str) -> Answer {
    collector
        .post_private("/api/v1/deployments", mime, body)
        .await
}

#[tokio::test]
async fn a_deployment_is_noted_and_told_beside_the_findings() {
    let collector = Collector::start_with(FOUND).await;
    let body = r#"{ "app": "found", "release": "2", "note": "canary" }"#;
    let answer = deploy(&collector, "application/json", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let noted = &findings_when(&collector, "told", |_| true).await["deployments"][0];
    assert_eq!(
        (&noted["release"], &noted["note"]),
        (&"2".into(), &"canary".into())
    );
    assert!(noted["at_ms"].is_u64());
    collector.stop().await;
}

#[tokio::test]
async fn a_deployment_that_is_none_is_refused_with_what_would_be_right() {
    let collector = Collector::start_with(FOUND).await;
    let long = format!(r#"{{ "app": "found", "release": "{}" }}"#, "x".repeat(501));
    for (mime, body, status) in [
        // What a foreign page can send without being asked.
        ("text/plain", r#"{ "release": "2" }"#, 415),
        ("application/json", "{ }", 422),
        ("application/json", "no", 400),
        (
            "application/json",
            r#"{ "app": "nobody", "release": "2" }"#,
            404,
        ),
        ("application/json", long.as_str(), 422),
    ] {
        let answer = deploy(&collector, mime, body).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text);
        assert!(answer.json()["what_to_do"].is_string());
    }
    collector.stop().await;
}
