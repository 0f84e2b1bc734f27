//! First contentful paint: the browser's entry, unless the page was hidden before it.
//! Thresholds: `beacon::VitalName::thresholds_micros`.

use super::{Moment, PageStart};

/// The value, told once.
#[must_use]
pub(super) fn first_paint(at: Moment, start: &PageStart) -> Option<Moment> {
    start.was_seen(at).then(|| start.since_activation(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paint_after_the_page_was_hidden_says_nothing_of_its_load() {
        let hidden_at = |at| PageStart {
            activated_at: 0.0,
            first_hidden: Some(at),
        };
        assert_eq!(first_paint(400.0, &hidden_at(0.0)), None);
        assert_eq!(first_paint(400.0, &hidden_at(400.0)), None);
        assert_eq!(first_paint(400.0, &hidden_at(401.0)), Some(400.0));
    }

    #[test]
    fn a_prerendered_page_is_painted_when_it_is_activated() {
        let start = PageStart {
            activated_at: 1_000.0,
            first_hidden: None,
        };
        assert_eq!(first_paint(300.0, &start), Some(0.0));
        assert_eq!(first_paint(1_016.5, &start), Some(16.5));
    }
}
