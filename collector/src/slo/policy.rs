//! Burn-rate alerts as data: which share of the budget, spent within which window, is worth whose
//! attention. Factors follow from the shares, for a window of any length.
//!
//! <https://sre.google/workbook/alerting-on-slos/#6-multiwindow-multi-burn-rate-alerts>

use super::counts::{Counts, Factor};
use super::guard;
use super::ppm::{MILLION, Ppm};
use super::window::length;
use serde::Serialize;

/// Whose attention.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Wakes somebody.
    Page,
    /// Waits for the morning.
    Ticket,
    /// Any other word of a file.
    #[serde(untagged)]
    Other(String),
}

impl Severity {
    /// From a file's word.
    pub fn from_word(word: &str) -> Self {
        match word {
            "page" => Self::Page,
            "ticket" => Self::Ticket,
            other => Self::Other(other.to_owned()),
        }
    }

    /// As a label.
    pub fn word(&self) -> &str {
        match self {
            Self::Page => "page",
            Self::Ticket => "ticket",
            Self::Other(word) => word,
        }
    }
}

/// Burning faster than `factor` over the long window, and still over the short one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BurnAlert {
    /// Whose attention.
    pub severity: Severity,
    /// How many times faster than the budget allows.
    pub factor: Factor,
    /// The window that has to be bad enough to matter.
    pub long_s: u64,
    /// The window that says it is still so; ends the alert soon after the fault.
    pub short_s: u64,
    /// How long it must hold before it is told.
    pub after_s: u64,
    /// Whom to tell.
    pub targets: Vec<String>,
    /// Whether to tell when it burns.
    pub when_breaching: bool,
    /// Whether to tell when it has ended.
    pub when_resolved: bool,
    /// Whether to tell when there is no data.
    pub when_no_data: bool,
}

/// One row of the table: this share of the budget within this window.
struct Row {
    severity: Severity,
    budget_share_ppm: u64,
    long_s: u64,
}

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
/// The period the Workbook's windows were made for.
const WORKBOOK_PERIOD: u64 = 30 * DAY;
/// Table 5-8 and, of the same chapter, 10% within a day.
const WORKBOOK: [Row; 4] = [
    row(Severity::Page, 20_000, HOUR),
    row(Severity::Page, 50_000, 6 * HOUR),
    row(Severity::Ticket, 100_000, DAY),
    row(Severity::Ticket, 100_000, 3 * DAY),
];
/// Short windows are a twelfth of the long ones.
const SHORTER: u64 = 12;
/// Below this a short window holds no events to speak of.
const LEAST_SHORT: u64 = 60;
/// Windows are counted in steps of 5 s.
const STEP: u64 = 5;

const fn row(severity: Severity, budget_share_ppm: u64, long_s: u64) -> Row {
    Row {
        severity,
        budget_share_ppm,
        long_s,
    }
}

/// The alerts of a window of this length, for whoever names none.
///
/// A month has the Workbook's. A shorter period spends the same share of its budget in windows that
/// are shorter in proportion. A day would come to windows without events; it has 10× over 5 minutes
/// and 2× over an hour.
pub fn standard(window_s: u64) -> Vec<BurnAlert> {
    if window_s <= DAY {
        let scaled = |seconds: u64| to_step(seconds * window_s / DAY).max(LEAST_SHORT);
        return vec![
            BurnAlert::new(Severity::Page, Factor(10_000), scaled(300)),
            BurnAlert::new(Severity::Ticket, Factor(2_000), scaled(HOUR)),
        ];
    }
    let alert = |row: &Row| {
        // Months of 28 to 31 days keep the windows people know; only the factor moves.
        let long_s = if window_s >= 28 * DAY {
            row.long_s
        } else {
            to_step(row.long_s * window_s / WORKBOOK_PERIOD).max(LEAST_SHORT)
        };
        let factor = factor_of(row.budget_share_ppm, window_s, long_s);
        BurnAlert::new(row.severity.clone(), factor, long_s)
    };
    WORKBOOK.iter().map(alert).collect()
}

/// Spending a share of the budget of `period` within `window` is burning so many times too fast.
pub(super) fn factor_of(budget_share_ppm: u64, period_s: u64, window_s: u64) -> Factor {
    let numerator = budget_share_ppm * period_s * 1000;
    let denominator = u64::from(MILLION) * window_s;
    Factor((numerator + denominator / 2) / denominator)
}

