//! Traffic of weeks: visits as they come by day and by night, with what disturbs them, in the order in
//! which their beacons reach the collector.

use crate::incident::{Deployed, Harm, Incident};
use crate::random::Random;
use crate::visit::{Load, Parcel, Visitor};
use collector::compare::blindspot::{Detector, Heard, HeardEvent, Surroundings, Tuning};
use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};

pub(crate) const MINUTE_MS: u64 = 60_000;
pub(crate) const HOUR_MS: u64 = 60 * MINUTE_MS;
pub(crate) const DAY_MS: u64 = 24 * HOUR_MS;
const NIGHT_PER_MINUTE: f64 = 0.3;

/// What goes on besides visits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weather {
    /// 2% of sessions fail unseen.
    Steady,
    /// Between 0.5% and 4%, another share each hour.
    Drifting,
    /// Steady, with a user who reloads a broken page, bots, and short network blips.
    Disturbed,
    /// Steady, with a new release each day, rolled out pod by pod to users who keep theirs.
    Deploying,
    /// Steady, while some browsers' extensions block a service that is not expected.
    Blocking,
    /// Steady, but each day half an hour's beacons, of a time when all failed, come an hour late.
    Backlog,
    /// Steady, while the collector restarts every six hours.
    Restarting,
}

/// The site, its visitors, the collector's detector.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) detector: Detector,
    random: Random,
    weather: Weather,
    by_day: f64,
    deployed: Deployed,
    before: Deployed,
    rolled_at_ms: u64,
    on_the_way: BinaryHeap<Parcel>,
    /// What a restart reads again.
    stored: VecDeque<Parcel>,
    stores: bool,
    next_visit_ms: u64,
    next_restart_ms: u64,
    blip: Option<(u64, u64)>,
    incident: Option<(Incident, u64)>,
    pub(crate) now_ms: u64,
    /// Sessions of the incident that failed unseen and have been heard.
    failed_sessions: u64,
}

impl World {
    pub(crate) fn new(weather: Weather, by_day: f64, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let restart = random.below(6 * HOUR_MS);
        Self {
            detector: Detector::new(tuning(weather)),
            weather,
            by_day,
            deployed: Deployed::release("1"),
            before: Deployed::release("1"),
            rolled_at_ms: 0,
            on_the_way: BinaryHeap::new(),
            stored: VecDeque::new(),
            stores: weather == Weather::Restarting,
            next_visit_ms: 0,
            next_restart_ms: restart,
            blip: None,
            incident: None,
            now_ms: 0,
            failed_sessions: 0,
            random,
        }
    }

    /// Another course of chance from here on.
    pub(crate) fn reseed(&mut self, seed: u64) {
        self.random = Random::new(seed);
    }

    pub(crate) fn strike(&mut self, incident: Incident) {
        self.incident = Some((incident, self.now_ms));
    }

    /// The rows are there to be read again.
    pub(crate) fn keep_rows(&mut self) {
        self.stores = true;
    }

    /// Goes on until a beacon has been heard, and tells when.
    pub(crate) fn step(&mut self) -> u64 {
        loop {
            let next_parcel = self.on_the_way.peek().map(|parcel| parcel.at_ms);
            if next_parcel.is_some_and(|at_ms| at_ms <= self.next_visit_ms) {
                break;
            }
            self.visit();
        }
        if let Some(parcel) = self.on_the_way.pop() {
            self.now_ms = self.now_ms.max(parcel.at_ms);
            if self.weather == Weather::Restarting && self.now_ms >= self.next_restart_ms {
                self.restart();
                self.next_restart_ms = self.now_ms + 6 * HOUR_MS;
            }
            hear(&mut self.detector, &parcel, parcel.from.clone());
            if self.stores {
                while self
                    .stored
                    .front()
                    .is_some_and(|old| old.at_ms + DAY_MS < self.now_ms)
                {
                    self.stored.pop_front();
                }
                self.stored.push_back(parcel);
            }
        }
        self.now_ms
    }

    /// A new process, which has what was stored and nothing else.
    pub(crate) fn restart(&mut self) {
        let mut detector = Detector::new(tuning(self.weather));
        for parcel in &self.stored {
            hear(&mut detector, parcel, Surroundings::default());
        }
        self.detector = detector;
    }

    /// Sessions that failed unseen since the incident began, as far as they have come.
    pub(crate) fn failed_sessions(&self) -> u64 {
        self.failed_sessions
    }

    fn visit(&mut self) {
        let at_ms = self.next_visit_ms.max(self.now_ms);
        let per_minute = if is_day(at_ms) {
            self.by_day
        } else {
            NIGHT_PER_MINUTE * self.by_day / 10.0
        };
        let wait = self.random.exponential(MINUTE_MS as f64 / per_minute);
        self.next_visit_ms = at_ms + (wait as u64).max(1);
        self.disturb(at_ms, wait);
        let visitor = Visitor::new(&mut self.random);
        self.load(&visitor, at_ms, self.noise(at_ms));
    }

