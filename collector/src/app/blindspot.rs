//! Station 10 joined to the store: what is committed is told to the detector of its application, what the
//! detector finds is noted, and after a restart both are read again.

use super::App;
use crate::compare::Rhythm;
use crate::compare::blindspot::{
    Detector, Figures, Finding, Heard, HeardEvent, ReleaseHealth, Surroundings, Test, Tuning,
};
use crate::config::AppConfig;
use crate::ingest::{AcceptedBeacon, AcceptedEvent};
use crate::store::{CommittedBeacon, Note, NoteKind, Position};
use beacon::{EventKind, Head, NavigationKind};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Beacons that may wait to be heard. What does not fit is in every count, only not in the tests.
const WAITING: usize = 65_536;
/// Heard again after a start, and so many beacons of it at most, the newest: some 13 µs of a processor each.
const REPLAYED_MS: u64 = 25 * 3_600_000;
const REPLAYED: usize = 100_000;
const AT_ONCE: usize = 2000;
/// Habits are made of so many days.
const HABIT_MS: u64 = 8 * 24 * 3_600_000;
/// Findings remembered of the past.
const PAST: usize = 100;
/// How often an open finding is told anew.
const EVERY: Duration = Duration::from_millis(500);

/// The detectors, and the way to them.
#[derive(Debug)]
pub struct BlindSpots {
    spots: Mutex<BTreeMap<String, Spot>>,
    way_in: mpsc::Sender<Told>,
    way_out: Mutex<Option<mpsc::Receiver<Told>>>,
    skipped: AtomicU64,
    /// As the metrics showed them last.
    gaps: Mutex<BTreeMap<String, (Vec<GapGauge>, u64)>>,
}

/// The gap of a journey as a metric.
#[derive(Clone, Debug)]
pub struct GapGauge {
    /// The application.
    pub app: String,
    /// The journey.
    pub journey: String,
    /// Client minus server; `None` without data.
    pub ratio: Option<f64>,
    /// Lower end of its interval.
    pub low: Option<f64>,
    /// Upper end of its interval.
    pub high: Option<f64>,
}

/// One application's.
#[derive(Debug, Default)]
struct Spot {
    detector: Detector,
    rhythm: Rhythm,
    /// The open finding as it was told last.
    open: Option<Finding>,
    /// Newest first.
    past: Vec<Value>,
    found: BTreeMap<&'static str, u64>,
}

/// A beacon on its way.
#[derive(Debug)]
pub(super) struct Told {
    app: Arc<str>,
    head: Head,
    events: Vec<AcceptedEvent>,
    received_ms: u64,
    from: Surroundings,
}

/// What is known of an application's blind spot.
#[derive(Debug, Serialize)]
pub struct SpotState {
    /// What goes on.
    pub open: Option<Finding>,
    /// What went on, newest first.
    pub past: Vec<Value>,
    /// Where the tests stand.
    pub tests: Figures,
    /// Sessions without a failure, by release.
    pub releases: Vec<ReleaseHealth>,
    /// Page views that are missing, if they are.
    #[serde(skip)]
    pub silence: Option<String>,
}

/// What the metrics show of an application.
#[derive(Debug)]
pub struct SpotGauges {
    /// The application.
    pub app: String,
    /// Whether a finding is open.
    pub open: bool,
    /// Where the tests stand.
    pub tests: Figures,
    /// Findings since the start, by test.
    pub found: BTreeMap<&'static str, u64>,
}

impl BlindSpots {
    /// One detector per application.
    pub fn new(apps: &[AppConfig]) -> Self {
        let (way_in, way_out) = mpsc::channel(WAITING);
        let spots = apps.iter().map(|app| {
            let spot = Spot {
                detector: Detector::new(tuning(app)),
                found: Test::ALL.map(|test| (test.label(), 0)).into(),
                ..Spot::default()
            };
            (app.name.clone(), spot)
        });
        Self {
            spots: Mutex::new(spots.collect()),
            way_in,
            way_out: Mutex::new(Some(way_out)),
            skipped: AtomicU64::new(0),
            gaps: Mutex::default(),
        }
    }

    /// What the detectors want of a beacon, taken before the store gets it.
    pub(super) fn told(beacon: &AcceptedBeacon, from: Surroundings) -> Told {
        let matters = |event: &&AcceptedEvent| {
            matches!(
                event.event.kind,
                EventKind::Page(_)
                    | EventKind::Request(_)
                    | EventKind::Requests(_)
                    | EventKind::Withdrawn
            )
        };
        Told {
            app: Arc::clone(beacon.app()),
            head: beacon.head().clone(),
            events: beacon.events().iter().filter(matters).cloned().collect(),
            received_ms: beacon.received_at_ms(),
            from,
        }
    }

