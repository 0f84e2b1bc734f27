//! When a visit ends: after half an hour without a sign of the user, or after four hours (pure). Times
//! are Unix seconds, which is what the tab's storage holds.

const INACTIVE_S: u32 = 30 * 60;
const LONGEST_S: u32 = 4 * 60 * 60;

/// The times of one visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// When it began.
    pub since_s: u32,
    /// The last sign of the user.
    pub active_s: u32,
}

impl Visit {
    /// One that begins now.
    #[must_use]
    pub fn begin(now_s: u32) -> Self {
        Self {
            since_s: now_s,
            active_s: now_s,
        }
    }

    /// The user shows a sign of life: the visit goes on, or a new one begins. A clock that was set
    /// back begins a new one.
    #[must_use]
    pub fn at(self, now_s: u32) -> Self {
        let goes_on = now_s >= self.active_s
            && now_s - self.active_s < INACTIVE_S
            && now_s - self.since_s.min(now_s) < LONGEST_S;
        if goes_on {
            Self {
                active_s: now_s,
                ..self
            }
        } else {
            Self::begin(now_s)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: u32 = 1_800_000_000;

    #[test]
    fn a_visit_ends_after_half_an_hour_without_the_user() {
        let visit = Visit::begin(NOON);
        let later = visit.at(NOON + INACTIVE_S - 1);
        assert_eq!(later.since_s, NOON);
        assert_eq!(
            later.at(NOON + 2 * INACTIVE_S - 2).since_s,
            NOON,
            "each sign prolongs it"
        );
        assert_eq!(visit.at(NOON + INACTIVE_S).since_s, NOON + INACTIVE_S);
    }

    #[test]
    fn a_visit_lasts_four_hours_at_most() {
        let mut visit = Visit::begin(NOON);
        for minute in 1..240 {
            visit = visit.at(NOON + minute * 60);
            assert_eq!(visit.since_s, NOON);
        }
        assert_eq!(visit.at(NOON + LONGEST_S).since_s, NOON + LONGEST_S);
    }

    #[test]
    fn a_clock_set_back_begins_a_new_visit() {
        assert_eq!(Visit::begin(NOON).at(NOON - 1), Visit::begin(NOON - 1));
    }
}
