//! Paint and response times of the document load, after the definitions of Chrome's `web-vitals`
//! library: <https://github.com/GoogleChrome/web-vitals>. Entries of the browser enter, vitals leave.

use crate::Millis;
use beacon::{Vital, VitalName};

/// Follows the vitals of one document load.
#[derive(Clone, Debug, Default)]
pub struct Vitals {
    /// When the page was first hidden; 0 when it was loaded in the background.
    first_hidden: Option<Millis>,
    largest: Option<Millis>,
    done: Vec<VitalName>,
}

impl Vitals {
    /// The page was hidden for the first time. Paints after that moment say nothing of the load.
    pub fn hidden(&mut self, at: Millis) {
        if self.first_hidden.is_none() {
            self.first_hidden = Some(at);
        }
    }

    /// Time to first byte: `responseStart` of the navigation, 0 when the browser tells none.
    pub fn first_byte(&mut self, response_start: Millis) -> Option<Vital> {
        if response_start <= 0.0 {
            return None;
        }
        self.once(VitalName::Ttfb, response_start)
    }

    /// First contentful paint.
    pub fn first_paint(&mut self, at: Millis) -> Option<Vital> {
        if self.was_hidden_before(at) {
            return None;
        }
        self.once(VitalName::Fcp, at)
    }

    /// A candidate for the largest contentful paint. Later ones replace earlier ones until the page
    /// is hidden or used.
    pub fn candidate(&mut self, at: Millis) {
        if !self.was_hidden_before(at) {
            self.largest = Some(at);
        }
    }

    /// The first input, or hiding: the largest paint so far is final.
    pub fn largest_is_final(&mut self) -> Option<Vital> {
        let at = self.largest?;
        self.once(VitalName::Lcp, at)
    }

    fn was_hidden_before(&self, at: Millis) -> bool {
        self.first_hidden.is_some_and(|hidden| hidden <= at)
    }

    fn once(&mut self, name: VitalName, value_ms: Millis) -> Option<Vital> {
        if self.done.contains(&name) {
            return None;
        }
        self.done.push(name);
        // Saturating, NaN becomes 0.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let value_micros = (value_ms * 1_000.0).round() as u32;
        Some(Vital { name, value_micros })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_candidate_before_the_first_input_is_the_largest_paint() {
        let mut vitals = Vitals::default();
        vitals.candidate(100.0);
        vitals.candidate(250.5);
        let lcp = vitals.largest_is_final();
        assert_eq!(
            lcp,
            Some(Vital {
                name: VitalName::Lcp,
                value_micros: 250_500
            })
        );
        vitals.candidate(900.0);
        assert_eq!(vitals.largest_is_final(), None);
    }

    #[test]
    fn a_page_loaded_in_the_background_has_no_paint_vitals() {
        let mut vitals = Vitals::default();
        vitals.hidden(0.0);
        vitals.candidate(500.0);
        assert_eq!(
            (vitals.first_paint(400.0), vitals.largest_is_final()),
            (None, None)
        );
        assert!(vitals.first_byte(20.0).is_some());
    }

    #[test]
    fn a_browser_that_hides_the_response_start_gives_no_time_to_first_byte() {
        assert_eq!(Vitals::default().first_byte(0.0), None);
    }
}
