//! What the body tells: its arrival, its encoding, its head, its events.

use super::{connect, good, good_bytes, half_sent, parsed, refused, refused_head};
use crate::harness::{Collector, NOON, chat, view};
use beacon::{JourneyOutcome, PreviousView, encode, encode_json, limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

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
