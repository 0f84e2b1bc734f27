//! A blocked Bloom filter: names enter, a hint leaves. "No" is always true, "perhaps" is wrong for about
//! one name in fifty, which costs whoever asks a look into the run (Putze, Sanders, Singler 2007).

use super::super::view_state::ViewKey;

/// A block is one line of a processor's cache.
const BLOCK_WORDS: usize = 8;
const BITS_PER_NAME: usize = 10;
/// Bits set for each name, nine bits of its hash each.
const BITS_SET: usize = 6;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Filter(Vec<u64>);

/// Where a name has its bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hash {
    block: u64,
    bits: u64,
}

impl Filter {
    pub(super) fn of(names: &[(ViewKey, i64)]) -> Self {
        let blocks = (names.len() * BITS_PER_NAME).div_ceil(64 * BLOCK_WORDS);
        let mut filter = Self(vec![0; blocks.next_power_of_two() * BLOCK_WORDS]);
        for (key, _) in names {
            let hash = Self::hash(key);
            let block = filter.block(hash);
            for (word, bit) in places(hash) {
                filter.0[block + word] |= bit;
            }
        }
        filter
    }

    /// The same in every version: filters are stored.
    pub(super) fn hash(key: &ViewKey) -> Hash {
        let [mut low, mut high] = [0; 2].map(|_: u64| [0; 8]);
        low.copy_from_slice(&key.view[..8]);
        high.copy_from_slice(&key.view[8..]);
        let app = key.app.cast_unsigned();
        let block = mixed(u64::from_le_bytes(low) ^ mixed(u64::from_le_bytes(high) ^ mixed(app)));
        Hash {
            block,
            bits: mixed(block),
        }
    }

    pub(super) fn may_hold(&self, hash: Hash) -> bool {
        let block = self.block(hash);
        self.0
            .get(block..block + BLOCK_WORDS)
            .is_none_or(|block| places(hash).all(|(word, bit)| block[word] & bit != 0))
    }

    /// The first word of a name's block; the number of blocks is a power of two.
    fn block(&self, hash: Hash) -> usize {
        let blocks = (self.0.len() / BLOCK_WORDS).max(1);
        usize::try_from(hash.block % blocks as u64).unwrap_or(0) * BLOCK_WORDS
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// One that is too short for a block holds perhaps everything.
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        let words = bytes.chunks_exact(8).map(|word| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(word);
            u64::from_le_bytes(bytes)
        });
        Self(words.collect())
    }
}

fn places(hash: Hash) -> impl Iterator<Item = (usize, u64)> {
    (0..BITS_SET).map(move |at| {
        let place = (hash.bits >> (9 * at)) & 511;
        let word = usize::try_from(place / 64).unwrap_or(0);
        (word, 1 << (place % 64))
    })
}

/// SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>).
fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(number: u64) -> (ViewKey, i64) {
        let mut view = [0; 16];
        view[..8].copy_from_slice(&number.to_le_bytes());
        (ViewKey { app: 1, view }, 1)
    }

    #[test]
    fn what_is_in_is_never_denied_and_what_is_not_nearly_always() {
        let names: Vec<_> = (0..100_000).map(name).collect();
        let filter = Filter::from_bytes(&Filter::of(&names).to_bytes());
        let held = |number| filter.may_hold(Filter::hash(&name(number).0));
        assert!((0..100_000).all(held));
        let wrong = (100_000..200_000).filter(|number| held(*number)).count();
        assert!(wrong < 3_000, "{wrong} of 100000");
    }

    #[test]
    fn a_filter_that_was_cut_off_denies_nothing() {
        assert!(Filter::from_bytes(&[0; 5]).may_hold(Filter::hash(&name(1).0)));
    }
}
