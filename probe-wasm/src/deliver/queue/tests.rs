use super::*;
use crate::deliver::Outlet;
use crate::deliver::outlet::told;
use beacon::{DropCount, EventKind};

fn begin(out: &mut Outlet, n: u32) {
    out.begin(n, 0, 0);
    out.number(7);
}

fn fill(out: &mut Outlet, bytes: usize) {
    out.queue.memory.again(0, bytes);
}

/// Writes an empty event.
fn push(out: &mut Outlet, n: u32, due: Millis) {
    begin(out, n);
    out.queue.end(due);
}

fn seal(out: &mut Outlet) {
    let (tail, length) = told::head(out);
    out.seal(tail, length);
}

fn sealed(events: u32) -> Box<Outlet> {
    let mut out = told::outlet();
    for n in 0..events {
        push(&mut out, n, 300);
        seal(&mut out);
    }
    out
}

fn decoded(out: &Outlet, place: Place) -> beacon::DecodedBeacon {
    beacon::decode(out.queue.memory.part(place.at, place.at + place.length)).unwrap()
}

fn next(out: &mut Outlet, now: Millis) -> Option<u32> {
    let place = out.queue.next(now)?;
    Some(decoded(out, place).head.seq)
}

fn dropped(out: &mut Outlet) -> Vec<DropCount> {
    seal(out);
    let place = out.queue.place(out.queue.waiting() - 1);
    decoded(out, place).head.dropped
}

#[test]
fn a_bad_outcome_leaves_within_a_second_and_takes_the_rest_with_it() {
    let mut out = told::outlet();
    out.words[1] = 4;
    push(&mut out, 1, 10_000);
    assert_eq!(out.queue.deadline(), 10_000);
    push(&mut out, 2, 400);
    assert_eq!(out.queue.deadline(), 400);
    assert!(!out.queue.is_due(399));
    assert!(out.queue.is_due(400));
    seal(&mut out);
    let place = out.queue.next(400).unwrap();
    let beacon = decoded(&out, place);
    assert_eq!((beacon.head.seq, beacon.events.len()), (4, 2));
}

#[test]
fn a_beacon_is_what_the_shell_says_of_the_view_and_the_events_as_they_were_written() {
    let mut out = told::outlet();
    out.navigation_start = 1_800_000_000_000.0;
    out.begin(9, 3, 1_500);
    out.number(7);
    out.queue.end(0);
    out.queue.drop_events(DropReason::Capped as usize, 2);
    out.queue.drop_events(DropReason::HookFull as usize, 300);
    let [beacon] = <[_; 1]>::try_from(told::beacons(&mut out)).unwrap();
    let head = beacon.head;
    assert_eq!((head.view.0, head.seq), ([7; 16], 0));
    assert_eq!(head.session.map(|session| session.0), Some([3; 8]));
    assert_eq!(head.page.navigation, beacon::NavigationKind::Reload);
    assert_eq!(head.attributes.len(), 1);
    let count = |reason, count| DropCount { reason, count };
    assert_eq!(
        head.dropped,
        [
            count(DropReason::HookFull, 300),
            count(DropReason::Capped, 2)
        ]
    );
    let [Ok(event)] = beacon.events.as_slice() else {
        panic!("{:?}", beacon.events);
    };
    assert_eq!((event.n, event.rev), (9, 3));
    assert_eq!(event.at_ms, 1_800_000_001_500);
    assert_eq!(event.kind, EventKind::Withdrawn);
}

#[test]
fn a_beacon_ends_after_a_hundred_events_or_twenty_thousand_bytes() {
    let mut out = told::outlet();
    for n in 0..250 {
        push(&mut out, n, 0);
    }
    let events = |out: &mut Outlet| {
        let beacons = told::beacons(out);
        beacons
            .iter()
            .map(|beacon| beacon.events.len())
            .collect::<Vec<_>>()
    };
    assert_eq!(events(&mut out), [100, 100, 50]);
    for n in 0..4 {
        begin(&mut out, n);
        fill(&mut out, 7_000);
        out.queue.end(0);
    }
    assert!(out.queue.is_due(-1), "there is enough for a beacon");
    assert_eq!(events(&mut out), [2, 2]);
}

#[test]
fn an_event_of_excess_length_is_lost_and_counted() {
    let mut out = told::outlet();
    push(&mut out, 1, 0);
    begin(&mut out, 2);
    fill(&mut out, 8_192);
    out.queue.end(0);
    push(&mut out, 3, 0);
    let [beacon] = <[_; 1]>::try_from(told::beacons(&mut out)).unwrap();
    let numbers = beacon.events.iter().map(|event| event.as_ref().unwrap().n);
    assert_eq!(numbers.collect::<Vec<_>>(), [1, 3]);
    assert_eq!(beacon.head.dropped.len(), 1);
}

