//! How far durations lie from the truth: medians and 95th percentiles of absolute differences. Pure.

use serde_json::{Value, json};

/// How far the median may be off.
const MEDIAN_WITHIN_MS: f64 = 15.0;

/// One figure over many calls: what the probe told beside what was.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) case: String,
    pub(crate) figure: String,
    /// Calls made.
    pub(crate) made: usize,
    /// Calls told or counted.
    pub(crate) told: usize,
    /// (probe, truth), one for each call whose duration was told.
    pub(crate) pairs: Vec<(f64, f64)>,
}

impl Row {
    /// Every call is told, each with its duration, and half of them nearly right.
    pub(crate) fn agrees(&self) -> bool {
        self.told == self.made
            && self.pairs.len() == self.made
            && self.off(0.5).is_some_and(|off| off < MEDIAN_WITHIN_MS)
    }

    /// The quantile of |probe − truth|, by the nearest rank.
    pub(crate) fn off(&self, quantile: f64) -> Option<f64> {
        let off = self
            .pairs
            .iter()
            .map(|(probe, truth)| (probe - truth).abs());
        ranked(off.collect(), quantile)
    }

    /// The median of probe − truth: which way it leans.
    fn lean(&self) -> Option<f64> {
        let off = self.pairs.iter().map(|(probe, truth)| probe - truth);
        ranked(off.collect(), 0.5)
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ "case": self.case, "figure": self.figure, "made": self.made, "told": self.told,
                "median_off_ms": self.off(0.5), "p95_off_ms": self.off(0.95),
                "lean_ms": self.lean(), "agrees": self.agrees() })
    }

    pub(crate) fn heading() -> String {
        format!(
            "{:<34}{:<14}{:>6}{:>6}{:>10}{:>10}{:>10}",
            "injected delays", "figure", "made", "told", "median", "p95", "lean"
        )
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |ms: Option<f64>| match ms {
            Some(ms) => format!("{ms:.1} ms"),
            None => "-".to_owned(),
        };
        write!(
            f,
            "{:<34}{:<14}{:>6}{:>6}{:>10}{:>10}{:>10}  {}",
            self.case,
            self.figure,
            self.made,
            self.told,
            shown(self.off(0.5)),
            shown(self.off(0.95)),
            shown(self.lean()),
            if self.agrees() { "" } else { "DISAGREES" }
        )
    }
}

fn ranked(mut values: Vec<f64>, quantile: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a rank among a few hundred"
    )]
    let rank = (quantile * values.len() as f64).ceil() as usize;
    values.get(rank.max(1) - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(pairs: &[(f64, f64)], told: usize) -> Row {
        Row {
            case: "x".to_owned(),
            figure: "duration".to_owned(),
            made: pairs.len(),
            told,
            pairs: pairs.to_vec(),
        }
    }

    #[test]
    fn half_may_be_far_off_but_not_more() {
        let near_half = [(110.0, 100.0), (90.0, 100.0), (300.0, 100.0), (0.0, 100.0)];
        assert!(row(&near_half, 4).agrees());
        let far_half = [(110.0, 100.0), (0.0, 100.0), (300.0, 100.0)];
        assert!(!row(&far_half, 3).agrees());
    }

    #[test]
    fn opposite_errors_do_not_cancel_out() {
        let either_way = [(80.0, 100.0), (120.0, 100.0), (120.0, 100.0)];
        assert_eq!(row(&either_way, 3).off(0.5), Some(20.0));
        assert_eq!(row(&either_way, 3).off(0.95), Some(20.0));
    }

    #[test]
    fn one_call_not_told_or_told_twice_is_a_disagreement() {
        let exact = [(100.0, 100.0), (70.0, 70.0)];
        assert!(row(&exact, 2).agrees());
        assert!(!row(&exact, 1).agrees());
        assert!(!row(&exact, 3).agrees());
    }

    #[test]
    fn nothing_made_is_no_agreement() {
        assert!(!row(&[], 0).agrees());
    }
}
