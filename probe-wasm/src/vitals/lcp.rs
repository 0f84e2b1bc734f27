//! Largest contentful paint: the last candidate before the page is used or hidden.
//! Thresholds: `beacon::VitalName::thresholds_micros`.

use super::{Moment, PageStart};

/// Follows the candidates of one view.
#[derive(Clone, Debug)]
pub(super) struct Lcp {
    largest: Option<Moment>,
    is_final: bool,
}

impl Lcp {
    pub(super) const fn new() -> Self {
        Self {
            largest: None,
            is_final: false,
        }
    }

    /// A candidate; later ones are larger.
    pub(super) fn candidate(&mut self, at: Moment, start: &PageStart) {
        if !self.is_final && start.was_seen(at) {
            self.largest = Some(start.since_activation(at));
        }
    }

    /// The page was used or hidden: the value, once. Scrolling is no use in this sense, because
    /// scripts scroll as well (<https://github.com/GoogleChrome/web-vitals/issues/75>).
    pub(super) fn finish(&mut self) -> Option<Moment> {
        self.is_final = true;
        self.largest.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_candidate_before_the_first_input_is_the_largest_paint() {
        let (mut lcp, start) = (Lcp::new(), PageStart::new());
        lcp.candidate(100.0, &start);
        lcp.candidate(250.5, &start);
        assert_eq!(lcp.finish(), Some(250.5));
        lcp.candidate(900.0, &start);
        assert_eq!(lcp.finish(), None);
    }

    #[test]
    fn an_input_before_any_candidate_ends_the_search() {
        let (mut lcp, start) = (Lcp::new(), PageStart::new());
        assert_eq!(lcp.finish(), None);
        lcp.candidate(900.0, &start);
        assert_eq!(lcp.finish(), None);
    }

    #[test]
    fn a_candidate_after_hiding_replaces_none_before_it() {
        let mut lcp = Lcp::new();
        let start = PageStart {
            activated_at: 0.0,
            first_hidden: Some(300.0),
        };
        lcp.candidate(250.0, &start);
        lcp.candidate(900.0, &start);
        assert_eq!(lcp.finish(), Some(250.0));
    }
}
