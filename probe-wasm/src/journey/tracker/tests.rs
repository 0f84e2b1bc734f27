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

#[test]
fn signing_in_succeeds_when_startup_answered_and_films_are_painted() {
    let mut page = Page::new();
    page.click(1_000);
    page.send(10, 1_010, LOGIN, [0, 0]);
    assert!(page.end(10, 1_010, LOGIN, OK).is_empty());
    page.send(11, 1_200, STARTUP, [0, 0]);
    assert!(page.end(11, 1_200, STARTUP, OK).is_empty());
    assert!(page.tracker.awaits_paint() > 0);
    let words = page.paint([3, 0], 1_340);
    assert_eq!(words, one("access", JourneyOutcome::Success, None, 340));
    assert_eq!(page.tracker.awaits_paint(), 0);
}

#[test]
fn a_failed_login_fails_the_attempt_and_the_next_click_is_a_new_one() {
    let mut page = Page::new();
    page.click(1_000);
    page.click(1_005);
    page.send(10, 1_010, LOGIN, [0, 0]);
    let words = page.end(10, 1_010, LOGIN, RequestOutcome::Unreachable);
    let reason = Some(JourneyReason::Request(RequestOutcome::Unreachable));
    assert_eq!(words, one("access", JourneyOutcome::Failed, reason, 110));
    page.click(2_000);
    page.provisional(2_100);
    assert_eq!(page.seen().len(), 1);
}

#[test]
fn a_home_load_is_one_attempt_from_the_start_of_the_document_and_a_later_startup_is_none() {
    let mut page = Page::new();
    page.send(10, 300, STARTUP, [0, 0]);
    page.paint([3, 0], 420);
    let words = page.end(10, 300, STARTUP, OK);
    assert_eq!(words, one("access", JourneyOutcome::Success, None, 420));
    page.send(11, 9_000, STARTUP, [3, 1]);
    assert!(
        page.end(11, 9_000, STARTUP, RequestOutcome::HttpError)
            .is_empty()
    );
}

#[test]
fn a_message_needs_a_new_answer_painted_and_old_bubbles_do_not_count() {
    let mut page = Page::new();
    page.send(10, 1_000, CHAT, [0, 4]);
    assert!(page.end(10, 1_000, CHAT, OK).is_empty());
    assert!(page.paint([0, 4], 1_150).is_empty());
    let words = page.paint([0, 5], 1_200);
    assert_eq!(words, one("chat", JourneyOutcome::Success, None, 200));
}

#[test]
fn what_was_painted_in_the_first_frame_counts_though_the_attempt_began_after_it() {
    let mut page = Page::new();
    page.click(1_000);
    page.send(11, 1_010, STARTUP, [0, 0]);
    assert!(page.paint([3, 0], 240).is_empty());
    let words = page.end(11, 1_010, STARTUP, OK);
    assert_eq!(words, one("access", JourneyOutcome::Success, None, 110));
}

#[test]
fn hiding_is_provisional_and_coming_back_to_an_answer_is_one_success() {
    let mut page = Page::new();
    page.send(10, 1_000, CHAT, [0, 0]);
    page.provisional(2_000);
    page.provisional(3_000);
    let hidden = page.attempts();
    assert!(
        hidden
            .iter()
            .all(|attempt| attempt.outcome == JourneyOutcome::Abandoned
                && attempt.finality == Finality::Provisional)
    );
    page.end(10, 4_000, CHAT, OK);
    page.matches(word::PAINTED, [0, 1]);
    page.tracker.signal(0, true, 4_200, &mut page.out);
    assert_eq!(page.revisions(), [(2, 2, false)]);
    page.provisional(5_000);
    assert!(page.seen().is_empty());
}

#[test]
fn an_answer_that_never_comes_is_hung_at_the_limit() {
    let mut page = Page::new();
    page.send(10, 1_000, CHAT, [0, 0]);
    assert_eq!(page.tracker.deadline(), 31_000);
    page.hung(30_999);
    assert!(page.seen().is_empty());
    page.hung(31_000);
    assert_eq!(page.seen(), one("chat", JourneyOutcome::Hung, None, 30_000));
}

