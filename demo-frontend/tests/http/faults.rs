//! The fault switches: each looks to a page the way it is named, lasts as long as ordered, and spares the crowd.

use crate::harness::{TestDemo, header, send};
use reqwest::Method;
use serde_json::{Value, json};

async fn order(test: &TestDemo, fault: &str, times: Value) {
    let answer = test
        .tell(
            "/fault",
            json!({ "path": "/chat", "fault": fault, "times": times }),
        )
        .await;
    assert_eq!(answer.status(), 200, "{fault}");
}

#[tokio::test]
async fn answers_with_a_result_say_it_with_http_200() {
    let test = TestDemo::start().await;
    test.sign_in("ann").await;
    for (fault, result) in [
        ("result-error", "ERROR"),
        ("bad-query", "BAD_QUERY"),
        ("too-long", "TOO_LONG"),
        ("undefined", "UNDEFINED"),
        ("unsafe", "UNSAFE"),
    ] {
        order(&test, fault, json!(1)).await;
        let answer = test.chat("ann", "hello").await;
        assert_eq!(answer.status(), 200, "{fault}");
        assert_eq!(
            answer.json::<Value>().await.expect("JSON")["result"],
            result
        );
        let log = test.admin("/backend-log").await;
        let last = log["entries"]
            .as_array()
            .and_then(|entries| entries.last())
            .cloned();
        assert_eq!(last.unwrap_or_default()["result"], result);
    }
}

#[tokio::test]
async fn errors_come_with_or_without_cors_and_html_where_json_is_due() {
    let test = TestDemo::start().await;
    test.sign_in("ann").await;
    for (fault, status, cors) in [
        ("http-500", 500, true),
        ("no-cors-500", 500, false),
        ("html", 200, true),
    ] {
        order(&test, fault, json!(1)).await;
        let answer = test.chat("ann", "hello").await;
        assert_eq!(answer.status(), status, "{fault}");
        assert_eq!(
            header(&answer, "access-control-allow-origin").is_some(),
            cors,
            "{fault}"
        );
        let html = header(&answer, "content-type")
            .unwrap_or_default()
            .starts_with("text/html");
        assert_eq!(html, fault == "html", "{fault}");
    }
}

#[tokio::test]
async fn a_request_that_is_never_answered_stays_in_flight() {
    let test = TestDemo::start().await;
    test.sign_in("ann").await;
    order(&test, "never-answers", json!(1)).await;
    let message = test
        .call(Method::POST, "/chat", "ann")
        .json(&json!({ "content": "hello" }));
    let hanging = tokio::spawn(message.send());
    let log = test
        .wait_for("/backend-log", |log| log["in_flight"][0]["path"] == "/chat")
        .await;
    assert_eq!(log["in_flight"][0]["user"], "ann");
    assert!(!hanging.is_finished());
    // The next one is answered: the fault was for one request.
    assert_eq!(test.chat("ann", "hello").await.status(), 200);
    test.demo.stop().await;
    assert!(
        hanging.await.expect("a task").is_err(),
        "stopping ends it without an answer"
    );
}

#[tokio::test]
async fn a_dropped_connection_carries_no_answer() {
    let test = TestDemo::start().await;
    order(&test, "drops", json!(null)).await;
    let message = test
        .call(Method::POST, "/chat", "ann")
        .json(&json!({ "content": "hello" }));
    assert!(message.send().await.is_err());
}

#[tokio::test]
async fn a_fault_lasts_its_times_or_until_it_is_taken_back() {
    let test = TestDemo::start().await;
    test.sign_in("ann").await;
    order(&test, "http-500", json!(2)).await;
    for expected in [500, 500, 200] {
        assert_eq!(test.chat("ann", "hello").await.status(), expected);
    }
    order(&test, "http-500", json!(null)).await;
    for _ in 0..5 {
        assert_eq!(test.chat("ann", "hello").await.status(), 500);
    }
    order(&test, "none", json!(null)).await;
    assert_eq!(test.chat("ann", "hello").await.status(), 200);
    assert_eq!(test.admin("/fault").await, json!({ "faults": [] }));
}

#[tokio::test]
async fn faults_of_different_paths_stand_side_by_side() {
    let test = TestDemo::start().await;
    test.sign_in("ann").await;
    let startup = json!({ "path": "/startup", "fault": "http-500", "times": null });
    test.tell("/fault", startup.clone()).await;
    order(&test, "http-500", json!(1)).await;
    assert_eq!(test.chat("ann", "hello").await.status(), 500);
    assert_eq!(test.admin("/fault").await, json!({ "faults": [startup] }));
}

#[tokio::test]
async fn preflights_the_crowd_and_other_methods_pass_a_fault_by() {
    let test = TestDemo::start().await;
    for user in ["ann", "in-cluster-9"] {
        test.sign_in(user).await;
    }
    let fault =
        json!({ "path": "/preferences", "method": "POST", "fault": "http-500", "times": 1 });
    test.tell("/fault", fault).await;
    let answer = |method: Method, user: &'static str| {
        let body = json!({ "content": { "likes": {}, "dislikes": {} } });
        let request = test.call(method, "/preferences", user).json(&body);
        async { send(request).await.status().as_u16() }
    };
    assert_eq!(answer(Method::OPTIONS, "ann").await, 200);
    assert_eq!(answer(Method::POST, "in-cluster-9").await, 200);
    assert_eq!(answer(Method::GET, "ann").await, 200);
    assert_eq!(answer(Method::POST, "ann").await, 500);
}
