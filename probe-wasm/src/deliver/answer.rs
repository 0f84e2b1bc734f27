//! What the collector's answer, or its absence, means for the beacon under way.

use crate::Millis;

/// What became of a sent beacon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Stored, wholly or but for events that will never be taken.
    Taken,
    /// Not now; the collector may say how long to wait, else 0.
    Later(Millis),
    /// Never: sending it again is useless.
    Refused,
    /// Nobody answered.
    None,
}

impl Answer {
    /// From an HTTP status, 0 for none at all, and the milliseconds of `Retry-After`, 0 for none.
    #[must_use]
    pub fn from_status(status: u32, retry_after_ms: Millis) -> Self {
        match status {
            200..=299 => Answer::Taken,
            0 => Answer::None,
            408 | 429 | 500.. => Answer::Later(retry_after_ms),
            _ => Answer::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_meaning() {
        for (status, answer) in [
            (204, Answer::Taken),
            (200, Answer::Taken),
            (0, Answer::None),
            (408, Answer::Later(5)),
            (429, Answer::Later(5)),
            (503, Answer::Later(5)),
            (403, Answer::Refused),
            (422, Answer::Refused),
        ] {
            assert_eq!(Answer::from_status(status, 5), answer, "{status}");
        }
    }
}
