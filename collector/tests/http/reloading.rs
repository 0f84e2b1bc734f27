//! A configuration that changes while the collector runs.

use crate::harness::{ORIGIN, beacon, view};
use crate::process::{Process, command, configured, started};
use beacon::encode;
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};

struct Running {
    process: Process,
    client: reqwest::Client,
}

async fn running(folder: &Path) -> Running {
    Running {
        process: started(folder).await,
        client: reqwest::Client::builder().no_proxy().build().unwrap(),
    }
}

impl Running {
    async fn post_as(&self, key: &str, seq: u32) -> u16 {
        let url = format!("{}/v1/beacons/{key}", self.process.public);
        let body = encode(&beacon(view(1), seq, Vec::new())).unwrap();
        let request = self.client.post(url).header("origin", ORIGIN).body(body);
        request.send().await.unwrap().status().as_u16()
    }

    async fn state(&self) -> Value {
        let url = format!("{}/api/v1/config", self.process.private);
        self.client
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    async fn state_when(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + Duration::from_secs(15);
        loop {
            let state = self.state().await;
            if holds(&state) {
                return state;
            }
            assert!(Instant::now() < deadline, "not so: {what}; instead {state}");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }
}

fn change(folder: &Path, from: &str, to: &str) {
    let path = folder.join("c.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(path, text.replace(from, to)).unwrap();
}

#[tokio::test]
async fn keys_are_rotated_while_the_collector_runs() {
    let folder = configured();
    let running = running(folder.path()).await;
    assert_eq!(running.post_as("shop-next", 0).await, 401);
    change(
        folder.path(),
        r#"["shop-web"]"#,
        r#"["shop-web", "shop-next"]"#,
    );
    running
        .state_when("applied", |state| state["applied"] == 1)
        .await;
    assert_eq!(running.post_as("shop-next", 0).await, 204);
    assert_eq!(running.post_as("shop-web", 1).await, 204);
    change(
        folder.path(),
        r#""shop-web","#,
        r#"{ key = "shop-web", not_after = 2020-01-01T00:00:00Z },"#,
    );
    running.process.signal("-HUP");
    running
        .state_when("applied", |state| state["applied"] == 2)
        .await;
    assert_eq!(running.post_as("shop-web", 2).await, 401);
    assert_eq!(running.post_as("shop-next", 2).await, 204);
    running.process.stop().await;
}

#[tokio::test]
async fn a_wrong_configuration_changes_nothing_and_every_problem_of_it_is_told() {
    let folder = configured();
    let mut running = running(folder.path()).await;
    change(folder.path(), r#"["shop-web"]"#, r#"["shop-next", "a b"]"#);
    change(folder.path(), ORIGIN, "http://shop.test/path");
    let state = running
        .state_when("refused", |state| state["refused"] == 1)
        .await;
    let problems = state["last_refused"]["problems"].to_string();
    for part in ["a b", "shop.test/path"] {
        assert!(problems.contains(part), "{part} is missing in {problems}");
    }
    assert_eq!(
        running.post_as("shop-web", 0).await,
        204,
        "the one before is in force"
    );
    assert_eq!(running.post_as("shop-next", 0).await, 401);
    // Being asked again without a change tells again.
    running.process.signal("-HUP");
    running
        .state_when("refused again", |state| state["refused"] == 2)
        .await;
    let log = std::mem::replace(
        &mut running.process.log,
        tokio::spawn(async { String::new() }),
    );
    running.process.stop().await;
    let log = log.await.unwrap();
    assert!(
        log.contains("a b") && log.contains("shop.test/path"),
        "{log}"
    );
}

#[tokio::test]
async fn what_cannot_change_while_running_is_said_and_changes_nothing_else() {
    let folder = configured();
    let running = running(folder.path()).await;
    change(folder.path(), r#"["shop-web"]"#, r#"["shop-next"]"#);
    change(folder.path(), "[store]", "[store]\nqueue = 9");
    let state = running
        .state_when("refused", |state| state["refused"] == 1)
        .await;
    let problems = state["last_refused"]["problems"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(problems.len(), 1, "{problems:?}");
    let told = problems[0].as_str().unwrap();
    assert!(
        told.starts_with("store") && told.contains("restart"),
        "{told}"
    );
    assert_eq!(running.post_as("shop-next", 0).await, 401);
    running.process.stop().await;
}

#[tokio::test]
async fn the_environment_goes_before_the_file() {
    let folder = configured();
    let elsewhere = folder.path().join("elsewhere.db");
    let output = command(folder.path())
        .env("SIGHTLINE_STORE__QUEUE", "0")
        .env("SIGHTLINE_STORE__QEUE", "1")
        .env("SIGHTLINE_STORE__PATH", &elsewhere)
        .arg("check-config")
        .output()
        .await
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    for part in ["store.queue", "SIGHTLINE_STORE__QEUE"] {
        assert!(told.contains(part), "{part} is missing in {told}");
    }
}

#[tokio::test]
async fn check_config_says_everything_that_is_wrong_and_opens_nothing() {
    let folder = configured();
    let check = async || {
        let output = command(folder.path())
            .arg("check-config")
            .output()
            .await
            .unwrap();
        (
            output.status.success(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    assert!(check().await.0);
    assert!(!folder.path().join("collector.db").exists());
    change(
        folder.path(),
        "[store]",
        "private_tls = { cert = '/no/cert.pem', key = '/no/key.pem' }\n[store]",
    );
    change(
        folder.path(),
        "127.0.0.1:0\"\nprivate_tls",
        "0.0.0.0:0\"\nprivate_tls",
    );
    let (in_order, told) = check().await;
    assert!(!in_order);
    assert!(told.contains("listen.private"), "{told}");
    change(folder.path(), "0.0.0.0:0", "127.0.0.1:0");
    let (in_order, told) = check().await;
    assert!(
        !in_order && told.contains("listen.private_tls") && told.contains("/no/cert.pem"),
        "{told}"
    );
}

#[tokio::test]
async fn help_explains_every_setting() {
    let folder = configured();
    let output = command(folder.path()).arg("--help").output().await.unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for setting in collector::config::settings() {
        assert!(help.contains(&setting.name), "{} is missing", setting.name);
    }
    assert!(help.contains("SIGHTLINE_LISTEN__PRIVATE_TOKEN"), "{help}");
}
