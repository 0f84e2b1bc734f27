use super::*;
use beacon::EventKind;

fn event(n: u32) -> Event {
    Event {
        n,
        rev: 0,
        at_ms: 0,
        kind: EventKind::Withdrawn,
    }
}

struct Numbers(u32);

impl Numbers {
    fn draw(&mut self) -> u32 {
        self.0 += 1;
        self.0 - 1
    }
}

fn sealed(events: u32) -> Queue {
    let mut queue = Queue::default();
    let mut numbers = Numbers(0);
    for n in 0..events {
        queue.push(event(n), Urgency::Soon, 0.0);
        queue.seal(&mut || numbers.draw());
    }
    queue
}

#[test]
fn a_bad_outcome_leaves_within_a_second_and_takes_the_rest_with_it() {
    let mut queue = Queue::default();
    let mut numbers = Numbers(4);
    queue.push(event(1), Urgency::Later, 0.0);
    assert_eq!(queue.deadline(), Some(10_000.0));
    queue.push(event(2), Urgency::Soon, 100.0);
    assert_eq!(queue.deadline(), Some(400.0));
    assert!(!queue.is_due(399.0));
    assert!(queue.is_due(400.0));
    queue.seal(&mut || numbers.draw());
    let batch = queue.next(400.0);
    assert_eq!(
        batch.map(|batch| (batch.seq, batch.events.len())),
        Some((4, 2))
    );
}

#[test]
fn a_beacon_keeps_its_number_until_it_is_acknowledged() {
    let mut queue = sealed(2);
    for now in [0.0, 2_000.0, 10_000.0] {
        let batch = queue.next(now);
        assert_eq!(batch.map(|batch| batch.seq), Some(0), "at {now}");
        queue.answered(Answer::Later(None), now, 1.0);
        assert_eq!(queue.next(now), None, "back-off");
    }
    assert!(queue.next(90_000.0).is_some());
    queue.answered(Answer::Taken, 90_000.0, 0.0);
    assert_eq!(queue.next(90_000.0).map(|batch| batch.seq), Some(1));
}

#[test]
fn retry_after_is_obeyed_when_it_is_longer_than_our_own_wait() {
    let mut queue = sealed(1);
    queue.next(0.0);
    queue.answered(Answer::Later(Some(30_000.0)), 0.0, 0.0);
    assert_eq!(queue.deadline(), Some(30_000.0));
}

#[test]
fn the_collector_is_in_reach_when_it_answers_whatever_it_answers() {
    let mut queue = sealed(1);
    assert_eq!(queue.collector_reached(), None);
    for (answer, reached) in [
        (Answer::None, false),
        (Answer::Later(None), true),
        (Answer::Taken, true),
    ] {
        queue.next(f64::MAX);
        queue.answered(answer, 0.0, 0.0);
        assert_eq!(queue.collector_reached(), Some(reached), "{answer:?}");
    }
}

#[test]
fn waits_double_up_to_a_minute() {
    let mut queue = sealed(1);
    let mut now = 0.0;
    let mut waits = Vec::new();
    for _ in 0..8 {
        queue.next(now);
        queue.answered(Answer::Later(None), now, 1.0);
        let at = queue.deadline().unwrap_or(now);
        waits.push(at - now);
        now = at;
    }
    assert_eq!(waits, [1e3, 2e3, 4e3, 8e3, 16e3, 32e3, 60e3, 60e3]);
}

#[test]
fn a_refused_beacon_is_given_up_and_the_next_one_says_so() {
    let mut queue = sealed(1);
    queue.next(0.0);
    queue.answered(Answer::Refused, 0.0, 0.0);
    queue.push(event(9), Urgency::Soon, 0.0);
    let mut numbers = Numbers(1);
    queue.seal(&mut || numbers.draw());
    let dropped = queue.next(0.0).map(|batch| batch.dropped.clone());
    assert_eq!(
        dropped,
        Some(vec![DropCount {
            reason: DropReason::Refused,
            count: 1
        }])
    );
}

fn hand_over(queue: &mut Queue, mut takes: impl FnMut(u32) -> bool) -> Vec<u32> {
    let mut handed = Vec::new();
    while let Some(seq) = queue.leaving().map(|batch| batch.seq) {
        handed.push(seq);
        if takes(seq) {
            queue.browser_took();
        } else {
            queue.browser_declined();
        }
    }
    handed
}

#[test]
fn a_beacon_under_way_is_handed_over_as_well_and_kept_for_its_answer() {
    let mut queue = sealed(2);
    queue.next(0.0);
    assert_eq!(hand_over(&mut queue, |_| true), [0, 1]);
    queue.answered(Answer::Later(None), 0.0, 1.0);
    assert_eq!(queue.next(60_000.0).map(|batch| batch.seq), Some(0));
}

