//! A token bucket on a clock that is handed in.

/// How fast a bucket fills and how much it holds. A token is `token` units, and `per_ms` units come
/// in a millisecond, so that slow refills are not rounded away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    per_ms: u64,
    token: u64,
    capacity: u64,
}

impl Pace {
    pub(super) fn per_second(tokens: u32, burst: u32) -> Self {
        Self::new(tokens, 1000, burst)
    }

    pub(super) fn per_minute(tokens: u32) -> Self {
        Self::new(tokens, 60_000, tokens)
    }

    /// The same with a multiple of everything.
    pub(super) fn times(self, factor: u64) -> Self {
        Self {
            per_ms: self.per_ms.saturating_mul(factor),
            capacity: self.capacity.saturating_mul(factor),
            ..self
        }
    }

    /// Tokens in a full bucket.
    pub(super) fn burst(self) -> u64 {
        self.capacity / self.token
    }

    fn new(tokens: u32, period_ms: u64, burst: u32) -> Self {
        Self {
            per_ms: u64::from(tokens),
            token: period_ms,
            capacity: u64::from(burst).saturating_mul(period_ms),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    level: u64,
    filled_at_ms: u64,
}

impl Bucket {
    pub(super) fn full(pace: Pace) -> Self {
        Self {
            level: pace.capacity,
            filled_at_ms: 0,
        }
    }

    /// Takes a token and leaves at least `kept`; otherwise the milliseconds until there will be
    /// enough.
    pub(super) fn take(&mut self, pace: Pace, kept: u64, now_ms: u64) -> Result<(), u64> {
        self.level = self.level_at(pace, now_ms);
        self.filled_at_ms = self.filled_at_ms.max(now_ms);
        let needed = pace.token.saturating_add(kept.saturating_mul(pace.token));
        if self.level >= needed {
            self.level -= pace.token;
            Ok(())
        } else {
            Err((needed - self.level).div_ceil(pace.per_ms.max(1)))
        }
    }

    /// Tokens that would be in it, in units of this pace.
    pub(super) fn level_at(&self, pace: Pace, now_ms: u64) -> u64 {
        let passed_ms = now_ms.saturating_sub(self.filled_at_ms);
        self.level
            .saturating_add(passed_ms.saturating_mul(pace.per_ms))
            .min(pace.capacity)
    }

    /// When it was last asked.
    pub(super) fn filled_at_ms(&self) -> u64 {
        self.filled_at_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_goes_back_gives_no_tokens() {
        let pace = Pace::per_second(1, 1);
        let mut bucket = Bucket::full(pace);
        assert!(bucket.take(pace, 0, 5000).is_ok());
        assert!(bucket.take(pace, 0, 1000).is_err());
        assert!(bucket.take(pace, 0, 5999).is_err());
        assert!(bucket.take(pace, 0, 6000).is_ok());
    }
}
