//! What is taken, and how its sender hears of it.

use crate::harness::{Collector, KEY, NOON, ORIGIN, beacon, chat, event, page, view};
use beacon::{
    ErrorKind, ErrorReport, EventKind, Histogram, JourneyOutcome, NavigationTiming, PageOutcome,
    RequestCounts, RequestOutcome, Vital, VitalName, encode, encode_json,
};
use serde_json::{Value, json};

fn counts(outcome: RequestOutcome, durations: &[u32]) -> EventKind {
    let mut histogram = Histogram::default();
    durations.iter().for_each(|ms| histogram.record(*ms));
    EventKind::Requests(RequestCounts {
        method: "GET".into(),
        backend_origin: "http://api.shop.test".into(),
        route: "/startup".into(),
        expected_origin: true,
        outcome,
        durations: histogram,
    })
}

#[tokio::test]
async fn a_beacon_taken_whole_is_answered_with_204_and_no_body() {
    let collector = Collector::start().await;
    let events = vec![
        page(PageOutcome::Ready),
        chat(2, JourneyOutcome::Success, 900),
    ];
    let answer = collector
        .post(encode(&beacon(view(1), 0, events)).unwrap())
        .await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    let slis = collector.slis("").await;
    assert_eq!(slis["pages"]["ratio_ppm"], 1_000_000);
    assert_eq!(slis["journeys"]["chat"]["client"]["good"], 1);
    collector.stop().await;
}

#[tokio::test]
async fn a_beacon_without_events_is_taken() {
    let collector = Collector::start().await;
    collector.send(&beacon(view(1), 0, Vec::new())).await;
    assert_eq!(collector.slis("").await["coverage"]["views"], 1);
    collector.stop().await;
}

#[tokio::test]
async fn json_and_binary_beacons_are_stored_alike() {
    let events = || {
        vec![
            page(PageOutcome::Blank),
            event(2, EventKind::Navigation(NavigationTiming::default())),
            event(
                3,
                EventKind::Vital(Vital {
                    name: VitalName::Lcp,
                    value_micros: 7,
                    delta_micros: 7,
                }),
            ),
            chat(4, JourneyOutcome::Hung, 30_000),
            event(5, counts(RequestOutcome::Ok, &[5, 900, 40_000])),
            event(
                6,
                EventKind::Error(ErrorReport {
                    kind: ErrorKind::Script,
                    message: "it broke".into(),
                    source: String::new(),
                    stack: String::new(),
                    count: 1,
                }),
            ),
        ]
    };
    let stored = async |bytes: fn(&beacon::Beacon) -> Option<Vec<u8>>| {
        let collector = Collector::start().await;
        let answer = collector
            .post(bytes(&beacon(view(1), 0, events())).unwrap())
            .await;
        assert_eq!(answer.status, 204, "{}", answer.text);
        let found = (collector.slis("").await, collector.views("").await);
        collector.stop().await;
        found
    };
    let binary = stored(encode).await;
    assert_eq!(binary, stored(encode_json).await);
    assert_eq!(binary.0["reachability"][0]["good"], 3);
}

#[tokio::test]
async fn the_early_hooks_beacon_by_hand_is_understood() {
    let collector = Collector::start().await;
    let body = json!({
        "v": 1, "view": "0123456789abcdef0123456789abcdef", "seq": 0, "sent_at_ms": NOON,
        "core": "blocked", "page": { "route": "/", "release": "2" },
        "events": [{ "n": 0, "at_ms": NOON, "kind": { "page": { "outcome": "blank", "decided_after_ms": 2100 } } }],
    });
    assert_eq!(collector.post(body.to_string()).await.status, 204);
    let slis = collector.slis("").await;
    assert_eq!(slis["pages"]["outcomes"]["blank"], 1);
    assert_eq!(slis["coverage"]["probe_degraded"], 1);
    collector.stop().await;
}

