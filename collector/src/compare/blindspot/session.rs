//! How a session stands in the sums: over all, and in those of the values its views have. The verdicts of its
//! views enter; whether it votes, and how, leaves.

use super::values::ValueId;
use super::view::Verdict;

#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) last_heard_ms: u64,
    pub(super) network: Option<u64>,
    /// Whether its network has had its votes; decided at the first.
    pub(super) muted: Option<bool>,
    /// How it stands in the sum over all, then in those of its values.
    pub(super) stands: Vec<Stand>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Stand {
    pub(super) sum: SumOf,
    pub(super) good: u32,
    pub(super) bad: u32,
    pub(super) cast: Option<Cast>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SumOf {
    All,
    Value(ValueId),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Cast {
    pub(super) bad: bool,
    pub(super) effect: f64,
}

impl Session {
    pub(super) fn shift(&mut self, sum: SumOf, before: Verdict, after: Verdict) {
        if before == after {
            return;
        }
        let at = self.stands.iter().position(|stand| stand.sum == sum);
        let at = at.unwrap_or_else(|| {
            self.stands.push(Stand {
                sum,
                good: 0,
                bad: 0,
                cast: None,
            });
            self.stands.len() - 1
        });
        let stand = &mut self.stands[at];
        match before {
            Verdict::Good => stand.good = stand.good.saturating_sub(1),
            Verdict::Bad => stand.bad = stand.bad.saturating_sub(1),
            Verdict::Undecided => {}
        }
        match after {
            Verdict::Good => stand.good += 1,
            Verdict::Bad => stand.bad += 1,
            Verdict::Undecided => {}
        }
    }
}

impl Stand {
    /// Whether it votes bad, if it votes.
    pub(super) fn verdict(&self) -> Option<bool> {
        match (self.bad, self.good) {
            (0, 0) => None,
            (0, _) => Some(false),
            _ => Some(true),
        }
    }
}
