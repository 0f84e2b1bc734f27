//! What a view tells, and when: the metrics' own arithmetic is tested beside each.

use super::*;

fn told(reports: &[Report]) -> Vec<(VitalName, u32, i32, u32)> {
    let parts = |report: &Report| {
        let Vital {
            name,
            value_micros,
            delta_micros,
        } = report.vital;
        (name, value_micros, delta_micros, report.rev)
    };
    reports.iter().map(parts).collect()
}

#[test]
fn a_page_loaded_in_the_background_has_no_paint_vitals() {
    let mut vitals = Vitals::default();
    vitals.begin(PageStart {
        activated_at: 0.0,
        first_hidden: Some(0.0),
    });
    vitals.candidate(500.0);
    vitals.shift(600.0, 0.5);
    assert_eq!(vitals.first_paint(400.0), None);
    assert_eq!(vitals.leaving(0, true), []);
    assert!(vitals.first_byte(20.0, 30.0).is_some());
}

#[test]
fn a_painted_page_that_stood_still_tells_a_score_of_nothing() {
    let mut vitals = Vitals::default();
    assert!(vitals.first_paint(100.0).is_some());
    assert_eq!(told(&vitals.leaving(0, true)), [(VitalName::Cls, 0, 0, 0)]);
    assert_eq!(vitals.leaving(0, true), [], "nothing new, no word");
}

#[test]
fn a_browser_without_layout_shifts_stays_silent_about_them() {
    let mut vitals = Vitals::default();
    assert!(vitals.first_paint(100.0).is_some());
    assert_eq!(vitals.leaving(0, false), []);
}

#[test]
fn what_changed_since_the_last_hiding_is_a_revision_with_its_difference() {
    let mut vitals = Vitals::default();
    assert!(vitals.first_paint(100.0).is_some());
    vitals.shift(200.0, 0.125);
    vitals.interaction(7.0, 80.0);
    assert_eq!(
        told(&vitals.leaving(1, true)),
        [
            (VitalName::Cls, 125_000, 125_000, 0),
            (VitalName::Inp, 80_000, 80_000, 0)
        ]
    );
    vitals.interaction(14.0, 56.0);
    assert_eq!(
        told(&vitals.leaving(50, true)),
        [(VitalName::Inp, 56_000, -24_000, 1)]
    );
}

#[test]
fn candidates_that_come_with_the_batch_of_the_input_still_count() {
    let mut vitals = Vitals::default();
    vitals.input();
    vitals.candidate(250.5);
    let report = vitals.batch_ends();
    assert_eq!(
        told(report.as_slice()),
        [(VitalName::Lcp, 250_500, 250_500, 0)]
    );
    vitals.candidate(900.0);
    assert_eq!(vitals.leaving(0, true), []);
}

#[test]
fn a_batch_without_input_leaves_the_largest_paint_open() {
    let mut vitals = Vitals::default();
    vitals.candidate(250.5);
    assert_eq!(vitals.batch_ends(), None);
    vitals.candidate(900.0);
    assert_eq!(
        told(&vitals.leaving(0, true)),
        [(VitalName::Lcp, 900_000, 900_000, 0)]
    );
}

#[test]
fn a_restored_view_has_vitals_of_its_own() {
    let mut vitals = Vitals::restored();
    let ttfb = vitals.restore_answered();
    assert_eq!(told(ttfb.as_slice()), [(VitalName::Ttfb, 0, 0, 0)]);
    vitals.candidate(5_000.0);
    assert_eq!(
        told(&vitals.restore_painted(21.5, true)),
        [
            (VitalName::Fcp, 21_500, 21_500, 0),
            (VitalName::Lcp, 21_500, 21_500, 0)
        ]
    );
    assert_eq!(
        told(&vitals.leaving(1, true)),
        [(VitalName::Cls, 0, 0, 0), (VitalName::Inp, 8_000, 8_000, 0)]
    );
}
