use super::*;

fn loaded_at(load: Millis) -> PageWatch {
    let mut page = PageWatch::new();
    page.loaded(load);
    page
}

fn outcome(verdict: Option<Verdict>) -> Option<PageOutcome> {
    verdict.map(|verdict| verdict.outcome)
}

#[test]
fn a_painted_selector_is_ready_at_the_moment_it_was_painted() {
    let mut page = loaded_at(100);
    page.mounted();
    page.ready(240);
    let verdict = page.decide(300);
    assert_eq!(
        verdict.map(|verdict| (verdict.outcome, verdict.at)),
        Some((PageOutcome::Ready, 240))
    );
    assert_eq!(page.decide(9_999), None, "a final verdict comes once");
}

#[test]
fn a_failed_script_with_nothing_mounted_is_blank_two_seconds_after_load() {
    let mut page = loaded_at(100);
    page.script_failed(90);
    assert_eq!(page.decide(2_099), None);
    assert_eq!(outcome(page.decide(2_100)), Some(PageOutcome::Blank));
}

#[test]
fn a_failed_chunk_under_a_mounted_shell_is_broken() {
    let mut page = loaded_at(100);
    page.mounted();
    page.script_failed(500);
    assert_eq!(page.deadline(), 2_500);
    assert_eq!(outcome(page.decide(2_500)), Some(PageOutcome::Broken));
}

#[test]
fn a_page_that_copes_with_a_failed_script_is_ready() {
    let mut page = loaded_at(100);
    page.script_failed(90);
    page.mounted();
    page.ready(700);
    assert_eq!(outcome(page.decide(700)), Some(PageOutcome::Ready));
}

#[test]
fn silence_is_incomplete_when_mounted_and_blank_when_not_eight_seconds_after_load() {
    let mut mounted = loaded_at(100);
    mounted.mounted();
    let mut empty = loaded_at(100);
    assert_eq!((mounted.decide(8_099), empty.decide(8_099)), (None, None));
    assert_eq!(
        outcome(mounted.decide(8_100)),
        Some(PageOutcome::Incomplete)
    );
    assert_eq!(outcome(empty.decide(8_100)), Some(PageOutcome::Blank));
}

#[test]
fn leaving_early_without_a_failure_is_abandoned_and_with_one_is_blank() {
    let mut page = loaded_at(100);
    page.hidden(3_099);
    assert_eq!(
        outcome(page.provisional(3_099)),
        Some(PageOutcome::Abandoned)
    );
    page.script_failed(3_099);
    assert_eq!(outcome(page.provisional(3_099)), Some(PageOutcome::Blank));
}

#[test]
fn leaving_late_with_nothing_mounted_is_blank() {
    let mut page = loaded_at(100);
    page.hidden(3_100);
    assert_eq!(outcome(page.provisional(3_100)), Some(PageOutcome::Blank));
}

#[test]
fn time_spent_hidden_is_not_held_against_the_page() {
    let mut page = loaded_at(100);
    page.hidden(1_000);
    assert_eq!(page.deadline(), Millis::MAX);
    assert_eq!(page.decide(50_000), None, "a hidden page is not decided");
    page.shown(61_000);
    assert_eq!(page.deadline(), 68_100);
    page.mounted();
    page.ready(61_020);
    assert_eq!(outcome(page.decide(61_020)), Some(PageOutcome::Ready));
}

#[test]
fn a_failure_after_ready_does_not_touch_the_page_outcome() {
    let mut page = loaded_at(100);
    page.ready(200);
    assert!(!page.script_failed(300));
    assert_eq!(outcome(page.decide(300)), Some(PageOutcome::Ready));
    assert!(!page.script_failed(400));
}
