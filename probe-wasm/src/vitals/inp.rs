//! Interaction to next paint: among the longest interactions the one that stands for the 98th percentile
//! of all (<https://web.dev/articles/inp>). Thresholds: `beacon::VitalName::thresholds_micros`.

use super::Moment;

/// The longest interactions kept: one is passed over for each [`PER_OUTLIER`] that happened.
const KEPT: usize = 10;
const PER_OUTLIER: u32 = 50;
/// What the browser's shortest event entry would say. Interactions below the threshold give no entry,
/// and a restored page has no `first-input` to stand in for them.
const SHORTEST: Moment = 8.0;

/// Follows the interactions of one view.
#[derive(Clone, Debug)]
pub(super) struct Inp {
    /// The longest first; those without a latency are room for others.
    longest: [Interaction; KEPT],
}

#[derive(Clone, Copy, Debug)]
struct Interaction {
    id: f64,
    latency: Moment,
}

impl Inp {
    pub(super) const fn new() -> Self {
        Self {
            longest: [Interaction {
                id: 0.0,
                latency: 0.0,
            }; KEPT],
        }
    }

    /// An event of an interaction; pointerdown, pointerup and click of one tap share an id, and the
    /// longest of them is the interaction's latency.
    pub(super) fn event(&mut self, id: f64, latency: Moment) {
        let mut new = Interaction { id, latency };
        for kept in &mut self.longest {
            let same = kept.id == id;
            if kept.latency < new.latency {
                // What it was longer than moves down, as far as where its own event before stood.
                core::mem::swap(kept, &mut new);
            }
            if same {
                break;
            }
        }
    }

    /// The latency after `count` interactions in this view; `None` as long as there were none.
    pub(super) fn latency(&self, count: u32, restored: bool) -> Option<Moment> {
        let mut latency = 0.0;
        let mut left = count / PER_OUTLIER + 1;
        for kept in &self.longest {
            // No more are known than were long enough to be told.
            if left > 0 && kept.latency > 0.0 {
                latency = kept.latency;
                left -= 1;
            }
        }
        if latency == 0.0 && restored && count > 0 {
            latency = SHORTEST;
        }
        (latency > 0.0).then_some(latency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(durations: impl IntoIterator<Item = Moment>) -> Inp {
        let mut inp = Inp::new();
        for (index, duration) in (0_u32..).zip(durations) {
            inp.event(f64::from(index * 7 + 1_000), duration);
        }
        inp
    }

    #[test]
    fn up_to_49_interactions_the_longest_counts() {
        let inp = after([48.0, 320.0, 104.0]);
        assert_eq!(inp.latency(3, false), Some(320.0));
        assert_eq!(inp.latency(49, false), Some(320.0));
    }

    #[test]
    fn one_outlier_is_passed_over_for_each_fifty_interactions() {
        let inp = after([48.0, 320.0, 104.0]);
        assert_eq!(inp.latency(50, false), Some(104.0));
        assert_eq!(inp.latency(100, false), Some(48.0));
        // No more are known than were long enough to be told.
        assert_eq!(inp.latency(5_000, false), Some(48.0));
    }

    #[test]
    fn events_of_one_interaction_are_one_and_the_longest_of_them_counts() {
        let mut inp = Inp::new();
        inp.event(1_007.0, 48.0);
        inp.event(1_007.0, 200.0);
        inp.event(1_007.0, 56.0);
        inp.event(1_014.0, 64.0);
        assert_eq!(inp.latency(2, false), Some(200.0));
        assert_eq!(inp.latency(50, false), Some(64.0));
    }

    #[test]
    fn the_ten_longest_are_kept_and_a_shorter_one_pushes_none_out() {
        let inp = after((1..=12).map(|step| f64::from(step) * 8.0));
        assert_eq!(inp.latency(450, false), Some(24.0));
        assert_eq!(inp.latency(600, false), Some(24.0));
    }

    #[test]
    fn short_interactions_after_a_restore_count_as_the_shortest() {
        let inp = Inp::new();
        assert_eq!(inp.latency(0, true), None);
        assert_eq!(inp.latency(2, true), Some(8.0));
        assert_eq!(inp.latency(2, false), None);
    }
}
