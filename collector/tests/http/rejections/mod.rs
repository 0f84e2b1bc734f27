//! Every reason a beacon is refused for: its own status, JSON reason and counter, and no effect on
//! anything else.

mod body;
mod headers;
mod store;

use crate::harness::{Answer, Collector, Metrics, beacon, page, view};
use beacon::{Beacon, PageOutcome, encode};
use std::collections::BTreeMap;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

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
    // Gauges of the moment settle a little after the answer.
    let moving = [
        "_received_",
        "_rejected_",
        "_collector_store_",
        "_connections_open",
        "_bodies_memory",
        "_requests_broken_",
    ];
    metrics
        .0
        .retain(|name, _| !moving.iter().any(|part| name.contains(part)));
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
