//! The promise behind every bucket: whatever order beacons, duplicates and revisions come in, what the
//! buckets say is what a recount of the raw rows says, and what a plain model of the rules says.

use super::{Store, Window};
use crate::config::{AppConfig, IngestConfig, JourneyConfig, StoreConfig};
use crate::ingest::{AcceptedBeacon, Door, Knock, Tally};
use crate::sli::Objectives;
use beacon::{
    Beacon, CoreStatus, Detail, Event, EventKind, Finality, Head, JourneyAttempt, JourneyOutcome,
    Page, ViewId,
};
use proptest::prelude::*;
use rusqlite::Connection;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;

const NOW: u64 = 1_800_000_000_000;

#[derive(Clone, Debug)]
struct Sent {
    view: u8,
    seq: u32,
    release: u8,
    events: Vec<(u32, u32, Option<JourneyOutcome>, u64)>,
}

fn sent() -> impl Strategy<Value = Sent> {
    let outcome = prop_oneof![
        Just(None),
        Just(Some(JourneyOutcome::Success)),
        Just(Some(JourneyOutcome::Failed)),
        Just(Some(JourneyOutcome::Abandoned)),
    ];
    let event = (1u32..4, 0u32..3, outcome, 0u64..400_000);
    let events = prop::collection::vec(event, 0..5);
    (0u8..3, 0u32..6, 0u8..2, events).prop_map(|(view, seq, release, events)| Sent {
        view,
        seq,
        release,
        events,
    })
}

fn app() -> AppConfig {
    AppConfig {
        name: "a".into(),
        keys: vec!["k".into()],
        origins: vec!["http://a.test".into()],
        expected_backend_origins: Vec::new(),
        probe: None,
        journeys: vec![JourneyConfig {
            name: "j".into(),
            threshold_ms: 10,
            server: None,
        }],
        documents: None,
    }
}

/// Through the door, since nothing else makes a beacon that the store takes.
fn accepted(door: &Door, sent: &Sent) -> AcceptedBeacon {
    let events = sent.events.iter().map(|(n, rev, outcome, age_ms)| Event {
        n: *n,
        rev: *rev,
        at_ms: NOW - age_ms,
        kind: outcome.map_or(EventKind::Withdrawn, |outcome| {
            EventKind::Journey(JourneyAttempt {
                name: "j".into(),
                outcome,
                finality: Finality::Final,
                reason: None,
                duration_ms: 11,
                backend_origin: String::new(),
                route: String::new(),
                result: None,
                steps: Vec::new(),
            })
        }),
    });
    let head = Head {
        view: ViewId([sent.view; 16]),
        seq: sent.seq,
        session: None,
        sent_at_ms: NOW,
        core: CoreStatus::Loaded,
        detail: Detail::Full,
        page: Page {
            release: sent.release.to_string(),
            ..Page::default()
        },
        previous_view: None,
        dropped: Vec::new(),
        attributes: Vec::new(),
    };
    let bytes = beacon::encode(&Beacon {
        head,
        events: events.collect(),
    })
    .unwrap();
    let knock = Knock {
        key: "k",
        origin: Some("http://a.test"),
        ..Knock::default()
    };
    let entrant = door.open(&knock, NOW).unwrap();
    let mut verdict = Arc::new(Tally::default()).beacon_received();
    door.admit(&entrant, &bytes, NOW, &mut verdict).unwrap()
}

type Counts = BTreeMap<(String, &'static str), u64>;

/// The rules in a few lines: a pair is taken once, of an event's revisions the first with the highest
/// number stands.
fn model(all: &[Sent], from_ms: u64) -> Counts {
    let mut seen = HashSet::new();
    let mut standing = BTreeMap::new();
    for sent in all.iter().filter(|sent| seen.insert((sent.view, sent.seq))) {
        for (n, rev, outcome, age_ms) in &sent.events {
            let slot = standing.entry((sent.view, *n));
            let candidate = (*rev, *outcome, sent.release, NOW - age_ms);
            slot.and_modify(|current: &mut (u32, _, _, _)| {
                if current.0 < *rev {
                    *current = candidate;
                }
            })
            .or_insert(candidate);
        }
    }
    let mut counts = Counts::new();
    for (_, outcome, release, at_ms) in standing.into_values() {
        if let Some(outcome) = outcome.filter(|_| at_ms >= from_ms) {
            let label = crate::sli::Outcome::Journey(outcome).label();
            *counts.entry((release.to_string(), label)).or_default() += 1;
        }
    }
    counts
}

async fn counted(store: &Store, from_ms: u64) -> Counts {
    let window = Window {
        from_ms,
        to_ms: NOW + 1,
    };
    let counts = store.series_counts("a".into(), window).await.unwrap();
    let mut by_label = Counts::new();
    for (series, count) in counts {
        *by_label
            .entry((series.release, series.outcome.label()))
            .or_default() += count;
    }
    by_label
}

/// Rows of `(time, series, count)` where the buckets and the raw rows disagree.
fn disagreements(path: &Path) -> Vec<(String, i64, i64, i64)> {
    let database = Connection::open(path).unwrap();
    let mut found = Vec::new();
    let comparisons = [
        (
            "SELECT minute, series, count FROM minutes",
            "event_ms / 60000",
        ),
        (
            "SELECT slot, series, count FROM five_seconds",
            "received_ms / 5000",
        ),
        ("SELECT 0, series, added - withdrawn FROM totals", "0"),
    ];
    for (buckets, time) in comparisons {
        let sql = format!(
            "WITH bucket(time, series, count) AS ({buckets}),
                  raw(time, series, count) AS (
                      SELECT {time}, series, sum(weight) FROM events
                      WHERE series IS NOT NULL GROUP BY 1, 2)
             SELECT * FROM (SELECT * FROM bucket WHERE count <> 0 EXCEPT SELECT * FROM raw)
             UNION ALL
             SELECT * FROM (SELECT * FROM raw EXCEPT SELECT * FROM bucket)"
        );
        let mut statement = database.prepare(&sql).unwrap();
        let rows = statement
            .query_map([], |row| {
                Ok((buckets.to_owned(), row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .unwrap();
        found.extend(rows.map(Result::unwrap));
    }
    found
}

proptest! {
    // Each case is a database on disk with a sync per beacon.
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn buckets_equal_a_recount_whatever_the_order_of_beacons_and_revisions(
        all in prop::collection::vec(sent(), 1..16),
        age_ms in 0u64..400_000,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recount.db");
        let config = StoreConfig { path: path.clone(), ..StoreConfig::default() };
        let door = Door::new(&IngestConfig::default(), &[app()]);
        let objectives = Objectives::new(&[app()]);
        let classify = move |app: &str, head: &Head, event: &Event| {
            objectives.contribution(app, head, event)
        };
        let store = Store::open(&config, Arc::new(classify)).unwrap();
        runtime.block_on(async {
            for sent in &all {
                store.append(accepted(&door, sent)).await.unwrap();
            }
            for from_ms in [0, NOW - age_ms] {
                prop_assert_eq!(counted(&store, from_ms).await, model(&all, from_ms));
            }
            Ok(())
        })?;
        let disagreements = disagreements(&path);
        prop_assert!(disagreements.is_empty(), "{:?}", disagreements);
    }
}