    fn load(&mut self, visitor: &Visitor, at_ms: u64, noise: f64) {
        let struck = self.incident.filter(|(_, since_ms)| at_ms >= *since_ms);
        // A third of the pods each ten minutes, and users go where they went.
        let share = (at_ms.saturating_sub(self.rolled_at_ms) / (10 * MINUTE_MS) + 1).min(3);
        let deployed = match visitor.session % 3 < share {
            true => &self.deployed,
            false => &self.before,
        };
        let (document, scripts) = match struck {
            Some((incident, _)) => incident.pods(visitor, deployed, &mut self.random),
            None => (deployed.usual(visitor), deployed.usual(visitor)),
        };
        let mut harm = struck.map_or(Harm::None, |(incident, _)| incident.harm(visitor, document));
        let in_blip = self
            .blip
            .is_some_and(|(from_ms, to_ms)| (from_ms..to_ms).contains(&at_ms));
        if in_blip && visitor.network.is_multiple_of(2) {
            harm = Harm::Unreachable;
        }
        let outage = self.weather == Weather::Backlog && in_outage(at_ms);
        if outage {
            harm = Harm::Unreachable;
        }
        let load = Load {
            visitor,
            started_ms: at_ms,
            document,
            scripts,
            harm,
            noise,
            analytics: self.weather == Weather::Blocking,
        };
        let mut parcels = Vec::new();
        let failed = load.parcels(&mut self.random, &mut parcels);
        if failed && struck.is_some() {
            self.failed_sessions += 1;
        }
        if outage {
            // The collector was away with all else: the probes come back with what they kept.
            let back_ms = at_ms / DAY_MS * DAY_MS + 13 * HOUR_MS;
            for parcel in &mut parcels {
                parcel.at_ms = back_ms + self.random.below(MINUTE_MS);
            }
        }
        self.on_the_way.extend(parcels);
    }

    fn noise(&self, at_ms: u64) -> f64 {
        match self.weather {
            Weather::Drifting => {
                let hour = Random::new(at_ms / HOUR_MS + 77).unit();
                0.005 + hour * 0.035
            }
            Weather::Steady
            | Weather::Disturbed
            | Weather::Deploying
            | Weather::Blocking
            | Weather::Backlog
            | Weather::Restarting => 0.02,
        }
    }

    /// What comes between two visits, by chance.
    fn disturb(&mut self, at_ms: u64, wait: f64) {
        let mut comes = |per_day: f64| self.random.chance(per_day * wait / DAY_MS as f64);
        match self.weather {
            Weather::Disturbed => {
                let (reloader, bot, good_bot, blip) =
                    (comes(6.0), comes(2.0), comes(2.0), comes(3.0));
                if reloader {
                    let visitor = Visitor::new(&mut self.random);
                    for n in 0..60 {
                        self.load(&visitor, at_ms + n * 5000, 1.0);
                    }
                }
                for noise in [(bot, 1.0), (good_bot, 0.0)]
                    .into_iter()
                    .filter_map(|(comes, noise)| comes.then_some(noise))
                {
                    let network = self.random.bits();
                    for n in 0..200 {
                        let visitor = Visitor {
                            network,
                            browser: "Headless 1",
                            ..Visitor::new(&mut self.random)
                        };
                        self.load(&visitor, at_ms + n * 1500, noise);
                    }
                }
                if blip {
                    self.blip = Some((at_ms, at_ms + 20_000));
                }
            }
            Weather::Deploying => {
                let day = at_ms / DAY_MS;
                if at_ms % DAY_MS > 14 * HOUR_MS && self.rolled_at_ms / DAY_MS < day {
                    self.before = std::mem::replace(
                        &mut self.deployed,
                        Deployed::release(&format!("1.{day}")),
                    );
                    self.rolled_at_ms = at_ms;
                }
            }
            Weather::Steady
            | Weather::Drifting
            | Weather::Blocking
            | Weather::Backlog
            | Weather::Restarting => {}
        }
    }
}

/// From seven to eleven at night.
pub(crate) fn is_day(at_ms: u64) -> bool {
    (7..23).contains(&(at_ms % DAY_MS / HOUR_MS))
}

fn in_outage(at_ms: u64) -> bool {
    let of_day = at_ms % DAY_MS;
    (12 * HOUR_MS..12 * HOUR_MS + 30 * MINUTE_MS).contains(&of_day)
}

fn tuning(weather: Weather) -> Tuning {
    let expected = match weather {
        Weather::Blocking => vec![crate::visit::API],
        _ => Vec::new(),
    };
    Tuning {
        expected_origins: expected.into_iter().map(str::to_owned).collect(),
        ..Tuning::default()
    }
}

fn hear(detector: &mut Detector, parcel: &Parcel, from: Surroundings) {
    let events = parcel
        .events
        .iter()
        .map(|(event, event_ms)| HeardEvent {
            event,
            event_ms: *event_ms,
        })
        .collect();
    detector.hear(&Heard {
        head: &parcel.head,
        events,
        received_ms: parcel.at_ms,
        from,
    });
}

// The heap gives the greatest first; we want the earliest.
impl Ord for Parcel {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |parcel: &Parcel| (parcel.at_ms, parcel.head.view, parcel.events.len());
        key(other).cmp(&key(self))
    }
}

impl PartialOrd for Parcel {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Parcel {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Parcel {}
