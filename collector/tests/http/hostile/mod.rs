//! Clients that mean harm, or are broken enough to look like it: each gets an answer or is cut off, is
//! counted, and costs the others nothing.

mod bodies;
mod connections;
mod contents;
mod crowds;

use crate::harness::{Answer, Collector, beacon, page, view};
use beacon::PageOutcome;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) async fn connect(collector: &Collector) -> TcpStream {
    TcpStream::connect(collector.public.trim_start_matches("http://"))
        .await
        .unwrap()
}

/// Sends bytes and reads until the collector closes.
pub(crate) async fn exchange(collector: &Collector, bytes: &[u8]) -> Answer {
    let mut stream = connect(collector).await;
    stream.write_all(bytes).await.unwrap();
    read(&mut stream).await
}

/// What comes until the collector closes, as one answer.
pub(crate) async fn read(stream: &mut TcpStream) -> Answer {
    let mut text = String::new();
    let reading = stream.read_to_string(&mut text);
    let read = tokio::time::timeout(Duration::from_secs(10), reading).await;
    read.expect("the collector must end it").unwrap();
    parsed(&text)
}

pub(crate) fn parsed(text: &str) -> Answer {
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no head: {text:?}"));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let headers = lines.filter_map(|line| line.split_once(": "));
    Answer {
        status: status.unwrap().parse().unwrap(),
        headers: headers
            .map(|(name, value)| {
                let name: reqwest::header::HeaderName = name.parse().unwrap();
                (name, value.parse().unwrap())
            })
            .collect(),
        text: body.to_owned(),
    }
}

/// That a page could read this answer, and what it says.
fn assert_readable(answer: &Answer, status: u16, reason: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(answer.json()["reason"], reason);
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let retry = answer.header("retry-after");
    assert_eq!(retry.is_some(), matches!(status, 429 | 503), "{retry:?}");
}

async fn counted(collector: &Collector, metric: &str, reason: &str, count: f64) {
    let label = format!("reason=\"{reason}\"");
    let holds = |m: &crate::harness::Metrics| m.sum_of(metric, &[&label]) == count;
    collector
        .metrics_when(&format!("{metric} {reason}"), holds)
        .await;
}

async fn broken(collector: &Collector, reason: &str, count: f64) {
    counted(
        collector,
        "sightline_collector_requests_broken_total",
        reason,
        count,
    )
    .await;
}

/// That the next honest visitor is served.
async fn others_are_served(collector: &Collector) {
    collector
        .send(&beacon(view(200), 0, vec![page(PageOutcome::Ready)]))
        .await;
}
