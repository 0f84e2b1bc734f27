use super::*;
use crate::request::How;

const CHAT: &str = "http://api.test/chat";

fn tracker() -> Tracker {
    let rule = RequestRule {
        call: CallPattern::parse("POST /chat"),
        json: true,
        field: Some("result".to_owned()),
        good: vec!["SUCCESS".to_owned()],
        limit_ms: 1_000.0,
    };
    Tracker::new(vec![rule], vec!["http://api.test".to_owned()])
}

fn json(status: u16) -> Answer<'static> {
    Answer {
        how: How::Load,
        status,
        content_type: "application/json",
    }
}

fn send(tracker: &mut Tracker, id: u32, method: &str, url: &str) {
    assert!(tracker.sent(id, 0, 10.0, method.to_owned(), url).is_some());
}

#[test]
fn the_end_of_a_call_is_the_end_of_its_answer_not_of_reading_it() {
    let mut tracker = tracker();
    send(&mut tracker, 2, "POST", CHAT);
    assert_eq!(tracker.ended(2, 110.0, json(200)), None);
    assert_eq!(tracker.awaited_field(2), Some("result"));
    let ended = tracker.field_read(2, 110.0, Some(Some("ERROR")));
    let seen = ended.map(|ended| (ended.outcome, ended.duration_ms(), ended.result));
    assert_eq!(
        seen,
        Some((RequestOutcome::AppError, 100, Some("ERROR".to_owned())))
    );
    assert_eq!(tracker.deadline(), None, "nothing is pending any more");
}

#[test]
fn an_answer_whose_body_nobody_reads_is_not_hung() {
    let mut tracker = tracker();
    send(&mut tracker, 2, "POST", CHAT);
    tracker.ended(2, 110.0, json(200));
    let outcomes: Vec<_> = tracker
        .hung(1_010.0)
        .into_iter()
        .map(|ended| ended.outcome)
        .collect();
    assert_eq!(outcomes, [RequestOutcome::Ok]);
}

#[test]
fn a_call_is_hung_at_its_limit_and_not_before() {
    let mut tracker = tracker();
    send(&mut tracker, 2, "POST", CHAT);
    assert_eq!(tracker.deadline(), Some(1_010.0));
    assert!(tracker.hung(1_009.0).is_empty());
    let hung = tracker.hung(1_010.0);
    assert_eq!(
        hung.first().map(|ended| ended.outcome),
        Some(RequestOutcome::Hung)
    );
    assert_eq!(
        tracker.ended(2, 2_000.0, json(200)),
        None,
        "a late answer changes nothing"
    );
}

#[test]
fn hiding_reports_a_pending_call_and_its_end_revises_that() {
    let mut tracker = tracker();
    send(&mut tracker, 2, "GET", "http://api.test/startup");
    let hidden = tracker.provisional(50.0);
    assert_eq!(
        hidden.first().map(|word| (word.rev, word.finality)),
        Some((0, Finality::Provisional))
    );
    let again = tracker.provisional(60.0);
    assert_eq!(again.first().map(|word| word.rev), Some(1));
    let ended = tracker.ended(2, 90.0, json(200));
    assert_eq!(
        ended.map(|ended| (ended.rev, ended.outcome)),
        Some((2, RequestOutcome::Ok))
    );
}

#[test]
fn an_origin_outside_the_expected_ones_is_flagged() {
    let mut tracker = tracker();
    send(
        &mut tracker,
        2,
        "GET",
        "http://server-service.cluster.local/startup?user=a",
    );
    let ended = tracker.ended(
        2,
        15.0,
        Answer {
            how: How::Error,
            status: 0,
            content_type: "",
        },
    );
    let seen = ended.map(|ended| {
        (
            ended.outcome,
            ended.expected_origin,
            ended.backend_origin,
            ended.route,
        )
    });
    assert_eq!(
        seen,
        Some((
            RequestOutcome::Unreachable,
            false,
            "http://server-service.cluster.local".to_owned(),
            "/startup".to_owned()
        ))
    );
}

#[test]
fn an_origin_has_answered_once_any_status_came_from_it() {
    let mut tracker = tracker();
    send(&mut tracker, 2, "GET", "http://api.test/startup");
    send(&mut tracker, 3, "GET", "http://other.test/x");
    let failed = Answer {
        how: How::Error,
        status: 0,
        content_type: "",
    };
    tracker.ended(2, 15.0, json(500));
    tracker.ended(3, 15.0, failed);
    assert!(tracker.has_answered("http://api.test"));
    assert!(!tracker.has_answered("http://other.test"));
}

#[test]
fn a_violation_of_the_policy_blocks_the_calls_just_sent_there() {
    let mut tracker = tracker();
    send(&mut tracker, 2, "GET", "http://api.test/startup");
    send(&mut tracker, 3, "GET", "http://other.test/x");
    let blocked: Vec<_> = tracker
        .refused(12.0, "http://api.test/startup")
        .into_iter()
        .map(|ended| ended.id)
        .collect();
    assert_eq!(blocked, [2]);
}
