//! The site as browsers meet it: pods behind a balancer that picks one per connection.

use crate::harness::{TestDemo, header, send};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const HTML: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

async fn pod_of(test: &TestDemo, path: &str) -> String {
    let answer = test.browse(path, "v", "*/*").await;
    header(&answer, "server-timing")
        .unwrap_or_default()
        .to_owned()
}

const POD_1: &str = r#"deployment;desc="frontend-1", release;desc="1""#;
const POD_2: &str = r#"deployment;desc="frontend-2", release;desc="2""#;

#[tokio::test]
async fn while_healthy_every_connection_goes_to_the_working_release_and_then_to_all() {
    let test = TestDemo::start().await;
    for _ in 0..20 {
        assert_eq!(pod_of(&test, "/").await, POD_1);
    }
    test.tell("/scenario", json!({ "scenario": "challenge7" }))
        .await;
    let mut pods = Vec::new();
    for _ in 0..40 {
        pods.push(pod_of(&test, "/").await);
    }
    let of_pod_2 = pods.iter().filter(|pod| *pod == POD_2).count();
    assert!((8..=32).contains(&of_pod_2), "{of_pod_2} of 40 connections");
    let balancer = test.admin("/balancer").await;
    assert_eq!(balancer["pods"][1]["connections"], json!(of_pod_2));
    assert_eq!(balancer["pods"][0]["connections"], json!(60 - of_pod_2));
}

#[tokio::test]
async fn a_forced_sequence_is_followed_connection_by_connection_over_and_over() {
    let test = TestDemo::with(&["--pick", "sequence:1,2,2"]).await;
    for expected in [POD_1, POD_2, POD_2, POD_1, POD_2, POD_2, POD_1] {
        assert_eq!(pod_of(&test, "/").await, expected);
    }
}

#[tokio::test]
async fn a_connection_that_asks_for_nothing_takes_no_place_in_a_sequence() {
    let test = TestDemo::with(&["--pick", "sequence:1,2"]).await;
    let address = test
        .demo
        .addresses()
        .site
        .trim_start_matches("http://")
        .to_owned();
    let unused = TcpStream::connect(&address)
        .await
        .expect("the site takes connections");
    assert_eq!(pod_of(&test, "/").await, POD_1);
    drop(unused);
    assert_eq!(pod_of(&test, "/").await, POD_2);
}

#[tokio::test]
async fn picks_by_path_are_switchable_while_running() {
    let test = TestDemo::start().await;
    assert_eq!(
        test.tell("/pick", json!({ "pick": "path:/assets/=2,/=1" }))
            .await
            .status(),
        200
    );
    assert_eq!(pod_of(&test, "/login").await, POD_1);
    assert_eq!(pod_of(&test, "/assets/index-1.js").await, POD_2);
    assert_eq!(
        test.tell("/pick", json!({ "pick": "pod:2" }))
            .await
            .status(),
        200
    );
    assert_eq!(pod_of(&test, "/login").await, POD_2);

    let refused = test.tell("/pick", json!({ "pick": "pod:3" })).await;
    assert_eq!(refused.status(), 400);
    assert_eq!(test.admin("/balancer").await["pick"], "pod:2");
}