#[test]
fn what_is_withheld_does_not_leave() {
    let mut out = told::outlet();
    push(&mut out, 1, 0);
    let first = out.queue.open();
    push(&mut out, 2, 0);
    out.queue.withhold(first.at + first.length);
    let events = told::events(&mut out);
    assert_eq!(events.first().map(|event| event.n), Some(1));
    assert_eq!(events.len(), 1);
}

#[test]
fn a_beacon_keeps_its_number_until_it_is_acknowledged() {
    let mut out = sealed(2);
    for now in [0, 2_000, 10_000] {
        assert_eq!(next(&mut out, now), Some(0), "at {now}");
        out.queue.answered(Answer::Later(0), now, 1_024);
        assert_eq!(next(&mut out, now), None, "back-off");
    }
    assert!(next(&mut out, 90_000).is_some());
    out.queue.answered(Answer::Taken, 90_000, 0);
    assert_eq!(next(&mut out, 90_000), Some(1));
}

#[test]
fn retry_after_is_obeyed_when_it_is_longer_than_our_own_wait() {
    let mut out = sealed(1);
    next(&mut out, 0);
    out.queue.answered(Answer::Later(30_000), 0, 0);
    assert_eq!(out.queue.deadline(), 30_000);
}

#[test]
fn the_collector_is_in_reach_when_it_answers_whatever_it_answers() {
    let mut out = sealed(1);
    assert_eq!(out.queue.collector_reached(), None);
    for (answer, reached) in [
        (Answer::None, false),
        (Answer::Later(0), true),
        (Answer::Taken, true),
    ] {
        next(&mut out, Millis::MAX);
        out.queue.answered(answer, 0, 0);
        assert_eq!(out.queue.collector_reached(), Some(reached), "{answer:?}");
    }
}

#[test]
fn waits_double_up_to_a_minute() {
    let mut out = sealed(1);
    let mut now = 0;
    let mut waits = Vec::new();
    for _ in 0..8 {
        next(&mut out, now);
        out.queue.answered(Answer::Later(0), now, 1_024);
        let at = out.queue.deadline();
        waits.push(at - now);
        now = at;
    }
    assert_eq!(
        waits,
        [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]
    );
}

#[test]
fn jitter_shortens_a_wait_by_half_at_most() {
    for (jitter, wait) in [(0, 500), (512, 750), (1_024, 1_000)] {
        let mut out = sealed(1);
        next(&mut out, 0);
        out.queue.answered(Answer::None, 0, jitter);
        assert_eq!(out.queue.deadline(), wait, "{jitter}");
    }
}

#[test]
fn a_refused_beacon_is_given_up_and_the_next_one_says_so() {
    let mut out = sealed(1);
    next(&mut out, 0);
    out.queue.answered(Answer::Refused, 0, 0);
    push(&mut out, 9, 0);
    let refused = DropCount {
        reason: DropReason::Refused,
        count: 1,
    };
    assert_eq!(dropped(&mut out), [refused]);
}

fn hand_over(out: &mut Outlet, mut takes: impl FnMut(u32) -> bool) -> Vec<u32> {
    let mut handed = Vec::new();
    while let Some(place) = out.queue.leaving() {
        let seq = decoded(out, place).head.seq;
        handed.push(seq);
        out.queue.handed(takes(seq));
    }
    handed
}

#[test]
fn a_beacon_under_way_is_handed_over_as_well_and_kept_for_its_answer() {
    let mut out = sealed(2);
    next(&mut out, 0);
    assert_eq!(hand_over(&mut out, |_| true), [0, 1]);
    out.queue.answered(Answer::Later(0), 0, 1_024);
    assert_eq!(next(&mut out, 60_000), Some(0));
}

#[test]
fn hiding_hands_over_everything_and_keeps_it_only_while_the_collector_is_in_doubt() {
    let mut healthy = sealed(2);
    let handed = hand_over(&mut healthy, |_| true);
    assert_eq!(handed, [0, 1]);
    assert_eq!(next(&mut healthy, 0), None);

    let mut doubtful = sealed(2);
    next(&mut doubtful, 0);
    doubtful.queue.answered(Answer::Later(0), 0, 0);
    assert_eq!(hand_over(&mut doubtful, |_| true), [0, 1]);
    assert_eq!(
        hand_over(&mut doubtful, |_| true),
        [0_u32; 0],
        "once per hiding"
    );
    assert_eq!(
        doubtful.queue.deadline(),
        Millis::MAX,
        "no timer runs while hidden"
    );
    doubtful.queue.resume(5_000);
    assert_eq!(hand_over(&mut doubtful, |_| true), [0, 1]);
    doubtful.queue.resume(5_000);
    assert_eq!(next(&mut doubtful, 5_000), Some(0));
}

