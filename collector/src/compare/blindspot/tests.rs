//! The detector by its one door: what it is told, what it finds.

use super::*;
use beacon::{
    CoreStatus, Detail, Diagnosis, Event, EventKind, FailureCause, Finality, Head, Initiator,
    NavigationKind, Page, PageLoad, PageOutcome, RequestAttempt, RequestOutcome, SessionId,
    Touched, ViewId,
};

/// Names of everything, so that a test can swap them.
#[derive(Clone, Copy)]
struct Names {
    good: (&'static str, &'static str, &'static str),
    bad: (&'static str, &'static str, &'static str),
}

const NAMES: Names = Names {
    good: ("1", "web-one", "http://api.test"),
    bad: ("2", "web-two", "http://inner.test"),
};

/// A site whose loads the test decides one by one.
struct Site {
    detector: Detector,
    now_ms: u64,
    next: u64,
    names: Names,
}

#[derive(Clone, Copy, Default)]
struct From {
    session: Option<u64>,
    network: Option<u64>,
    browser: &'static str,
}

impl Site {
    fn new() -> Self {
        Self::named(NAMES)
    }

    fn named(names: Names) -> Self {
        let expected_origins = [names.good.2.to_owned()].into();
        let tuning = Tuning {
            expected_origins,
            ..Tuning::default()
        };
        Self {
            detector: Detector::new(tuning),
            now_ms: 1_000_000_000,
            next: 1,
            names,
        }
    }

    /// A day of ready pages, one every ten seconds.
    fn after_a_healthy_day() -> Self {
        let mut site = Self::new();
        site.healthy(8640);
        site
    }

    fn healthy(&mut self, loads: u64) {
        for _ in 0..loads {
            self.ready();
        }
    }

    fn tell(&mut self, of: (&str, &str, &str), from: From, events: Vec<EventKind>) -> ViewId {
        self.now_ms += 10_000;
        self.next += 1;
        let mut view = [0; 16];
        // Scattered, as drawn ones are.
        view[..8].copy_from_slice(&self.next.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
        view[8..].copy_from_slice(&self.next.to_le_bytes());
        let view = ViewId(view);
        self.tell_more(view, of, from, 0, events);
        view
    }

    fn tell_more(
        &mut self,
        view: ViewId,
        (release, pod, origin): (&str, &str, &str),
        from: From,
        rev: u32,
        kinds: Vec<EventKind>,
    ) {
        let head = Head {
            view,
            seq: rev,
            session: Some(SessionId(from.session.unwrap_or(self.next).to_le_bytes())),
            sent_at_ms: self.now_ms,
            core: CoreStatus::Loaded,
            detail: Detail::Full,
            page: Page {
                route: "/".into(),
                release: release.into(),
                deployment: pod.into(),
                origin: "http://shop.test".into(),
                backend_origin: origin.into(),
                navigation: NavigationKind::Navigate,
            },
            previous_view: None,
            dropped: Vec::new(),
            attributes: Vec::new(),
        };
        let events: Vec<_> = kinds
            .into_iter()
            .enumerate()
            .map(|(at, kind)| Event {
                n: match kind {
                    EventKind::Page(_) => 0,
                    _ => 2 + u32::try_from(at).unwrap_or(0),
                },
                rev,
                at_ms: self.now_ms,
                kind,
            })
            .collect();
        let browser = (!from.browser.is_empty()).then(|| from.browser.into());
        self.detector.hear(&Heard {
            head: &head,
            events: events
                .iter()
                .map(|event| HeardEvent {
                    event,
                    event_ms: self.now_ms,
                })
                .collect(),
            received_ms: self.now_ms,
            from: Surroundings {
                network: from.network.or(Some(self.next)),
                browser,
                ..Surroundings::default()
            },
        });
    }

    fn ready(&mut self) {
        let good = self.names.good;
        let events = vec![page(PageOutcome::Ready, &[good], 0), ok(good.2)];
        self.tell(good, From::default(), events);
    }

    /// Document of one release, scripts of the other.
    fn mixed(&mut self) -> ViewId {
        let (good, bad) = (self.names.good, self.names.bad);
        let events = vec![page(PageOutcome::Blank, &[good, bad], 1)];
        self.tell(good, From::default(), events)
    }

    /// Of the wrong release throughout: ready, and then nobody answers.
    fn wrong(&mut self) -> ViewId {
        let bad = self.names.bad;
        let events = vec![page(PageOutcome::Ready, &[bad], 0), unreachable(bad.2)];
        self.tell(bad, From::default(), events)
    }

    fn failed(&mut self, from: From) -> ViewId {
        let good = self.names.good;
        self.tell(good, from, vec![page(PageOutcome::Blank, &[good], 0)])
    }

    fn sentence(&self) -> Option<String> {
        self.detector.finding().map(|finding| finding.sentence)
    }
}

fn page(outcome: PageOutcome, touched: &[(&str, &str, &str)], failed_scripts: u32) -> EventKind {
    EventKind::Page(PageLoad {
        outcome,
        finality: Finality::Final,
        decided_after_ms: 0,
        touched: touched
            .iter()
            .map(|(release, pod, _)| Touched {
                release: (*release).into(),
                deployment: (*pod).into(),
            })
            .collect(),
        failed_scripts,
    })
}

fn call(origin: &str, outcome: RequestOutcome) -> RequestAttempt {
    RequestAttempt {
        method: "GET".into(),
        backend_origin: origin.into(),
        route: "/startup".into(),
        expected_origin: true,
        outcome,
        finality: Finality::Final,
        status: 0,
        duration_ms: 5,
        result: None,
        diagnosis: None,
        initiator: Initiator::Xhr,
        online: true,
        connection: String::new(),
        headers_ms: 0,
        stream: None,
        trace: None,
    }
}

fn ok(origin: &str) -> EventKind {
    EventKind::Request(call(origin, RequestOutcome::Ok))
}

fn unreachable(origin: &str) -> EventKind {
    EventKind::Request(call(origin, RequestOutcome::Unreachable))
}

#[test]
fn the_incident_is_one_sentence_that_leads_with_the_change_and_lists_how_it_shows() {
    let mut site = Site::after_a_healthy_day();
    for _ in 0..4 {
        site.mixed();
        site.wrong();
        site.ready();
    }
    assert_eq!(
        site.sentence().unwrap(),
        "Release 2 (web-two), first seen 30 s earlier: 8 of 8 loads that touched it failed, \
         0 of 4 others. 4 blank (assets of two releases), 4 calls to http://inner.test never \
         answered, not an expected backend."
    );
    let finding = site.detector.finding().unwrap();
    assert_eq!(finding.test, Test::Signature);
    assert_eq!((finding.failed, finding.loads), (8, 12));
    assert_eq!(finding.causes[0].explains_ppm, 1_000_000);
    assert_eq!(finding.examples.len(), 5);
}

#[test]
fn the_ranking_is_blind_to_names() {
    let story = |names: Names| {
        let mut site = Site::named(names);
        site.healthy(3000);
        for _ in 0..6 {
            site.mixed();
            site.ready();
            site.wrong();
        }
        site.sentence().unwrap()
    };
    let other = Names {
        good: ("zebra", "alpha-9", "https://x.invalid"),
        bad: ("aardvark", "omega-0", "https://y.invalid"),
    };
    let swapped = Names {
        good: NAMES.bad,
        bad: NAMES.good,
    };
    for (names, told) in [(other, story(other)), (swapped, story(swapped))] {
        // Through placeholders, since swapped names would be renamed twice.
        let mut renamed = story(NAMES);
        let pairs = [
            (NAMES.bad.2, "{origin}", names.bad.2),
            (NAMES.bad.1, "{pod}", names.bad.1),
            (
                "Release 2",
                "{release}",
                &format!("Release {}", names.bad.0),
            ),
        ];
        for (from, place, _) in &pairs {
            renamed = renamed.replace(from, place);
        }
        for (_, place, to) in &pairs {
            renamed = renamed.replace(place, to);
        }
        assert_eq!(told, renamed);
    }
}

#[test]
fn when_all_fail_alike_no_cause_is_named() {
    let mut site = Site::after_a_healthy_day();
    let good = NAMES.good;
    for n in 0..20 {
        let from = From {
            browser: ["Chrome 1", "Firefox 1", "Safari 1"][n % 3],
            ..From::default()
        };
        site.tell(
            good,
            from,
            vec![page(PageOutcome::Ready, &[good], 0), unreachable(good.2)],
        );
        // Who never calls never fails, which makes the call's origin no cause.
        if n % 2 == 0 {
            site.tell(good, from, vec![page(PageOutcome::Ready, &[good], 0)]);
        }
    }
    assert_eq!(
        site.sentence().unwrap(),
        "No single cause: 20 of 30 loads failed, all alike. 20 calls to http://api.test never answered."
    );
}

#[test]
fn a_release_that_replaced_the_other_is_held_against_how_it_was_before() {
    let mut site = Site::after_a_healthy_day();
    for _ in 0..6 {
        site.wrong();
    }
    let sentence = site.sentence().unwrap();
    assert!(
        sentence.starts_with("Release 2 (web-two), first seen 20 s earlier: 6 of 6 loads that touched it failed, 0 of 60 before it."),
        "{sentence}"
    );
}

#[test]
fn a_browser_that_chokes_is_found_among_many_that_do_not() {
    let mut site = Site::after_a_healthy_day();
    let mut found = None;
    for n in 0..200 {
        let from = From {
            browser: if n % 10 == 0 { "Firefox 9" } else { "Chrome 9" },
            ..From::default()
        };
        let good = NAMES.good;
        let outcome = match n % 10 {
            0 => PageOutcome::Incomplete,
            _ => PageOutcome::Ready,
        };
        site.tell(good, from, vec![page(outcome, &[good], 0)]);
        if found.is_none() && site.detector.is_open() {
            found = Some(n);
        }
    }
    assert!(found.is_some_and(|n| n < 100), "{found:?}");
    let finding = site.detector.finding().unwrap();
    assert_eq!(finding.test, Test::Value);
    assert!(
        finding.sentence.starts_with("Browser Firefox 9"),
        "{}",
        finding.sentence
    );
}

#[test]
fn a_user_who_reloads_is_one_voice() {
    let mut site = Site::after_a_healthy_day();
    for _ in 0..50 {
        site.failed(From {
            session: Some(7),
            network: Some(7),
            ..From::default()
        });
    }
    assert_eq!(site.sentence(), None);
}

#[test]
fn a_bot_with_a_hundred_sessions_in_two_networks_is_four_voices() {
    let mut site = Site::after_a_healthy_day();
    for n in 0..60 {
        // All within ten minutes.
        site.now_ms -= 5000;
        site.failed(From {
            network: Some(1_000_000 + n % 2),
            ..From::default()
        });
    }
    assert_eq!(site.sentence(), None);
}

#[test]
fn failures_that_the_server_has_counted_are_no_blind_spot() {
    let mut site = Site::after_a_healthy_day();
    for _ in 0..100 {
        let good = NAMES.good;
        let failed = call(good.2, RequestOutcome::HttpError);
        site.tell(
            good,
            From::default(),
            vec![
                page(PageOutcome::Ready, &[good], 0),
                EventKind::Request(failed),
            ],
        );
    }
    assert_eq!(site.sentence(), None);
}

#[test]
fn a_browser_without_a_network_says_nothing_about_us() {
    let mut site = Site::after_a_healthy_day();
    for _ in 0..50 {
        let mut offline = call(NAMES.good.2, RequestOutcome::Unreachable);
        offline.diagnosis = Some(Diagnosis {
            cause: FailureCause::Offline,
            confidence_percent: 95,
        });
        site.tell(
            NAMES.good,
            From::default(),
            vec![EventKind::Request(offline)],
        );
    }
    assert_eq!(site.sentence(), None);
}

#[test]
fn a_call_that_hangs_at_a_backend_which_answers_others_is_the_servers_to_tell() {
    let mut site = Site::after_a_healthy_day();
    let hung = || EventKind::Request(call(NAMES.good.2, RequestOutcome::Hung));
    for _ in 0..20 {
        site.tell(NAMES.good, From::default(), vec![hung()]);
        site.ready();
    }
    assert_eq!(site.sentence(), None);
    // Once it answers nobody, nobody has a record.
    site.now_ms += 700_000;
    for _ in 0..20 {
        site.tell(NAMES.good, From::default(), vec![hung()]);
    }
    assert!(site.sentence().unwrap().contains("without an end"));
}

#[test]
fn a_revision_takes_a_failure_back() {
    let mut site = Site::after_a_healthy_day();
    for _ in 0..20 {
        let view = site.failed(From::default());
        let good = NAMES.good;
        site.tell_more(
            view,
            good,
            From::default(),
            1,
            vec![page(PageOutcome::Ready, &[good], 0)],
        );
        // The lower revision comes late and changes nothing.
        site.tell_more(
            view,
            good,
            From::default(),
            0,
            vec![page(PageOutcome::Blank, &[good], 0)],
        );
    }
    assert_eq!(site.sentence(), None);
}

#[test]
fn what_happened_long_before_its_receipt_pages_nobody() {
    let mut site = Site::after_a_healthy_day();
    for _ in 0..100 {
        let before = site.now_ms;
        let view = ViewId([(site.next % 251) as u8; 16]);
        site.next += 1;
        let head_of = site.names.good;
        let event = Event {
            n: 0,
            rev: 0,
            at_ms: before,
            kind: page(PageOutcome::Blank, &[head_of], 0),
        };
        let head = Head {
            view,
            seq: 0,
            session: None,
            sent_at_ms: before,
            core: CoreStatus::Loaded,
            detail: Detail::Full,
            page: Page::default(),
            previous_view: None,
            dropped: Vec::new(),
            attributes: Vec::new(),
        };
        site.detector.hear(&Heard {
            head: &head,
            events: vec![HeardEvent {
                event: &event,
                event_ms: before - 600_000,
            }],
            received_ms: before,
            from: Surroundings {
                network: Some(site.next),
                ..Surroundings::default()
            },
        });
    }
    assert_eq!(site.sentence(), None);
}

#[test]
fn it_is_over_when_sessions_succeed_again_and_found_anew_when_they_fail_again() {
    let mut site = Site::after_a_healthy_day();
    (0..10).for_each(|_| _ = site.mixed());
    let first = site.detector.found_ms().unwrap();
    site.healthy(120);
    assert!(!site.detector.is_open());
    (0..10).for_each(|_| _ = site.mixed());
    assert!(site.detector.found_ms().unwrap() > first);
}

#[test]
fn a_young_detector_takes_no_rate_for_granted_but_knows_a_sign_when_it_sees_one() {
    let mut young = Site::new();
    (0..6).for_each(|_| _ = young.failed(From::default()));
    assert_eq!(young.sentence(), None);
    let mut young = Site::new();
    (0..3).for_each(|_| _ = young.mixed());
    assert!(young.sentence().is_some());
}
