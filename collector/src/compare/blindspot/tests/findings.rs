//! When something is found, what is named as its cause, and when it is over.

use super::site::{From, NAMES, Names, Site, page, unreachable};
use crate::compare::blindspot::*;
use beacon::PageOutcome;

#[test]
fn the_incident_is_one_sentence_that_leads_with_the_change_and_lists_how_it_shows() {
    let mut site = Site::after_a_healthy_day();
    for _ in 0..4 {
        site.mixed();
        site.wrong();
        site.ready();
    }
    assert_eq!(
        site.sentence().unwrap(),
        "Release 2 (web-two), first seen 30 s earlier: 8 of 8 loads that touched it failed, \
         0 of 4 others. 4 blank (assets of two releases), 4 calls to http://inner.test never \
         answered, not an expected backend."
    );
    let finding = site.detector.finding().unwrap();
    assert_eq!(finding.test, Test::Signature);
    assert_eq!((finding.failed, finding.loads), (8, 12));
    assert_eq!(finding.causes[0].explains_ppm, 1_000_000);
    assert_eq!(finding.examples.len(), 5);
}

#[test]
fn the_ranking_is_blind_to_names() {
    let story = |names: Names| {
        let mut site = Site::named(names);
        site.healthy(3000);
        for _ in 0..6 {
            site.mixed();
            site.ready();
            site.wrong();
        }
        site.sentence().unwrap()
    };
    let other = Names {
        good: ("zebra", "alpha-9", "https://x.invalid"),
        bad: ("aardvark", "omega-0", "https://y.invalid"),
    };
    let swapped = Names {
        good: NAMES.bad,
        bad: NAMES.good,
    };
    for (names, told) in [(other, story(other)), (swapped, story(swapped))] {
        // Through placeholders, since swapped names would be renamed twice.
        let mut renamed = story(NAMES);
        let pairs = [
            (NAMES.bad.2, "{origin}", names.bad.2),
            (NAMES.bad.1, "{pod}", names.bad.1),
            (
                "Release 2",
                "{release}",
                &format!("Release {}", names.bad.0),
            ),
        ];
        for (from, place, _) in &pairs {
            renamed = renamed.replace(from, place);
        }
        for (_, place, to) in &pairs {
            renamed = renamed.replace(place, to);
        }
        assert_eq!(told, renamed);
    }
}

#[test]
fn when_all_fail_alike_no_cause_is_named() {
    let mut site = Site::after_a_healthy_day();
    let good = NAMES.good;
    for n in 0..20 {
        let from = From {
            browser: ["Chrome 1", "Firefox 1", "Safari 1"][n % 3],
            ..From::default()
        };
        site.tell(
            good,
            from,
            vec![page(PageOutcome::Ready, &[good], 0), unreachable(good.2)],
        );
        // Who never calls never fails, which makes the call's origin no cause.
        if n % 2 == 0 {
            site.tell(good, from, vec![page(PageOutcome::Ready, &[good], 0)]);
        }
    }
    assert_eq!(
        site.sentence().unwrap(),
        "No single cause: 20 of 30 loads failed, all alike. 20 calls to http://api.test never answered."
    );
}

#[test]
fn a_release_that_replaced_the_other_is_held_against_how_it_was_before() {
    let mut site = Site::after_a_healthy_day();
    for _ in 0..6 {
        site.wrong();
    }
    let sentence = site.sentence().unwrap();
    assert!(
        sentence.starts_with("Release 2 (web-two), first seen 20 s earlier: 6 of 6 loads that touched it failed, 0 of 60 before it."),
        "{sentence}"
    );
}

#[test]
fn a_browser_that_chokes_is_found_among_many_that_do_not() {
    let mut site = Site::after_a_healthy_day();
    let mut found = None;
    for n in 0..200 {
        let from = From {
            browser: if n % 10 == 0 { "Firefox 9" } else { "Chrome 9" },
            ..From::default()
        };
        let good = NAMES.good;
        let outcome = match n % 10 {
            0 => PageOutcome::Incomplete,
            _ => PageOutcome::Ready,
        };
        site.tell(good, from, vec![page(outcome, &[good], 0)]);
        if found.is_none() && site.detector.is_open() {
            found = Some(n);
        }
    }
    assert!(found.is_some_and(|n| n < 100), "{found:?}");
    let finding = site.detector.finding().unwrap();
    assert_eq!(finding.test, Test::Value);
    assert!(
        finding.sentence.starts_with("Browser Firefox 9"),
        "{}",
        finding.sentence
    );
}

#[test]
fn it_is_over_when_sessions_succeed_again_and_found_anew_when_they_fail_again() {
    let mut site = Site::after_a_healthy_day();
    (0..10).for_each(|_| _ = site.mixed());
    let first = site.detector.found_ms().unwrap();
    site.healthy(120);
    assert!(!site.detector.is_open());
    (0..10).for_each(|_| _ = site.mixed());
    assert!(site.detector.found_ms().unwrap() > first);
}

#[test]
fn a_young_detector_takes_no_rate_for_granted_but_knows_a_sign_when_it_sees_one() {
    let mut young = Site::new();
    (0..6).for_each(|_| _ = young.failed(From::default()));
    assert_eq!(young.sentence(), None);
    let mut young = Site::new();
    (0..3).for_each(|_| _ = young.mixed());
    assert!(young.sentence().is_some());
}
