use super::*;
use crate::config::{CallPattern, DEFAULT_LIMIT_MS};
use beacon::RequestOutcome;

const ACCESS: usize = 0;

fn rules() -> Vec<JourneyRule> {
    let call = CallPattern::parse;
    vec![
        JourneyRule {
            name: "access".to_owned(),
            starts: vec![
                JourneyStart::Click(".sign-in".to_owned()),
                JourneyStart::Load(call("GET /startup")),
            ],
            end: call("GET /startup"),
            painted: Some(".film".to_owned()),
            needs: vec![call("POST /login")],
            limit_ms: DEFAULT_LIMIT_MS,
            failed_page: true,
        },
        JourneyRule {
            name: "chat".to_owned(),
            starts: vec![JourneyStart::Request(call("POST /chat"))],
            end: call("POST /chat"),
            painted: Some(".bubble".to_owned()),
            needs: Vec::new(),
            limit_ms: DEFAULT_LIMIT_MS,
            failed_page: false,
        },
    ]
}

struct Page {
    tracker: Tracker,
    next: u32,
}

impl Page {
    fn new() -> Self {
        Self {
            tracker: Tracker::new(rules(), "http://api.test".to_owned(), 0),
            next: 2,
        }
    }

    fn click(&mut self, at: Millis) {
        self.next += 1;
        self.tracker
            .clicked(ACCESS, self.next, at, "/login", &[0, 0]);
    }

    fn send(&mut self, id: u32, at: Millis, method: &str, path: &str, painted: [u32; 2]) {
        let call = Sent {
            id,
            at,
            method: method.to_owned(),
            path: path.to_owned(),
        };
        let next = &mut self.next;
        let mut draw = || {
            *next += 1;
            *next
        };
        self.tracker.sent(&call, &mut draw, "/", &painted);
    }

    fn end(
        &mut self,
        id: u32,
        at: Millis,
        method: &str,
        path: &str,
        outcome: RequestOutcome,
    ) -> Vec<Seen> {
        let words = self.tracker.ended(&Ended {
            id,
            rev: 0,
            started_at: at,
            ended_at: at + 100.0,
            method: method.to_owned(),
            path: path.to_owned(),
            backend_origin: "http://api.test".to_owned(),
            route: path.to_owned(),
            expected_origin: true,
            outcome,
            finality: Finality::Final,
            status: 0,
            result: None,
            diagnosis: None,
        });
        seen(words)
    }
}

type Seen = (String, JourneyOutcome, Option<JourneyReason>, u32);

fn seen(words: Vec<Word>) -> Vec<Seen> {
    let attempt = |word: Word| match word.kind {
        EventKind::Journey(attempt) => Some((
            attempt.name,
            attempt.outcome,
            attempt.reason,
            attempt.duration_ms,
        )),
        _ => None,
    };
    words.into_iter().filter_map(attempt).collect()
}

fn one(name: &str, outcome: JourneyOutcome, reason: Option<JourneyReason>, ms: u32) -> Vec<Seen> {
    vec![(name.to_owned(), outcome, reason, ms)]
}

#[test]
fn signing_in_succeeds_when_startup_answered_and_films_are_painted() {
    let mut page = Page::new();
    page.click(1_000.0);
    page.send(10, 1_010.0, "POST", "/login", [0, 0]);
    assert!(
        page.end(10, 1_010.0, "POST", "/login", RequestOutcome::Ok)
            .is_empty()
    );
    page.send(11, 1_200.0, "GET", "/startup", [0, 0]);
    assert!(
        page.end(11, 1_200.0, "GET", "/startup", RequestOutcome::Ok)
            .is_empty()
    );
    assert!(page.tracker.awaits_paint());
    let words = seen(page.tracker.painted(&[3, 0], 1_340.0));
    assert_eq!(words, one("access", JourneyOutcome::Success, None, 340));
}

#[test]
fn a_failed_login_fails_the_attempt_and_the_next_click_is_a_new_one() {
    let mut page = Page::new();
    page.click(1_000.0);
    page.click(1_005.0);
    page.send(10, 1_010.0, "POST", "/login", [0, 0]);
    let words = page.end(10, 1_010.0, "POST", "/login", RequestOutcome::Unreachable);
    let reason = Some(JourneyReason::Request(RequestOutcome::Unreachable));
    assert_eq!(words, one("access", JourneyOutcome::Failed, reason, 110));
    page.click(2_000.0);
    assert_eq!(page.tracker.provisional(2_100.0).len(), 1);
}

