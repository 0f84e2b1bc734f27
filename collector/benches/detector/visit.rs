//! One simulated visit: what a browser would tell of it, in the beacons a probe would send, each with the
//! time it reaches the collector. Delays are the probe's: a page with a failed script is decided two
//! seconds after its load, any other failed page eight; bad outcomes leave at once, good ones in batches.

use crate::incident::Harm;
use crate::random::Random;
use beacon::{
    Event, EventKind, Finality, Head, Histogram, Page, PageLoad, PageOutcome, RequestAttempt,
    RequestCounts, RequestOutcome, SessionId, Touched, ViewId,
};
use collector::compare::blindspot::Surroundings;
use std::sync::Arc;

/// From the decision to the collector's commit.
const TRAVEL_MS: f64 = 300.0;
/// Good outcomes wait this long for company.
const BATCH_MS: f64 = 5000.0;
pub(crate) const API: &str = "http://api.example";
pub(crate) const WRONG_API: &str = "http://api.cluster.internal";
/// Somebody else's service that some browsers' extensions block.
const ANALYTICS: &str = "http://count.example";

const BROWSERS: [(&str, f64); 6] = [
    ("Chrome 130", 52.0),
    ("Safari 18", 20.0),
    ("Firefox 131", 10.0),
    ("Edge 130", 9.0),
    ("Samsung Internet 26", 6.0),
    ("Opera 114", 3.0),
];
const COUNTRIES: [(&str, f64); 8] = [
    ("DE", 40.0),
    ("AT", 15.0),
    ("CH", 14.0),
    ("FR", 10.0),
    ("IT", 8.0),
    ("NL", 6.0),
    ("PL", 4.0),
    ("US", 3.0),
];
/// Where a visit lands.
const ROUTES: [(&str, f64); 5] = [
    ("/login", 50.0),
    ("/", 25.0),
    ("/films/:id", 12.0),
    ("/about", 8.0),
    ("/offers", 5.0),
];
const HOMES: u64 = 30_000;

/// Who visits, from where.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    pub(crate) session: u64,
    pub(crate) network: u64,
    pub(crate) browser: &'static str,
    pub(crate) country: &'static str,
    pub(crate) route: &'static str,
    pub(crate) blocks_analytics: bool,
}

impl Visitor {
    pub(crate) fn new(random: &mut Random) -> Self {
        Self {
            session: random.bits(),
            network: random.below(HOMES),
            browser: random.pick(&BROWSERS),
            country: random.pick(&COUNTRIES),
            route: random.pick(&ROUTES),
            blocks_analytics: random.chance(0.03),
        }
    }
}

/// A beacon on its way.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    pub(crate) at_ms: u64,
    pub(crate) head: Arc<Head>,
    pub(crate) events: Vec<(Event, u64)>,
    pub(crate) from: Surroundings,
}

/// What is deployed: the pods that serve, with release and configured backend.
#[derive(Clone, Debug)]
pub(crate) struct Pod {
    pub(crate) release: String,
    pub(crate) name: String,
    pub(crate) backend: &'static str,
}

/// One load of a page and what its user does there.
#[derive(Debug)]
pub(crate) struct Load<'a> {
    pub(crate) visitor: &'a Visitor,
    pub(crate) started_ms: u64,
    pub(crate) document: &'a Pod,
    pub(crate) scripts: &'a Pod,
    pub(crate) harm: Harm,
    /// Share of sessions that fail unseen for no reason of ours.
    pub(crate) noise: f64,
    /// Whether the application also calls somebody else's service.
    pub(crate) analytics: bool,
}

struct Teller {
    head: Arc<Head>,
    from: Surroundings,
    n: u32,
    parcels: Vec<Parcel>,
}

