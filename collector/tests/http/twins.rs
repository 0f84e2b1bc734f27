//! The server side: scraped counters beside the browsers' figures, and "no data" where there are none.

use crate::harness::{Collector, NOON, beacon, event, page, view};
use axum::Router;
use axum::routing::get;
use beacon::{EventKind, Finality, JourneyAttempt, JourneyOutcome, NavigationKind, PageOutcome};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A server whose counters a test sets.
struct Server {
    url: String,
    text: Arc<Mutex<String>>,
    serving: JoinHandle<()>,
}

impl Server {
    async fn start(text: &str) -> Self {
        let text = Arc::new(Mutex::new(text.to_owned()));
        let served = Arc::clone(&text);
        let answer = move || async move { served.lock().unwrap().clone() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/metrics", listener.local_addr().unwrap());
        let router = Router::new().route("/metrics", get(answer));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, text, serving }
    }

    fn set(&self, text: &str) {
        text.clone_into(&mut self.text.lock().unwrap());
    }

    /// No answer from now on.
    async fn vanish(self) {
        self.serving.abort();
        let _ = self.serving.await;
    }
}

async fn collector_beside(server: &Server) -> Collector {
    Collector::start_with(&format!(
        r#"
[[scrape]]
name = "backend"
url = "{}"
every_ms = 100

[[apps]]
name = "twinned"
keys = ["twinned-web"]
origins = ["http://shop.test"]
documents = {{ target = "backend", metric = "documents_served_total" }}
[[apps.journeys]]
name = "access_app"
threshold_ms = 3000
[apps.journeys.server]
target = "backend"
approximate = true
latency = {{ histogram = "startup_latency_seconds", unit_ms = 1000 }}
factors = [
  {{ name = "login", good = "login_success_total", total = "login_attempts_total" }},
  {{ name = "startup", good = 'startup_total{{result="ok"}}', total = "startup_total" }},
]
"#,
        server.url
    ))
    .await
}

/// Waits for two more reads: the first may have been under way before the counters changed.
async fn after_reading(collector: &Collector) {
    let reads = "sightline_collector_scrapes_total";
    let before = collector.metrics().await.sum(reads);
    collector
        .metrics_when("two more reads", |m| m.sum(reads) >= before + 2.0)
        .await;
}

async fn access(collector: &Collector) -> Value {
    collector.slis("app=twinned").await["journeys"]["access_app"]["server"].clone()
}

#[tokio::test]
async fn the_same_percentiles_are_told_of_both_sides() {
    let buckets = |upto: [u32; 3]| {
        let [a, b, all] = upto;
        format!(
            "{}startup_latency_seconds_bucket{{le=\"0.1\"}} {a}\n\
             startup_latency_seconds_bucket{{le=\"0.5\"}} {b}\n\
             startup_latency_seconds_bucket{{le=\"+Inf\"}} {all}\n",
            counters((all, all), (all, all))
        )
    };
    let server = Server::start(&buckets([7, 7, 7])).await;
    let collector = collector_beside(&server).await;
    after_reading(&collector).await;
    server.set(&buckets([57, 107, 107]));
    after_reading(&collector).await;
    for (number, took) in [(1, 300), (2, 900), (3, 1500)] {
        let attempt = JourneyAttempt {
            name: "access_app".into(),
            outcome: JourneyOutcome::Success,
            finality: Finality::Final,
            reason: None,
            duration_ms: took,
            backend_origin: String::new(),
            route: "/".into(),
            result: None,
            steps: Vec::new(),
        };
        let events = vec![event(2, EventKind::Journey(attempt))];
        let bytes = beacon::encode(&beacon(view(number), 0, events)).unwrap();
        let answer = collector
            .post_as("twinned-web", Some("http://shop.test"), bytes)
            .await;
        assert_eq!(answer.status, 204);
    }
    let gaps = collector.ask("/api/v1/gaps?app=twinned&window=1h").await;
    let latency = &gaps.json()["pairs"]["access_app"]["latency"];
    assert_eq!(latency["client"]["p50_ms"], 900);
    assert_eq!(latency["server"]["p50_ms"], 100);
    assert_eq!(latency["server"]["p90_ms"], 420);
    assert_eq!(latency["p50_ms"], 800);
    let gap = &gaps.json()["pairs"]["access_app"];
    assert_eq!(
        (&gap["gap_ppm"], &gap["differ"]),
        (&0.into(), &false.into())
    );
    assert_eq!(gap["missing_unknown"], "n/a: other traffic");
    collector.stop().await;
}

fn counters(login: (u32, u32), startup: (u32, u32)) -> String {
    format!(
        "# TYPE login_attempts_total counter\nlogin_success_total {}\nlogin_attempts_total {}\n\
         startup_total{{result=\"ok\"}} {}\nstartup_total{{result=\"error\"}} {}\n",
        login.0,
        login.1,
        startup.0,
        startup.1 - startup.0
    )
}

