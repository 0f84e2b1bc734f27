//! For tests of the store: beacons through the door, since nothing else makes one that the store takes.

use super::Store;
use crate::config::{AppConfig, IngestConfig, JourneyConfig, StoreConfig};
use crate::ingest::{AcceptedBeacon, Door, Knock, Tally};
use crate::sli::Objectives;
use beacon::{Beacon, Event, Head, JourneyOutcome};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

pub(super) const NOW: u64 = 1_800_000_000_000;
pub(super) const DAY_MS: u64 = 24 * 60 * 60 * 1000;

pub(super) fn config_in(folder: &Path) -> StoreConfig {
    StoreConfig {
        path: folder.join("store.sqlite"),
        ..StoreConfig::default()
    }
}

pub(super) fn app() -> AppConfig {
    AppConfig {
        name: "a".into(),
        keys: vec!["k".into()],
        beacons_per_minute: None,
        origins: vec!["http://a.test".into()],
        expected_backend_origins: Vec::new(),
        probe: None,
        journeys: vec![JourneyConfig {
            name: "j".into(),
            threshold_ms: 10,
            server: None,
        }],
        documents: None,
        blind_spot: crate::config::BlindSpotConfig::default(),
    }
}

/// A page of an application with the journey `j`.
pub(super) struct Sender {
    door: Door,
    objectives: Objectives,
}

impl Sender {
    pub(super) fn new() -> Self {
        Self {
            door: Door::new(&IngestConfig::default(), &[app()]),
            objectives: Objectives::new(&[app()]),
        }
    }

    pub(super) fn open(&self, config: &StoreConfig) -> Store {
        self.try_open(config).unwrap()
    }

    pub(super) fn try_open(&self, config: &StoreConfig) -> anyhow::Result<Store> {
        let objectives = self.objectives.clone();
        let classify =
            move |app: &str, head: &Head, event: &Event| objectives.contributions(app, head, event);
        Store::open(config, Arc::new(classify))
    }

    pub(super) fn accepted(&self, beacon: &Beacon, received_ms: u64) -> AcceptedBeacon {
        let bytes = beacon::encode(beacon).unwrap();
        let knock = Knock {
            key: "k",
            origin: Some("http://a.test"),
            ..Knock::default()
        };
        let entrant = self.door.open(&knock, received_ms).unwrap();
        let mut verdict = Arc::new(Tally::default()).beacon_received();
        let admitted = self.door.admit(&entrant, &bytes, received_ms, &mut verdict);
        admitted.unwrap()
    }

    /// One attempt at the journey, as event `seq + 2` of a view.
    pub(super) fn journey(
        &self,
        view: u32,
        seq: u32,
        outcome: JourneyOutcome,
        received_ms: u64,
    ) -> AcceptedBeacon {
        let text = json!({
            "v": 1, "view": format!("{view:08x}").repeat(4), "seq": seq, "sent_at_ms": NOW,
            "page": { "release": "1" },
            "events": [{ "n": seq + 2, "at_ms": NOW, "kind": { "journey": {
                "name": "j", "outcome": outcome, "duration_ms": 1,
            }}}],
        });
        let decoded = beacon::decode(text.to_string().as_bytes()).unwrap();
        let events: Result<Vec<_>, _> = decoded.events.into_iter().collect();
        let beacon = Beacon {
            head: decoded.head,
            events: events.unwrap(),
        };
        self.accepted(&beacon, received_ms)
    }
}