#[test]
fn what_the_browser_does_not_take_when_hiding_is_kept() {
    let mut out = sealed(2);
    hand_over(&mut out, |seq| seq == 0);
    assert_eq!(next(&mut out, 0), Some(1));
}

#[test]
fn a_full_queue_drops_the_oldest_and_counts_them() {
    let mut out = sealed(u32::try_from(KEPT_BEACONS).unwrap() + 3);
    assert_eq!(out.queue.waiting(), KEPT_BEACONS);
    let told = |out: &Outlet| -> u32 {
        let told = out.queue.kept().map(|sealed| sealed.told[1]);
        told.sum::<u32>() + out.queue.dropped[1]
    };
    assert_eq!(told(&out), 3);
    for n in 0..100 {
        begin(&mut out, n);
        fill(&mut out, 8_000);
        out.queue.end(0);
        seal(&mut out);
    }
    let bytes: usize = out.queue.kept().map(|sealed| sealed.length).sum();
    assert!(bytes <= KEPT_BYTES, "{bytes}");
    let kept: u32 = out.queue.kept().map(|sealed| sealed.events).sum();
    let pushed = u32::try_from(KEPT_BEACONS).unwrap() + 103;
    assert_eq!(told(&out) + kept, pushed, "none vanishes uncounted");
}

fn put_away(out: &mut Outlet, takes: bool) -> Vec<u32> {
    let mut kept = Vec::new();
    while let Some(place) = out.queue.leaving() {
        let seq = decoded(out, place).head.seq;
        let events = out.queue.handed(takes);
        kept.extend((events > 0).then_some(seq));
    }
    kept
}

#[test]
fn only_what_is_in_doubt_is_put_away_for_the_next_page() {
    assert_eq!(put_away(&mut sealed(2), true), [0_u32; 0]);
    assert_eq!(put_away(&mut sealed(2), false), [0, 1]);
    let mut doubtful = sealed(2);
    next(&mut doubtful, 0);
    doubtful.queue.answered(Answer::Later(0), 0, 0);
    assert_eq!(put_away(&mut doubtful, true), [0, 1]);
    let mut backlog = sealed(1);
    backlog.queue.distrust(0);
    assert_eq!(
        put_away(&mut backlog, true),
        [0],
        "earlier pages had their doubts"
    );
}

#[test]
fn a_beacon_that_fails_after_the_page_was_hidden_is_put_away_as_well() {
    let mut out = sealed(1);
    next(&mut out, 0);
    assert_eq!(put_away(&mut out, true), [0_u32; 0]);
    out.queue.answered(Answer::Later(0), 100, 0);
    assert_eq!(put_away(&mut out, true), [0]);
}

#[test]
fn drops_are_told_even_when_there_is_nothing_else_to_tell() {
    let mut out = told::outlet();
    out.queue.drop_events(DropReason::Expired as usize, 7);
    let expired = DropCount {
        reason: DropReason::Expired,
        count: 7,
    };
    assert_eq!(dropped(&mut out), [expired]);
}

#[test]
fn coming_back_does_not_cut_short_the_pause_the_collector_asked_for() {
    let mut out = sealed(1);
    next(&mut out, 0);
    out.queue.answered(Answer::Later(30_000), 0, 0);
    out.queue.resume(5_000);
    assert_eq!(next(&mut out, 29_999), None);
    assert!(next(&mut out, 30_000).is_some());
}

#[test]
fn past_the_retry_budget_tries_are_minutes_apart_until_one_succeeds() {
    let mut out = sealed(2);
    let mut now = 0;
    for _ in 0..RETRIES {
        next(&mut out, now);
        out.queue.answered(Answer::Later(0), now, 1_024);
        now = out.queue.deadline();
    }
    next(&mut out, now);
    out.queue.answered(Answer::Later(0), now, 1_024);
    assert_eq!(out.queue.deadline(), now + PAST_BUDGET);
    now += PAST_BUDGET;
    next(&mut out, now);
    out.queue.answered(Answer::Taken, now, 1_024);
    next(&mut out, now);
    out.queue.answered(Answer::Later(0), now, 1_024);
    assert_eq!(
        out.queue.deadline(),
        now + PAST_BUDGET,
        "one was given back and spent"
    );
}
