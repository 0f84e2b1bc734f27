//! The demo's objectives against the workshop's phases: what holds while all is well, and where each fault
//! shows. Each phase is reckoned out as the counts that browsers and servers would make of it.

use beacon::{JourneyOutcome, PageOutcome, RequestOutcome, VitalName, VitalRating};
use collector::sli::{Class, Latency, Outcome, Series};
use collector::slo::files::{File, Known, KnownApp, ObjectiveSet, read};
use collector::slo::{
    Counts, Coverage, CoverageOf, EventIndicator, Indicator, MINUTE_MS, Objective, Part, Role,
    State, Timeline, evaluate,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

const APP: &str = "movie-guru";
const NOW_MS: u64 = 1_790_000_000_000;
/// Attempts of each kind in a phase; enough that a share is met to a hair.
const ATTEMPTS: u64 = 120_000;
/// What the way between browser and server adds, milliseconds.
const WAY_MS: u32 = 80;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn files(folder: &str) -> Vec<File> {
    let mut found: Vec<_> = std::fs::read_dir(root().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| File {
            name: path.file_name().unwrap().to_str().unwrap().to_owned(),
            text: std::fs::read_to_string(&path).unwrap(),
        })
        .collect();
    found.sort_by(|left, right| left.name.cmp(&right.name));
    found
}

fn known() -> Known {
    let journeys = ["access_app", "chat", "update_preferences"]
        .map(str::to_owned)
        .to_vec();
    Known {
        checked: true,
        apps: [(APP.to_owned(), KnownApp { journeys })].into(),
        targets: ["backend".to_owned(), "frontend".to_owned()].into(),
    }
}

pub(crate) fn set() -> ObjectiveSet {
    let read = read(&files("demo-frontend/objectives"), &known());
    read.unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// A phase of the demo, by the fields of the real server.
struct Phase(Value);

impl Phase {
    fn load(name: &str) -> Self {
        let path = root()
            .join("demo-frontend/phases")
            .join(name)
            .with_extension("json");
        Self(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    }

    fn share(&self, field: &str) -> f64 {
        self.0[field].as_f64().unwrap()
    }

    fn of(&self, field: &str, all: u64) -> u64 {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            clippy::cast_possible_truncation,
            reason = "small"
        )]
        let found = (self.share(field) * all as f64).round() as u64;
        found
    }

    /// Every latency that the server draws from, equally often, in milliseconds.
    fn latencies(&self, name: &str) -> Vec<u32> {
        let bound = |end: &str| {
            let ms = self.0[format!("{name}Latency{end}MS")].as_u64().unwrap();
            u32::try_from(ms).unwrap()
        };
        let (least, most) = (bound("Min"), bound("Max"));
        (0..400)
            .map(|at| least + (most - least) * at / 400)
            .collect()
    }
}

/// What browsers count.
fn browsers(phase: &Phase) -> Vec<(Series, u64)> {
    let mut found = Vec::new();
    let login = phase.latencies("Login");
    // The films come after login and startup; every pairing of their latencies is equally likely.
    let startup = phase.latencies("Startup");
    let access: Vec<_> = login
        .iter()
        .step_by(20)
        .flat_map(|login| startup.iter().map(move |startup| login + startup))
        .collect();
    let reached = phase.of("StartupSuccess", phase.of("LoginSuccess", ATTEMPTS));
    journey("access_app", reached, &access, &mut found);
    journey(
        "chat",
        phase.of("ChatSuccess", ATTEMPTS),
        &phase.latencies("Chat"),
        &mut found,
    );
    let saved = phase.of("PrefUpdateSuccess", ATTEMPTS);
    journey(
        "update_preferences",
        saved,
        &phase.latencies("PrefUpdate"),
        &mut found,
    );
    let ready = series(
        Outcome::Page(PageOutcome::Ready),
        Class::Good,
        "/",
        Latency::UNKNOWN,
    );
    found.push((ready, ATTEMPTS));
    let answered = series(
        Outcome::Request(RequestOutcome::Ok),
        Class::Good,
        "GET /startup",
        Latency::of_ms(400),
    );
    found.push((answered, ATTEMPTS));
    // A failed login is answered without CORS headers, which no page can tell from no answer.
    let unreachable = series(
        Outcome::Request(RequestOutcome::Unreachable),
        Class::Bad,
        "POST /login",
        Latency::UNKNOWN,
    );
    found.push((
        unreachable,
        ATTEMPTS / 10 - phase.of("LoginSuccess", ATTEMPTS / 10),
    ));
    for name in [VitalName::Lcp, VitalName::Inp, VitalName::Cls] {
        let vital =
            |rating, class| series(Outcome::Vital(name, rating), class, "/", Latency::UNKNOWN);
        found.push((vital(VitalRating::Good, Class::Good), 9));
        found.push((vital(VitalRating::Poor, Class::Bad), 1));
    }
    found
}

fn journey(name: &str, good: u64, latencies: &[u32], found: &mut Vec<(Series, u64)>) {
    let of = |outcome, class, latency| series(Outcome::Journey(outcome), class, name, latency);
    let each = good / latencies.len() as u64;
    for latency in latencies {
        let latency = Latency::of_ms(latency + WAY_MS);
        found.push((of(JourneyOutcome::Success, Class::Good, latency), each));
    }
    let failed = of(JourneyOutcome::Failed, Class::Bad, Latency::of_ms(100));
    found.push((failed, ATTEMPTS - good));
}

fn series(outcome: Outcome, class: Class, name: &str, latency: Latency) -> Series {
    Series {
        app: APP.into(),
        name: name.into(),
        release: "1".into(),
        deployment: "pod".into(),
        backend_origin: "http://api.test".into(),
        expected_origin: true,
        outcome,
        class,
        provisional: false,
        mixed: false,
        latency,
    }
}

/// What the servers count, as read from their exposition.
fn servers(phase: &Phase) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    let operations = [
        (
            "login",
            "LoginSuccess",
            "Login",
            "attempts_total",
            "success_total",
        ),
        (
            "startup",
            "StartupSuccess",
            "Startup",
            "attempts_total",
            "success_total",
        ),
        (
            "chat_calls",
            "ChatSuccess",
            "Chat",
            "total",
            "success_total",
        ),
        (
            "prefUpdate",
            "PrefUpdateSuccess",
            "PrefUpdate",
            "attempts_total",
            "success_total",
        ),
    ];
    for (name, success, latency, total, good) in operations {
        found.insert(format!("movieguru_{name}_{total}"), ATTEMPTS);
        found.insert(
            format!("movieguru_{name}_{good}"),
            phase.of(success, ATTEMPTS),
        );
        let histogram = name.trim_end_matches("_calls");
        let latencies = phase.latencies(latency);
        for edge in [1000, 3000, 5000] {
            let within = latencies.iter().filter(|ms| **ms <= edge).count() as u64;
            let count = within * ATTEMPTS / latencies.len() as u64;
            let bucket =
                format!("movieguru_{histogram}_latency_milliseconds_bucket{{le=\"{edge}.0\"}}");
            found.insert(bucket, count);
        }
        found.insert(
            format!("movieguru_{histogram}_latency_milliseconds_count"),
            ATTEMPTS,
        );
    }
    let answered = phase.of("ChatSuccess", ATTEMPTS);
    for outcome in ["Engaged", "Acknowledged", "Rejected", "Unclassified"] {
        let count = phase.of(&format!("Chat{outcome}"), answered);
        found.insert(
            format!("movieguru_chat_outcome_counter_total{{Outcome=\"{outcome}\"}}"),
            count,
        );
    }
    found
}