#[test]
fn a_home_load_is_one_attempt_from_the_start_of_the_document_and_a_later_startup_is_none() {
    let mut page = Page::new();
    page.send(10, 300.0, "GET", "/startup", [0, 0]);
    page.tracker.painted(&[3, 0], 420.0);
    let words = page.end(10, 300.0, "GET", "/startup", RequestOutcome::Ok);
    assert_eq!(words, one("access", JourneyOutcome::Success, None, 420));
    page.send(11, 9_000.0, "GET", "/startup", [3, 1]);
    assert!(
        page.end(11, 9_000.0, "GET", "/startup", RequestOutcome::HttpError)
            .is_empty()
    );
}

#[test]
fn a_message_needs_a_new_answer_painted_and_old_bubbles_do_not_count() {
    let mut page = Page::new();
    page.send(10, 1_000.0, "POST", "/chat", [0, 4]);
    assert!(
        page.end(10, 1_000.0, "POST", "/chat", RequestOutcome::Ok)
            .is_empty()
    );
    assert!(page.tracker.painted(&[0, 4], 1_150.0).is_empty());
    let words = seen(page.tracker.painted(&[0, 5], 1_200.0));
    assert_eq!(words, one("chat", JourneyOutcome::Success, None, 200));
}

#[test]
fn hiding_is_provisional_and_coming_back_to_an_answer_is_one_success() {
    let mut page = Page::new();
    page.send(10, 1_000.0, "POST", "/chat", [0, 0]);
    let hidden = page.tracker.provisional(2_000.0);
    let again = page.tracker.provisional(3_000.0);
    page.end(10, 4_000.0, "POST", "/chat", RequestOutcome::Ok);
    let done = page.tracker.painted(&[0, 1], 4_200.0);
    let revisions: Vec<_> = hidden
        .iter()
        .chain(&again)
        .chain(&done)
        .map(|word| (word.n, word.rev))
        .collect();
    assert_eq!(revisions, [(3, 0), (3, 1), (3, 2)]);
    assert!(page.tracker.provisional(5_000.0).is_empty());
}

#[test]
fn an_answer_that_never_comes_is_hung_at_the_limit() {
    let mut page = Page::new();
    page.send(10, 1_000.0, "POST", "/chat", [0, 0]);
    assert_eq!(page.tracker.deadline(), Some(31_000.0));
    assert!(page.tracker.hung(30_999.0).is_empty());
    assert_eq!(
        seen(page.tracker.hung(31_000.0)),
        one("chat", JourneyOutcome::Hung, None, 30_000)
    );
}

fn verdict(outcome: PageOutcome) -> Verdict {
    Verdict {
        outcome,
        at: 2_100.0,
        failed_scripts: 1,
    }
}

#[test]
fn a_blank_page_is_a_failed_attempt_and_is_taken_back_when_the_page_recovers() {
    let mut page = Page::new();
    let hidden = page
        .tracker
        .page(verdict(PageOutcome::Blank), Finality::Provisional);
    assert_eq!(hidden.first().map(|word| (word.n, word.rev)), Some((1, 0)));
    let recovered = page
        .tracker
        .page(verdict(PageOutcome::Ready), Finality::Final);
    let said: Vec<_> = recovered
        .iter()
        .map(|word| (word.n, word.rev, word.kind == EventKind::Withdrawn))
        .collect();
    assert_eq!(said, [(1, 1, true)]);
}

#[test]
fn a_broken_page_fails_the_attempt_under_way_and_adds_none() {
    let mut page = Page::new();
    page.send(10, 300.0, "GET", "/startup", [0, 0]);
    let words = seen(
        page.tracker
            .page(verdict(PageOutcome::Broken), Finality::Final),
    );
    assert_eq!(
        words,
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
    let mut tracker = Tracker::new(rules(), String::new(), 1);
    let words = tracker.page(verdict(PageOutcome::Ready), Finality::Final);
    assert_eq!(words.first().map(|word| (word.n, word.rev)), Some((1, 1)));
}
