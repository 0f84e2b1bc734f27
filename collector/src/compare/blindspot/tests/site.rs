//! A site whose visits a test decides one by one, and the detector that hears of them.

use crate::compare::blindspot::*;
use beacon::{
    CoreStatus, Detail, Event, EventKind, Finality, Head, Initiator, NavigationKind, Page,
    PageLoad, PageOutcome, RequestAttempt, RequestOutcome, SessionId, Touched, ViewId,
};

/// Names of everything, so that a test can swap them.
#[derive(Clone, Copy)]
pub(super) struct Names {
    pub(super) good: (&'static str, &'static str, &'static str),
    pub(super) bad: (&'static str, &'static str, &'static str),
}

pub(super) const NAMES: Names = Names {
    good: ("1", "web-one", "http://api.test"),
    bad: ("2", "web-two", "http://inner.test"),
};

/// A site whose loads the test decides one by one.
pub(super) struct Site {
    pub(super) detector: Detector,
    pub(super) now_ms: u64,
    pub(super) next: u64,
    pub(super) names: Names,
}

#[derive(Clone, Copy, Default)]
pub(super) struct From {
    pub(super) session: Option<u64>,
    pub(super) network: Option<u64>,
    pub(super) browser: &'static str,
}

impl Site {
    pub(super) fn new() -> Self {
        Self::named(NAMES)
    }

    pub(super) fn named(names: Names) -> Self {
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
    pub(super) fn after_a_healthy_day() -> Self {
        let mut site = Self::new();
        site.healthy(8640);
        site
    }

    pub(super) fn healthy(&mut self, loads: u64) {
        for _ in 0..loads {
            self.ready();
        }
    }

    pub(super) fn tell(
        &mut self,
        of: (&str, &str, &str),
        from: From,
        events: Vec<EventKind>,
    ) -> ViewId {
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

    pub(super) fn tell_more(
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

    pub(super) fn ready(&mut self) {
        let good = self.names.good;
        let events = vec![page(PageOutcome::Ready, &[good], 0), ok(good.2)];
        self.tell(good, From::default(), events);
    }

    /// Document of one release, scripts of the other.
    pub(super) fn mixed(&mut self) -> ViewId {
        let (good, bad) = (self.names.good, self.names.bad);
        let events = vec![page(PageOutcome::Blank, &[good, bad], 1)];
        self.tell(good, From::default(), events)
    }

    /// Of the wrong release throughout: ready, and then nobody answers.
    pub(super) fn wrong(&mut self) -> ViewId {
        let bad = self.names.bad;
        let events = vec![page(PageOutcome::Ready, &[bad], 0), unreachable(bad.2)];
        self.tell(bad, From::default(), events)
    }

    pub(super) fn failed(&mut self, from: From) -> ViewId {
        let good = self.names.good;
        self.tell(good, from, vec![page(PageOutcome::Blank, &[good], 0)])
    }

    pub(super) fn sentence(&self) -> Option<String> {
        self.detector.finding().map(|finding| finding.sentence)
    }
}

pub(super) fn page(
    outcome: PageOutcome,
    touched: &[(&str, &str, &str)],
    failed_scripts: u32,
) -> EventKind {
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

pub(super) fn call(origin: &str, outcome: RequestOutcome) -> RequestAttempt {
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

pub(super) fn ok(origin: &str) -> EventKind {
    EventKind::Request(call(origin, RequestOutcome::Ok))
}

pub(super) fn unreachable(origin: &str) -> EventKind {
    EventKind::Request(call(origin, RequestOutcome::Unreachable))
}