fn counts(objective: &Objective, phase: &Phase) -> Counts {
    match &objective.indicator {
        Indicator::Events(indicator) => events(indicator, &browsers(phase)),
        Indicator::Scrape(indicator) => indicator.counts(&servers(phase)),
        Indicator::Coverage(Coverage {
            of: CoverageOf::Beacons | CoverageOf::Documents,
            ..
        }) => Counts::new(ATTEMPTS, 10),
        Indicator::Prometheus(_) => panic!("the demo has no Prometheus"),
    }
}

fn events(indicator: &EventIndicator, series: &[(Series, u64)]) -> Counts {
    let judged = series
        .iter()
        .filter_map(|(series, count)| Some((indicator.judge(series)?, count)));
    judged.fold(Counts::default(), |sum, (part, count)| match part {
        Part::Good => sum + Counts::new(*count, 0),
        Part::Bad => sum + Counts::new(0, *count),
    })
}

/// The phase as it has been for as long as the window and longer.
fn state(objective: &Objective, phase: &Phase) -> State {
    let counts = counts(objective, phase);
    let first = NOW_MS / MINUTE_MS - 8 * 24 * 60;
    let minutes = (first..NOW_MS / MINUTE_MS).step_by(30);
    let history = Timeline::new(minutes.map(|minute| (minute, counts)));
    evaluate(objective, &history, &[], NOW_MS).state
}

