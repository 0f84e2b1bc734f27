//! The page of one view as its reader sees it: the dashboard's own scripts, run by Node.js on what the
//! API answers.

use crate::harness::{Collector, beacon, page, view};
use crate::kinds::{call, detail, every_kind};
use beacon::{
    Attribute, Detail, DropCount, DropReason, EventKind, Initiator, PageOutcome, RequestOutcome,
};
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// The page as lines of text.
fn rendered(view: &Value) -> String {
    rendered_as(view, "view")
}

/// The page of a view, or what is found, as lines of text.
pub(crate) fn rendered_as(view: &Value, what: &str) -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scripts = tempfile::tempdir().unwrap();
    // In a folder of its own with a package.json, so that every version of Node.js takes the files for
    // modules.
    std::fs::write(scripts.path().join("package.json"), r#"{"type":"module"}"#).unwrap();
    for file in std::fs::read_dir(here.join("dashboard")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), scripts.path().join(file.file_name())).unwrap();
    }
    let mut node = Command::new("node")
        .arg(here.join("tests/http/view_page/render.mjs"))
        .arg(scripts.path())
        .arg(what)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node.js 20.19 or newer is needed, as README says");
    let mut input = node.stdin.take().unwrap();
    input.write_all(view.to_string().as_bytes()).unwrap();
    drop(input);
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// The line that holds all of these.
#[track_caller]
fn assert_line(text: &str, parts: &[&str]) {
    let found = text
        .lines()
        .any(|line| parts.iter().all(|part| line.contains(part)));
    assert!(found, "no line with {parts:?} in {text}");
}

#[tokio::test]
async fn the_page_of_a_view_tells_every_kind_in_words() {
    let collector = Collector::start().await;
    collector.send(&beacon(view(1), 0, every_kind())).await;
    let text = rendered(&detail(&collector).await);
    for parts in [
        &["page load", "blank (may change)", "1 script failed"][..],
        &[
            "loading the document",
            "DNS 2 ms",
            "7.2 kB on the wire",
            "server’s db 53 ms",
        ],
        &[
            "POST /login",
            "unreachable",
            "unexpected",
            "probably unexpected origin (90%)",
            "offline",
            "4g",
        ],
        &[
            "POST /chat",
            "6.20 s",
            "headers after 311 ms",
            "first chunk after 1.52 s",
            "longest gap 1.21 s",
            "41 chunks, 20.3 kB",
            "trace abab",
        ],
        &["POST /metrics", "refused by the browser", "by sendBeacon"],
        &["GET /startup", "http error", "2 calls"],
        &["journey access app", "failed", "request unreachable"],
        &[
            "INP",
            "needs improvement",
            "click · #send",
            "input delay 4 ms",
            "processing duration 280 ms",
        ],
        &[
            "cause of LCP",
            "main>img.poster",
            "resource load duration 1.40 s",
        ],
        &[
            "cause of CLS",
            "aside.offers",
            "largest shift 0.08125",
            "largest shift time 1.73 s",
        ],
        &[
            "error: uncaught",
            "film is undefined",
            "17 times",
            "index-Drv7xUmx.js",
        ],
        &["poster http://movieguru.test/assets/index-Drv7xUmx.js:1:2042"],
        &[
            "route /movies/:id",
            "settled",
            "840 ms",
            "from /",
            "by history",
            "2 requests",
        ],
        &[
            "img resources",
            "1 failed",
            "24 resources",
            "3 from the cache",
            "1.2 MB",
            "longest 1.33 s",
        ],
        &[
            "link resource",
            "failed",
            "404",
            "rendering waited for it",
            "index-Drv7xUmx.css",
        ],
        &[
            "long animation frames",
            "3 frames",
            "412 ms blocked",
            "worst 301 ms",
            "BUTTON#send.onclick",
        ],
        &[
            "WebSocket /rooms/:id",
            "lost (may change)",
            "61.2 s",
            "close code 1006 (without a closing handshake)",
            "310 received",
            "first message after 55 ms",
            "longest gap 30.0 s",
            "unexpected",
        ],
        &["clicks", "#send ×7", "nav>a ×2"],
        &["rage clicks", "5 clicks", "#send"],
        &[
            "measurement posters_shown",
            "-2.5",
            "list: featured · source: cache",
        ],
        &[
            "probe cost",
            "running after 410 ms",
            "7.31 ms of the main thread in 22 runs",
            "2 tries to send failed",
        ],
    ] {
        assert_line(&text, parts);
    }
    for nonsense in [
        "| undefined",
        "· undefined",
        "NaN",
        "[object",
        "null",
        "false",
    ] {
        assert!(!text.contains(nonsense), "{nonsense} in {text}");
    }
    collector.stop().await;
}

