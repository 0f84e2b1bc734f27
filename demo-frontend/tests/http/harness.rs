//! A demo on free ports with two tiny builds, and the calls a test makes to it. The demo is entered by its
//! HTTP surfaces alone.

use std::path::Path;
use std::time::{Duration, Instant};

use clap::Parser;
use demo_frontend::{Demo, Settings};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The origin the site's pages have.
pub(crate) const ORIGIN: &str = "http://movieguru.test";
/// The user agent ending of a visitor.
pub(crate) const BROWSER: &str = "Mozilla/5.0 Chrome/156 visit/";

pub(crate) struct TestDemo {
    pub(crate) demo: Demo,
    pub(crate) client: Client,
    _builds: TempDir,
}

#[derive(Parser)]
struct Options {
    #[command(flatten)]
    settings: Settings,
}

impl TestDemo {
    /// Healthy, without crowd, every operation succeeding at once.
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// The same with further command-line options.
    pub(crate) async fn with(options: &[&str]) -> Self {
        let builds = tiny_builds();
        let dist = builds.path().display().to_string();
        let fixed = [
            "demo",
            "--site-port=0",
            "--backend-port=0",
            "--admin-port=0",
            "--dist",
            &dist,
        ];
        let crowd: &[&str] = if options.contains(&"--crowd") {
            &[]
        } else {
            &["--crowd", "0"]
        };
        let all = fixed.iter().chain(crowd).chain(options);
        let settings = Options::parse_from(all).settings;
        let demo = Demo::start(settings).await.expect("the demo starts");
        let test = Self {
            demo,
            client: Client::new(),
            _builds: builds,
        };
        assert_eq!(test.post_phase(&quick_phase()).await.status(), 200);
        test
    }

    /// A call to the backend as a page makes it.
    pub(crate) fn call(&self, method: Method, path: &str, user: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.demo.addresses().backend);
        self.client
            .request(method, url)
            .header("user", user)
            .header("origin", ORIGIN)
    }

    pub(crate) async fn sign_in(&self, user: &str) {
        let answer = send(self.call(Method::POST, "/login", user)).await;
        assert_eq!(answer.status(), 200);
    }

    pub(crate) async fn chat(&self, user: &str, message: &str) -> Response {
        send(
            self.call(Method::POST, "/chat", user)
                .json(&json!({ "content": message })),
        )
        .await
    }

    pub(crate) async fn post_phase(&self, phase: &Value) -> Response {
        let url = format!("{}/phase", self.demo.addresses().backend);
        send(self.client.post(url).json(phase)).await
    }

    /// What the admin shows at `path`.
    pub(crate) async fn admin(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.demo.addresses().admin);
        send(self.client.get(url))
            .await
            .json()
            .await
            .expect("the admin answers JSON")
    }

    /// Tells the admin something.
    pub(crate) async fn tell(&self, path: &str, body: Value) -> Response {
        let url = format!("{}{path}", self.demo.addresses().admin);
        send(self.client.post(url).json(&body)).await
    }

    /// A site request as a visitor's browser makes it.
    pub(crate) async fn browse(&self, path: &str, visit: &str, accept: &str) -> Response {
        let url = format!("{}{path}", self.demo.addresses().site);
        let user_agent = format!("{BROWSER}{visit}");
        let request = self
            .client
            .get(url)
            .header("host", "movieguru.test")
            .header("accept", accept);
        send(request.header("user-agent", user_agent)).await
    }

    /// Asks the admin until `wanted` accepts what it shows.
    pub(crate) async fn wait_for(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let shown = self.admin(path).await;
            if wanted(&shown) {
                return shown;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(10),
                "{path} still shows {shown}"
            );
            tokio::task::yield_now().await;
        }
    }

    /// The value of each sample on the backend's `/metrics`, by name and labels as printed.
    pub(crate) async fn metrics(&self) -> Vec<(String, f64)> {
        let url = format!("{}/metrics", self.demo.addresses().backend);
        let text = send(self.client.get(url))
            .await
            .text()
            .await
            .expect("metrics are text");
        let sample = |line: &str| {
            let (series, value) = line.rsplit_once(' ')?;
            Some((series.to_owned(), value.parse().ok()?))
        };
        text.lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(sample)
            .collect()
    }
}

pub(crate) async fn send(request: RequestBuilder) -> Response {
    request.send().await.expect("the demo answers")
}

pub(crate) fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response
        .headers()
        .get(name)
        .map(|value| value.to_str().expect("a plain header"))
}

/// Everything succeeds, safely and at once.
pub(crate) fn quick_phase() -> Value {
    let mut phase: Value =
        serde_json::from_str(include_str!("../../phases/challenge-5-healthy.json"))
            .expect("the preset is JSON");
    for (name, value) in phase.as_object_mut().expect("the preset is an object") {
        if name.ends_with("MS") {
            *value = json!(0);
        } else if name.ends_with("Success") {
            *value = json!(1);
        }
    }
    phase["ChatSafetyIssue"] = json!(0);
    phase
}

/// `phase` with some fields replaced.
pub(crate) fn changed(mut phase: Value, fields: &[(&str, Value)]) -> Value {
    for (name, value) in fields {
        phase[*name] = value.clone();
    }
    phase
}

fn tiny_builds() -> TempDir {
    let builds = tempfile::tempdir().expect("a temporary folder");
    for release in ["1", "2"] {
        let build = builds.path().join(format!("release-{release}"));
        write(
            &build.join("index.html"),
            &format!(
                "<!doctype html><p>__SIGHTLINE_DEPLOYMENT__</p><script src=/assets/index-{release}.js></script>"
            ),
        );
        write(
            &build.join(format!("assets/index-{release}.js")),
            "call('http://api.movieguru.test/chat'); report('http://collector.sightline.test')",
        );
        write(&build.join("sightline/core.wasm"), "\0asm");
    }
    builds
}

fn write(file: &Path, text: &str) {
    std::fs::create_dir_all(file.parent().expect("a file in a folder")).expect("a new folder");
    std::fs::write(file, text).expect("a new file");
}
