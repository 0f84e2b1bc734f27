//! What the page's own fate makes of attempts.

use super::*;

#[test]
fn a_blank_page_is_a_failed_attempt_and_is_taken_back_when_the_page_recovers() {
    let mut page = Page::new();
    page.page(PageOutcome::Blank, Finality::Provisional);
    let [attempt] = <[_; 1]>::try_from(page.attempts()).unwrap();
    assert_eq!(attempt.reason, Some(JourneyReason::Page));
    assert_eq!(attempt.finality, Finality::Provisional);
    assert_eq!((attempt.duration_ms, attempt.route.as_str()), (2_100, ""));
    assert_eq!(attempt.backend_origin, "http://api.test");
    page.page(PageOutcome::Ready, Finality::Final);
    assert_eq!(page.revisions(), [(1, 1, true)]);
}

#[test]
fn a_broken_page_fails_the_attempt_under_way_and_adds_none() {
    let mut page = Page::new();
    page.send(10, 300, STARTUP, [0, 0]);
    page.page(PageOutcome::Broken, Finality::Final);
    assert_eq!(
        page.seen(),
        one(
            "access",
            JourneyOutcome::Failed,
            Some(JourneyReason::Page),
            2_100
        )
    );
}

#[test]
fn what_the_early_hook_said_of_a_failed_page_is_taken_back() {
    let mut page = Page::after_hook(1);
    page.page(PageOutcome::Ready, Finality::Final);
    assert_eq!(page.revisions(), [(1, 1, true)]);
}

#[test]
fn no_attempt_began_with_a_document_that_a_restored_view_did_not_load() {
    let mut page = Page::new();
    page.tracker.forget_load();
    page.send(10, 300, STARTUP, [0, 0]);
    assert!(
        page.end(10, 300, STARTUP, RequestOutcome::HttpError)
            .is_empty()
    );
    page.click(400);
    page.provisional(500);
    assert_eq!(page.seen().len(), 1);
}
