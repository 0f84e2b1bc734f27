//! What comes over a connection before it is a request.

use super::{assert_readable, broken, connect, counted, exchange, others_are_served, read};
use crate::harness::{Collector, beacon, view};
use beacon::encode;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const TURNED_AWAY: &str = "sightline_collector_connections_turned_away_total";

#[tokio::test]
async fn headers_that_do_not_end_are_answered_with_408_and_counted() {
    let collector = Collector::start_with("[listen]\nheader_timeout_ms = 300").await;
    let mut stream = connect(&collector).await;
    let started = Instant::now();
    stream
        .write_all(b"POST /v1/beacons/shop-web HTTP/1.1\r\nhost: c\r\n")
        .await
        .unwrap();
    // Byte after byte, as a slow-loris sends them.
    let (mut reading, mut writing) = stream.into_split();
    let dripping = tokio::spawn(async move {
        while writing.write_all(b"x-a: b\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let mut text = String::new();
    let _ = reading.read_to_string(&mut text).await;
    dripping.abort();
    assert_readable(&super::parsed(&text), 408, "header_timeout");
    assert!(started.elapsed() < Duration::from_secs(5));
    broken(&collector, "header_timeout", 1.0).await;
    others_are_served(&collector).await;
    collector.stop().await;
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed_without_a_word() {
    let collector = Collector::start_with("[listen]\nheader_timeout_ms = 100").await;
    let mut silent = connect(&collector).await;
    let mut bytes = Vec::new();
    silent.read_to_end(&mut bytes).await.unwrap();
    assert!(bytes.is_empty(), "{}", String::from_utf8_lossy(&bytes));
    broken(&collector, "header_timeout", 0.0).await;
    collector.stop().await;
}

#[tokio::test]
async fn what_is_not_http_is_answered_with_400_that_a_page_can_read() {
    let collector = Collector::start().await;
    let attempts: [&[u8]; 5] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"POST\r\n\r\n",
        b"POST / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: c\r\nx: a\x00b\r\n\r\n",
    ];
    for (number, attempt) in (1u8..).zip(attempts) {
        let answer = exchange(&collector, attempt).await;
        assert_readable(&answer, 400, "bad_request");
        broken(&collector, "bad_request", f64::from(number)).await;
    }
    others_are_served(&collector).await;
    collector.stop().await;
}

#[tokio::test]
async fn two_lengths_for_one_body_are_answered_with_400() {
    let collector = Collector::start().await;
    for lengths in [
        "content-length: 3\r\ncontent-length: 4\r\n",
        "content-length: -1\r\n",
        "content-length: 99999999999999999999999\r\n",
        "transfer-encoding: gzip\r\n",
    ] {
        let head = format!(
            "POST /v1/beacons/shop-web HTTP/1.1\r\nhost: c\r\norigin: http://shop.test\r\n{lengths}\r\nabcd"
        );
        let answer = exchange(&collector, head.as_bytes()).await;
        assert_readable(&answer, 400, "bad_request");
    }
    others_are_served(&collector).await;
    collector.stop().await;
}

#[tokio::test]
async fn a_flood_of_headers_is_answered_with_431_and_counted() {
    let collector = Collector::start().await;
    let many = "x-a: b\r\n".repeat(1000);
    let long = format!("x-a: {}\r\n", "b".repeat(1 << 20));
    for (number, headers) in (1u8..).zip([many, long]) {
        let mut stream = connect(&collector).await;
        let head = format!("POST /v1/beacons/shop-web HTTP/1.1\r\nhost: c\r\n{headers}\r\n");
        // The collector need not read all of it.
        let _ = stream.write_all(head.as_bytes()).await;
        assert_readable(&read(&mut stream).await, 431, "headers_too_large");
        broken(&collector, "headers_too_large", f64::from(number)).await;
    }
    others_are_served(&collector).await;
    collector.stop().await;
}

#[tokio::test]
async fn a_refused_body_may_be_sent_to_its_end_and_the_refusal_is_still_read() {
    let collector = Collector::start().await;
    for _ in 0..5 {
        let bytes = 200_000;
        let head = format!(
            "POST /v1/beacons/shop-web HTTP/1.1\r\nhost: c\r\norigin: http://shop.test\r\n\
             content-length: {bytes}\r\n\r\n"
        );
        let mut stream = connect(&collector).await;
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&vec![b'x'; bytes]).await.unwrap();
        assert_readable(&read(&mut stream).await, 413, "body_too_large");
    }
    collector.stop().await;
}

#[tokio::test]
async fn more_connections_than_there_are_places_are_answered_with_503_at_once() {
    let collector = Collector::start_with("[listen]\nconnections = 8").await;
    let mut open = Vec::new();
    for _ in 0..8 {
        open.push(connect(&collector).await);
    }
    let seven = |m: &crate::harness::Metrics| m.sum("sightline_collector_connections_open") >= 8.0;
    collector.metrics_when("all are open", seven).await;
    let mut took = Vec::new();
    for _ in 0..20 {
        let started = Instant::now();
        let mut stream = connect(&collector).await;
        stream
            .write_all(b"POST /v1/beacons/shop-web HTTP/1.1\r\n")
            .await
            .unwrap();
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.unwrap();
        took.push(started.elapsed());
        assert_eq!(&first, b"HTTP/1.1 503");
        drop(stream);
    }
    took.sort();
    assert!(took[10] < Duration::from_millis(5), "{took:?}");
    counted(&collector, TURNED_AWAY, "full", 20.0).await;
    drop(open);
    let closed = |m: &crate::harness::Metrics| m.sum("sightline_collector_connections_open") < 8.0;
    collector
        .metrics_when("places are free again", closed)
        .await;
    others_are_served(&collector).await;
    collector.stop().await;
}

#[tokio::test]
async fn one_client_network_cannot_take_every_place() {
    let collector = Collector::start_with("[listen]\nconnections_per_client = 3").await;
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(connect(&collector).await);
    }
    let refused = exchange(&collector, b"").await;
    assert_readable(&refused, 503, "overloaded");
    counted(&collector, TURNED_AWAY, "client_full", 1.0).await;
    drop(open);
    let free = async || {
        let mut stream = connect(&collector).await;
        let request = b"GET /healthz HTTP/1.1\r\nhost: c\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        read(&mut stream).await.status == 200
    };
    let deadline = Instant::now() + Duration::from_secs(10);
    while !free().await {
        assert!(Instant::now() < deadline, "the places stay taken");
    }
    collector.stop().await;
}

#[tokio::test]
async fn a_client_that_sends_beacons_one_after_the_other_keeps_its_connection() {
    let collector = Collector::start().await;
    let mut stream = connect(&collector).await;
    for seq in 0..50 {
        let body = encode(&beacon(view(1), seq, Vec::new())).unwrap();
        let head = format!(
            "POST /v1/beacons/shop-web HTTP/1.1\r\nhost: c\r\norigin: http://shop.test\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            assert!(stream.read_buf(&mut answer).await.unwrap() > 0, "closed");
        }
        assert!(answer.starts_with(b"HTTP/1.1 204"), "{answer:?}");
    }
    collector.stop().await;
}

#[tokio::test]
async fn a_crowd_of_slow_clients_holds_up_nobody() {
    let collector = Collector::start().await;
    let head = "POST /v1/beacons/shop-web HTTP/1.1\r\nhost: c\r\norigin: http://shop.test\r\n\
                content-length: 60000\r\n\r\n";
    let mut crowd = tokio::task::JoinSet::new();
    for number in 0..200 {
        let mut stream = connect(&collector).await;
        // Some never finish their headers, some never their body.
        let bytes = if number % 2 == 0 { &head[..40] } else { head };
        stream.write_all(bytes.as_bytes()).await.unwrap();
        crowd.spawn(async move {
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
    }
    let mut took = Vec::new();
    for number in 1..=20 {
        let started = Instant::now();
        collector.send(&beacon(view(number), 0, Vec::new())).await;
        took.push(started.elapsed());
    }
    took.sort();
    assert!(took[10] < Duration::from_millis(500), "{took:?}");
    crowd.shutdown().await;
    collector.stop().await;
}
