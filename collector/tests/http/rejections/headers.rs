//! What the headers alone tell: refused before a byte of the body is read.

use super::{good, good_bytes, refused};
use crate::harness::{Answer, Collector, KEY, ORIGIN, beacon, view};
use beacon::limits;

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
async fn a_body_declared_too_large_is_rejected_with_413() {
    refused(Collector::start().await, 413, "body_too_large", async |c| {
        c.post(vec![1; limits::BEACON_BYTES + 1]).await
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
    let collector =
        Collector::start_with("[ingest]\nbeacons_per_second = 1\nburst = 1\nclient_burst = 9")
            .await;
    refused(collector, 429, "rate_limited", async |c| {
        c.post(good_bytes()).await
    })
    .await;
}

#[tokio::test]
async fn a_key_is_served_again_after_the_time_it_was_told_to_wait() {
    let collector =
        Collector::start_with("[ingest]\nbeacons_per_second = 1\nburst = 1\nclient_burst = 9")
            .await;
    collector.send(&beacon(view(1), 0, Vec::new())).await;
    let answer = collector.post(good_bytes()).await;
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    collector.clock.advance_ms(wait * 1000);
    collector.send(&good()).await;
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
