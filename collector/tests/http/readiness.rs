//! Whether to send beacons here.

use crate::harness::{Collector, KEY, ORIGIN, beacon, view};
use beacon::encode;
use rusqlite::Connection;
use std::time::{Duration, Instant};

async fn ready_when(collector: &Collector, ready: bool) -> String {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let private = collector.ask("/readyz").await;
        if (private.status == 200) == ready {
            let public = collector.fetch("/readyz").await;
            if public.status == private.status {
                assert!(
                    !public.text.contains('{'),
                    "what is wrong is not the world's business"
                );
                return private.text;
            }
        }
        assert!(
            Instant::now() < deadline,
            "not so: ready = {ready}; instead {}",
            private.text
        );
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

#[tokio::test]
async fn a_collector_that_has_just_started_is_ready() {
    let collector = Collector::start().await;
    ready_when(&collector, true).await;
    assert_eq!(collector.fetch("/healthz").await.status, 200);
    collector.stop().await;
}

#[tokio::test]
async fn a_writer_that_is_stuck_makes_it_unready_until_it_moves_again() {
    let collector = Collector::start().await;
    let database = Connection::open(collector.database()).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let body = encode(&beacon(view(1), 0, Vec::new())).unwrap();
    let request = collector.request("POST", &format!("/v1/beacons/{KEY}"));
    let waiting = tokio::spawn(request.header("origin", ORIGIN).body(body).send());
    let against = ready_when(&collector, false).await;
    assert!(against.contains("writer"), "{against}");
    assert_eq!(
        collector.fetch("/healthz").await.status,
        200,
        "the process itself is well"
    );
    database.execute_batch("COMMIT").unwrap();
    let _ = waiting.await;
    ready_when(&collector, true).await;
    collector.stop().await;
}

#[tokio::test]
async fn a_disk_that_takes_nothing_makes_it_unready_until_it_takes_something_again() {
    let collector = Collector::start().await;
    let database = Connection::open(collector.database()).unwrap();
    // Every transaction touches this row, so each try of the writer fails until the trigger is gone.
    let choke = "CREATE TRIGGER choke BEFORE UPDATE ON progress BEGIN SELECT RAISE(ABORT, 'made to fail'); END";
    database.execute_batch(choke).unwrap();
    let body = encode(&beacon(view(1), 0, Vec::new())).unwrap();
    assert_eq!(collector.post(body.clone()).await.status, 503);
    let against = ready_when(&collector, false).await;
    assert!(against.contains("disk"), "{against}");
    assert_eq!(collector.post(body.clone()).await.status, 503);
    database.execute_batch("DROP TRIGGER choke").unwrap();
    // Nobody has to send anything for that: a balancer sends nothing to who is not ready.
    ready_when(&collector, true).await;
    assert_eq!(collector.post(body).await.status, 204);
    collector.stop().await;
}
