//! Every reason a beacon is refused for: its own status, JSON reason and counter, and no effect on
//! anything else.

use crate::harness::{Answer, Collector, KEY, Metrics, NOON, ORIGIN, beacon, chat, page, view};
use beacon::{Beacon, JourneyOutcome, PageOutcome, PreviousView, encode, encode_json, limits};
use rusqlite::Connection;
use std::collections::BTreeMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

fn good() -> Beacon {
    beacon(view(9), 0, vec![page(PageOutcome::Ready)])
}

fn good_bytes() -> Vec<u8> {
    encode(&good()).unwrap()
}

/// Everything a refused beacon must leave alone: indicators, views, and all metrics but the received
/// and the rejected ones.
async fn untouched(collector: &Collector) -> (String, Vec<serde_json::Value>, Metrics) {
    let mut slis = collector.slis("").await;
    slis["from_ms"] = 0.into();
    let mut metrics = collector.metrics().await;
    metrics
        .0
        .retain(|name, _| !name.contains("_received_") && !name.contains("_rejected_"));
    (slis.to_string(), collector.views("").await, metrics)
}

fn rejected(metrics: &Metrics) -> BTreeMap<String, f64> {
    let family = "sightline_collector_beacons_rejected_total";
    let counts = metrics
        .0
        .iter()
        .filter(|(name, count)| name.starts_with(family) && **count > 0.0);
    counts.map(|(name, count)| (name.clone(), *count)).collect()
}

/// Sends a good beacon, lets `attempt` be refused, and checks the promise.
async fn refused<F>(collector: Collector, status: u16, reason: &str, attempt: F)
where
    F: AsyncFnOnce(&Collector) -> Answer,
{
    let stored = beacon(view(1), 0, vec![page(PageOutcome::Ready)]);
    collector.send(&stored).await;
    let before = untouched(&collector).await;
    let answer = attempt(&collector).await;
    assert_eq!(answer.status, status, "{}", answer.text);
    let problem = answer.json();
    assert_eq!(problem["reason"], reason);
    for part in ["what", "where", "what_to_do"] {
        assert!(
            problem[part].as_str().is_some_and(|text| !text.is_empty()),
            "{problem}"
        );
    }
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(
        answer.header("access-control-expose-headers"),
        Some("retry-after")
    );
    assert_eq!(
        answer.header("retry-after").is_some(),
        matches!(status, 429 | 503)
    );
    assert_eq!(untouched(&collector).await, before);
    let label = format!("sightline_collector_beacons_rejected_total{{reason=\"{reason}\"}}");
    assert_eq!(rejected(&collector.metrics().await), [(label, 1.0)].into());
    collector.stop().await;
}

async fn refused_head(status: u16, reason: &str, spoil: impl Fn(&mut Beacon)) {
    let mut bad = good();
    spoil(&mut bad);
    let bytes = encode(&bad).unwrap();
    refused(Collector::start().await, status, reason, async |c| {
        c.post(bytes).await
    })
    .await;
}

#[tokio::test]
async fn an_unknown_key_is_rejected_with_401() {
    refused(Collector::start().await, 401, "unknown_key", async |c| {
        c.post_as("nobody", Some(ORIGIN), good_bytes()).await
    })
    .await;
}

#[tokio::test]
async fn a_key_that_is_no_text_is_rejected_with_401() {
    refused(Collector::start().await, 401, "unknown_key", async |c| {
        c.post_as("%ff%fe", Some(ORIGIN), good_bytes()).await
    })
    .await;
}

#[tokio::test]
async fn a_foreign_origin_is_rejected_with_403() {
    refused(Collector::start().await, 403, "wrong_origin", async |c| {
        c.post_as(KEY, Some("http://shop.test.evil.test"), good_bytes())
            .await
    })
    .await;
}

#[tokio::test]
async fn a_missing_origin_is_rejected_with_403() {
    refused(Collector::start().await, 403, "wrong_origin", async |c| {
        c.post_as(KEY, None, good_bytes()).await
    })
    .await;
}