fn to_step(seconds: u64) -> u64 {
    seconds / STEP * STEP
}

impl BurnAlert {
    /// With the short window that belongs to the long one.
    pub fn new(severity: Severity, factor: Factor, long_s: u64) -> Self {
        let short_s = to_step(long_s / SHORTER).max(LEAST_SHORT).min(long_s);
        Self {
            severity,
            factor,
            long_s,
            short_s,
            after_s: 0,
            targets: Vec::new(),
            when_breaching: true,
            when_resolved: true,
            when_no_data: false,
        }
    }

    /// Whether both windows burn too fast and that is no accident.
    pub fn is_burning(&self, long: Counts, short: Counts, target: Ppm) -> bool {
        long.burns_faster_than(self.factor, target)
            && short.burns_faster_than(self.factor, target)
            && guard::is_surprising(long, target)
    }

    /// Which share of the budget is gone when it has burnt so for the long window.
    pub fn budget_share_ppm(&self, window_s: u64) -> u64 {
        self.factor.0 * self.long_s * 1000 / window_s.max(1)
    }

    /// In words: `14.4× over 1 h and 5 min`.
    pub fn words(&self) -> String {
        let (long, short) = (length(self.long_s), length(self.short_s));
        format!("{}× over {long} and {short}", self.factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str) -> Ppm {
        Ppm::from_share(text).unwrap()
    }

    fn table(window_s: u64) -> Vec<String> {
        let words = |alert: &BurnAlert| format!("{} {}", alert.severity.word(), alert.words());
        standard(window_s).iter().map(words).collect()
    }

    #[test]
    fn a_month_has_the_factors_of_the_workbook() {
        // https://sre.google/workbook/alerting-on-slos/#recommended_parameters_for_an_slo_based_a
        assert_eq!(
            table(30 * DAY),
            [
                "page 14.4× over 1 h and 5 min",
                "page 6× over 6 h and 30 min",
                "ticket 3× over 1 d and 2 h",
                "ticket 1× over 3 d and 6 h",
            ]
        );
    }

    #[test]
    fn four_weeks_spend_the_same_shares_in_the_same_windows() {
        let factors: Vec<_> = standard(28 * DAY)
            .iter()
            .map(|alert| alert.factor.0)
            .collect();
        assert_eq!(factors, [13_440, 5_600, 2_800, 933]);
    }

    #[test]
    fn a_week_spends_the_same_shares_in_shorter_windows() {
        assert_eq!(
            table(7 * DAY),
            [
                "page 14.4× over 14 min and 1 min 10 s",
                "page 6× over 1 h 24 min and 7 min",
                "ticket 3× over 5 h 36 min and 28 min",
                "ticket 1× over 16 h 48 min and 1 h 24 min",
            ]
        );
    }

    #[test]
    fn a_day_pages_at_ten_times_over_five_minutes() {
        assert_eq!(
            table(DAY),
            [
                "page 10× over 5 min and 1 min",
                "ticket 2× over 1 h and 5 min"
            ]
        );
    }

    #[test]
    fn the_share_of_the_budget_follows_from_the_factor() {
        for window_s in [7 * DAY, 28 * DAY, 30 * DAY] {
            let shares = standard(window_s)
                .iter()
                .map(|alert| alert.budget_share_ppm(window_s))
                .collect::<Vec<_>>();
            for (share, due) in shares.iter().zip([20_000, 50_000, 100_000, 100_000]) {
                assert!(share.abs_diff(due) <= due / 1000, "{shares:?}");
            }
        }
    }

    #[test]
    fn a_budget_burnt_at_14x_pages_and_a_recovered_one_does_not() {
        let page = &standard(30 * DAY)[0];
        let (burning, well) = (Counts::new(98_500, 1_500), Counts::new(10_000, 0));
        assert!(page.is_burning(burning, burning, target("0.999")));
        assert!(!page.is_burning(burning, well, target("0.999")));
        assert!(!page.is_burning(well, burning, target("0.999")));
    }

    #[test]
    fn three_failures_at_night_do_not_page() {
        let page = &standard(DAY)[1];
        let night = Counts::new(1, 3);
        assert!(night.burns_faster_than(page.factor, target("0.7")));
        assert!(!page.is_burning(night, night, target("0.7")));
    }
}