#[test]
fn every_status_has_its_meaning() {
    for (status, answer) in [
        (204, Answer::Taken),
        (200, Answer::Taken),
        (0, Answer::None),
        (408, Answer::Later(Some(5.0))),
        (429, Answer::Later(Some(5.0))),
        (503, Answer::Later(Some(5.0))),
        (403, Answer::Refused),
        (422, Answer::Refused),
    ] {
        assert_eq!(Answer::from_status(status, 5.0), answer, "{status}");
    }
    assert_eq!(Answer::from_status(503, 0.0), Answer::Later(None));
}

#[test]
fn hiding_hands_over_everything_and_keeps_it_only_while_the_collector_is_in_doubt() {
    let mut healthy = sealed(2);
    let handed = hand_over(&mut healthy, |_| true);
    assert_eq!(handed, [0, 1]);
    assert_eq!(healthy.next(0.0), None);

    let mut doubtful = sealed(2);
    doubtful.next(0.0);
    doubtful.answered(Answer::Later(None), 0.0, 0.0);
    assert_eq!(hand_over(&mut doubtful, |_| true), [0, 1]);
    assert_eq!(
        hand_over(&mut doubtful, |_| true),
        [0_u32; 0],
        "once per hiding"
    );
    assert_eq!(doubtful.deadline(), None, "no timer runs while hidden");
    doubtful.resume(5_000.0);
    assert_eq!(hand_over(&mut doubtful, |_| true), [0, 1]);
    doubtful.resume(5_000.0);
    assert_eq!(doubtful.next(5_000.0).map(|batch| batch.seq), Some(0));
}

#[test]
fn what_the_browser_does_not_take_when_hiding_is_kept() {
    let mut queue = sealed(2);
    hand_over(&mut queue, |seq| seq == 0);
    assert_eq!(queue.next(0.0).map(|batch| batch.seq), Some(1));
}

#[test]
fn a_full_queue_drops_the_oldest_and_counts_them() {
    let queue = sealed(2_001);
    assert_eq!(queue.kept(), 2_000);
    assert_eq!(
        queue.dropped,
        [DropCount {
            reason: DropReason::QueueFull,
            count: 1
        }]
    );
}

fn put_away(queue: &mut Queue, takes: bool) -> Vec<u32> {
    let mut kept = Vec::new();
    while let Some(seq) = queue.leaving().map(|batch| batch.seq) {
        let events = if takes {
            queue.browser_took()
        } else {
            queue.browser_declined()
        };
        kept.extend((events > 0).then_some(seq));
    }
    kept
}

#[test]
fn only_what_is_in_doubt_is_put_away_for_the_next_page() {
    assert_eq!(put_away(&mut sealed(2), true), [0_u32; 0]);
    assert_eq!(put_away(&mut sealed(2), false), [0, 1]);
    let mut doubtful = sealed(2);
    doubtful.next(0.0);
    doubtful.answered(Answer::Later(None), 0.0, 0.0);
    assert_eq!(put_away(&mut doubtful, true), [0, 1]);
    let mut backlog = sealed(1);
    backlog.distrust(0.0);
    assert_eq!(
        put_away(&mut backlog, true),
        [0],
        "earlier pages had their doubts"
    );
}

#[test]
fn a_beacon_that_fails_after_the_page_was_hidden_is_put_away_as_well() {
    let mut queue = sealed(1);
    queue.next(0.0);
    assert_eq!(put_away(&mut queue, true), [0_u32; 0]);
    queue.answered(Answer::Later(None), 100.0, 0.0);
    assert_eq!(put_away(&mut queue, true), [0]);
}

#[test]
fn drops_are_told_even_when_there_is_nothing_else_to_tell() {
    let mut queue = Queue::default();
    queue.drop_events(DropReason::Expired, 7);
    let mut numbers = Numbers(0);
    queue.seal(&mut || numbers.draw());
    let told = queue.next(0.0).map(|batch| batch.dropped.clone());
    assert_eq!(
        told,
        Some(vec![DropCount {
            reason: DropReason::Expired,
            count: 7
        }])
    );
}

#[test]
fn coming_back_does_not_cut_short_the_pause_the_collector_asked_for() {
    let mut queue = sealed(1);
    queue.next(0.0);
    queue.answered(Answer::Later(Some(30_000.0)), 0.0, 0.0);
    queue.resume(5_000.0);
    assert_eq!(queue.next(29_999.0), None);
    assert!(queue.next(30_000.0).is_some());
}

#[test]
fn past_the_retry_budget_tries_are_minutes_apart_until_one_succeeds() {
    let mut queue = sealed(2);
    let mut now = 0.0;
    for _ in 0..RETRIES {
        queue.next(now);
        queue.answered(Answer::Later(None), now, 1.0);
        now = queue.deadline().unwrap_or(now);
    }
    queue.next(now);
    queue.answered(Answer::Later(None), now, 1.0);
    assert_eq!(queue.deadline(), Some(now + PAST_BUDGET));
    now += PAST_BUDGET;
    queue.next(now);
    queue.answered(Answer::Taken, now, 1.0);
    queue.next(now);
    queue.answered(Answer::Later(None), now, 1.0);
    assert_eq!(
        queue.deadline(),
        Some(now + PAST_BUDGET),
        "one was given back and spent"
    );
}
