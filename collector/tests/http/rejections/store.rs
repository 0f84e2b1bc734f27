//! What cannot be made durable is not acknowledged.

use super::{good_bytes, refused};
use crate::harness::{Collector, Metrics, ORIGIN, beacon, view};
use beacon::encode;
use rusqlite::Connection;
use tokio::task::JoinSet;

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

fn choke_on(database: &Connection, condition: &str) {
    let trigger = format!(
        "CREATE TRIGGER choke BEFORE INSERT ON beacons WHEN {condition}
         BEGIN SELECT RAISE(ABORT, 'made to fail'); END"
    );
    database.execute_batch(&trigger).unwrap();
}
