//! Draws that repeat: the same seed gives the same visits.

/// A SplitMix64 generator (Steele, Lea, Flood 2014): tiny, and good enough to vary what visitors do.
#[derive(Clone, Debug)]
pub struct Draw(u64);

impl Draw {
    /// A sequence of its own for every seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// A number from 0 to `bound`, `bound` excluded.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// Whether something happens that happens `percent` times in a hundred.
    pub fn happens(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same() {
        let draws = |seed| {
            let mut draw = Draw::seeded(seed);
            (0..8).map(|_| draw.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(draws(7), draws(7));
        assert_ne!(draws(7), draws(8));
    }

    #[test]
    fn a_share_is_met_in_the_long_run() {
        let mut draw = Draw::seeded(1);
        let hits = (0..10_000).filter(|_| draw.happens(30)).count();
        assert!(
            (2_800..3_200).contains(&hits),
            "{hits} of 10000 instead of about 3000"
        );
    }
}
