//! The one list of histogram edges shared by probe and collector.
//! Only ever appended to: an objective's threshold on aggregated requests must be one of these.

use serde::{Deserialize, Serialize};

/// Upper edges in milliseconds, inclusive: a request of exactly 1000 ms counts as `<= 1000`.
/// A value above the last edge falls into one further, unbounded bucket.
pub const EDGES_MS: [u32; 22] = [
    5, 10, 25, 50, 75, 100, 150, 200, 300, 400, 500, 750, 1000, 1500, 2000, 2500, 3000, 4000, 5000,
    7500, 10_000, 30_000,
];

/// Counts per bucket of [`EDGES_MS`], sparse: `(bucket index, count)`, index `EDGES_MS.len()` being
/// the unbounded bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    /// Ascending bucket indices, each at most once, each with a count above 0.
    pub counts: Vec<(u8, u32)>,
}

impl Histogram {
    /// The bucket a duration in milliseconds falls into.
    #[must_use]
    pub fn bucket_of(duration_ms: u32) -> u8 {
        let mut below = 0;
        for edge in &EDGES_MS {
            below += u8::from(*edge < duration_ms);
        }
        below
    }

    /// Counts one duration in milliseconds.
    pub fn record(&mut self, duration_ms: u32) {
        let bucket = Self::bucket_of(duration_ms);
        match self.counts.binary_search_by_key(&bucket, |entry| entry.0) {
            Ok(at) => {
                if let Some(entry) = self.counts.get_mut(at) {
                    entry.1 = entry.1.saturating_add(1);
                }
            }
            Err(at) => self.counts.insert(at, (bucket, 1)),
        }
    }

    /// The number of durations recorded.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().map(|entry| u64::from(entry.1)).sum()
    }

    /// Whether indices ascend, exist, and carry no zero: what a decoder must check before use.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        let ascending = self.counts.windows(2).all(|pair| match pair {
            [(left, _), (right, _)] => left < right,
            _ => true,
        });
        ascending
            && self
                .counts
                .iter()
                .all(|(bucket, count)| usize::from(*bucket) <= EDGES_MS.len() && *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_on_an_edge_counts_as_within_it() {
        let at = |ms| usize::from(Histogram::bucket_of(ms));
        assert_eq!(EDGES_MS[at(1000)], 1000);
        assert_eq!(EDGES_MS[at(1001)], 1500);
        assert_eq!(EDGES_MS[at(0)], 5);
        assert_eq!(at(30_001), EDGES_MS.len());
    }

    #[test]
    fn the_thresholds_of_the_objectives_are_edges() {
        for threshold in [1000, 3000, 5000] {
            assert!(
                EDGES_MS.contains(&threshold),
                "{threshold} ms is not an edge"
            );
        }
    }

    #[test]
    fn recording_in_any_order_gives_a_well_formed_histogram() {
        let mut histogram = Histogram::default();
        for ms in [40_000, 3, 999, 1000, 3, 5001] {
            histogram.record(ms);
        }
        assert!(histogram.is_well_formed());
        assert_eq!(histogram.total(), 6);
    }
}
