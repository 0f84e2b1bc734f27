//! Too much of it: many senders, greedy senders, senders that are not who they say.

use super::{assert_readable, connect, counted, exchange, others_are_served, read};
use crate::harness::{Answer, Collector, KEY, Metrics, ORIGIN, beacon, page, view};
use beacon::{PageOutcome, encode};
use rusqlite::Connection;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const REJECTED: &str = "sightline_collector_beacons_rejected_total";

async fn send_from(collector: &Collector, address: &str, seq: u32) -> Answer {
    let body = encode(&beacon(view(1), seq, Vec::new())).unwrap();
    let head = format!(
        "POST /v1/beacons/shop-web HTTP/1.1\r\nhost: c\r\norigin: http://shop.test\r\n\
         x-forwarded-for: {address}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    exchange(collector, &[head.as_bytes(), &body].concat()).await
}

#[tokio::test]
async fn a_greedy_client_behind_our_proxy_is_held_and_its_neighbours_are_served() {
    let collector = Collector::start_with(
        "[listen]\ntrusted_proxies = ['127.0.0.0/8']\n[ingest]\nclient_beacons_per_second = 1\nclient_burst = 3",
    )
    .await;
    for seq in 0..3 {
        assert_eq!(send_from(&collector, "203.0.113.7", seq).await.status, 204);
    }
    let refused = send_from(&collector, "203.0.113.99", 3).await;
    assert_readable(&refused, 429, "client_rate_limited");
    assert_eq!(send_from(&collector, "198.51.100.7", 4).await.status, 204);
    collector.clock.advance_ms(1000);
    assert_eq!(send_from(&collector, "203.0.113.7", 5).await.status, 204);
    collector.stop().await;
}

#[tokio::test]
async fn a_client_that_invents_addresses_is_still_one_client() {
    let collector =
        Collector::start_with("[ingest]\nclient_beacons_per_second = 1\nclient_burst = 3").await;
    for seq in 0..3 {
        let address = format!("203.0.{seq}.7");
        assert_eq!(send_from(&collector, &address, seq).await.status, 204);
    }
    let refused = send_from(&collector, "198.51.100.7", 3).await;
    assert_readable(&refused, 429, "client_rate_limited");
    collector.stop().await;
}

#[tokio::test]
async fn bodies_that_are_never_finished_cannot_fill_the_memory() {
    let collector = Collector::start_with("[ingest]\nbodies_bytes = 200000").await;
    let half = |bytes: usize| {
        let head = "POST /v1/beacons/shop-web HTTP/1.1\r\nhost: c\r\norigin: http://shop.test\r\n\
                    content-length: 65536\r\n\r\n";
        format!("{head}{}", "x".repeat(bytes))
    };
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut stream = connect(&collector).await;
        stream.write_all(half(60_000).as_bytes()).await.unwrap();
        open.push(stream);
    }
    let held = |m: &Metrics| m.sum("sightline_collector_bodies_memory_bytes") == 180_000.0;
    collector.metrics_when("they are held", held).await;
    let mut one_more = connect(&collector).await;
    one_more.write_all(half(60_000).as_bytes()).await.unwrap();
    assert_readable(&read(&mut one_more).await, 503, "overloaded");
    others_are_served(&collector).await;
    drop(open);
    let free = |m: &Metrics| m.sum("sightline_collector_bodies_memory_bytes") == 0.0;
    collector
        .metrics_when("the memory is given back", free)
        .await;
    counted(&collector, REJECTED, "aborted", 3.0).await;
    collector.stop().await;
}

/// A collector whose writer is held up and whose queue has no place left; who waits for an answer.
async fn full() -> (Collector, Connection, JoinSet<u16>) {
    // The store's own table stands open before `more`.
    let collector = Collector::start_with("queue = 4\ngroup = 4").await;
    let database = Connection::open(collector.database()).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut waiting = JoinSet::new();
    let mut seq = 0;
    while collector
        .metrics()
        .await
        .sum("sightline_collector_store_pending")
        < 5.0
    {
        let body = encode(&beacon(view(1), seq, Vec::new())).unwrap();
        let request = collector.request("POST", &format!("/v1/beacons/{KEY}"));
        let request = request.header("origin", ORIGIN).body(body);
        waiting.spawn(async move { request.send().await.unwrap().status().as_u16() });
        seq += 1;
    }
    (collector, database, waiting)
}

