//! The promise behind every bucket: whatever order beacons, duplicates and revisions come in, what the
//! buckets say is what a recount of the raw rows says, and what a plain model of the rules says.

use crate::config::StoreConfig;
use crate::ingest::AcceptedBeacon;
use crate::store::testing::{NOW, Sender};
use crate::store::{Store, Window};
use beacon::{
    Beacon, CoreStatus, Detail, Event, EventKind, Finality, Head, JourneyAttempt, JourneyOutcome,
    Page, ViewId,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

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

fn accepted(sender: &Sender, sent: &Sent) -> AcceptedBeacon {
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
    let beacon = Beacon {
        head,
        events: events.collect(),
    };
    sender.accepted(&beacon, NOW)
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

/// What a process leaves that is killed now: the files as they are, with nothing closed or saved.
fn copied(from: &Path, to: &Path) -> PathBuf {
    for suffix in ["", "-wal"] {
        let with = |path: &Path| format!("{}{suffix}", path.display());
        std::fs::copy(with(from), with(to)).unwrap();
    }
    to.to_owned()
}

proptest! {
    // Each case is a database on disk with a sync per beacon.
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn buckets_equal_a_recount_whatever_the_order_of_beacons_and_revisions(
        all in prop::collection::vec(sent(), 1..16),
        age_ms in 0u64..400_000,
        restart_at in 0usize..16,
        views_in_memory in 1usize..4,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recount.db");
        let config = StoreConfig { path: path.clone(), views_in_memory, ..StoreConfig::default() };
        let sender = Sender::new();
        let open = |path: &Path| {
            let config = StoreConfig { path: path.to_owned(), ..config.clone() };
            sender.open(&config)
        };
        let mut store = open(&path);
        runtime.block_on(async {
            for (at, sent) in all.iter().enumerate() {
                if at == restart_at {
                    store = open(&copied(&path, &folder.path().join("killed.db")));
                }
                store.append(accepted(&sender, sent)).await.unwrap();
            }
            for from_ms in [0, NOW - age_ms] {
                prop_assert_eq!(counted(&store, from_ms).await, model(&all, from_ms));
            }
            Ok(())
        })?;
        let path = if restart_at < all.len() { folder.path().join("killed.db") } else { path };
        let recount = super::recount(&path).unwrap();
        prop_assert!(recount.disagreements.is_empty(), "{:?}", recount);
        prop_assert_eq!(recount.counted_twice, 0);
    }
}