#[test]
fn an_attempt_says_where_it_began_which_backend_decided_it_and_with_which_result() {
    let mut page = Page::new();
    page.send(10, 1_000, CHAT, [0, 0]);
    let call = Call {
        signals: CHAT,
        origin: 3,
        result: 5,
        outcome: RequestOutcome::AppError,
        ended_at: 1_300,
        id: 10,
        started_at: 1_000,
        ..Call::NONE
    };
    page.tracker.ended(&call, &mut page.out);
    let expected = JourneyAttempt {
        name: "chat".into(),
        outcome: JourneyOutcome::Failed,
        finality: Finality::Final,
        reason: Some(JourneyReason::Request(RequestOutcome::AppError)),
        duration_ms: 300,
        backend_origin: "http://api.test".into(),
        route: "/".into(),
        result: Some("ERROR".into()),
        steps: Vec::new(),
    };
    assert_eq!(page.attempts(), [expected]);
}

#[test]
fn a_blank_page_is_a_failed_attempt_and_is_taken_back_when_the_page_recovers() {
    let mut page = Page::new();
    page.page(PageOutcome::Blank, Finality::Provisional);
    let [attempt] = <[_; 1]>::try_from(page.attempts()).unwrap();
    assert_eq!(attempt.reason, Some(JourneyReason::Page));
    assert_eq!(attempt.finality, Finality::Provisional);
    assert_eq!((attempt.duration_ms, attempt.route.as_str()), (2_100, ""));
    assert_eq!(attempt.backend_origin, "http://api.test");
    page.page(PageOutcome::Ready, Finality::Final);
    assert_eq!(page.revisions(), [(1, 1, true)]);
}

#[test]
fn a_broken_page_fails_the_attempt_under_way_and_adds_none() {
    let mut page = Page::new();
    page.send(10, 300, STARTUP, [0, 0]);
    page.page(PageOutcome::Broken, Finality::Final);
    assert_eq!(
        page.seen(),
        one(
            "access",
            JourneyOutcome::Failed,
            Some(JourneyReason::Page),
            2_100
        )
    );
}

#[test]
fn what_the_early_hook_said_of_a_failed_page_is_taken_back() {
    let mut page = Page::after_hook(1);
    page.page(PageOutcome::Ready, Finality::Final);
    assert_eq!(page.revisions(), [(1, 1, true)]);
}

#[test]
fn no_attempt_began_with_a_document_that_a_restored_view_did_not_load() {
    let mut page = Page::new();
    page.tracker.forget_load();
    page.send(10, 300, STARTUP, [0, 0]);
    assert!(
        page.end(10, 300, STARTUP, RequestOutcome::HttpError)
            .is_empty()
    );
    page.click(400);
    page.provisional(500);
    assert_eq!(page.seen().len(), 1);
}

#[test]
fn a_click_a_route_or_an_event_of_the_application_can_end_an_attempt() {
    let mut page = Page::new();
    page.tracker.declare(Rule {
        name: 6,
        starts: SIGN_IN,
        ends: PAID,
        ..NOTHING
    });
    page.click(1_000);
    page.tracker.signal(PAID, false, 1_500, &mut page.out);
    assert_eq!(
        page.seen(),
        one("checkout", JourneyOutcome::Success, None, 500)
    );
}

#[test]
fn a_new_match_can_start_an_attempt_and_one_that_stays_starts_no_other() {
    let mut page = Page::new();
    page.tracker.declare(Rule {
        name: 6,
        starts: BUBBLE,
        ends: PAID,
        ..NOTHING
    });
    page.paint([0, 1], 1_000);
    page.matches(word::BEFORE, [0, 1]);
    page.tracker.signal(PAID, false, 1_200, &mut page.out);
    assert_eq!(
        page.seen(),
        one("checkout", JourneyOutcome::Success, None, 200)
    );
    page.paint([0, 1], 1_300);
    assert_eq!(page.tracker.deadline(), Millis::MAX, "nothing is under way");
}

