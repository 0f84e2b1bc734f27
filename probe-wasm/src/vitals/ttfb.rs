//! Time to first byte: `responseStart` of the navigation, since the activation of a prerendered page.
//! Thresholds: `beacon::VitalName::thresholds_micros`.

use super::{Moment, PageStart};

/// The value, told once; `None` when the browser hides the moment or it lies in the future
/// (<https://github.com/GoogleChrome/web-vitals/issues/137>, 162, 275).
#[must_use]
pub(super) fn first_byte(response_start: Moment, start: &PageStart, now: Moment) -> Option<Moment> {
    let known = response_start > 0.0 && response_start < now;
    known.then(|| start.since_activation(response_start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_that_hides_the_response_start_gives_no_time_to_first_byte() {
        let start = PageStart::new();
        assert_eq!(first_byte(0.0, &start, 100.0), None);
        assert_eq!(first_byte(200.0, &start, 100.0), None);
        assert_eq!(first_byte(20.0, &start, 100.0), Some(20.0));
    }

    #[test]
    fn a_page_activated_after_its_first_byte_waited_for_none() {
        let start = PageStart {
            activated_at: 500.0,
            first_hidden: None,
        };
        assert_eq!(first_byte(20.0, &start, 600.0), Some(0.0));
        assert_eq!(first_byte(520.5, &start, 600.0), Some(20.5));
    }
}
