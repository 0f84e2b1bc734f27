//! What is valid but cannot do what was meant: alerts that can never fire, windows of which nothing is
//! kept, windows shorter than the steps they are counted in.

use super::counts::Factor;
use super::indicator::Indicator;
use super::objective::{Objective, Place, Role};
use super::policy::BurnAlert;
use super::ppm::Ppm;
use super::window::length;

/// One thing to mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Of which objective.
    pub objective: String,
    /// Where it stands.
    pub place: Place,
    /// Which rule.
    pub rule: Rule,
    /// What is wrong and what would be right.
    pub what: String,
}

/// The rules, each with its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Factor × budget ≥ 1: even if all fails, the budget does not burn so fast.
    OutOfReach,
    /// The window is longer than what is kept.
    BeyondRetention,
    /// The short window is shorter than two reads of its source.
    BelowInterval,
    /// The long window is more than a quarter of the objective's.
    LongWindow,
    /// The short window is longer than the long one.
    Windows,
    /// It must hold longer than its long window looks back.
    HoldsTooLong,
    /// An alerting objective without any alert that can fire.
    Mute,
}

impl Rule {
    /// As printed.
    pub fn name(self) -> &'static str {
        match self {
            Self::OutOfReach => "out-of-reach",
            Self::BeyondRetention => "beyond-retention",
            Self::BelowInterval => "below-interval",
            Self::LongWindow => "long-window",
            Self::Windows => "windows",
            Self::HoldsTooLong => "holds-too-long",
            Self::Mute => "mute",
        }
    }
}

/// What the collector and a Prometheus beside it keep and read.
#[derive(Clone, Copy, Debug)]
pub struct Means {
    /// Counts per minute are kept so long.
    pub retention_s: u64,
    /// The servers' counters are kept so long.
    pub scraped_retention_s: u64,
    /// Between two reads of a target, or of the collector by a Prometheus.
    pub interval_s: u64,
}

/// Everything to mend in an objective.
pub fn lint(objective: &Objective, means: &Means) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut say = |rule, what| {
        found.push(Finding {
            objective: objective.name.clone(),
            place: objective.place.clone(),
            rule,
            what,
        });
    };
    let window_s = objective.window_s();
    let kept_s = match objective.indicator {
        Indicator::Events(_) | Indicator::Coverage(_) => Some(means.retention_s),
        Indicator::Scrape(_) => Some(means.scraped_retention_s),
        Indicator::Prometheus(_) => None,
    };
    if let Some(kept_s) = kept_s.filter(|kept_s| *kept_s < window_s) {
        let (window, kept) = (length(window_s), length(kept_s));
        say(
            Rule::BeyondRetention,
            format!(
                "the window of {window} is longer than the {kept} that are kept; keep more (store.buckets_days) or judge a shorter window"
            ),
        );
    }
    for alert in &objective.alerts {
        for (rule, what) in of_alert(alert, objective.target, window_s, means) {
            say(rule, what);
        }
    }
    let reachable = |alert: &BurnAlert| !alert.factor.is_out_of_reach(objective.target);
    if objective.role == Role::Alerting && !objective.alerts.iter().any(reachable) {
        say(
            Rule::Mute,
            "it is alerting, but none of its alerts can fire; make it aspirational or give it an alert within reach".to_owned(),
        );
    }
    found
}

fn of_alert(alert: &BurnAlert, target: Ppm, window_s: u64, means: &Means) -> Vec<(Rule, String)> {
    let mut found = Vec::new();
    let words = alert.words();
    if alert.factor.is_out_of_reach(target) {
        let most =
            Factor::highest(target).map_or_else(|| "no".to_owned(), |most| format!("{most}×"));
        found.push((
            Rule::OutOfReach,
            format!("{words} can never fire: at a target of {target} the budget burns {most} at most, when all fails; ask for less than that"),
        ));
    }
    if alert.long_s > window_s / 4 {
        let (long, quarter) = (length(alert.long_s), length(window_s / 4));
        found.push((
            Rule::LongWindow,
            format!("{words}: a long window of {long} tells of a budget that is mostly spent; take {quarter} at most, a quarter of the objective's"),
        ));
    }
    if alert.short_s > alert.long_s {
        found.push((
            Rule::Windows,
            format!("{words}: the short window is longer than the long one"),
        ));
    }
    if alert.short_s < means.interval_s * 2 {
        let least = length(means.interval_s * 2);
        found.push((
            Rule::BelowInterval,
            format!("{words}: the short window holds less than two reads of its source; take {least} at least, or read more often"),
        ));
    }
    if alert.after_s > alert.long_s {
        let after = length(alert.after_s);
        found.push((
            Rule::HoldsTooLong,
            format!("{words} must hold for {after}, longer than it looks back"),
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slo::files::{File, Known, read};

    /// An objective over `window` with one alert of these words.
    fn rules(window: &str, target: &str, alert: &str, means: &Means) -> Vec<&'static str> {
        let text = format!(
            "apiVersion: openslo/v1
kind: SLO
metadata: {{name: orders}}
spec:
  service: shop
  indicator:
    metadata: {{name: orders}}
    spec:
      ratioMetric:
        good: {{metricSource: {{type: sightline, spec: {{app: shop, page: '*', class: good}}}}}}
        total: {{metricSource: {{type: sightline, spec: {{app: shop, page: '*'}}}}}}
  timeWindow: [{{duration: {window}, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{target: {target}}}]
  alertPolicies:
    - metadata: {{name: fast}}
      spec:
        conditions:
          - metadata: {{name: fast, annotations: {{sightline.dev/short-window: 5m}}}}
            spec: {{severity: page, condition: {{op: gt, {alert}}}}}
"
        );
        let file = File {
            name: "x.yaml".into(),
            text,
        };
        let set =
            read(&[file], &Known::default()).unwrap_or_else(|problems| panic!("{problems:#?}"));
        let found = lint(&set.objectives[0], means);
        found.iter().map(|finding| finding.rule.name()).collect()
    }

    const MEANS: Means = Means {
        retention_s: 100 * 86_400,
        scraped_retention_s: 31 * 86_400,
        interval_s: 15,
    };
    const GOOD: &str = "threshold: 14.4, lookbackWindow: 1h";

    #[test]
    fn the_workbooks_own_page_has_nothing_to_mend() {
        assert_eq!(rules("30d", "0.999", GOOD, &MEANS), [""; 0]);
    }

    #[test]
    fn each_rule_finds_what_it_is_for() {
        let of = |alert| rules("30d", "0.999", alert, &MEANS);
        assert_eq!(rules("30d", "0.9", GOOD, &MEANS), ["out-of-reach", "mute"]);
        assert_eq!(rules("101d", "0.999", GOOD, &MEANS), ["beyond-retention"]);
        assert_eq!(rules("2h", "0.999", GOOD, &MEANS), ["long-window"]);
        assert_eq!(of("threshold: 2, lookbackWindow: 4m"), ["windows"]);
        assert_eq!(
            of("threshold: 2, lookbackWindow: 1h, alertAfter: 2h"),
            ["holds-too-long"]
        );
        let seldom = Means {
            interval_s: 300,
            ..MEANS
        };
        assert_eq!(rules("30d", "0.999", GOOD, &seldom), ["below-interval"]);
    }
}
