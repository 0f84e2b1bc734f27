use super::*;
use crate::Text;
use crate::deliver::told;
use crate::request::{Call, Field, How};
use beacon::{Event, EventKind, FailureCause, PageOutcome, VitalName};

const GET: &str = "GET";
const API: &str = "http://api.test";

fn core() -> Box<Core> {
    let mut core = Box::new(Core::new());
    core.out.words[word::DETAILS] = 1;
    core.out.words[word::NEXT_EVENT] = 2;
    core.out.words[word::ONLINE] = 1;
    for text in [GET, API] {
        told::text(&mut core.out, text);
    }
    core
}

fn at(core: &mut Core, now: u32) {
    core.out.words[word::NOW] = now;
}

/// Nothing is known of who served the page: an empty list.
fn nobody(core: &mut Core) -> usize {
    core.out.queue.memory.lend(&[0])
}

fn run(core: &mut Core, now: u32) {
    at(core, now);
    let touched = nobody(core);
    core.run(-1, touched);
}

fn hide(core: &mut Core, now: u32) {
    at(core, now);
    let touched = nobody(core);
    core.hide(false, touched);
}

fn call(core: &mut Core, id: u32, started_at: Millis) {
    let index = core.requests.index(0);
    core.requests.calls[index] = Call {
        id,
        started_at,
        method: 1,
        origin: 2,
        flags: flag::EXPECTED,
        limit: 30_000,
        stage: Stage::Sent,
        ..Call::NONE
    };
    core.sent(index);
}

fn end(core: &mut Core, id: u32, ended_at: Millis, how: How, status: u16) -> Decision {
    core.requests.ended(id, ended_at, how, status, 0);
    core.settle(id)
}

fn told(core: &mut Core) -> Vec<Event> {
    core.gather(true);
    told::events(&mut core.out)
}

fn pages(events: &[Event]) -> Vec<(u32, PageOutcome, Finality)> {
    let page = |event: &Event| match &event.kind {
        EventKind::Page(page) => Some((event.rev, page.outcome, page.finality)),
        _ => None,
    };
    events.iter().filter_map(page).collect()
}

fn vitals(events: &[Event]) -> Vec<(u32, u32, VitalName, u32)> {
    let vital = |event: &Event| match &event.kind {
        EventKind::Vital(vital) => Some((event.n, event.rev, vital.name, vital.value_micros)),
        _ => None,
    };
    events.iter().filter_map(vital).collect()
}

/// Calls told singly, and calls counted.
fn calls(events: &[Event]) -> (usize, u64) {
    let (mut single, mut counted) = (0, 0);
    for event in events {
        match &event.kind {
            EventKind::Request(_) => single += 1,
            EventKind::Requests(requests) => counted += requests.durations.total(),
            _ => {}
        }
    }
    (single, counted)
}

#[test]
fn a_page_hidden_early_is_told_as_abandoned_until_it_is_seen_to_be_ready() {
    let mut core = core();
    core.loaded(100, 20.0);
    core.activated(0.0, -1.0);
    hide(&mut core, 900);
    hide(&mut core, 901);
    core.show();
    core.painted(true, 0, 1_200);
    run(&mut core, 1_300);
    assert_eq!(
        pages(&told(&mut core)),
        [
            (0, PageOutcome::Abandoned, Finality::Provisional),
            (1, PageOutcome::Ready, Finality::Final)
        ]
    );
}

#[test]
fn the_next_word_about_a_page_follows_those_of_the_hook() {
    let mut core = core();
    core.begin(2, -1, false);
    core.mounted();
    core.loaded(100, 20.0);
    run(&mut core, 8_200);
    assert_eq!(
        pages(&told(&mut core)),
        [(2, PageOutcome::Incomplete, Finality::Final)]
    );
}

#[test]
fn good_calls_are_counted_and_bad_ones_told_singly_up_to_a_hundred() {
    let mut core = core();
    for id in 10..260 {
        call(&mut core, id, 5);
        let status = if id < 110 { 200 } else { 500 };
        assert_eq!(end(&mut core, id, 25, How::Load, status), Decision::Made);
    }
    assert_eq!(calls(&told(&mut core)), (100, 150));
    assert!(told(&mut core).is_empty(), "told once");
}

#[test]
fn without_details_bad_calls_are_counted_as_well() {
    let mut core = core();
    core.out.words[word::DETAILS] = 0;
    call(&mut core, 10, 5);
    end(&mut core, 10, 25, How::Error, 0);
    assert_eq!(calls(&told(&mut core)), (0, 1));
}

#[test]
fn a_check_of_an_origin_makes_the_diagnosis_surer() {
    let mut core = core();
    core.begin(0, -1, true);
    call(&mut core, 10, 5);
    assert_eq!(end(&mut core, 10, 25, How::Error, 0), Decision::NobodyThere);
    core.checked(10, false);
    core.checked(10, false);
    let diagnoses: Vec<_> = told(&mut core)
        .into_iter()
        .filter_map(|event| match event.kind {
            EventKind::Request(request) => request.diagnosis.map(|found| (event.rev, found)),
            _ => None,
        })
        .collect();
    let [(0, first), (1, second)] = diagnoses[..] else {
        panic!("{diagnoses:?}");
    };
    assert_eq!(second.cause, FailureCause::UnreachableHost);
    assert!(first.confidence_percent < second.confidence_percent);
}