#[tokio::test]
async fn a_beacon_posted_to_nowhere_is_rejected_with_404() {
    refused(Collector::start().await, 404, "not_found", async |c| {
        c.post_as("shop-web/more", Some(ORIGIN), good_bytes()).await
    })
    .await;
}

#[tokio::test]
async fn another_method_than_post_is_rejected_with_405() {
    refused(
        Collector::start().await,
        405,
        "method_not_allowed",
        async |c| {
            let answer = c.fetch("/v1/beacons/shop-web").await;
            assert_eq!(answer.header("allow"), Some("POST, OPTIONS"));
            answer
        },
    )
    .await;
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_rejected_with_408() {
    let collector = Collector::start_with("[ingest]\nbody_timeout_ms = 50").await;
    refused(collector, 408, "body_timeout", async |c| {
        let mut stream = half_sent(c).await;
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        parsed(&text)
    })
    .await;
}

#[tokio::test]
async fn a_body_declared_too_large_is_rejected_with_413() {
    refused(Collector::start().await, 413, "body_too_large", async |c| {
        c.post(vec![1; limits::BEACON_BYTES + 1]).await
    })
    .await;
}

#[tokio::test]
async fn a_body_that_grows_too_large_without_declaring_it_is_rejected_with_413() {
    let collector = Collector::start_with("[ingest]\nbody_bytes = 100").await;
    refused(collector, 413, "body_too_large", async |c| {
        let head = "POST /v1/beacons/shop-web HTTP/1.1\r\nhost: c\r\norigin: http://shop.test\r\n\
                    connection: close\r\ntransfer-encoding: chunked\r\n\r\n";
        let chunk = format!("80\r\n{}\r\n", "x".repeat(0x80));
        let mut stream = connect(c).await;
        stream
            .write_all(format!("{head}{chunk}0\r\n\r\n").as_bytes())
            .await
            .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        parsed(&text)
    })
    .await;
}

#[tokio::test]
async fn a_packed_body_is_rejected_with_415() {
    refused(
        Collector::start().await,
        415,
        "encoding_refused",
        async |c| {
            let request = c
                .request("POST", "/v1/beacons/shop-web")
                .header("origin", ORIGIN);
            let response = request
                .header("content-encoding", "gzip")
                .body(good_bytes())
                .send()
                .await;
            let response = response.unwrap();
            Answer {
                status: response.status().as_u16(),
                headers: response.headers().clone(),
                text: response.text().await.unwrap(),
            }
        },
    )
    .await;
}

#[tokio::test]
async fn headers_without_end_are_rejected_with_431() {
    let collector = Collector::start_with("[ingest]\nheader_bytes = 1000").await;
    refused(collector, 431, "headers_too_large", async |c| {
        let request = c
            .request("POST", "/v1/beacons/shop-web")
            .header("origin", ORIGIN);
        let response = request
            .header("x-more", "x".repeat(1000))
            .body(good_bytes())
            .send()
            .await;
        let response = response.unwrap();
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    })
    .await;
}

#[tokio::test]
async fn a_key_that_sends_too_much_is_rejected_with_429() {
    let collector = Collector::start_with("[ingest]\nbeacons_per_second = 1\nburst = 1").await;
    refused(collector, 429, "rate_limited", async |c| {
        c.post(good_bytes()).await
    })
    .await;
}

#[tokio::test]
async fn a_key_is_served_again_after_the_time_it_was_told_to_wait() {
    let collector = Collector::start_with("[ingest]\nbeacons_per_second = 1\nburst = 1").await;
    collector.send(&beacon(view(1), 0, Vec::new())).await;
    let answer = collector.post(good_bytes()).await;
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    collector.clock.advance_ms(wait * 1000);
    collector.send(&good()).await;
    collector.stop().await;
}

#[tokio::test]
async fn an_empty_body_is_rejected_with_400() {
    refused(Collector::start().await, 400, "empty", async |c| {
        c.post("").await
    })
    .await;
}

#[tokio::test]
async fn an_unknown_version_is_rejected_with_400() {
    refused(
        Collector::start().await,
        400,
        "unknown_version",
        async |c| c.post("\u{7}abc").await,
    )
    .await;
}

#[tokio::test]
async fn an_unknown_version_in_json_is_rejected_with_400() {
    refused(
        Collector::start().await,
        400,
        "unknown_version",
        async |c| {
            let text = String::from_utf8(encode_json(&good()).unwrap()).unwrap();
            c.post(text.replace(r#""v":1"#, r#""v":9"#)).await
        },
    )
    .await;
}

#[tokio::test]
async fn a_malformed_body_is_rejected_with_400() {
    refused(Collector::start().await, 400, "malformed", async |c| {
        let mut bytes = good_bytes();
        bytes.truncate(bytes.len() - 1);
        c.post(bytes).await
    })
    .await;
}

#[tokio::test]
async fn json_with_absurd_numbers_is_rejected_with_400() {
    refused(Collector::start().await, 400, "malformed", async |c| {
        let text = String::from_utf8(encode_json(&good()).unwrap()).unwrap();
        c.post(text.replace(&NOON.to_string(), "1e308")).await
    })
    .await;
}

#[tokio::test]
async fn too_many_events_are_rejected_with_400() {
    refused_head(400, "too_many_events", |bad| {
        let events = limits::EVENTS + 1;
        bad.events = vec![chat(2, JourneyOutcome::Success, 1); events];
    })
    .await;
}

#[tokio::test]
async fn a_head_with_an_overlong_string_is_rejected_with_400() {
    refused_head(400, "head_too_long", |bad| {
        bad.head.page.release = "x".repeat(limits::NAME_BYTES + 1);
    })
    .await;
}

#[tokio::test]
async fn a_time_no_clock_shows_is_rejected_with_400() {
    refused_head(400, "implausible_time", |bad| {
        bad.head.sent_at_ms = u64::MAX;
    })
    .await;
}

#[tokio::test]
async fn an_absurd_sequence_number_is_rejected_with_400() {
    refused_head(400, "implausible_sequence", |bad| bad.head.seq = u32::MAX).await;
}

#[tokio::test]
async fn an_absurd_claim_about_the_view_before_is_rejected_with_400() {
    refused_head(400, "implausible_sequence", |bad| {
        bad.head.previous_view = Some(PreviousView {
            view: view(1),
            last_seq: u32::MAX,
        });
    })
    .await;
}

#[tokio::test]
async fn a_beacon_of_refused_events_only_is_rejected_with_422() {
    let mut bad = good();
    bad.events = vec![chat(2, JourneyOutcome::Success, u32::MAX)];
    let bytes = encode(&bad).unwrap();
    refused(
        Collector::start().await,
        422,
        "all_events_refused",
        async |c| {
            let answer = c.post(bytes).await;
            let events = &answer.json()["rejected"];
            assert_eq!(
                events,
                &serde_json::json!([{ "index": 0, "reason": "implausible_number" }])
            );
            answer
        },
    )
    .await;
}

#[tokio::test]
async fn a_sender_that_goes_away_is_counted_as_aborted() {
    let collector = Collector::start().await;
    let stream = half_sent(&collector).await;
    let received = "sightline_collector_beacons_received_total";
    collector
        .metrics_when("its headers are parsed", |m| m.sum(received) == 1.0)
        .await;
    drop(stream);
    let aborted = [r#"reason="aborted""#];
    let rejected = "sightline_collector_beacons_rejected_total";
    collector
        .metrics_when("it is counted", |m| m.sum_of(rejected, &aborted) == 1.0)
        .await;
    collector.stop().await;
}

#[tokio::test]
async fn what_the_database_cannot_commit_is_rejected_with_503() {
    let collector = Collector::start().await;
    let database = Connection::open(collector.database()).unwrap();
    refused(collector, 503, "store_failed", async |c| {
        choke_on(&database, "NEW.seq = 0");
        c.post(good_bytes()).await
    })
    .await;
}

#[tokio::test]
async fn a_beacon_the_database_chokes_on_costs_only_itself() {
    let collector = Collector::start().await;
    let database = Connection::open(collector.database()).unwrap();
    choke_on(&database, "NEW.seq = 7");
    // Held back, so that they wait and are committed as groups.
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let pending = async |count: f64| {
        let holds = |m: &Metrics| m.sum("sightline_collector_store_pending") == count;
        collector.metrics_when("they wait", holds).await;
    };
    let mut waiting = JoinSet::new();
    for seq in 0..10 {
        let bytes = encode(&beacon(view(1), seq, Vec::new())).unwrap();
        let request = collector
            .request("POST", "/v1/beacons/shop-web")
            .header("origin", ORIGIN);
        let request = request.body(bytes);
        waiting.spawn(async move { (seq, request.send().await.unwrap().status().as_u16()) });
        if seq == 0 {
            pending(1.0).await;
        }
    }
    pending(10.0).await;
    database.execute_batch("COMMIT").unwrap();
    for (seq, status) in waiting.join_all().await {
        assert_eq!(status, if seq == 7 { 503 } else { 204 }, "beacon {seq}");
    }
    collector.stop().await;
}

#[tokio::test]
async fn more_than_the_queue_holds_is_rejected_with_503_at_once() {
    // The store's own table stands open before `more`.
    let collector = Collector::start_with("queue = 1\ngroup = 1").await;
    let database = Connection::open(collector.database()).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut waiting = JoinSet::new();
    for seq in 0..5 {
        let bytes = encode(&beacon(view(1), seq, Vec::new())).unwrap();
        let request = collector
            .request("POST", "/v1/beacons/shop-web")
            .header("origin", ORIGIN);
        let request = request.body(bytes);
        waiting.spawn(async move {
            let response = request.send().await.unwrap();
            let retry = response.headers().contains_key("retry-after");
            (
                response.status().as_u16(),
                retry,
                response.text().await.unwrap(),
            )
        });
    }
    // One is with the writer and one in the queue; the others need not wait for either.
    for _ in 0..3 {
        let (status, retry, text) = waiting.join_next().await.unwrap().unwrap();
        assert_eq!((status, retry), (503, true), "{text}");
        assert!(text.contains("overloaded"), "{text}");
    }
    database.execute_batch("COMMIT").unwrap();
    let rest = waiting.join_all().await;
    assert!(rest.iter().any(|(status, ..)| *status == 204), "{rest:?}");
    collector.stop().await;
}

#[tokio::test]
async fn every_answer_lets_the_page_read_it_and_preflights_are_answered() {
    let collector = Collector::start().await;
    let preflight = collector
        .request("OPTIONS", "/v1/beacons/shop-web")
        .header("origin", "http://anywhere.test")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type");
    let answer = preflight.send().await.unwrap();
    assert!(answer.status().is_success());
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    assert!(
        answer.headers()["access-control-allow-methods"]
            .to_str()
            .unwrap()
            .contains("POST")
    );
    assert_eq!(
        answer.headers()["access-control-allow-headers"],
        "content-type"
    );
    for path in ["/nowhere", "/probe/nothing.js", "/healthz"] {
        let answer = collector.fetch(path).await;
        assert_eq!(
            answer.header("access-control-allow-origin"),
            Some("*"),
            "{path}"
        );
    }
    collector.stop().await;
}

fn choke_on(database: &Connection, condition: &str) {
    let trigger = format!(
        "CREATE TRIGGER choke BEFORE INSERT ON beacons WHEN {condition}
         BEGIN SELECT RAISE(ABORT, 'made to fail'); END"
    );
    database.execute_batch(&trigger).unwrap();
}

async fn connect(collector: &Collector) -> TcpStream {
    TcpStream::connect(collector.public.trim_start_matches("http://"))
        .await
        .unwrap()
}

/// A request whose body stops after its first byte.
async fn half_sent(collector: &Collector) -> TcpStream {
    let head = "POST /v1/beacons/shop-web HTTP/1.1\r\nhost: c\r\norigin: http://shop.test\r\n\
                connection: close\r\ncontent-length: 100\r\n\r\n{";
    let mut stream = connect(collector).await;
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

fn parsed(text: &str) -> Answer {
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no head: {text:?}"));
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .unwrap()
        .parse()
        .unwrap();
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| {
            let name: reqwest::header::HeaderName = name.parse().unwrap();
            (name, value.parse().unwrap())
        });
    Answer {
        status,
        headers: headers.collect(),
        text: body.to_owned(),
    }
}