#[test]
fn steps_have_their_own_times_and_stand_within_one_another() {
    let mut page = Page::new();
    let step = |name, start, end, parent| StepRule {
        rule: ACCESS,
        name,
        start,
        end,
        parent,
    };
    page.tracker.declare_step(step(6, SIGN_IN, FILM, 0));
    page.tracker.declare_step(step(7, LOGIN, LOGIN, 1));
    page.tracker.declare_step(step(2, PAID, 0, 0));
    page.click(1_000);
    page.send(10, 1_010, LOGIN, [0, 0]);
    page.end(10, 1_010, LOGIN, OK);
    page.tracker.signal(PAID, false, 1_150, &mut page.out);
    page.send(11, 1_200, STARTUP, [0, 0]);
    page.end(11, 1_200, STARTUP, OK);
    page.matches(word::PAINTED, [3, 0]);
    page.tracker.signal(FILM, true, 1_340, &mut page.out);
    let [attempt] = <[_; 1]>::try_from(page.attempts()).unwrap();
    let step = |name: &str, started_ms, duration_ms, parent, ended| Step {
        name: name.into(),
        started_ms,
        duration_ms,
        parent,
        ended,
    };
    assert_eq!(
        attempt.steps,
        [
            step("checkout", 0, 340, 0, true),
            step("pay", 10, 100, 1, true),
            step("chat", 150, 190, 0, false),
        ]
    );
}

#[test]
fn code_can_make_an_attempt_its_steps_and_its_end() {
    let mut page = Page::new();
    let n = page.tracker.make(99, 6, 30_000, 1_000, &mut page.out);
    assert_eq!(n, 2);
    let outer = page.tracker.make_step(n, 7, 0, 1_100);
    let inner = page.tracker.make_step(n, 1, outer, 1_150);
    page.tracker.end_step(n, inner, 1_200);
    page.tracker.end_step(n, inner, 9_000);
    page.tracker
        .end(n, JourneyOutcome::Failed, 5, 1_400, &mut page.out);
    assert_eq!(page.tracker.make_step(n, 7, 0, 1_500), 0, "it is over");
    let [attempt] = <[_; 1]>::try_from(page.attempts()).unwrap();
    assert_eq!(
        (attempt.name.as_str(), attempt.outcome, attempt.duration_ms),
        ("checkout", JourneyOutcome::Failed, 400)
    );
    assert_eq!(
        (attempt.reason, attempt.result.as_deref()),
        (None, Some("ERROR"))
    );
    let steps = attempt.steps.iter();
    assert_eq!(
        steps
            .map(|step| (step.started_ms, step.duration_ms, step.parent, step.ended))
            .collect::<Vec<_>>(),
        [(100, 300, 0, false), (150, 50, 1, true)]
    );
}

#[test]
fn an_attempt_that_code_made_and_forgot_is_hung_or_abandoned_as_any_other() {
    let mut page = Page::new();
    page.tracker.make(99, 6, 30_000, 1_000, &mut page.out);
    page.provisional(2_000);
    assert_eq!(
        page.seen(),
        one("checkout", JourneyOutcome::Abandoned, None, 1_000)
    );
    page.hung(31_000);
    assert_eq!(
        page.seen(),
        one("checkout", JourneyOutcome::Hung, None, 30_000)
    );
}

#[test]
fn an_attempt_that_code_makes_of_a_declared_journey_keeps_its_rule() {
    let mut page = Page::new();
    page.tracker.make(ACCESS, 6, 0, 1_000, &mut page.out);
    page.send(10, 1_010, LOGIN, [0, 0]);
    let words = page.end(10, 1_010, LOGIN, RequestOutcome::Timeout);
    let reason = Some(JourneyReason::Request(RequestOutcome::Timeout));
    assert_eq!(words, one("access", JourneyOutcome::Failed, reason, 110));
}

#[test]
fn past_sixteen_steps_and_sixty_four_attempts_none_is_followed() {
    let mut page = Page::new();
    let n = page.tracker.make(99, 6, 30_000, 0, &mut page.out);
    for position in 1..=16 {
        assert_eq!(page.tracker.make_step(n, 7, 0, 1), position);
    }
    assert_eq!(page.tracker.make_step(n, 7, 0, 1), 0);
    for _ in 1..64 {
        assert!(page.tracker.make(99, 6, 30_000, 0, &mut page.out) > 0);
    }
    assert_eq!(page.tracker.make(99, 6, 30_000, 0, &mut page.out), 0);
}