#[test]
fn a_field_of_the_answer_is_asked_for_before_the_call_is_told() {
    let mut core = core();
    call(&mut core, 10, 5);
    core.requests.call(10).unwrap().flags |= flag::FIELD;
    assert_eq!(end(&mut core, 10, 25, How::Load, 200), Decision::Reading);
    assert_eq!(calls(&told(&mut core)), (0, 0));
    core.requests.field_read(10, Field::Bad, 0);
    assert_eq!(core.settle(10), Decision::Made);
    assert_eq!(calls(&told(&mut core)), (1, 0));
}

#[test]
fn a_vital_keeps_its_number_and_is_shared_with_its_revision() {
    let mut core = core();
    core.activated(0.0, -1.0);
    core.loaded(100, 20.0);
    for shift in [0.1, 0.2] {
        core.vitals.shift(500.0, shift);
        core.vitals.first_paint(50.0);
        core.vitals.leaving(0, true);
        hide(&mut core, 1_000);
        core.show();
    }
    let told = vitals(&told(&mut core));
    let cls: Vec<_> = told
        .iter()
        .filter(|vital| vital.2 == VitalName::Cls)
        .collect();
    let [first, second] = cls[..] else {
        panic!("{told:?}");
    };
    assert_eq!((first.0, first.1, first.3), (second.0, 0, 100_000));
    assert_eq!((second.1, second.3), (1, 300_000));
    let shared = word::VITALS + 3 * VitalName::Cls as usize;
    assert_eq!(
        core.out.words[shared..shared + 3],
        [2, 300_000, 200_000],
        "times told, value, difference"
    );
}

#[test]
fn a_restored_view_begins_with_nothing_of_the_one_before() {
    let mut core = core();
    core.begin(1, -1, false);
    core.activated(0.0, -1.0);
    core.loaded(100, 20.0);
    core.vitals.first_paint(50.0);
    call(&mut core, 10, 5);
    end(&mut core, 10, 25, How::Load, 200);
    call(&mut core, 11, 5);
    hide(&mut core, 900);
    // The view before is not sealed: what follows must not mix with it.
    core.restore(5_000);
    told::events(&mut core.out);
    assert!(
        core.out.words[word::VITALS..word::BEFORE]
            .iter()
            .all(|word| *word == 0)
    );
    assert!(core.requests.call(11).is_none());
    assert!(!core.is_undecided());
    core.activated(0.0, -1.0);
    core.vitals.restore_painted(12.0, true);
    run(&mut core, 5_100);
    let told = told(&mut core);
    assert_eq!(pages(&told), []);
    assert_eq!(calls(&told), (0, 0));
    let told = vitals(&told);
    let names: Vec<_> = told.iter().map(|vital| (vital.1, vital.2)).collect();
    assert_eq!(
        names,
        [
            (0, VitalName::Ttfb),
            (0, VitalName::Fcp),
            (0, VitalName::Lcp)
        ]
    );
}

#[test]
fn a_page_owes_a_word_while_something_is_open_and_it_is_visible() {
    let mut core = core();
    assert!(core.owes(), "its outcome");
    core.loaded(100, 20.0);
    core.painted(true, 0, 200);
    run(&mut core, 300);
    assert!(core.owes(), "what waits to be sealed");
    told(&mut core);
    assert!(!core.owes());
    call(&mut core, 10, 400);
    assert!(core.owes(), "a call under way");
    hide(&mut core, 500);
    told(&mut core);
    assert!(!core.owes(), "hidden, it has said what holds if it dies");
}

#[test]
fn it_waits_for_the_nearest_deadline_and_not_at_all_without_one() {
    let mut core = core();
    core.loaded(100, 20.0);
    at(&mut core, 1_000);
    assert_eq!(core.wait(), 7_100, "until a silent page is decided");
    call(&mut core, 10, 1_000);
    core.requests.call(10).unwrap().limit = 2_000;
    assert_eq!(core.wait(), 2_000);
    end(&mut core, 10, 1_100, How::Load, 200);
    core.painted(true, 0, 1_200);
    run(&mut core, 1_300);
    assert_eq!(core.wait(), 300, "until what is gathered leaves");
    told(&mut core);
    assert_eq!(core.wait(), -1);
}

#[test]
fn more_kinds_of_calls_than_there_is_room_for_are_said_to_be_dropped() {
    let mut core = core();
    for id in 10..110 {
        call(&mut core, id, 5);
        #[expect(clippy::cast_possible_truncation)]
        let route = id as Text;
        core.requests.call(id).unwrap().route = route;
        end(&mut core, id, 25, How::Load, 200);
    }
    core.gather(true);
    let beacons = told::beacons(&mut core.out);
    let dropped: u32 = beacons
        .iter()
        .flat_map(|beacon| &beacon.head.dropped)
        .map(|drops| drops.count)
        .sum();
    assert_eq!(dropped, 36);
}
