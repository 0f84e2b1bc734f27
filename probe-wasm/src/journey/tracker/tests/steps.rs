//! Steps of attempts, and attempts that code makes.

use super::*;

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

/// The first piece of an answer to a message, as a condition.
const TOKEN: Signals = 128;

/// The journey `checkout`, begun by a message and ended by the first piece of its answer, and a step that the
/// same ends.
fn with_a_token() -> Page {
    let mut page = Page::new();
    page.tracker.declare(Rule {
        name: 6,
        calls: CHAT,
        ends: TOKEN,
        ..NOTHING
    });
    page.tracker.declare_step(StepRule {
        rule: 1,
        name: 7,
        start: CHAT,
        end: TOKEN,
        parent: 0,
    });
    page
}

fn answering(id: u32, at: Millis, first_chunk_ms: u32) -> Call {
    Call {
        id,
        started_at: at,
        signals: CHAT | TOKEN,
        ended_at: at + 900,
        stream: beacon::Stream {
            first_chunk_ms,
            longest_gap_ms: 0,
            chunks: 1,
            bytes: 8,
        },
        ..Call::NONE
    }
}

#[test]
fn the_first_piece_of_an_answer_ends_the_attempt_of_its_own_call_and_the_steps_that_wait_for_it() {
    let mut page = with_a_token();
    page.send(10, 1_000, CHAT | TOKEN, [0, 0]);
    page.send(11, 1_100, CHAT | TOKEN, [0, 0]);
    for _ in 0..2 {
        page.tracker
            .answering(&answering(11, 1_100, 80), &mut page.out);
    }
    assert_eq!(
        page.seen(),
        one("checkout", JourneyOutcome::Success, None, 80)
    );
    page.tracker
        .answering(&answering(10, 1_000, 300), &mut page.out);
    assert_eq!(
        page.seen(),
        one("checkout", JourneyOutcome::Success, None, 300)
    );
    page.tracker.ended(&answering(11, 1_100, 80), &mut page.out);
    page.matches(word::PAINTED, [0, 1]);
    page.tracker.signal(BUBBLE, true, 2_000, &mut page.out);
    let [chat] = <[_; 1]>::try_from(page.attempts()).unwrap();
    let steps = chat.steps.iter();
    assert_eq!(
        steps
            .map(|step| (step.started_ms, step.duration_ms, step.ended))
            .collect::<Vec<_>>(),
        [(0, 80, true)]
    );
}

#[test]
fn an_answer_without_pieces_had_its_first_when_it_ended_and_a_bad_one_had_none() {
    let mut page = with_a_token();
    page.send(10, 1_000, CHAT | TOKEN, [0, 0]);
    let words = page.end(10, 1_000, CHAT | TOKEN, OK);
    assert_eq!(words, one("checkout", JourneyOutcome::Success, None, 100));
    page.send(11, 2_000, CHAT | TOKEN, [0, 0]);
    let words = page.end(11, 2_000, CHAT | TOKEN, RequestOutcome::HttpError);
    let reason = Some(JourneyReason::Request(RequestOutcome::HttpError));
    assert!(words.contains(&("checkout".to_owned(), JourneyOutcome::Failed, reason, 100)));
}
