use super::*;
use crate::deliver::told;
use beacon::EventKind;

const API: Text = 1;
const OTHER: Text = 2;
/// Good so far.
const FINE: u32 = 0;

fn send(tracker: &mut Tracker, id: u32, origin: Text, flags: u32) {
    let room = tracker.call(0).unwrap();
    *room = Call {
        id,
        started_at: 10,
        origin,
        flags,
        limit: 1_000,
        stage: Stage::Sent,
        ..Call::NONE
    };
}

fn one(flags: u32) -> Box<Tracker> {
    let mut tracker = Box::new(Tracker::new());
    send(&mut tracker, 2, API, flags);
    tracker
}

/// The calls that ended, which are then forgotten: number, outcome, duration.
fn ended(tracker: &mut Tracker) -> Vec<(u32, RequestOutcome, u32)> {
    let mut ended = Vec::new();
    for call in &mut tracker.calls {
        if call.stage == Stage::Ended {
            ended.push((call.id, call.outcome, call.duration_ms()));
            *call = Call::NONE;
        }
    }
    ended
}

#[test]
fn the_end_of_a_call_is_the_end_of_its_answer_not_of_reading_it() {
    let mut tracker = one(flag::FIELD);
    tracker.ended(2, 110, How::Load, 200, FINE);
    assert_eq!(tracker.call(2).unwrap().stage, Stage::Reading);
    tracker.field_read(2, Field::Bad, 7);
    assert_eq!(tracker.call(2).unwrap().result, 7);
    assert_eq!(ended(&mut tracker), [(2, RequestOutcome::AppError, 100)]);
    assert_eq!(
        tracker.deadline(),
        Millis::MAX,
        "nothing is pending any more"
    );
}

#[test]
fn the_end_of_a_fetch_is_the_end_of_its_body_not_its_headers() {
    let mut tracker = one(0);
    tracker.ended(2, 110, How::Headers, 200, FINE);
    assert_eq!(ended(&mut tracker), []);
    tracker.body_ended(2, 410, How::Load);
    assert_eq!(tracker.call(2).unwrap().headers_at, 110);
    assert_eq!(ended(&mut tracker), [(2, RequestOutcome::Ok, 400)]);
    tracker.body_ended(2, 500, How::Load);
    assert_eq!(ended(&mut tracker), []);
}

#[test]
fn a_bad_status_needs_no_body() {
    let mut tracker = one(flag::FIELD);
    tracker.ended(2, 110, How::Headers, 500, FINE);
    assert_eq!(ended(&mut tracker), [(2, RequestOutcome::HttpError, 100)]);
}

#[test]
fn a_body_that_breaks_or_is_cancelled_midway_is_no_good_answer() {
    for (how, outcome) in [
        (How::Error, RequestOutcome::Unreachable),
        (How::Abort, RequestOutcome::Aborted),
    ] {
        let mut tracker = one(flag::FIELD);
        tracker.ended(2, 110, How::Headers, 200, FINE);
        tracker.body_ended(2, 210, how);
        assert_eq!(tracker.call(2).unwrap().status, 200);
        assert_eq!(ended(&mut tracker), [(2, outcome, 200)]);
    }
}

#[test]
fn an_answer_whose_body_nobody_reads_is_not_hung() {
    for how in [How::Load, How::Headers] {
        let mut tracker = one(flag::FIELD);
        tracker.ended(2, 110, how, 200, FINE);
        tracker.give_up(false, 1_010);
        assert_eq!(ended(&mut tracker), [(2, RequestOutcome::Ok, 100)]);
    }
}

#[test]
fn an_answer_that_comes_piece_by_piece_is_hung_when_no_piece_comes_for_the_limit() {
    let mut tracker = one(0);
    tracker.ended(2, 110, How::Headers, 200, FINE);
    tracker.call(2).unwrap().alive_at = 900;
    tracker.give_up(false, 1_899);
    assert_eq!(ended(&mut tracker), []);
    tracker.give_up(false, 1_900);
    assert_eq!(tracker.call(2).unwrap().status, 200);
    assert_eq!(ended(&mut tracker), [(2, RequestOutcome::Hung, 1_890)]);
}

#[test]
fn a_call_is_hung_at_its_limit_and_not_before() {
    let mut tracker = one(0);
    assert_eq!(tracker.deadline(), 1_010);
    tracker.give_up(false, 1_009);
    assert_eq!(ended(&mut tracker), []);
    tracker.give_up(false, 1_010);
    assert_eq!(ended(&mut tracker), [(2, RequestOutcome::Hung, 1_000)]);
    tracker.ended(2, 2_000, How::Load, 200, FINE);
    assert_eq!(ended(&mut tracker), [], "a late answer changes nothing");
}

#[test]
fn hiding_reports_a_pending_call_and_its_end_revises_that() {
    let (mut tracker, mut out) = (one(0), told::outlet());
    for (rev, now) in [(0, 50), (1, 60)] {
        out.words[crate::deliver::word::NOW] = now;
        tracker.provisional(&mut out);
        let event = told::events(&mut out).pop().unwrap();
        let EventKind::Request(call) = event.kind else {
            panic!("{event:?}");
        };
        assert_eq!((event.n, event.rev, call.duration_ms), (2, rev, now - 10));
        assert_eq!(
            (call.outcome, call.finality),
            (RequestOutcome::Aborted, Finality::Provisional)
        );
    }
    tracker.ended(2, 90, How::Load, 200, FINE);
    assert_eq!(tracker.call(2).unwrap().rev, 2);
    assert_eq!(ended(&mut tracker), [(2, RequestOutcome::Ok, 80)]);
}

#[test]
fn hiding_ends_what_is_answered_but_for_a_body_nobody_awaits() {
    let mut tracker = one(0);
    send(&mut tracker, 3, API, flag::FIELD);
    send(&mut tracker, 4, API, 0);
    for id in [2, 3, 4] {
        tracker.ended(id, 110, How::Headers, 200, FINE);
    }
    tracker.call(4).unwrap().alive_at = 120;
    tracker.give_up(true, 500);
    assert_eq!(ended(&mut tracker), [(2, RequestOutcome::Ok, 100)]);
}

#[test]
fn an_origin_has_answered_once_any_status_came_from_it() {
    let mut tracker = one(0);
    send(&mut tracker, 3, OTHER, 0);
    tracker.ended(2, 15, How::Load, 500, FINE);
    tracker.ended(3, 15, How::Error, 0, FINE);
    assert!(tracker.answered.contains(&API));
    assert!(!tracker.answered.contains(&OTHER));
}

#[test]
fn a_violation_of_the_policy_blocks_the_calls_just_sent_there() {
    let mut tracker = one(0);
    send(&mut tracker, 3, OTHER, 0);
    tracker.refused(12, API);
    assert_eq!(ended(&mut tracker), [(2, RequestOutcome::Blocked, 2)]);
    tracker.refused(1_010, OTHER);
    assert_eq!(ended(&mut tracker), [], "long ago");
}

#[test]
fn past_the_room_calls_are_not_followed() {
    let mut tracker = one(0);
    for id in 3..258 {
        send(&mut tracker, id, API, 0);
    }
    assert!(tracker.call(0).is_none());
}
