//! The end of a collector that is told to stop while it is busy.

use crate::harness::{ORIGIN, beacon, view};
use crate::process::{configured, started};
use beacon::encode;
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

#[tokio::test]
async fn a_stop_under_load_loses_nothing_that_was_acknowledged_and_cuts_nobody_off() {
    let folder = configured();
    let mut process = started(folder.path()).await;
    let stopping = Arc::new(AtomicBool::default());
    let mut senders = JoinSet::new();
    for sender in 0..8u8 {
        let (url, stopping) = (
            format!("{}/v1/beacons/shop-web", process.public),
            Arc::clone(&stopping),
        );
        senders.spawn(async move {
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let mut acknowledged = Vec::new();
            for seq in 0.. {
                let body = encode(&beacon(view(sender), seq, Vec::new())).unwrap();
                let request = client.post(&url).header("origin", ORIGIN).body(body);
                match request.send().await {
                    Ok(answer) if answer.status().as_u16() == 204 => {
                        acknowledged.push((sender, seq));
                    }
                    Ok(answer) => panic!("{}", answer.status()),
                    Err(error) => {
                        assert!(stopping.load(Ordering::Relaxed), "{error:?}");
                        // Not taken at all, rather than taken and left without an answer.
                        assert!(error.is_connect() || error.is_request(), "{error:?}");
                        return acknowledged;
                    }
                }
            }
            acknowledged
        });
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    stopping.store(true, Ordering::Relaxed);
    let started = Instant::now();
    process.signal("-TERM");
    process.ended().await;
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "{:?}",
        started.elapsed()
    );
    let acknowledged: Vec<_> = senders.join_all().await.into_iter().flatten().collect();
    assert!(acknowledged.len() > 20, "{}", acknowledged.len());
    // What a collector knows that is started on the same database.
    let process = crate::process::started(folder.path()).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut stored = HashSet::new();
    for sender in 0..8u8 {
        let url = format!("{}/api/v1/views/{}", process.private, view(sender));
        let seen: Value = client.get(url).send().await.unwrap().json().await.unwrap();
        let beacons = seen["beacons"].as_array().unwrap().clone();
        for beacon in &beacons {
            let new = stored.insert((sender, beacon["seq"].as_u64().unwrap()));
            assert!(new, "stored twice: {beacon} of {sender}");
        }
    }
    for (sender, seq) in acknowledged {
        assert!(
            stored.contains(&(sender, u64::from(seq))),
            "beacon {seq} of {sender} was acknowledged"
        );
    }
    process.stop().await;
}

#[tokio::test]
async fn a_request_that_is_open_when_the_stop_comes_is_finished() {
    let folder = configured();
    let mut process = started(folder.path()).await;
    let body = encode(&beacon(view(1), 0, Vec::new())).unwrap();
    let head = format!(
        "POST /v1/beacons/shop-web HTTP/1.1\r\nhost: c\r\norigin: {ORIGIN}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let address = process.public.trim_start_matches("http://").to_owned();
    let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body[..10]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    process.signal("-TERM");
    // It listens no more, and yet waits for the rest.
    let deadline = Instant::now() + Duration::from_secs(5);
    while tokio::net::TcpStream::connect(&address).await.is_ok() {
        assert!(Instant::now() < deadline, "it still listens");
    }
    stream.write_all(&body[10..]).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    drop(stream);
    process.ended().await;
}

#[tokio::test]
async fn who_does_not_finish_is_cut_off_after_the_configured_time() {
    let folder = configured();
    let path = folder.path().join("c.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(
        &path,
        text.replace("[store]", "stop_grace_ms = 300\n[store]"),
    )
    .unwrap();
    let mut process = started(folder.path()).await;
    let head = format!(
        "POST /v1/beacons/shop-web HTTP/1.1\r\nhost: c\r\norigin: {ORIGIN}\r\ncontent-length: 100\r\n\r\n{{"
    );
    let address = process.public.trim_start_matches("http://");
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let started = Instant::now();
    process.signal("-TERM");
    process.ended().await;
    let took = started.elapsed();
    assert!(
        took > Duration::from_millis(250) && took < Duration::from_secs(4),
        "{took:?}"
    );
}