#[tokio::test]
async fn a_beacon_taken_in_part_is_answered_with_200_and_the_refused_indices() {
    let collector = Collector::start().await;
    let mut unknown = chat(3, JourneyOutcome::Success, 1);
    if let EventKind::Journey(attempt) = &mut unknown.kind {
        attempt.name = "checkout".into();
    }
    let mut old = chat(4, JourneyOutcome::Success, 1);
    old.at_ms = NOON - 7 * 24 * 3_600_000;
    let events = vec![unknown, page(PageOutcome::Ready), old];
    let answer = collector
        .post(encode(&beacon(view(1), 0, events)).unwrap())
        .await;
    assert_eq!(answer.status, 200);
    let expected = json!({ "accepted": 1, "rejected": [
        { "index": 0, "reason": "unknown_journey" }, { "index": 2, "reason": "too_old" },
    ]});
    assert_eq!(answer.json(), expected);
    let slis = collector.slis("").await;
    assert_eq!(slis["pages"]["good"], 1);
    assert_eq!(slis["journeys"]["chat"]["client"]["total"], 0);
    let metrics = collector.metrics().await;
    let refused = "sightline_collector_events_rejected_total";
    assert_eq!(
        metrics.sum_of(refused, &[r#"reason="unknown_journey""#]),
        1.0
    );
    assert_eq!(metrics.sum_of(refused, &[r#"reason="too_old""#]), 1.0);
    collector.stop().await;
}

#[tokio::test]
async fn an_event_of_a_kind_nobody_knows_costs_only_itself() {
    let collector = Collector::start().await;
    let body = json!({
        "v": 1, "view": "0123456789abcdef0123456789abcdef", "seq": 0, "sent_at_ms": NOON,
        "page": {}, "events": [
            { "n": 2, "at_ms": NOON, "kind": { "telepathy": {} } },
            { "n": 0, "at_ms": NOON, "kind": { "page": { "outcome": "ready", "decided_after_ms": 1 } } },
        ],
    });
    let answer = collector.post(body.to_string()).await;
    let expected = json!({ "accepted": 1, "rejected": [{ "index": 0, "reason": "unreadable" }] });
    assert_eq!((answer.status, answer.json()), (200, expected));
    collector.stop().await;
}

#[tokio::test]
async fn the_same_beacon_again_is_acknowledged_and_counted_once() {
    let collector = Collector::start().await;
    let first = beacon(
        view(1),
        0,
        vec![page(PageOutcome::Blank), chat(2, JourneyOutcome::Failed, 1)],
    );
    collector.send(&first).await;
    let before = collector.slis("").await;
    // The pair identifies it: what else it holds makes no difference.
    let again = beacon(
        view(1),
        0,
        vec![
            page(PageOutcome::Ready),
            chat(3, JourneyOutcome::Success, 1),
        ],
    );
    collector.send(&first).await;
    collector.send(&again).await;
    assert_eq!(collector.slis("").await, before);
    let metrics = collector.metrics().await;
    assert_eq!(
        metrics.sum("sightline_collector_beacons_duplicate_total"),
        2.0
    );
    assert_eq!(
        metrics.sum("sightline_collector_events_duplicate_total"),
        4.0
    );
    collector.stop().await;
}

#[tokio::test]
async fn equal_numbers_of_different_views_are_no_duplicates() {
    let collector = Collector::start().await;
    for number in 1..=3 {
        collector
            .send(&beacon(view(number), 0, vec![page(PageOutcome::Ready)]))
            .await;
    }
    assert_eq!(collector.slis("").await["pages"]["good"], 3);
    collector.stop().await;
}

#[tokio::test]
async fn every_key_of_an_application_opens_the_same_door() {
    let collector = Collector::start().await;
    for (number, key) in [(1, KEY), (2, "shop-web-next")] {
        let bytes = encode(&beacon(view(number), 0, vec![page(PageOutcome::Ready)])).unwrap();
        assert_eq!(
            collector.post_as(key, Some(ORIGIN), bytes).await.status,
            204
        );
    }
    assert_eq!(collector.slis("app=shop").await["pages"]["good"], 2);
    collector.stop().await;
}

#[tokio::test]
async fn what_a_page_should_not_have_sent_is_not_stored() {
    let collector = Collector::start().await;
    let report = ErrorReport {
        kind: ErrorKind::Rejection,
        message: "no account ann@example.com, card 4111111111111111".into(),
        source: "http://shop.test/app.js?token=secret".into(),
        stack: String::new(),
        count: 1,
    };
    let mut leaky = beacon(view(1), 0, vec![event(2, EventKind::Error(report))]);
    leaky.head.page.route = "/orders/?mail=ann@example.com".into();
    collector.send(&leaky).await;
    let stored = serde_json::to_string(&collector.views("").await).unwrap();
    for secret in ["ann@", "4111", "secret"] {
        assert!(!stored.contains(secret), "{secret} in {stored}");
    }
    let database = std::fs::read(collector.database()).unwrap();
    let journal = std::fs::read(collector.database().with_extension("db-wal")).unwrap();
    for bytes in [database, journal] {
        assert!(!bytes.windows(4).any(|window| window == b"ann@"));
    }
    collector.stop().await;
}

#[tokio::test]
async fn a_flood_of_label_values_ends_in_other_and_leaves_the_known_series_alone() {
    // The store's own table stands open before `more`.
    let collector = Collector::start_with("label_values = 5").await;
    for number in 1..=20 {
        let mut odd = beacon(view(number), 0, vec![page(PageOutcome::Blank)]);
        odd.head.page.release = format!("release {number}");
        collector.send(&odd).await;
    }
    let slis = collector.slis("split=release").await;
    let values: Vec<_> = slis["split"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| &s["value"])
        .collect();
    assert_eq!(values.len(), 6, "{values:?}");
    assert_eq!(slis["pages"]["bad"], 20);
    let other = slis["split"]
        .as_array()
        .unwrap()
        .iter()
        .find(|part| part["value"] == "_other");
    assert_eq!(other.unwrap_or(&Value::Null)["pages"]["bad"], 15);
    let folded = collector
        .metrics()
        .await
        .sum("sightline_collector_store_folded_labels_total");
    assert_eq!(folded, 15.0);
    collector.stop().await;
}
