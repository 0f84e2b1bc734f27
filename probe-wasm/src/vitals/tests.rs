//! What a view tells, and when: the metrics' own arithmetic is tested beside each.

use super::*;

fn told(vitals: &mut Vitals) -> Vec<(VitalName, u32, i32, u32)> {
    let mut all = Vec::new();
    while let Some(vital) = vitals.next_report() {
        all.push((
            vital.name,
            vital.value_micros,
            vital.delta_micros,
            vital.rev,
        ));
    }
    all
}

#[test]
fn the_names_stand_in_the_order_of_their_tags() {
    for (tag, name) in NAMES.into_iter().enumerate() {
        assert_eq!(name as usize, tag);
    }
}

#[test]
fn a_page_loaded_in_the_background_has_no_paint_vitals() {
    let mut vitals = Vitals::new();
    vitals.begin(PageStart {
        activated_at: 0.0,
        first_hidden: Some(0.0),
    });
    vitals.candidate(500.0);
    vitals.shift(600.0, 0.5);
    vitals.first_paint(400.0);
    vitals.leaving(0, true);
    assert_eq!(told(&mut vitals), []);
    vitals.first_byte(20.0, 30.0);
    assert_eq!(told(&mut vitals), [(VitalName::Ttfb, 20_000, 20_000, 0)]);
    vitals.first_byte(20.0, 40.0);
    assert_eq!(told(&mut vitals), [], "it is told once");
}

#[test]
fn a_painted_page_that_stood_still_tells_a_score_of_nothing() {
    let mut vitals = Vitals::new();
    vitals.first_paint(100.0);
    assert_eq!(told(&mut vitals), [(VitalName::Fcp, 100_000, 100_000, 0)]);
    vitals.leaving(0, true);
    assert_eq!(told(&mut vitals), [(VitalName::Cls, 0, 0, 0)]);
    vitals.leaving(0, true);
    assert_eq!(told(&mut vitals), [], "nothing new, no word");
}

#[test]
fn a_browser_without_layout_shifts_stays_silent_about_them() {
    let mut vitals = Vitals::new();
    vitals.first_paint(100.0);
    vitals.leaving(0, false);
    assert_eq!(told(&mut vitals).len(), 1);
}

#[test]
fn what_changed_since_the_last_hiding_is_a_revision_with_its_difference() {
    let mut vitals = Vitals::new();
    vitals.first_paint(100.0);
    told(&mut vitals);
    vitals.shift(200.0, 0.125);
    vitals.interaction(7.0, 80.0);
    vitals.leaving(1, true);
    assert_eq!(
        told(&mut vitals),
        [
            (VitalName::Cls, 125_000, 125_000, 0),
            (VitalName::Inp, 80_000, 80_000, 0)
        ]
    );
    vitals.interaction(14.0, 56.0);
    vitals.leaving(50, true);
    assert_eq!(told(&mut vitals), [(VitalName::Inp, 56_000, -24_000, 1)]);
}

#[test]
fn candidates_that_come_with_the_batch_of_the_input_still_count() {
    let mut vitals = Vitals::new();
    vitals.input();
    vitals.candidate(250.5);
    vitals.batch_ends();
    assert_eq!(told(&mut vitals), [(VitalName::Lcp, 250_500, 250_500, 0)]);
    vitals.candidate(900.0);
    vitals.leaving(0, true);
    assert_eq!(told(&mut vitals), []);
}

#[test]
fn a_batch_without_input_leaves_the_largest_paint_open() {
    let mut vitals = Vitals::new();
    vitals.candidate(250.5);
    vitals.batch_ends();
    assert_eq!(told(&mut vitals), []);
    vitals.candidate(900.0);
    vitals.leaving(0, true);
    assert_eq!(told(&mut vitals), [(VitalName::Lcp, 900_000, 900_000, 0)]);
}

#[test]
fn a_restored_view_has_vitals_of_its_own() {
    let mut vitals = Vitals::new();
    vitals.first_byte(20.0, 30.0);
    told(&mut vitals);
    vitals.restore();
    assert_eq!(told(&mut vitals), [(VitalName::Ttfb, 0, 0, 0)]);
    vitals.candidate(5_000.0);
    vitals.restore_painted(21.5, true);
    assert_eq!(
        told(&mut vitals),
        [
            (VitalName::Fcp, 21_500, 21_500, 0),
            (VitalName::Lcp, 21_500, 21_500, 0)
        ]
    );
    vitals.leaving(1, true);
    assert_eq!(
        told(&mut vitals),
        [(VitalName::Cls, 0, 0, 0), (VitalName::Inp, 8_000, 8_000, 0)]
    );
}

#[test]
fn a_restored_view_whose_document_told_no_first_byte_tells_none() {
    let mut vitals = Vitals::new();
    vitals.restore();
    assert_eq!(told(&mut vitals), []);
}
