//! A collector on free loopback ports with a set clock and a database of its own. Everything is asked
//! through HTTP; stopping it checks that nothing received has vanished uncounted.

use beacon::{Beacon, CoreStatus, Detail, Event, EventKind, Finality, Head, Page, ViewId};
use beacon::{JourneyAttempt, JourneyOutcome, PageLoad, PageOutcome};
use collector::app::App;
use collector::clock::ManualClock;
use collector::config::Config;
use collector::serve::{Listeners, run};
use reqwest::{Client, Response};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Where the clock stands at the start: on a full minute.
pub(crate) const NOON: u64 = 1_800_000_000_000;
pub(crate) const KEY: &str = "shop-web";
pub(crate) const ORIGIN: &str = "http://shop.test";

const CONFIG: &str = r##"
probe_dir = "PROBE_DIR"
[store]
path = "DATABASE"
[[apps]]
name = "shop"
keys = ["shop-web", "shop-web-next"]
origins = ["http://shop.test"]
expected_backend_origins = ["http://api.shop.test"]
probe = { app = "shop-web", mount = "#app" }
[[apps.journeys]]
name = "access_app"
threshold_ms = 3000
[[apps.journeys]]
name = "chat"
threshold_ms = 5000
"##;

pub(crate) struct Collector {
    pub(crate) clock: ManualClock,
    pub(crate) public: String,
    pub(crate) private: String,
    client: Client,
    config: String,
    folder: Arc<TempDir>,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<std::io::Result<()>>>,
}

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{error} in {:?}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Collector {
    pub(crate) async fn start() -> Self {
        Self::start_with("").await
    }

    /// `more` is TOML in front of the harness's own tables: top-level tables the harness does not
    /// have.
    pub(crate) async fn start_with(more: &str) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let path = |name: &str| folder.path().join(name).display().to_string();
        let (store, apps) = CONFIG.split_once("[[apps]]").unwrap();
        let config = format!("{store}{more}\n[[apps]]{apps}")
            .replace("DATABASE", &path("collector.db"))
            .replace("PROBE_DIR", &path("probe"));
        Self::launch(folder, config, ManualClock::at(NOON)).await
    }

    /// On a copy of a database that is there already.
    pub(crate) async fn start_on(database: &Path) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let path = |name: &str| folder.path().join(name);
        std::fs::copy(database, path("collector.db")).unwrap();
        let config = CONFIG
            .replace("DATABASE", &path("collector.db").display().to_string())
            .replace("PROBE_DIR", &path("probe").display().to_string());
        Self::launch(folder, config, ManualClock::at(NOON)).await
    }

    async fn launch(folder: Arc<TempDir>, config: String, clock: ManualClock) -> Self {
        let parsed = Config::parse(&config).unwrap_or_else(|errors| panic!("{errors}"));
        let listeners = Listeners {
            public: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            private: TcpListener::bind("127.0.0.1:0").await.unwrap(),
        };
        let public = format!("http://{}", listeners.public.local_addr().unwrap());
        let private = format!("http://{}", listeners.private.local_addr().unwrap());
        let app = Arc::new(App::new(parsed, Arc::new(clock.clone())).unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(run(app, listeners, async {
            let _ = stopped.await;
        }));
        let client = Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(0)
            .build()
            .unwrap();
        Self {
            clock,
            public,
            private,
            client,
            config,
            folder,
            stop: Some(stop),
            running: Some(running),
        }
    }

    /// Ends it after checking its books.
    pub(crate) async fn stop(mut self) {
        self.check_books().await;
        self.end().await;
    }

    /// Ends it and starts another on the same database and clock.
    pub(crate) async fn restart(mut self) -> Self {
        self.check_books().await;
        self.end().await;
        Self::launch(
            Arc::clone(&self.folder),
            self.config.clone(),
            self.clock.clone(),
        )
        .await
    }

    async fn end(&mut self) {
        drop(self.stop.take());
        if let Some(running) = self.running.take() {
            running.await.unwrap().unwrap();
        }
    }

    async fn check_books(&self) {
        check_books(async || self.ask("/metrics").await.text).await;
    }

    pub(crate) async fn post(&self, body: impl Into<reqwest::Body>) -> Answer {
        self.post_as(KEY, Some(ORIGIN), body).await
    }

    pub(crate) async fn post_as(
        &self,
        key: &str,
        origin: Option<&str>,
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let mut request = self
            .request("POST", &format!("/v1/beacons/{key}"))
            .body(body);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        answer(request.send().await.unwrap()).await
    }

    /// Posts a beacon in the binary encoding, which must be taken whole.
    pub(crate) async fn send(&self, beacon: &Beacon) {
        let answer = self.post(beacon::encode(beacon).unwrap()).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    }

    /// A request to the public listener.
    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().unwrap();
        self.client
            .request(method, format!("{}{path}", self.public))
    }

    /// A read of the public listener.
    pub(crate) async fn fetch(&self, path: &str) -> Answer {
        answer(self.request("GET", path).send().await.unwrap()).await
    }

    /// A read of the private listener.
    pub(crate) async fn ask(&self, path: &str) -> Answer {
        let request = self.client.get(format!("{}{path}", self.private));
        answer(request.send().await.unwrap()).await
    }

    /// A body for the private listener.
    pub(crate) async fn post_private(&self, path: &str, mime: &str, body: &str) -> Answer {
        let request = self.client.post(format!("{}{path}", self.private));
        let request = request.header("content-type", mime).body(body.to_owned());
        answer(request.send().await.unwrap()).await
    }

    pub(crate) async fn slis(&self, query: &str) -> Value {
        let answer = self.ask(&format!("/api/v1/slis?{query}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    pub(crate) async fn views(&self, query: &str) -> Vec<Value> {
        let answer = self.ask(&format!("/api/v1/views?{query}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["views"].as_array().unwrap().clone()
    }

    pub(crate) async fn metrics(&self) -> Metrics {
        Metrics::parse(&self.ask("/metrics").await.text)
    }

    /// Waits until the metrics are as they should be.
    pub(crate) async fn metrics_when(
        &self,
        what: &str,
        holds: impl Fn(&Metrics) -> bool,
    ) -> Metrics {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let metrics = self.metrics().await;
            if holds(&metrics) {
                return metrics;
            }
            assert!(
                Instant::now() < deadline,
                "not so: {what}; instead {metrics:#?}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("collector.db")
    }

    pub(crate) fn probe_dir(&self) -> PathBuf {
        self.folder.path().join("probe")
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        let left_running = self.running.is_some() && !std::thread::panicking();
        assert!(
            !left_running,
            "a test must end with stop(), which checks the books"
        );
    }
}

/// received = accepted + duplicate + Σ rejected, for beacons and for events; false only while requests
/// are open.
pub(crate) async fn check_books(metrics: impl AsyncFn() -> String) {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let metrics = Metrics::parse(&metrics().await);
        let balanced = ["beacons", "events"].iter().all(|side| {
            let counter = |verdict| {
                let name = format!("sightline_collector_{side}_{verdict}_total");
                assert!(metrics.has(&name), "no {name}");
                metrics.sum(&name)
            };
            counter("received") == counter("accepted") + counter("duplicate") + counter("rejected")
        });
        if balanced {
            return;
        }
        assert!(
            Instant::now() < deadline,
            "a beacon or event has no verdict or two: {metrics:#?}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn answer(response: Response) -> Answer {
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.text().await.unwrap(),
    }
}

/// Samples of `/metrics`, by name with labels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Metrics(pub(crate) BTreeMap<String, f64>);

impl Metrics {
    fn parse(text: &str) -> Self {
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        let samples = samples.map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        });
        Self(samples.collect())
    }

    /// All samples of this metric whose labels contain each of `labels`, added up.
    pub(crate) fn sum_of(&self, metric: &str, labels: &[&str]) -> f64 {
        let samples = self.0.iter().filter(|(name, _)| {
            let (family, rest) = name.split_once('{').unwrap_or((name, ""));
            family == metric && labels.iter().all(|label| rest.contains(label))
        });
        samples.map(|(_, value)| value).sum()
    }

    fn has(&self, metric: &str) -> bool {
        self.0.keys().any(|name| name.starts_with(metric))
    }

    pub(crate) fn sum(&self, metric: &str) -> f64 {
        self.sum_of(metric, &[])
    }
}

pub(crate) fn view(number: u8) -> ViewId {
    ViewId([number; 16])
}

/// A beacon of release 1 sent at [`NOON`].
pub(crate) fn beacon(view: ViewId, seq: u32, events: Vec<Event>) -> Beacon {
    let head = Head {
        view,
        seq,
        session: None,
        sent_at_ms: NOON,
        core: CoreStatus::Loaded,
        detail: Detail::Full,
        page: Page {
            route: "/".into(),
            release: "1".into(),
            deployment: "pod-1".into(),
            origin: ORIGIN.into(),
            backend_origin: "http://api.shop.test".into(),
            ..Page::default()
        },
        previous_view: None,
        dropped: Vec::new(),
        attributes: Vec::new(),
    };
    Beacon { head, events }
}

pub(crate) fn event(n: u32, kind: EventKind) -> Event {
    Event {
        n,
        rev: 0,
        at_ms: NOON,
        kind,
    }
}

pub(crate) fn page(outcome: PageOutcome) -> Event {
    event(
        0,
        EventKind::Page(PageLoad {
            outcome,
            finality: Finality::Final,
            decided_after_ms: 400,
            touched: Vec::new(),
            failed_scripts: 0,
        }),
    )
}

pub(crate) fn chat(n: u32, outcome: JourneyOutcome, duration_ms: u32) -> Event {
    event(
        n,
        EventKind::Journey(JourneyAttempt {
            name: "chat".into(),
            outcome,
            finality: Finality::Final,
            reason: None,
            duration_ms,
            backend_origin: String::new(),
            route: "/".into(),
            result: None,
            steps: Vec::new(),
        }),
    )
}