#[tokio::test]
async fn an_overloaded_collector_refuses_before_it_reads_and_in_under_5_ms() {
    let (collector, database, waiting) = full().await;
    let mut took = Vec::new();
    for _ in 0..20 {
        let started = Instant::now();
        // Of the body, nothing is sent but its first byte.
        let head = b"POST /v1/beacons/shop-web HTTP/1.1\r\nhost: c\r\norigin: http://shop.test\r\n\
                     connection: close\r\ncontent-length: 100\r\n\r\n{";
        let mut stream = connect(&collector).await;
        stream.write_all(head).await.unwrap();
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.unwrap();
        took.push(started.elapsed());
        if &first != b"HTTP/1.1 503" {
            panic!("{}", String::from_utf8_lossy(&first));
        }
    }
    took.sort();
    assert!(took[10] < Duration::from_millis(5), "{took:?}");
    database.execute_batch("COMMIT").unwrap();
    let taken = waiting.join_all().await;
    assert!(taken.contains(&204), "{taken:?}");
    collector.stop().await;
}

#[tokio::test]
async fn ten_thousand_keys_and_origins_leave_no_trace_but_their_counts() {
    let collector = Collector::start().await;
    others_are_served(&collector).await;
    let before = series(&collector.metrics().await);
    let mut stream = connect(&collector).await;
    for number in 0..5000 {
        for (key, origin) in [
            (format!("key-{number}"), ORIGIN.to_owned()),
            (KEY.to_owned(), format!("http://origin-{number}.test")),
        ] {
            let head = format!(
                "POST /v1/beacons/{key} HTTP/1.1\r\nhost: c\r\norigin: {origin}\r\ncontent-length: 0\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            let answer = one_answer(&mut stream).await;
            assert!(answer.starts_with("HTTP/1.1 40"), "{answer}");
        }
    }
    let metrics = collector.metrics().await;
    assert_eq!(series(&metrics), before, "no series of its own");
    counted(&collector, REJECTED, "unknown_key", 5000.0).await;
    counted(&collector, REJECTED, "wrong_origin", 5000.0).await;
    others_are_served_again(&collector).await;
    collector.stop().await;
}

#[tokio::test]
async fn a_storm_of_duplicates_is_acknowledged_and_counted_once() {
    let collector = Collector::start().await;
    let body = encode(&beacon(view(1), 0, vec![page(PageOutcome::Blank)])).unwrap();
    let mut storm = tokio::task::JoinSet::new();
    for _ in 0..500 {
        let request = collector.request("POST", &format!("/v1/beacons/{KEY}"));
        let request = request.header("origin", ORIGIN).body(body.clone());
        storm.spawn(async move { request.send().await.unwrap().status().as_u16() });
    }
    assert!(storm.join_all().await.iter().all(|status| *status == 204));
    assert_eq!(collector.slis("").await["pages"]["bad"], 1);
    let metrics = collector.metrics().await;
    assert_eq!(
        metrics.sum("sightline_collector_beacons_duplicate_total"),
        499.0
    );
    assert_eq!(
        metrics.sum("sightline_collector_events_duplicate_total"),
        499.0
    );
    collector.stop().await;
}

fn series(metrics: &Metrics) -> Vec<String> {
    metrics.0.keys().cloned().collect()
}

async fn others_are_served_again(collector: &Collector) {
    collector
        .send(&beacon(view(201), 0, vec![page(PageOutcome::Ready)]))
        .await;
}

/// The next answer on a connection that stays open.
async fn one_answer(stream: &mut tokio::net::TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let read = tokio::io::AsyncReadExt::read_buf(stream, &mut bytes)
            .await
            .unwrap();
        assert!(
            read > 0,
            "closed after {:?}",
            String::from_utf8_lossy(&bytes)
        );
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let length = length.map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                return text;
            }
        }
    }
}