/// The alerting objectives, and their twins, that do not hold in a phase.
fn broken(phase: &str) -> Vec<String> {
    let (set, phase) = (set(), Phase::load(phase));
    let judged = set
        .objectives
        .iter()
        .filter(|objective| objective.role != Role::Aspirational);
    let mut broken: Vec<_> = judged
        .filter(|objective| state(objective, &phase) != State::Healthy)
        .map(|objective| objective.name.clone())
        .collect();
    broken.sort();
    broken
}

#[test]
fn the_alerting_set_holds_in_the_healthy_phases() {
    assert_eq!(broken("challenge-5-healthy"), [""; 0]);
    assert_eq!(broken("challenge-7-healthy-backend"), [""; 0]);
}

#[test]
fn on_the_first_day_success_and_chat_latency_and_engagement_break() {
    let broken = broken("challenge-1-first-day");
    let due = [
        "access",
        "access-servers",
        "backend-reachable",
        "chat",
        "chat-5s",
        "chat-5s-servers",
        "chat-servers",
        "engagement",
        "preferences",
        "preferences-servers",
    ];
    let due: Vec<_> = due
        .into_iter()
        .filter(|name| *name != "backend-reachable")
        .collect();
    assert_eq!(broken, due);
}

#[test]
fn a_degraded_chat_breaks_its_latency_and_engagement_and_nothing_else() {
    let broken = broken("challenge-6-degraded-chat");
    assert_eq!(broken, ["chat-5s", "chat-5s-servers", "engagement"]);
}

#[test]
fn the_stricter_targets_are_missed_while_all_is_well() {
    let (set, phase) = (set(), Phase::load("challenge-5-healthy"));
    let missed = |name: &str| {
        let objective = set
            .objectives
            .iter()
            .find(|objective| objective.name == name)
            .unwrap();
        assert_eq!(
            (objective.role, objective.alerts.len()),
            (Role::Aspirational, 0),
            "{name}"
        );
        state(objective, &phase) != State::Healthy
    };
    for name in [
        "access-1s-of-all",
        "access-1s-day",
        "access-1s-week",
        "chat-3s",
        "preferences-saved-within-1s",
        "engaged",
    ] {
        assert!(missed(name), "{name} holds");
    }
}

#[test]
fn every_journey_has_its_twin_and_approximate_ones_say_why() {
    let set = set();
    let find = |name: &str| {
        set.objectives
            .iter()
            .find(|objective| objective.name == name)
    };
    let twins = set
        .objectives
        .iter()
        .filter_map(|objective| Some((objective, objective.twin.as_ref()?)));
    let twins: Vec<_> = twins.collect();
    assert_eq!(twins.len(), 6);
    for (objective, twin) in twins {
        let server = find(&twin.objective).unwrap();
        assert_eq!(server.role, Role::Compared);
        assert_eq!(
            (server.target, &server.window),
            (objective.target, &objective.window)
        );
    }
    assert!(find("access-servers").unwrap().approximate.is_some());
    assert!(find("chat-servers").unwrap().approximate.is_none());
}

#[test]
fn objectives_that_burn_ten_times_at_most_leave_out_alerts_beyond_it() {
    let set = set();
    let access = set
        .objectives
        .iter()
        .find(|objective| objective.name == "access")
        .unwrap();
    let words: Vec<_> = access
        .alerts
        .iter()
        .map(collector::slo::BurnAlert::words)
        .collect();
    assert_eq!(words[0], "6× over 1 h 24 min and 7 min");
    assert_eq!(access.unreachable.len(), 1);
}

#[test]
fn the_tiers_are_valid_and_can_be_copied() {
    let tiers = read(&files("deploy/objectives"), &Known::default()).unwrap();
    let targets: Vec<_> = tiers
        .objectives
        .iter()
        .map(|objective| objective.target.percent())
        .collect();
    assert_eq!(targets, ["99.99", "99", "99.9", "99", "99.5", "99"]);
}
