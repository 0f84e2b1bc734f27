//! The binary as a process: how it starts, how it stops, and what a kill leaves behind.

use crate::harness::{ORIGIN, beacon, check_books, page, view};
use beacon::{PageOutcome, encode};
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

const CONFIG: &str = r#"
[listen]
public = "127.0.0.1:0"
private = "127.0.0.1:0"
[store]
path = "DATABASE"
[[apps]]
name = "shop"
keys = ["shop-web"]
origins = ["http://shop.test"]
"#;

pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) public: String,
    pub(crate) private: String,
    /// Everything it logged, once it has ended.
    pub(crate) log: tokio::task::JoinHandle<String>,
    ended: bool,
}

impl Process {
    /// Ends it as its starter's death would, after checking its books.
    pub(crate) async fn stop(mut self) {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        check_books(async || {
            let url = format!("{}/metrics", self.private);
            client.get(url).send().await.unwrap().text().await.unwrap()
        })
        .await;
        drop(self.child.stdin.take());
        self.ended().await;
    }

    /// A test that ends it by other means than [`Self::stop`] has to look at the books by itself.
    pub(crate) async fn ended(&mut self) {
        self.ended = true;
        let ended = tokio::time::timeout(Duration::from_secs(10), self.child.wait()).await;
        assert!(
            ended
                .expect("it must stop when stdin is closed")
                .unwrap()
                .success()
        );
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().unwrap().to_string();
        let told = std::process::Command::new("kill")
            .args([name, &id])
            .status();
        assert!(told.unwrap().success());
    }

    async fn kill(&mut self) {
        self.ended = true;
        self.child.start_kill().unwrap();
        self.child.wait().await.unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        assert!(
            self.ended || std::thread::panicking(),
            "a test must end with stop(), which checks the books"
        );
    }
}

pub(crate) fn configured() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("collector.db").display().to_string();
    std::fs::write(
        folder.path().join("c.toml"),
        CONFIG.replace("DATABASE", &database),
    )
    .unwrap();
    folder
}

pub(crate) fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sightline-collector"));
    command.arg("--config").arg(folder.join("c.toml"));
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.kill_on_drop(true);
    command
}

pub(crate) async fn started(folder: &Path) -> Process {
    let mut child = command(folder).arg("--stop-with-stdin").spawn().unwrap();
    // Read all along, or a full pipe would hold it up.
    let mut stderr = child.stderr.take().unwrap();
    let log = tokio::spawn(async move {
        let mut text = String::new();
        stderr.read_to_string(&mut text).await.unwrap();
        text
    });
    let mut line = String::new();
    let stdout = child.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut line).await.unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line:?}"));
    let address = |name: &str| ready[name].as_str().unwrap().to_owned();
    Process {
        child,
        public: address("public"),
        private: address("private"),
        log,
        ended: false,
    }
}

/// Whether the beacon was acknowledged.
async fn acknowledged(client: reqwest::Client, public: String, seq: u32) -> bool {
    let url = format!("{public}/v1/beacons/shop-web");
    let mut sent = beacon(view(1), seq, Vec::new());
    if seq == 0 {
        sent.events.push(page(PageOutcome::Ready));
    }
    let request = client
        .post(url)
        .header("origin", ORIGIN)
        .body(encode(&sent).unwrap());
    request
        .send()
        .await
        .is_ok_and(|answer| answer.status().as_u16() == 204)
}

async fn views(client: &reqwest::Client, process: &Process) -> Value {
    let url = format!("{}/api/v1/views", process.private);
    client.get(url).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn it_says_where_it_listens_and_stops_when_its_starter_is_gone() {
    let folder = configured();
    let process = started(folder.path()).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let health = client
        .get(format!("{}/healthz", process.private))
        .send()
        .await
        .unwrap();
    assert!(health.status().is_success());
    process.stop().await;
}

#[tokio::test]
async fn a_kill_loses_no_acknowledged_beacon_and_counts_none_twice() {
    let folder = configured();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let send = |process: &Process, seq| acknowledged(client.clone(), process.public.clone(), seq);
    let mut process = started(folder.path()).await;
    let mut ledger = Vec::new();
    for seq in 0..40 {
        if seq % 10 == 9 {
            // In the midst of a beacon whose fate is not known.
            let in_flight = tokio::spawn(send(&process, seq));
            tokio::task::yield_now().await;
            process.kill().await;
            if in_flight.await.unwrap() {
                ledger.push(seq);
            }
            process = started(folder.path()).await;
        } else if send(&process, seq).await {
            ledger.push(seq);
        }
    }
    let stored = async |process: &Process| -> Vec<u32> {
        let views = views(&client, process).await;
        let beacons = views["views"][0]["beacons"].as_array().unwrap().clone();
        beacons
            .iter()
            .map(|beacon| beacon["seq"].as_u64().unwrap() as u32)
            .collect()
    };
    assert!(ledger.len() >= 36, "{ledger:?}");
    let survived = stored(&process).await;
    assert!(
        ledger.iter().all(|seq| survived.contains(seq)),
        "{ledger:?}, stored {survived:?}"
    );
    // Everything is sent again, as a probe that heard no answer does.
    for seq in 0..40 {
        assert!(send(&process, seq).await, "beacon {seq}");
    }
    assert_eq!(stored(&process).await, (0..40).collect::<Vec<_>>());
    let slis = format!("{}/api/v1/slis", process.private);
    let slis: Value = client.get(slis).send().await.unwrap().json().await.unwrap();
    assert_eq!(slis["pages"]["good"], 1);
    assert_eq!(slis["coverage"]["beacons_received"], 40);
    process.stop().await;
}

#[tokio::test]
async fn a_wrong_configuration_is_told_whole_before_anything_starts() {
    let folder = configured();
    let wrong = "[listen]\nprivate = '0.0.0.0:0'\n[store]\nqueue = 0\n";
    std::fs::write(folder.path().join("c.toml"), wrong).unwrap();
    let mut child = command(folder.path()).spawn().unwrap();
    let mut told = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut told)
        .await
        .unwrap();
    assert!(!child.wait().await.unwrap().success());
    for place in ["listen.private", "store.queue", "apps"] {
        assert!(told.contains(place), "{place} is missing in {told}");
    }
}

#[tokio::test]
async fn a_copy_taken_under_way_holds_all_that_was_acknowledged_and_is_sound() {
    let folder = configured();
    let process = started(folder.path()).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for seq in 0..5 {
        assert!(acknowledged(client.clone(), process.public.clone(), seq).await);
    }
    let copy = folder.path().join("copy.db");
    let run = async |arguments: &[&std::ffi::OsStr]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sightline-collector"));
        command.arg("--config").arg(folder.path().join("c.toml"));
        command.args(arguments).output().await.unwrap()
    };
    let copied = run(&["backup".as_ref(), copy.as_os_str()]).await;
    assert!(copied.status.success(), "{copied:?}");
    // What is there is not written over.
    let again = run(&["backup".as_ref(), copy.as_os_str()]).await;
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(
        !again.status.success() && said.contains("is there already"),
        "{said}"
    );
    process.stop().await;
    let counted = run(&["recount".as_ref(), copy.as_os_str()]).await;
    let counted: Value = serde_json::from_slice(&counted.stdout).unwrap();
    assert_eq!(counted["beacons"], 5);
    assert_eq!(counted["disagreements"], Value::Array(Vec::new()));
}