    /// It has been committed.
    pub(super) fn tell(&self, told: Told) {
        if self.way_in.try_send(told).is_err() {
            self.skipped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Takes changed settings over; what was heard stays.
    pub(super) fn tune(&self, apps: &[AppConfig]) {
        let mut spots = self.lock();
        for app in apps {
            spots
                .entry(app.name.clone())
                .or_default()
                .detector
                .tune(tuning(app));
        }
    }

    /// Of one application.
    pub fn state(&self, app: &str, now_ms: u64) -> Option<SpotState> {
        let spots = self.lock();
        let spot = spots.get(app)?;
        Some(SpotState {
            open: spot.detector.finding(),
            past: spot.past.clone(),
            tests: spot.detector.figures(),
            releases: spot.detector.releases(),
            silence: spot.rhythm.silence(now_ms).map(|silence| silence.sentence),
        })
    }

    /// Of all.
    pub fn gauges(&self) -> Vec<SpotGauges> {
        let spots = self.lock();
        let gauges = spots.iter().map(|(app, spot)| SpotGauges {
            app: app.clone(),
            open: spot.detector.is_open(),
            tests: spot.detector.figures(),
            found: spot.found.clone(),
        });
        gauges.collect()
    }

    /// What lies between both sides of an application, for the metrics.
    pub(super) fn note_gaps(&self, app: &str, gaps: Vec<GapGauge>, unseen: u64) {
        let mut all = self.gaps.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(app.to_owned(), (gaps, unseen));
    }

    /// The gaps of all journeys.
    pub fn gaps(&self) -> Vec<GapGauge> {
        let all = self.gaps.lock().unwrap_or_else(PoisonError::into_inner);
        all.values().flat_map(|(gaps, _)| gaps.clone()).collect()
    }

    /// Failures that no server has counted, by application.
    pub fn unseen(&self) -> Vec<(String, u64)> {
        let all = self.gaps.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter()
            .map(|(app, (_, unseen))| (app.clone(), *unseen))
            .collect()
    }

    /// Beacons that the detectors were too busy to hear.
    pub fn skipped(&self) -> u64 {
        self.skipped.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Spot>> {
        self.spots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a finding has opened or closed.
    fn hear(&self, told: &Told) -> bool {
        let mut spots = self.lock();
        let Some(spot) = spots.get_mut(&*told.app) else {
            return false;
        };
        let before = spot.detector.found_ms();
        let events = told
            .events
            .iter()
            .map(|accepted| (&accepted.event, accepted.event_ms));
        spot.hear(&told.head, events, told.received_ms, told.from.clone());
        spot.detector.found_ms() != before
    }

    /// Time passes; returns the notes that are due.
    fn turn(&self, now_ms: u64) -> Vec<Note> {
        let mut spots = self.lock();
        let notes = spots.iter_mut().flat_map(|(app, spot)| {
            spot.detector.pass(now_ms);
            let bodies = spot.turn(app, now_ms);
            bodies.into_iter().map(|finding| Note {
                app: app.clone(),
                kind: NoteKind::Finding,
                at_ms: finding.found_ms,
                body: serde_json::to_value(&finding).unwrap_or_default(),
            })
        });
        notes.collect()
    }
}

impl Spot {
    fn hear<'a>(
        &mut self,
        head: &Head,
        events: impl Iterator<Item = (&'a beacon::Event, u64)>,
        received_ms: u64,
        from: Surroundings,
    ) {
        let events = events
            .map(|(event, event_ms)| HeardEvent { event, event_ms })
            .collect();
        self.detector.hear(&Heard {
            head,
            events,
            received_ms,
            from,
        });
    }

    /// What has changed since the last turn, for the log and the notes.
    fn turn(&mut self, app: &str, now_ms: u64) -> Vec<Finding> {
        let now = self.detector.finding();
        let mut changed = Vec::new();
        let before = self.open.take();
        if let Some(mut over) = before.clone()
            && now.as_ref().is_none_or(|now| now.found_ms != over.found_ms)
        {
            over.closed_ms = Some(now_ms);
            tracing::info!(app, finding = over.found_ms, "the blind spot is closed");
            self.past
                .insert(0, serde_json::to_value(&over).unwrap_or_default());
            self.past.truncate(PAST);
            changed.push(over);
        }
        if let Some(now) = &now {
            let known = before.as_ref().map(|before| before.found_ms);
            if known != Some(now.found_ms) {
                *self.found.entry(now.test.label()).or_default() += 1;
                tracing::warn!(
                    app,
                    finding = now.found_ms,
                    test = now.test.label(),
                    "{}",
                    now.sentence
                );
            }
            if before.as_ref() != Some(now) {
                changed.push(now.clone());
            }
        }
        self.open = now;
        changed
    }
}

impl App {
    /// What the detectors know.
    pub fn blind_spots(&self) -> &Arc<BlindSpots> {
        &self.blind_spots
    }

    /// Tells the detectors what is committed, and notes what they find. Does not end; a second call does
    /// at once.
    pub async fn listen(self: Arc<Self>) {
        let way_out = self
            .blind_spots
            .way_out
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(mut way_out) = way_out else {
            return;
        };
        if let Err(error) = self.remember().await {
            tracing::error!(%error, "the detectors begin without a past");
        }
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                told = way_out.recv() => {
                    let Some(told) = told else { return };
                    self.count_view(&told);
                    if !self.blind_spots.hear(&told) {
                        continue;
                    }
                }
                _ = ticks.tick() => {}
            }
            for note in self.blind_spots.turn(self.now_ms()) {
                if let Err(error) = self.store.append_note(note).await {
                    tracing::warn!(%error, "a finding could not be noted");
                }
            }
        }
    }

    fn count_view(&self, told: &Told) {
        let is_load = told
            .events
            .iter()
            .any(|event| matches!(event.event.kind, EventKind::Page(_)) && event.event.rev == 0);
        if is_load && told.head.page.navigation != NavigationKind::BackForwardCache {
            let mut spots = self.blind_spots.lock();
            if let Some(spot) = spots.get_mut(&*told.app) {
                spot.rhythm.add(told.received_ms, 1);
            }
        }
    }

    /// Past findings, habits, and the beacons of the last day.
    async fn remember(&self) -> Result<(), crate::store::ReadError> {
        let now_ms = self.now_ms();
        let apps: Vec<String> = self.blind_spots.lock().keys().cloned().collect();
        for app in &apps {
            let notes = self
                .store
                .notes(app.clone(), NoteKind::Finding, PAST)
                .await?;
            let from_ms = now_ms.saturating_sub(HABIT_MS);
            let loads = self.store.page_loads(app.clone(), from_ms, 10).await?;
            let mut spots = self.blind_spots.lock();
            let Some(spot) = spots.get_mut(app) else {
                continue;
            };
            for (at_ms, count) in loads {
                spot.rhythm.add(at_ms, count);
            }
            for note in notes {
                match still_open(&note.body) {
                    Some((onset_ms, test)) if !spot.detector.is_open() => {
                        spot.detector.resume(onset_ms, note.at_ms, test);
                    }
                    Some(_) | None => spot.past.push(note.body),
                }
            }
        }
        self.replay(now_ms).await
    }

    fn hear_again(&self, beacons: &[CommittedBeacon]) {
        let mut spots = self.blind_spots.lock();
        for beacon in beacons {
            if let Some(spot) = spots.get_mut(&beacon.app) {
                let events = beacon.events.iter().map(|(event, at_ms)| (event, *at_ms));
                let from = Surroundings::default();
                spot.hear(&beacon.head, events, beacon.received_ms, from);
            }
        }
    }

    async fn replay(&self, now_ms: u64) -> Result<(), crate::store::ReadError> {
        let begun = Instant::now();
        let day = Position::before(now_ms.saturating_sub(REPLAYED_MS));
        let newest = self.store.newest(REPLAYED).await?;
        let mut position = newest.map_or(day, |newest| newest.max(day));
        let is_whole = position == day;
        let mut heard = 0usize;
        loop {
            let beacons = self.store.committed_after(position, AT_ONCE).await?;
            let Some(last) = beacons.last() else {
                break;
            };
            position = last.position;
            let hearing = Instant::now();
            heard += beacons.len();
            self.hear_again(&beacons);
            // Who is served meanwhile goes first.
            tokio::time::sleep(hearing.elapsed()).await;
        }
        // What is open now was found before.
        for spot in self.blind_spots.lock().values_mut() {
            spot.open = spot.detector.finding();
        }
        if heard > 0 {
            let millis = begun.elapsed().as_millis();
            tracing::info!(
                heard,
                millis,
                is_whole,
                "the detectors have heard the last day again"
            );
        }
        Ok(())
    }
}

fn still_open(body: &Value) -> Option<(u64, Test)> {
    let is_open = body["closed_ms"].is_null();
    let test = serde_json::from_value(body["test"].clone()).ok()?;
    is_open.then(|| Some((body["onset_ms"].as_u64()?, test)))?
}

fn tuning(app: &AppConfig) -> Tuning {
    Tuning {
        sessions: app.blind_spot.sessions,
        networks: app.blind_spot.networks,
        votes_per_network: app.blind_spot.votes_per_network,
        expected_origins: app.expected_backend_origins.iter().cloned().collect(),
    }
}
