//! What counts as a vote, and how many one voice has.

use super::site::{From, NAMES, Site, call, page};
use crate::compare::blindspot::*;
use beacon::{
    CoreStatus, Detail, Diagnosis, Event, EventKind, FailureCause, Head, Page, PageOutcome,
    RequestOutcome, ViewId,
};

#[test]
fn a_user_who_reloads_is_one_voice() {
    let mut site = Site::after_a_healthy_day();
    for _ in 0..50 {
        site.failed(From {
            session: Some(7),
            network: Some(7),
            ..From::default()
        });
    }
    assert_eq!(site.sentence(), None);
}

#[test]
fn a_bot_with_a_hundred_sessions_in_two_networks_is_four_voices() {
    let mut site = Site::after_a_healthy_day();
    for n in 0..60 {
        // All within ten minutes.
        site.now_ms -= 5000;
        site.failed(From {
            network: Some(1_000_000 + n % 2),
            ..From::default()
        });
    }
    assert_eq!(site.sentence(), None);
}

#[test]
fn failures_that_the_server_has_counted_are_no_blind_spot() {
    let mut site = Site::after_a_healthy_day();
    for _ in 0..100 {
        let good = NAMES.good;
        let failed = call(good.2, RequestOutcome::HttpError);
        site.tell(
            good,
            From::default(),
            vec![
                page(PageOutcome::Ready, &[good], 0),
                EventKind::Request(failed),
            ],
        );
    }
    assert_eq!(site.sentence(), None);
}

#[test]
fn a_browser_without_a_network_says_nothing_about_us() {
    let mut site = Site::after_a_healthy_day();
    for _ in 0..50 {
        let mut offline = call(NAMES.good.2, RequestOutcome::Unreachable);
        offline.diagnosis = Some(Diagnosis {
            cause: FailureCause::Offline,
            confidence_percent: 95,
        });
        site.tell(
            NAMES.good,
            From::default(),
            vec![EventKind::Request(offline)],
        );
    }
    assert_eq!(site.sentence(), None);
}

#[test]
fn a_call_that_hangs_at_a_backend_which_answers_others_is_the_servers_to_tell() {
    let mut site = Site::after_a_healthy_day();
    let hung = || EventKind::Request(call(NAMES.good.2, RequestOutcome::Hung));
    for _ in 0..20 {
        site.tell(NAMES.good, From::default(), vec![hung()]);
        site.ready();
    }
    assert_eq!(site.sentence(), None);
    // Once it answers nobody, nobody has a record.
    site.now_ms += 700_000;
    for _ in 0..20 {
        site.tell(NAMES.good, From::default(), vec![hung()]);
    }
    assert!(site.sentence().unwrap().contains("without an end"));
}

#[test]
fn a_revision_takes_a_failure_back() {
    let mut site = Site::after_a_healthy_day();
    for _ in 0..20 {
        let view = site.failed(From::default());
        let good = NAMES.good;
        site.tell_more(
            view,
            good,
            From::default(),
            1,
            vec![page(PageOutcome::Ready, &[good], 0)],
        );
        // The lower revision comes late and changes nothing.
        site.tell_more(
            view,
            good,
            From::default(),
            0,
            vec![page(PageOutcome::Blank, &[good], 0)],
        );
    }
    assert_eq!(site.sentence(), None);
}

#[test]
fn what_happened_long_before_its_receipt_pages_nobody() {
    let mut site = Site::after_a_healthy_day();
    for _ in 0..100 {
        let before = site.now_ms;
        let view = ViewId([(site.next % 251) as u8; 16]);
        site.next += 1;
        let head_of = site.names.good;
        let event = Event {
            n: 0,
            rev: 0,
            at_ms: before,
            kind: page(PageOutcome::Blank, &[head_of], 0),
        };
        let head = Head {
            view,
            seq: 0,
            session: None,
            sent_at_ms: before,
            core: CoreStatus::Loaded,
            detail: Detail::Full,
            page: Page::default(),
            previous_view: None,
            dropped: Vec::new(),
            attributes: Vec::new(),
        };
        site.detector.hear(&Heard {
            head: &head,
            events: vec![HeardEvent {
                event: &event,
                event_ms: before - 600_000,
            }],
            received_ms: before,
            from: Surroundings {
                network: Some(site.next),
                ..Surroundings::default()
            },
        });
    }
    assert_eq!(site.sentence(), None);
}