#[tokio::test]
async fn steps_of_a_journey_stand_under_the_step_they_are_a_part_of() {
    let collector = Collector::start().await;
    let events = every_kind();
    let journey = events
        .into_iter()
        .find(|event| matches!(event.kind, EventKind::Journey(_)));
    collector
        .send(&beacon(view(1), 0, vec![journey.unwrap()]))
        .await;
    let text = rendered(&detail(&collector).await);
    let (_, steps) = text.split_once("sign in: at 3 ms, 200 ms").unwrap();
    assert_line(steps, &["token: at 130 ms, 200 ms, did not end"]);
    collector.stop().await;
}

#[tokio::test]
async fn a_vital_stands_beside_its_cause_in_one_row() {
    let collector = Collector::start().await;
    collector.send(&beacon(view(1), 0, every_kind())).await;
    let text = rendered(&detail(&collector).await);
    assert!(!text.contains("cause of INP"), "{text}");
    collector.stop().await;
}

#[tokio::test]
async fn a_call_whose_answer_nobody_sees_does_not_read_as_answered() {
    let collector = Collector::start().await;
    let taken = call(2, RequestOutcome::Ok, Initiator::Beacon, None);
    collector.send(&beacon(view(1), 0, vec![taken])).await;
    let text = rendered(&detail(&collector).await);
    assert_line(
        &text,
        &["POST /chat", "taken by the browser, answer unknown"],
    );
    collector.stop().await;
}

#[tokio::test]
async fn a_view_without_details_says_on_its_page_why_there_are_none() {
    let collector = Collector::start().await;
    let ready = || vec![page(PageOutcome::Ready)];
    collector.send(&beacon(view(1), 0, ready())).await;
    let caution = "does not mean that nothing else happened";
    assert!(!rendered(&detail(&collector).await).contains(caution));
    for (seq, (level, told, tag)) in (1..).zip([
        (
            Detail::Unsampled,
            "Details of this session were not sampled",
            "not sampled",
        ),
        (
            Detail::Private,
            "This browser asks for privacy (Global Privacy Control)",
            "private",
        ),
    ]) {
        let mut silent = beacon(view(1), seq, Vec::new());
        silent.head.detail = level;
        collector.send(&silent).await;
        let text = rendered(&detail(&collector).await);
        assert_line(&text, &[told, caution]);
        assert_line(&text, &["listed:", tag]);
    }
    collector.stop().await;
}

#[tokio::test]
async fn the_page_of_a_view_tells_what_the_application_said_and_what_was_given_up() {
    let collector = Collector::start().await;
    let mut told = beacon(view(1), 0, vec![page(PageOutcome::Ready)]);
    told.head.attributes = vec![Attribute {
        key: "plan".into(),
        value: "premium".into(),
    }];
    let reasons = [DropReason::Withheld, DropReason::QueueFull];
    told.head.dropped = reasons
        .map(|reason| DropCount { reason, count: 7 })
        .to_vec();
    collector.send(&told).await;
    let text = rendered(&detail(&collector).await);
    assert_line(&text, &["attributes", "plan: premium"]);
    assert_line(
        &text,
        &[
            "given up by the probe",
            "7 withheld by the application",
            "7 queue full",
        ],
    );
    collector.stop().await;
}

#[tokio::test]
async fn past_the_age_that_is_kept_the_api_and_the_page_of_a_view_say_so() {
    let collector = Collector::start().await;
    collector
        .send(&beacon(view(1), 0, vec![page(PageOutcome::Ready)]))
        .await;
    let before = collector.slis("").await["raw"].clone();
    assert_eq!(
        before,
        serde_json::json!({ "good_days": 8, "bad_days": 30, "whole_from_ms": null })
    );
    collector.clock.advance_ms(9 * 24 * 60 * 60_000);
    collector.send(&beacon(view(1), 1, Vec::new())).await;
    let raw = collector.slis("").await["raw"].clone();
    assert_eq!(raw["whole_from_ms"], crate::harness::NOON + 1);
    let views = collector.ask("/api/v1/views").await.json();
    assert_eq!(views["raw"], raw);
    let shown = detail(&collector).await;
    assert_eq!(shown["beacons_no_longer_kept"], 1);
    assert_eq!(shown["beacons_known_lost"], 0);
    let told = &["1 received", "1 more, past the age that is kept"];
    assert_line(&rendered(&shown), told);
    collector.stop().await;
}
