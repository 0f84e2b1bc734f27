//! A token bucket per key. Keys are those of the configuration, so memory is bounded by it; the time
//! is an argument.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Thousandths of a token, so that slow refills are not rounded away.
const MILLI: u64 = 1000;

#[derive(Debug)]
pub(super) struct Rates {
    per_second: u64,
    burst: u64,
    buckets: HashMap<String, Mutex<Bucket>>,
}

#[derive(Debug)]
struct Bucket {
    millitokens: u64,
    filled_at_ms: u64,
}

impl Rates {
    pub(super) fn new<'a>(
        keys: impl Iterator<Item = &'a str>,
        per_second: u32,
        burst: u32,
    ) -> Self {
        let burst = u64::from(burst);
        let full = || {
            Mutex::new(Bucket {
                millitokens: burst * MILLI,
                filled_at_ms: 0,
            })
        };
        let buckets = keys.map(|key| (key.to_owned(), full())).collect();
        Self {
            per_second: u64::from(per_second),
            burst,
            buckets,
        }
    }

    /// Takes a token of `key`; false when none is left.
    pub(super) fn take(&self, key: &str, now_ms: u64) -> bool {
        let Some(bucket) = self.buckets.get(key) else {
            return false;
        };
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        // Per second and in thousandths: the two factors of a thousand cancel.
        let passed_ms = now_ms.saturating_sub(bucket.filled_at_ms);
        bucket.millitokens = bucket
            .millitokens
            .saturating_add(passed_ms.saturating_mul(self.per_second))
            .min(self.burst * MILLI);
        bucket.filled_at_ms = bucket.filled_at_ms.max(now_ms);
        let enough = bucket.millitokens >= MILLI;
        if enough {
            bucket.millitokens -= MILLI;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_served_and_then_the_average_holds() {
        let rates = Rates::new(["a", "b"].into_iter(), 2, 3);
        let now = 1_000_000;
        assert!((0..3).all(|_| rates.take("a", now)));
        assert!(!rates.take("a", now));
        assert!(rates.take("b", now), "another key has its own bucket");
        assert!(!rates.take("a", now + 499));
        assert!(rates.take("a", now + 500));
        assert!(!rates.take("a", now + 500));
    }

    #[test]
    fn a_clock_that_goes_back_gives_no_tokens() {
        let rates = Rates::new(["a"].into_iter(), 1, 1);
        assert!(rates.take("a", 5000));
        assert!(!rates.take("a", 1000));
        assert!(!rates.take("a", 5999));
    }
}
