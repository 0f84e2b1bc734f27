//! Each kind of event the wire knows, from the beacon to its view: all of it is shown, revisions replace
//! it, and no indicator counts what is not an outcome.

use crate::harness::{Collector, NOON, beacon, event, page, view};
use beacon::{
    Attribute, Detail, DropCount, DropReason, Event, EventKind, Finality, Initiator, PageOutcome,
    RequestAttempt, RequestOutcome, Socket, SocketKind, SocketOutcome, Stream,
};
use serde_json::{Map, Value, json};
use std::path::Path;

/// The events of all golden beacons, numbered within one view.
pub(crate) fn every_kind() -> Vec<Event> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../beacon/tests/golden");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "bin"))
        .collect();
    files.sort();
    let kinds = files.iter().flat_map(|file| {
        let decoded = beacon::decode(&std::fs::read(file).unwrap()).unwrap();
        decoded.events.into_iter().map(|event| event.unwrap().kind)
    });
    let numbered = (2..).zip(kinds);
    let events: Vec<_> = numbered
        .map(|(n, kind)| match kind {
            EventKind::Page(_) => event(0, kind),
            _ => event(n, kind),
        })
        .collect();
    assert!(events.len() >= 18, "{}", events.len());
    events
}

/// What the wire says of an event's kind, by its field; empty for what happened not.
fn told(event: &Event) -> Map<String, Value> {
    match serde_json::to_value(&event.kind).unwrap() {
        Value::Object(kind) => kind
            .into_iter()
            .next()
            .unwrap()
            .1
            .as_object()
            .unwrap()
            .clone(),
        _ => Map::new(),
    }
}

/// All events a view shows, whatever their kind.
fn shown(view: &Value) -> Vec<&Value> {
    let places = view.as_object().unwrap().values();
    places
        .flat_map(|place| match place {
            Value::Array(events) => events.iter().collect(),
            event => vec![event],
        })
        .filter(|event| event["event_ms"].is_number())
        .collect()
}