#[tokio::test]
async fn a_pod_closes_the_connection_after_its_answer() {
    let test = TestDemo::start().await;
    let address = test
        .demo
        .addresses()
        .site
        .trim_start_matches("http://")
        .to_owned();
    let mut connection = TcpStream::connect(&address)
        .await
        .expect("the site takes connections");
    connection
        .write_all(b"GET / HTTP/1.1\r\nHost: movieguru.test\r\n\r\n")
        .await
        .expect("a request is taken");
    let mut answer = String::new();
    // Ends only when the other side closes.
    connection
        .read_to_string(&mut answer)
        .await
        .expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(
        answer.to_lowercase().contains("connection: close"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_script_of_another_release_comes_back_as_html() {
    let test = TestDemo::with(&["--pick", "path:/assets/=2,/=1"]).await;
    let script = test.browse("/assets/index-1.js", "v", "*/*").await;
    assert_eq!(script.status(), 200);
    assert!(
        header(&script, "content-type")
            .unwrap_or_default()
            .starts_with("text/html")
    );
    let own = test.browse("/assets/index-2.js", "v", "*/*").await;
    assert_eq!(header(&own, "content-type"), Some("text/javascript"));
}

#[tokio::test]
async fn the_probes_files_are_there_with_their_type_or_404() {
    let test = TestDemo::start().await;
    let there = test.browse("/sightline/core.wasm", "v", "*/*").await;
    assert_eq!(
        (there.status().as_u16(), header(&there, "content-type")),
        (200, Some("application/wasm"))
    );
    let absent = test.browse("/sightline/core.js", "v", "*/*").await;
    assert_eq!(absent.status(), 404);
    assert_eq!(header(&absent, "server-timing"), Some(POD_1));
}

#[tokio::test]
async fn the_document_names_the_pod_that_served_it() {
    let test = TestDemo::with(&["--pick", "pod:2"]).await;
    let html = test
        .browse("/", "v", HTML)
        .await
        .text()
        .await
        .expect("text");
    assert!(html.contains("<p>frontend-2</p>"), "{html}");
}

#[tokio::test]
async fn addresses_are_rewritten_for_loopback_browsers_only() {
    let test = TestDemo::with(&["--collector", "http://127.0.0.1:9"]).await;
    let mapped = test
        .browse("/assets/index-1.js", "v", "*/*")
        .await
        .text()
        .await
        .expect("text");
    assert!(
        mapped.contains("http://api.movieguru.test/chat"),
        "{mapped}"
    );
    let url = format!("{}/assets/index-1.js", test.demo.addresses().site);
    let own = send(test.client.get(url)).await.text().await.expect("text");
    let expected = format!(
        "call('{}/chat'); report('http://127.0.0.1:9')",
        test.demo.addresses().backend
    );
    assert_eq!(own, expected);
}

#[tokio::test]
async fn documents_are_counted_per_pod_and_scripts_that_fell_back_are_not() {
    let test = TestDemo::with(&["--pick", "path:/about=2,/=1"]).await;
    test.browse("/", "v", HTML).await;
    test.browse("/login", "v", HTML).await;
    test.browse("/about", "v", HTML).await;
    test.browse("/assets/index-2.js", "v", "*/*").await;
    let url = format!("{}/metrics", test.demo.addresses().admin);
    let text = send(test.client.get(url)).await.text().await.expect("text");
    for line in [
        r#"demo_documents_served_total{release="1",deployment="frontend-1"} 2"#,
        r#"demo_documents_served_total{release="2",deployment="frontend-2"} 1"#,
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[tokio::test]
async fn the_access_log_is_followed_by_number() {
    let test = TestDemo::with(&["--pick", "pod:2"]).await;
    test.browse("/login", "v7", HTML).await;
    let log = test.admin("/access-log?after=0").await;
    let entry = &log["entries"][0];
    for (field, expected) in [
        ("pod", json!("frontend-2")),
        ("release", json!("2")),
        ("method", json!("GET")),
        ("path", json!("/login")),
        ("status", json!(200)),
        (
            "user_agent",
            json!(format!("{}v7", crate::harness::BROWSER)),
        ),
        ("referer", json!(null)),
    ] {
        assert_eq!(entry[field], expected, "{field}");
    }
    let next = log["next"].as_u64().expect("a number");
    assert_eq!(
        test.admin(&format!("/access-log?after={next}")).await["entries"],
        json!([])
    );
    test.browse("/assets/index-2.js", "v7", "*/*").await;
    let later = test.admin(&format!("/access-log?after={next}")).await;
    assert_eq!(later["entries"][0]["path"], "/assets/index-2.js");
}

#[tokio::test]
async fn the_share_of_mixed_loads_is_told() {
    let test = TestDemo::with(&["--pick", "sequence:1,1,1,2"]).await;
    for visit in ["a", "b"] {
        test.browse("/", visit, HTML).await;
        test.browse("/assets/index-1.js", visit, "*/*").await;
    }
    let mixed = test.admin("/mixed").await;
    assert_eq!(
        mixed,
        json!({ "loads": 2, "mixed": 1, "share": 0.5, "untagged_documents": 0 })
    );
}

#[tokio::test]
async fn pods_are_named_and_released_as_told() {
    let options = ["--pod", "blue=2", "--pod", "green=1"];
    let test = TestDemo::with(&options).await;
    for _ in 0..8 {
        assert_eq!(
            pod_of(&test, "/").await,
            r#"deployment;desc="blue", release;desc="2""#
        );
    }
}