#[tokio::test]
async fn the_twin_of_access_is_login_times_startup_and_says_that_it_approximates() {
    let server = Server::start(&counters((1000, 1000), (50, 100))).await;
    let collector = collector_beside(&server).await;
    after_reading(&collector).await;
    assert_eq!(
        access(&collector).await["state"],
        "no_data",
        "what came before is not ours"
    );

    server.set(&counters((1008, 1010), (95, 150)));
    after_reading(&collector).await;
    let access = access(&collector).await;
    assert_eq!(access["state"], "ok");
    assert_eq!(access["approximate"], true);
    // 8 of 10 logins, 45 of 50 startups.
    assert_eq!(access["ratio_ppm"], 720_000);
    assert_eq!(
        (&access["good"], &access["total"]),
        (&36.into(), &50.into())
    );
    collector.stop().await;
}

#[tokio::test]
async fn a_server_that_restarts_goes_on_being_counted() {
    let server = Server::start(&counters((0, 0), (0, 0))).await;
    let collector = collector_beside(&server).await;
    after_reading(&collector).await;
    server.set(&counters((10, 10), (10, 10)));
    after_reading(&collector).await;
    server.set(&counters((4, 5), (5, 5)));
    after_reading(&collector).await;
    let access = access(&collector).await;
    assert_eq!(
        (
            &access["factors"][0]["good"],
            &access["factors"][0]["total"]
        ),
        (&14.into(), &15.into())
    );
    collector.stop().await;
}

#[tokio::test]
async fn a_server_that_vanishes_is_no_data_and_never_100_percent() {
    let server = Server::start(&counters((0, 0), (0, 0))).await;
    let collector = collector_beside(&server).await;
    after_reading(&collector).await;
    server.set(&counters((10, 10), (10, 10)));
    after_reading(&collector).await;
    assert_eq!(access(&collector).await["ratio_ppm"], 1_000_000);
    server.vanish().await;
    let failures = "sightline_collector_scrape_failures_total";
    let before = collector.metrics().await.sum(failures);
    collector
        .metrics_when("reads fail", |m| m.sum(failures) > before + 1.0)
        .await;
    collector.clock.advance_ms(30_000);
    let gone = access(&collector).await;
    assert_eq!(
        (&gone["state"], &gone["ratio_ppm"]),
        (&"no_data".into(), &Value::Null)
    );
    assert_eq!((&gone["good"], &gone["total"]), (&0.into(), &0.into()));
    // A window that ended while it still answered keeps its figures.
    let past = collector
        .slis(&format!(
            "app=twinned&from_ms={}&to_ms={}",
            NOON - 1,
            NOON + 1
        ))
        .await;
    assert_eq!(
        past["journeys"]["access_app"]["server"]["ratio_ppm"],
        1_000_000
    );
    collector.stop().await;
}

#[tokio::test]
async fn what_the_server_counted_while_the_collector_was_away_is_not_lost() {
    let server = Server::start(&counters((0, 0), (0, 0))).await;
    let collector = collector_beside(&server).await;
    after_reading(&collector).await;
    server.set(&counters((5, 5), (5, 5)));
    after_reading(&collector).await;
    let stopping = collector.restart();
    server.set(&counters((12, 15), (15, 15)));
    let collector = stopping.await;
    after_reading(&collector).await;
    let access = access(&collector).await;
    assert_eq!(
        (
            &access["factors"][0]["good"],
            &access["factors"][0]["total"]
        ),
        (&12.into(), &15.into())
    );
    collector.stop().await;
}

#[tokio::test]
async fn documents_served_and_never_heard_of_again_are_dark() {
    let server = Server::start("documents_served_total{release=\"1\"} 100\n").await;
    let collector = collector_beside(&server).await;
    after_reading(&collector).await;
    server.set(
        "documents_served_total{release=\"1\"} 102\ndocuments_served_total{release=\"2\"} 3\n",
    );
    after_reading(&collector).await;
    let send = async |number, release: &str, navigation| {
        let mut sent = beacon(view(number), 0, vec![page(PageOutcome::Ready)]);
        sent.head.page.release = release.to_owned();
        sent.head.page.navigation = navigation;
        let bytes = beacon::encode(&sent).unwrap();
        let answer = collector
            .post_as("twinned-web", Some("http://shop.test"), bytes)
            .await;
        assert_eq!(answer.status, 204);
    };
    send(1, "1", NavigationKind::Navigate).await;
    send(2, "1", NavigationKind::Reload).await;
    send(3, "2", NavigationKind::Navigate).await;
    // Restored from memory: nobody served a document for it.
    send(4, "2", NavigationKind::BackForwardCache).await;
    let coverage = collector.slis("app=twinned").await["coverage"].clone();
    assert_eq!(coverage["views"], 4);
    assert_eq!(coverage["documents_served"], 5);
    assert_eq!(coverage["documents_ppm"], 600_000);
    let dark: Vec<_> = coverage["documents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| &d["dark"])
        .collect();
    assert_eq!(dark, [0, 2]);
    collector.stop().await;
}
