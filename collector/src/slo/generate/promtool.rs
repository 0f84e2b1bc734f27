//! Unit tests for the generated rules (`promtool test rules`): every alert fires when the budget burns
//! faster than its factor for as long as its window, and stays quiet while it burns slower.

use super::expression::{EVENTS, WITHDRAWN};
use super::names::{Naming, range};
use super::prometheus::{ALERT, alerts_of, has_rules};
use super::yaml::{Yaml, quoted};
use crate::compare::SeriesName;
use crate::slo::indicator::{Indicator, Part};
use crate::slo::objective::{Budgeting, Objective};
use crate::slo::policy::BurnAlert;
use crate::slo::ppm::MILLION;
use crate::slo::window::length;
use std::collections::BTreeSet;

/// Events per sample of the tests, so many that no alert is held back for want of them.
const EVENTS_PER_SAMPLE: u64 = 1_000_000;
const STEP_S: u64 = 30;
/// Rules are evaluated less often than in earnest: the tests of slow alerts last days.
const EVERY_S: u64 = 300;

/// The tests for the rules in `rules_file`.
pub fn promtool_tests(objectives: &[Objective], naming: Naming, rules_file: &str) -> String {
    let mut yaml = Yaml::default();
    yaml.line("# Generated with the rules: `promtool test rules` on this file checks them.");
    yaml.line(&format!("rule_files: [{}]", quoted(rules_file)));
    yaml.line(&format!("evaluation_interval: {EVERY_S}s"));
    let tests = batches(objectives);
    if tests.is_empty() {
        yaml.line("tests: []");
        return yaml.finish();
    }
    yaml.nested("tests:", |yaml| {
        for batch in &tests {
            test(batch, Burning::Faster, naming, yaml);
            test(batch, Burning::Slower, naming, yaml);
        }
    });
    yaml.finish()
}

/// Alerts that look equally far back are tested together, for every test evaluates every rule; unless
/// they are made of the same series.
struct Batch<'a> {
    after_s: u64,
    alerts: Vec<(&'a Objective, &'a BurnAlert)>,
    series: BTreeSet<String>,
}

fn batches(objectives: &[Objective]) -> Vec<Batch<'_>> {
    let mut found: Vec<Batch<'_>> = Vec::new();
    for objective in objectives.iter().filter(|objective| is_testable(objective)) {
        let series: BTreeSet<_> = series(objective, 0)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        for alert in alerts_of(objective) {
            let after_s = alert.long_s + alert.after_s;
            let fits = |batch: &&mut Batch<'_>| {
                batch.after_s == after_s && batch.series.is_disjoint(&series)
            };
            match found.iter_mut().find(fits) {
                Some(batch) => {
                    batch.alerts.push((objective, alert));
                    batch.series.extend(series.iter().cloned());
                }
                None => found.push(Batch {
                    after_s,
                    alerts: vec![(objective, alert)],
                    series: series.clone(),
                }),
            }
        }
    }
    found
}

/// Queries of others may ask for any series; slices would need days of samples.
fn is_testable(objective: &Objective) -> bool {
    has_rules(objective)
        && objective.budgeting == Budgeting::Occurrences
        && !matches!(objective.indicator, Indicator::Prometheus(_))
}

#[derive(Clone, Copy)]
enum Burning {
    Faster,
    Slower,
}

