//! A tracker with two journeys and what it writes; the promises stand in the files below.

mod attempts;
mod pages;
mod steps;

use super::*;
use crate::deliver::told;
use beacon::{EventKind, JourneyAttempt, JourneyReason, Step};

const ACCESS: usize = 0;

const SIGN_IN: Signals = 1;
const STARTUP: Signals = 2;
const LOGIN: Signals = 4;
const CHAT: Signals = 8;
const FILM: Signals = 16;
const BUBBLE: Signals = 32;
const PAID: Signals = 64;
const CALLS: Signals = STARTUP | LOGIN | CHAT;
const PAINTS: Signals = FILM | BUBBLE;

const NOTHING: Rule = Rule {
    limit: 30_000,
    ..Rule::NONE
};

/// A journey tracker with the journeys `access` and `chat`, and what it writes.
struct Page {
    tracker: Box<Tracker>,
    out: Box<Outlet>,
    painted: [u32; 2],
}

impl Page {
    fn new() -> Self {
        Self::after_hook(0)
    }

    fn after_hook(page_rev: u32) -> Self {
        let mut out = told::outlet();
        for text in [
            "access",
            "chat",
            "http://api.test",
            "/",
            "ERROR",
            "checkout",
            "pay",
        ] {
            told::text(&mut out, text);
        }
        out.words[word::ROUTE] = 4;
        let mut tracker = Box::new(Tracker::new());
        tracker.page_rev = page_rev;
        tracker.page_word_sent = page_rev > 0;
        tracker.backend_origin = 3;
        tracker.paints = PAINTS;
        tracker.calls = CALLS;
        tracker.declare(Rule {
            name: 1,
            starts: SIGN_IN,
            loads: STARTUP,
            ends: STARTUP | FILM,
            needs: LOGIN,
            failed_page: true,
            ..NOTHING
        });
        tracker.declare(Rule {
            name: 2,
            calls: CHAT,
            ends: CHAT | BUBBLE,
            ..NOTHING
        });
        Self {
            tracker,
            out,
            painted: [0, 0],
        }
    }

    fn click(&mut self, at: Millis) {
        self.tracker.signal(SIGN_IN, false, at, &mut self.out);
    }

    fn send(&mut self, id: u32, at: Millis, signals: Signals, painted: [u32; 2]) {
        self.matches(word::BEFORE, painted);
        let call = Call {
            id,
            started_at: at,
            signals,
            ..Call::NONE
        };
        self.tracker.sent(&call, &mut self.out);
    }

    /// Ends 100 ms after it was sent.
    fn end(&mut self, id: u32, at: Millis, signals: Signals, outcome: RequestOutcome) -> Vec<Seen> {
        let call = Call {
            signals,
            origin: 3,
            outcome,
            ended_at: at + 100,
            id,
            started_at: at,
            ..Call::NONE
        };
        self.tracker.ended(&call, &mut self.out);
        self.seen()
    }

    fn paint(&mut self, painted: [u32; 2], at: Millis) -> Vec<Seen> {
        // As the shell does: those that have more matches than when it looked before.
        let risen = |bit, index: usize| {
            if painted[index] > self.painted[index] {
                bit
            } else {
                0
            }
        };
        let signals = risen(FILM, 0) | risen(BUBBLE, 1);
        self.painted = painted;
        self.matches(word::PAINTED, painted);
        self.tracker.signal(signals, true, at, &mut self.out);
        self.seen()
    }

    fn matches(&mut self, from: usize, [film, bubble]: [u32; 2]) {
        self.out.words[from + 4] = film;
        self.out.words[from + 5] = bubble;
    }

    fn page(&mut self, outcome: PageOutcome, finality: Finality) {
        let verdict = Verdict {
            outcome,
            at: 2_100,
            failed_scripts: 1,
        };
        self.tracker.page(verdict, finality, &mut self.out);
    }

    fn provisional(&mut self, now: Millis) {
        self.out.words[word::NOW] = now.cast_unsigned();
        self.tracker.provisional(&mut self.out);
    }

    fn hung(&mut self, now: Millis) {
        self.out.words[word::NOW] = now.cast_unsigned();
        self.tracker.hung(&mut self.out);
    }

    fn seen(&mut self) -> Vec<Seen> {
        let attempts = self.attempts().into_iter();
        attempts
            .map(|attempt| {
                (
                    attempt.name,
                    attempt.outcome,
                    attempt.reason,
                    attempt.duration_ms,
                )
            })
            .collect()
    }

    fn attempts(&mut self) -> Vec<JourneyAttempt> {
        let attempt = |event: beacon::Event| match event.kind {
            EventKind::Journey(attempt) => Some(attempt),
            _ => None,
        };
        told::events(&mut self.out)
            .into_iter()
            .filter_map(attempt)
            .collect()
    }

    fn revisions(&mut self) -> Vec<(u32, u32, bool)> {
        let events = told::events(&mut self.out).into_iter();
        events
            .map(|event| (event.n, event.rev, event.kind == EventKind::Withdrawn))
            .collect()
    }
}

type Seen = (String, JourneyOutcome, Option<JourneyReason>, u32);

fn one(name: &str, outcome: JourneyOutcome, reason: Option<JourneyReason>, ms: u32) -> Vec<Seen> {
    vec![(name.to_owned(), outcome, reason, ms)]
}

const OK: RequestOutcome = RequestOutcome::Ok;