pub(crate) async fn detail(collector: &Collector) -> Value {
    let answer = collector.ask(&format!("/api/v1/views/{}", view(1))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn every_kind_of_event_is_shown_on_its_view_with_all_that_was_told() {
    let collector = Collector::start().await;
    let events = every_kind();
    collector.send(&beacon(view(1), 0, events.clone())).await;
    let detail = detail(&collector).await;
    let shown = shown(&detail);
    for event in &events {
        let told = told(event);
        let found = shown.iter().find(|shown| shown["n"] == event.n);
        if event.kind == EventKind::Withdrawn {
            assert_eq!(found, None);
            continue;
        }
        let found = found.unwrap_or_else(|| panic!("{:?} is not shown", event.kind));
        for (field, value) in told {
            assert_eq!(found[&field], value, "{field} of {:?}", event.kind);
        }
    }
    collector.stop().await;
}

#[tokio::test]
async fn a_revision_replaces_an_event_of_any_kind() {
    let collector = Collector::start().await;
    let events = every_kind();
    collector.send(&beacon(view(1), 0, events.clone())).await;
    let withdrawn = events.iter().map(|event| Event {
        rev: 1,
        kind: EventKind::Withdrawn,
        ..event.clone()
    });
    collector
        .send(&beacon(view(1), 1, withdrawn.collect()))
        .await;
    assert_eq!(shown(&detail(&collector).await), [&json!(null); 0]);
    let back = events.iter().map(|event| Event {
        rev: 2,
        ..event.clone()
    });
    collector.send(&beacon(view(1), 2, back.collect())).await;
    let detail = detail(&collector).await;
    assert_eq!(shown(&detail).len(), events.len() - 1);
    assert!(shown(&detail).iter().all(|event| event["rev"] == 2));
    collector.stop().await;
}

#[tokio::test]
async fn what_is_not_an_outcome_changes_no_indicator() {
    let collector = Collector::start().await;
    collector
        .send(&beacon(view(1), 0, vec![page(PageOutcome::Ready)]))
        .await;
    let before = collector.slis("").await;
    let is_outcome = |event: &Event| {
        matches!(
            event.kind,
            EventKind::Page(_)
                | EventKind::Journey(_)
                | EventKind::Request(_)
                | EventKind::Requests(_)
        )
    };
    let others: Vec<_> = every_kind()
        .into_iter()
        .filter(|event| !is_outcome(event))
        .collect();
    assert!(others.len() >= 14, "{}", others.len());
    collector.send(&beacon(view(1), 1, others)).await;
    let after = collector.slis("").await;
    for figures in ["pages", "journeys", "reachability", "failures"] {
        assert_eq!(after[figures], before[figures], "{figures}");
    }
    collector.stop().await;
}

pub(crate) fn call(
    n: u32,
    outcome: RequestOutcome,
    initiator: Initiator,
    stream: Option<Stream>,
) -> Event {
    event(
        n,
        EventKind::Request(RequestAttempt {
            method: "POST".into(),
            backend_origin: "http://api.shop.test".into(),
            route: "/chat".into(),
            expected_origin: true,
            outcome,
            finality: Finality::Final,
            status: 200,
            duration_ms: 6_200,
            result: None,
            diagnosis: None,
            initiator,
            online: true,
            connection: String::new(),
            headers_ms: 300,
            stream,
            trace: None,
        }),
    )
}

#[tokio::test]
async fn a_streamed_answer_told_singly_counts_as_one_good_call() {
    let collector = Collector::start().await;
    let stream = Stream {
        first_chunk_ms: 900,
        longest_gap_ms: 400,
        chunks: 30,
        bytes: 9_000,
    };
    let streamed = call(2, RequestOutcome::Ok, Initiator::Fetch, Some(stream));
    collector.send(&beacon(view(1), 0, vec![streamed])).await;
    let origin = &collector.slis("").await["reachability"][0];
    assert_eq!((&origin["good"], &origin["bad"]), (&json!(1), &json!(0)));
    let request = &detail(&collector).await["requests"][0];
    assert_eq!(
        (&request["headers_ms"], &request["stream"]["first_chunk_ms"]),
        (&json!(300), &json!(900))
    );
    collector.stop().await;
}

#[tokio::test]
async fn a_call_whose_answer_nobody_sees_counts_and_is_told_apart() {
    let collector = Collector::start().await;
    let events = vec![
        call(2, RequestOutcome::Ok, Initiator::Beacon, None),
        call(3, RequestOutcome::Blocked, Initiator::Beacon, None),
        call(4, RequestOutcome::Ok, Initiator::Fetch, None),
    ];
    collector.send(&beacon(view(1), 0, events)).await;
    let origin = &collector.slis("").await["reachability"][0];
    assert_eq!((&origin["good"], &origin["bad"]), (&json!(2), &json!(1)));
    let detail = detail(&collector).await;
    let initiators: Vec<_> = detail["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|request| request["initiator"].clone())
        .collect();
    assert_eq!(initiators, ["beacon", "beacon", "fetch"]);
    collector.stop().await;
}

#[tokio::test]
async fn a_socket_told_while_open_is_told_again_when_lost() {
    let collector = Collector::start().await;
    let socket = |rev, outcome, finality, close_code| Event {
        rev,
        ..event(
            2,
            EventKind::Socket(Socket {
                kind: SocketKind::WebSocket,
                backend_origin: "ws://api.shop.test:8080".into(),
                route: "/rooms/:id?token=secret".into(),
                expected_origin: true,
                outcome,
                finality,
                close_code,
                connect_ms: 12,
                open_ms: 400,
                received: 3,
                sent: 1,
                first_message_ms: 20,
                longest_gap_ms: 200,
                reconnects: 0,
            }),
        )
    };
    let open = socket(0, SocketOutcome::Open, Finality::Provisional, 0);
    collector.send(&beacon(view(1), 0, vec![open])).await;
    let lost = socket(1, SocketOutcome::Lost, Finality::Final, 1006);
    collector.send(&beacon(view(1), 1, vec![lost])).await;
    let detail = detail(&collector).await;
    let sockets = detail["sockets"].as_array().unwrap();
    assert_eq!(sockets.len(), 1);
    for (field, value) in [
        ("outcome", json!("lost")),
        ("finality", json!("final")),
        ("close_code", json!(1006)),
        ("backend_origin", json!("ws://api.shop.test:8080")),
        ("route", json!("/rooms/:id")),
    ] {
        assert_eq!(sockets[0][field], value, "{field}");
    }
    collector.stop().await;
}

#[tokio::test]
async fn a_view_says_how_much_of_it_was_told() {
    let collector = Collector::start().await;
    let ready = || vec![page(PageOutcome::Ready)];
    collector.send(&beacon(view(1), 0, ready())).await;
    assert_eq!(detail(&collector).await["detail"], "full");
    for (seq, (level, name)) in (1..).zip([
        (Detail::Unsampled, "unsampled"),
        (Detail::Private, "private"),
    ]) {
        let mut silent = beacon(view(1), seq, Vec::new());
        silent.head.detail = level;
        collector.send(&silent).await;
        assert_eq!(detail(&collector).await["detail"], name);
        assert_eq!(collector.views("").await[0]["detail"], name);
    }
    collector.stop().await;
}

#[tokio::test]
async fn a_view_carries_what_the_application_says_of_it_scrubbed() {
    let collector = Collector::start().await;
    let attribute = |key: &str, value: &str| Attribute {
        key: key.into(),
        value: value.into(),
    };
    let mut told = beacon(view(1), 0, vec![page(PageOutcome::Ready)]);
    told.head.attributes = vec![attribute("plan", "free")];
    collector.send(&told).await;
    told.head.seq = 2;
    told.head.attributes = vec![
        attribute("plan", "premium"),
        attribute("who", "ann@shop.test"),
    ];
    collector.send(&told).await;
    // A late beacon has nothing new to say.
    told.head.seq = 1;
    told.head.attributes = Vec::new();
    collector.send(&told).await;
    assert_eq!(
        detail(&collector).await["attributes"],
        json!([{ "key": "plan", "value": "premium" }, { "key": "who", "value": "[email]" }])
    );
    collector.stop().await;
}

#[tokio::test]
async fn what_a_probe_gave_up_is_added_up_by_reason() {
    let collector = Collector::start().await;
    let dropped = |reason, count| DropCount { reason, count };
    let lists = [
        vec![
            dropped(DropReason::Withheld, 2),
            dropped(DropReason::Capped, 1),
        ],
        vec![dropped(DropReason::Withheld, 3)],
    ];
    for (seq, list) in (0..).zip(lists) {
        let mut told = beacon(view(1), seq, vec![page(PageOutcome::Ready)]);
        told.head.dropped = list;
        collector.send(&told).await;
    }
    assert_eq!(
        detail(&collector).await["drops"],
        json!({ "withheld": 5, "capped": 1 })
    );
    let coverage = collector.slis("").await["coverage"].clone();
    assert_eq!(coverage["client_drops"], 6);
    assert_eq!(
        coverage["client_drops_by_reason"],
        json!({ "withheld": 5, "capped": 1 })
    );
    assert_eq!(detail(&collector).await["first_received_ms"], NOON);
    collector.stop().await;
}