fn test(batch: &Batch<'_>, burning: Burning, naming: Naming, yaml: &mut Yaml) {
    let name = match burning {
        Burning::Faster => "fires",
        Burning::Slower => "stays quiet",
    };
    let after = length(batch.after_s);
    // On an evaluation, after the whole long window has burnt.
    let eval_s = (batch.after_s / EVERY_S + 3) * EVERY_S;
    yaml.item(
        &format!(
            "name: {}",
            quoted(&format!("what looks back {after} {name}"))
        ),
        |yaml| {
            yaml.line(&format!("interval: {STEP_S}s"));
            yaml.nested("input_series:", |yaml| {
                let all = batch.alerts.iter();
                for (series, per_sample) in
                    all.flat_map(|(of, alert)| series(of, bad(of, alert, burning)))
                {
                    yaml.item(&format!("series: {}", quoted(&series)), |yaml| {
                        let samples = eval_s / STEP_S + 1;
                        yaml.line(&format!("values: \"0+{per_sample}x{samples}\""));
                    });
                }
            });
            yaml.nested("promql_expr_test:", |yaml| {
                for (objective, alert) in &batch.alerts {
                    let alerts = firing(objective, alert, naming);
                    yaml.item(
                        &format!("expr: {}", quoted(&format!("count({alerts}) or vector(0)"))),
                        |yaml| {
                            yaml.line(&format!("eval_time: {}", range(eval_s)));
                            let value = match burning {
                                Burning::Faster => 1,
                                Burning::Slower => 0,
                            };
                            yaml.line(&format!(
                                "exp_samples: [{{labels: \"{{}}\", value: {value}}}]"
                            ));
                        },
                    );
                }
            });
        },
    );
}

/// Bad ones among the events of a sample.
fn bad(objective: &Objective, alert: &BurnAlert, burning: Burning) -> u64 {
    let budget = u64::from(objective.target.complement().parts());
    let billionths = match burning {
        Burning::Faster => (1100 * budget * alert.factor.0 / 1000).min(midway(alert, budget)),
        Burning::Slower => 900 * budget * alert.factor.0 / 1000,
    };
    billionths * EVENTS_PER_SAMPLE / 1000 / u64::from(MILLION)
}

fn firing(objective: &Objective, alert: &BurnAlert, naming: Naming) -> String {
    let mut labels = naming.labels(objective);
    labels.push(("long", range(alert.long_s)));
    labels.push(("severity", alert.severity.word().to_owned()));
    let label = |(name, value): &(&str, String)| format!("{name}={}", quoted(value));
    let labels: Vec<_> = labels.iter().map(label).collect();
    format!(
        "ALERTS{{alertname=\"{ALERT}\",alertstate=\"firing\",{}}}",
        labels.join(",")
    )
}

/// Halfway between the factor and failing always, in billionths.
fn midway(alert: &BurnAlert, budget: u64) -> u64 {
    u64::midpoint(budget * alert.factor.0, u64::from(MILLION) * 1000)
}

/// Counters that give this many bad ones per sample.
fn series(objective: &Objective, bad: u64) -> Vec<(String, u64)> {
    let good = EVENTS_PER_SAMPLE - bad;
    match &objective.indicator {
        Indicator::Events(_) => {
            let name = quoted(&objective.name);
            let of = |metric: &str, class: &str| {
                format!("{metric}{{objective={name},class=\"{class}\",instance=\"a\"}}")
            };
            // Twice as many as there are and half of them taken back, so that both counters matter.
            vec![
                (of(EVENTS, "good"), good * 2),
                (of(EVENTS, "bad"), bad * 2),
                (of(WITHDRAWN, "good"), good),
                (of(WITHDRAWN, "bad"), bad),
            ]
        }
        Indicator::Scrape(indicator) => {
            let mut found: Vec<(String, u64)> = Vec::new();
            let last = indicator.factors.len().saturating_sub(1);
            for (index, factor) in indicator.factors.iter().enumerate() {
                // All failures are in the last factor.
                let (good, bad) = if index == last {
                    (good, bad)
                } else {
                    (EVENTS_PER_SAMPLE, 0)
                };
                let part = match factor.part_is {
                    Part::Good => good,
                    Part::Bad => bad,
                };
                let mut add = |names: &[SeriesName], sum: u64| {
                    let each = sum / names.len().max(1) as u64;
                    for (at, name) in names.iter().enumerate() {
                        let rest = if at == 0 {
                            sum - each * names.len() as u64
                        } else {
                            0
                        };
                        if !found.iter().any(|(known, _)| *known == name.to_string()) {
                            found.push((name.to_string(), each + rest));
                        }
                    }
                };
                add(&factor.part, part);
                add(&factor.total, EVENTS_PER_SAMPLE);
            }
            found
        }
        Indicator::Coverage(_) | Indicator::Prometheus(_) => Vec::new(),
    }
}