#[tokio::test]
async fn the_cheapest_check_speaks_first() {
    let collector = Collector::start_with(
        "[ingest]\nheader_bytes = 2000\nbody_bytes = 1000\nbeacons_per_second = 1\nburst = 1\nclient_burst = 9",
    )
    .await;
    others_are_served(&collector).await;
    // Everything is wrong with the first; each further one has one fault less.
    let long = format!("x-long: {}\r\n", "x".repeat(2000));
    let mut faults: Vec<(&str, u16, &str)> = vec![
        (long.as_str(), 431, "headers_too_large"),
        ("content-encoding: gzip\r\n", 415, "encoding_refused"),
        ("content-length: 1001\r\n", 413, "body_too_large"),
        ("KEY", 401, "unknown_key"),
        ("origin: http://evil.test\r\n", 403, "wrong_origin"),
        ("", 429, "rate_limited"),
    ];
    while let Some((_, status, reason)) = faults.first().copied() {
        let headers: String = faults.iter().map(|(header, ..)| *header).collect();
        let mut headers = headers.replace("KEY", "");
        let key = if faults.iter().any(|(header, ..)| *header == "KEY") {
            "nobody"
        } else {
            KEY
        };
        if !headers.contains("origin:") {
            headers.push_str("origin: http://shop.test\r\n");
        }
        if !headers.contains("content-length") {
            headers.push_str("content-length: 3\r\n");
        }
        // Of the body nothing is sent: nobody waits for it.
        let head = format!(
            "POST /v1/beacons/{key} HTTP/1.1\r\nhost: c\r\nconnection: close\r\n{headers}\r\n"
        );
        assert_readable(&exchange(&collector, head.as_bytes()).await, status, reason);
        faults.remove(0);
    }
    // With no fault left, what is no beacon is refused by the decoder.
    collector.clock.advance_ms(10_000);
    let head = "POST /v1/beacons/shop-web HTTP/1.1\r\nhost: c\r\nconnection: close\r\n\
                origin: http://shop.test\r\ncontent-length: 3\r\n\r\nabc";
    assert_readable(
        &exchange(&collector, head.as_bytes()).await,
        400,
        "unknown_version",
    );
    collector.stop().await;
}

/// The next answer of a connection that stays open.
async fn next(stream: &mut TcpStream) -> Answer {
    let mut text = String::new();
    loop {
        let mut byte = [0];
        stream.read_exact(&mut byte).await.unwrap();
        text.push(char::from(byte[0]));
        if text.ends_with("\r\n\r\n") {
            break;
        }
    }
    let length = super::parsed(&text)
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    super::parsed(&(text + &String::from_utf8(body).unwrap()))
}

#[tokio::test]
async fn refused_beacons_leave_their_connection_in_order_whichever_way_they_came() {
    let (collector, database, waiting) = full().await;
    let refused = async || collector.metrics().await.sum_of(REJECTED, &["overloaded"]);
    let before = refused().await;
    let request = |seq: u32, more: &str| {
        let body = encode(&beacon(view(9), seq, Vec::new())).unwrap();
        let head = format!(
            "POST /v1/beacons/{KEY} HTTP/1.1\r\nhost: c\r\norigin: http://shop.test\r\n{more}content-length: {}\r\n\r\n",
            body.len()
        );
        [head.into_bytes(), body].concat()
    };
    let mut stream = connect(&collector).await;
    // Whole and alone; then two at once, of which the second is answered after the first.
    let ways = [
        vec![request(0, "")],
        vec![request(1, "")],
        vec![request(2, "x-first: 1\r\n"), request(3, "")],
        vec![request(4, "")],
    ];
    let mut asked = 0.0;
    for way in ways {
        stream.write_all(&way.concat()).await.unwrap();
        for _ in &way {
            let answer = next(&mut stream).await;
            super::assert_readable(&answer, 503, "overloaded");
            let seconds: u32 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=10).contains(&seconds), "{seconds}");
            asked += 1.0;
        }
    }
    assert!(refused().await >= before + asked);
    database.execute_batch("COMMIT").unwrap();
    let taken = waiting.join_all().await;
    assert!(taken.contains(&204), "{taken:?}");
    stream.write_all(&request(5, "")).await.unwrap();
    assert_eq!(next(&mut stream).await.status, 204);
    collector.stop().await;
}
