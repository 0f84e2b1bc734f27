//! What starts and ends attempts that the page's users make.

use super::*;

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
fn a_click_from_before_an_attempt_that_is_heard_of_after_it_is_none_of_its_own() {
    let mut page = Page::new();
    page.tracker.declare(Rule {
        name: 6,
        ends: PAID,
        ..NOTHING
    });
    page.tracker.make(2, 6, 0, 1_000, &mut page.out);
    page.tracker.signal(PAID, false, 900, &mut page.out);
    assert!(page.seen().is_empty());
    page.tracker.signal(PAID, false, 1_100, &mut page.out);
    assert_eq!(
        page.seen(),
        one("checkout", JourneyOutcome::Success, None, 100)
    );
}