impl Load<'_> {
    /// Everything it makes the probe send; tells whether it failed unseen.
    pub(crate) fn parcels(&self, random: &mut Random, into: &mut Vec<Parcel>) -> bool {
        let mut view = [0; 16];
        view[..8].copy_from_slice(&random.bits().to_le_bytes());
        view[8..].copy_from_slice(&random.bits().to_le_bytes());
        let visitor = self.visitor;
        let head = Head {
            view: ViewId(view),
            seq: 0,
            session: Some(SessionId(visitor.session.to_le_bytes())),
            sent_at_ms: 0,
            core: Default::default(),
            detail: Default::default(),
            page: Page {
                route: visitor.route.to_owned(),
                release: self.document.release.clone(),
                deployment: self.document.name.clone(),
                origin: "http://shop.example".to_owned(),
                backend_origin: self.document.backend.to_owned(),
                navigation: Default::default(),
            },
            previous_view: None,
            dropped: Vec::new(),
            attributes: Vec::new(),
        };
        let mut teller = Teller {
            head: Arc::new(head),
            from: Surroundings {
                network: Some(visitor.network),
                browser: Some(visitor.browser.into()),
                country: Some(visitor.country.into()),
                operator: None,
            },
            n: 2,
            parcels: Vec::with_capacity(3),
        };
        let failed = self.tell(random, &mut teller);
        into.append(&mut teller.parcels);
        failed
    }

    fn tell(&self, random: &mut Random, teller: &mut Teller) -> bool {
        let start = self.started_ms as f64;
        let loaded = start + random.log_normal(1200.0, 0.5);
        let mixed = self.document.name != self.scripts.name;
        let noise = random.chance(self.noise).then(|| random.unit());
        let page = |outcome, failed_scripts| self.page(outcome, failed_scripts);
        let decided = match (self.harm, noise) {
            // The script's name is known to one of the releases only.
            _ if mixed && self.document.release != self.scripts.release => {
                Some((loaded + 2000.0, PageOutcome::Blank, 1))
            }
            (Harm::BlankPage, _) => Some((loaded + 8000.0, PageOutcome::Blank, 0)),
            (Harm::NeverReady, _) => Some((loaded + 8000.0, PageOutcome::Incomplete, 0)),
            (_, Some(kind)) if kind < 0.25 => Some((loaded + 2000.0, PageOutcome::Blank, 1)),
            (_, Some(kind)) if kind < 0.45 => Some((loaded + 8000.0, PageOutcome::Incomplete, 0)),
            _ => None,
        };
        if let Some((at, outcome, scripts)) = decided {
            // Some do not wait that long; a page left before it is decided tells nothing bad.
            let patience = start + random.log_normal(9000.0, 0.6);
            if patience < at && scripts == 0 {
                teller.send(patience, vec![(page(PageOutcome::Abandoned, 0), start)]);
                return false;
            }
            teller.send(at, vec![(page(outcome, scripts), start)]);
            return true;
        }
        let ready = loaded + 200.0;
        teller.send(
            ready + random.between(0.0, BATCH_MS),
            vec![(page(PageOutcome::Ready, 0), start)],
        );
        let mut failed = false;
        if self.analytics {
            let call = teller.call(ANALYTICS, "/count", false);
            if self.visitor.blocks_analytics {
                failed = true;
                teller.bad(call, RequestOutcome::Unreachable, loaded);
            } else {
                teller.good(ANALYTICS, "/count", false, loaded, random);
            }
        }
        // Who is signed in calls at once, others after typing their name, some never.
        let signed_in = self.visitor.route != "/login" && random.chance(0.4);
        if !signed_in && random.chance(0.25) {
            return failed;
        }
        let calls = if signed_in {
            loaded
        } else {
            loaded + random.log_normal(6000.0, 0.5)
        };
        let origin = self.document.backend;
        let expected = origin == API;
        let unlucky = match noise {
            Some(kind) if kind < 0.85 => Some(RequestOutcome::Unreachable),
            Some(kind) if kind < 0.93 => Some(RequestOutcome::Hung),
            Some(kind) if kind < 0.97 => Some(RequestOutcome::WrongContent),
            Some(_) => Some(RequestOutcome::Blocked),
            None => None,
        };
        let outcome = match self.harm {
            Harm::Unreachable => Some(RequestOutcome::Unreachable),
            Harm::None | Harm::BlankPage | Harm::NeverReady => unlucky,
        };
        let outcome = if expected {
            outcome
        } else {
            Some(RequestOutcome::Unreachable)
        };
        let Some(outcome) = outcome else {
            teller.good(origin, "/startup", expected, calls, random);
            teller.good(
                origin,
                "/chat",
                expected,
                calls + random.exponential(20_000.0),
                random,
            );
            return failed;
        };
        let took = match outcome {
            RequestOutcome::Hung => 30_000.0,
            _ => 100.0,
        };
        let call = teller.call(origin, "/startup", expected);
        teller.bad(call, outcome, calls + took);
        // One whom the backend answers else is no witness against it.
        if outcome == RequestOutcome::Hung {
            teller.good(origin, "/chat", expected, calls + 35_000.0, random);
        }
        outcome != RequestOutcome::Hung || failed
    }

    fn page(&self, outcome: PageOutcome, failed_scripts: u32) -> Event {
        let touched = [self.document, self.scripts].map(|pod| Touched {
            release: pod.release.clone(),
            deployment: pod.name.clone(),
        });
        let mut touched = touched.to_vec();
        touched.dedup();
        Event {
            n: 0,
            rev: 0,
            at_ms: self.started_ms,
            kind: EventKind::Page(PageLoad {
                outcome,
                finality: Finality::Final,
                decided_after_ms: 0,
                touched,
                failed_scripts,
            }),
        }
    }
}

impl Teller {
    fn send(&mut self, at: f64, events: Vec<(Event, f64)>) {
        let events = events
            .into_iter()
            .map(|(event, at)| (event, at as u64))
            .collect();
        self.parcels.push(Parcel {
            at_ms: (at + TRAVEL_MS) as u64,
            head: Arc::clone(&self.head),
            events,
            from: self.from.clone(),
        });
    }

    fn event(&mut self, kind: EventKind) -> Event {
        self.n += 1;
        Event {
            n: self.n,
            rev: 0,
            at_ms: 0,
            kind,
        }
    }

    fn call(&self, origin: &str, route: &str, expected_origin: bool) -> RequestAttempt {
        RequestAttempt {
            method: "GET".to_owned(),
            backend_origin: origin.to_owned(),
            route: route.to_owned(),
            expected_origin,
            outcome: RequestOutcome::Ok,
            finality: Finality::Final,
            status: 0,
            duration_ms: 100,
            result: None,
            diagnosis: None,
            initiator: Default::default(),
            online: true,
            connection: String::new(),
            headers_ms: 0,
            stream: None,
            trace: None,
        }
    }

    fn bad(&mut self, call: RequestAttempt, outcome: RequestOutcome, at: f64) {
        let event = self.event(EventKind::Request(RequestAttempt { outcome, ..call }));
        self.send(at, vec![(event, at)]);
    }

    fn good(&mut self, origin: &str, route: &str, expected: bool, at: f64, random: &mut Random) {
        let mut durations = Histogram::default();
        durations.record(200);
        let event = self.event(EventKind::Requests(RequestCounts {
            method: "GET".to_owned(),
            backend_origin: origin.to_owned(),
            route: route.to_owned(),
            expected_origin: expected,
            outcome: RequestOutcome::Ok,
            durations,
        }));
        self.send(at + random.between(0.0, BATCH_MS), vec![(event, at)]);
    }
}
