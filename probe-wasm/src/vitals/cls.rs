//! Cumulative layout shift: the largest session window of unexpected shifts. A window ends with a gap of
//! one second or after five (<https://web.dev/articles/evolving-cls>).
//! Thresholds: `beacon::VitalName::thresholds_micros`.

use super::Moment;

const GAP: Moment = 1_000.0;
const WINDOW: Moment = 5_000.0;

/// Follows the shifts of one view.
#[derive(Clone, Debug)]
pub(super) struct Cls {
    window: f64,
    first_at: Moment,
    last_at: Moment,
    largest: f64,
}

impl Cls {
    pub(super) const fn new() -> Self {
        Self {
            window: 0.0,
            first_at: 0.0,
            last_at: 0.0,
            largest: 0.0,
        }
    }

    /// A shift that no input of the user had just caused.
    pub(super) fn shift(&mut self, at: Moment, score: f64) {
        let goes_on = self.window > 0.0 && at - self.last_at < GAP && at - self.first_at < WINDOW;
        if !goes_on {
            self.window = 0.0;
            self.first_at = at;
        }
        self.window += score;
        self.last_at = at;
        if self.window > self.largest {
            self.largest = self.window;
        }
    }

    /// The score so far; 0 for a page that stood still.
    pub(super) fn score(&self) -> f64 {
        self.largest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(shifts: &[(Moment, f64)]) -> f64 {
        let mut cls = Cls::new();
        for (at, score) in shifts {
            cls.shift(*at, *score);
        }
        cls.score()
    }

    #[test]
    fn the_largest_window_counts_not_the_last_and_not_the_sum() {
        let shifts = [(100.0, 0.25), (1_000.0, 0.25), (3_000.0, 0.125)];
        assert_eq!(score(&shifts), 0.5);
    }

    #[test]
    fn a_gap_of_exactly_a_second_ends_the_window() {
        assert_eq!(score(&[(100.0, 0.25), (1_099.9, 0.25)]), 0.5);
        assert_eq!(score(&[(100.0, 0.25), (1_100.0, 0.25)]), 0.25);
    }

    #[test]
    fn a_window_is_closed_after_five_seconds_though_shifts_go_on() {
        let shifts: Vec<_> = (0..7)
            .map(|step| (f64::from(step) * 900.0, 0.125))
            .collect();
        // Those at 0 to 4,500 ms; the one at 5,400 opens the next.
        assert_eq!(score(&shifts), 0.75);
    }

    #[test]
    fn a_page_that_stands_still_scores_nothing() {
        assert_eq!(score(&[]), 0.0);
    }
}
