//! SplitMix64: a seeded generator small enough to be read, for picks and draws that must be repeatable.
//! Constants: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (2014).

/// A sequence of pseudo-random numbers, fixed by its seed.
#[derive(Clone, Debug)]
pub(crate) struct SplitMix(u64);

impl SplitMix {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        // The 53 bits a double holds exactly.
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
