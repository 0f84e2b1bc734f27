//! Which beacon numbers of a view have arrived: ascending, disjoint ranges, so that a page that loses
//! nothing costs two numbers however long it lives. Each gap costs its sender a beacon.

use serde::{Deserialize, Serialize};

/// A set of sequence numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SeenSeqs {
    /// Inclusive; neighbours are merged.
    ranges: Vec<(u32, u32)>,
}

impl SeenSeqs {
    /// Adds a number; false when it was in already.
    pub(super) fn insert(&mut self, seq: u32) -> bool {
        // The first range that ends at or after the number.
        let at = self.ranges.partition_point(|range| range.1 < seq);
        let inside = self.ranges.get(at).is_some_and(|range| range.0 <= seq);
        if inside {
            return false;
        }
        let joins_left = at > 0 && self.ranges[at - 1].1 + 1 == seq;
        let joins_right = self.ranges.get(at).is_some_and(|range| range.0 == seq + 1);
        match (joins_left, joins_right) {
            (true, true) => {
                self.ranges[at - 1].1 = self.ranges[at].1;
                self.ranges.remove(at);
            }
            (true, false) => self.ranges[at - 1].1 = seq,
            (false, true) => self.ranges[at].0 = seq,
            (false, false) => self.ranges.insert(at, (seq, seq)),
        }
        true
    }

    /// Whether a number is in.
    pub(super) fn contains(&self, seq: u32) -> bool {
        let at = self.ranges.partition_point(|range| range.1 < seq);
        self.ranges.get(at).is_some_and(|range| range.0 <= seq)
    }

    /// How many numbers are in.
    pub(super) fn count(&self) -> u64 {
        let lengths = self
            .ranges
            .iter()
            .map(|range| u64::from(range.1 - range.0) + 1);
        lengths.sum()
    }

    /// From the form of schema 1: pairs of little-endian numbers.
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        let number = |bytes: &[u8]| bytes.try_into().map_or(0, u32::from_le_bytes);
        let pairs = bytes.chunks_exact(8).map(|pair| pair.split_at(4));
        Self {
            ranges: pairs
                .map(|(low, high)| (number(low), number(high)))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_view_that_loses_nothing_costs_one_range() {
        let mut seen = SeenSeqs::default();
        assert!((0..1000).rev().all(|seq| seen.insert(seq)));
        assert_eq!(seen.ranges, [(0, 999)]);
    }

    proptest! {
        #[test]
        fn it_agrees_with_a_plain_set(seqs in prop::collection::vec(0u32..40, 0..80)) {
            let (mut seen, mut plain) = (SeenSeqs::default(), BTreeSet::new());
            for seq in seqs {
                prop_assert_eq!(seen.contains(seq), plain.contains(&seq));
                prop_assert_eq!(seen.insert(seq), plain.insert(seq));
            }
            let bounds = seen.ranges.iter().flat_map(|range| [range.0, range.1]);
            let bytes: Vec<u8> = bounds.flat_map(u32::to_le_bytes).collect();
            prop_assert_eq!(&SeenSeqs::from_bytes(&bytes), &seen);
            prop_assert_eq!(seen.count(), plain.len() as u64);
            let apart = seen.ranges.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0);
            prop_assert!(apart, "neighbours must be merged: {:?}", seen.ranges);
        }
    }
}
