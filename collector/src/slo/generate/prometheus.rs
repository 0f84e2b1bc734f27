//! Recording and alerting rules for a Prometheus: the same factors, windows and guard against few events
//! as the collector's own.

use super::expression::{Expressions, expressions};
use super::names::{Events, Figure, Naming, range};
use super::yaml::Yaml;
use crate::slo::evaluate::State;
use crate::slo::objective::{Budgeting, Objective, Role};
use crate::slo::policy::BurnAlert;
use crate::slo::ppm::Ppm;
use crate::slo::timeline::Slicing;
use crate::slo::window::Window;
use std::collections::BTreeSet;

/// Rules are evaluated so often.
const EVERY: &str = "30s";
/// ln 200: failures less likely than 0.5% are no chance.
const LN_OF_SURPRISE: &str = "5.298317";
/// The window of the present burn rate, and of the sums that make up the whole window.
const PRESENT_S: u64 = 300;

/// The rules of all objectives, in one file.
pub fn prometheus(objectives: &[Objective], naming: Naming) -> String {
    let mut yaml = Yaml::default();
    yaml.line("# Generated from objective files by `sightline-collector slo generate prometheus`.");
    yaml.nested("groups:", |yaml| {
        for objective in objectives {
            group(objective, naming, yaml);
        }
    });
    yaml.finish()
}

/// Whether rules can be written for it.
pub(super) fn has_rules(objective: &Objective) -> bool {
    expressions(objective, PRESENT_S).is_some()
}

fn group(objective: &Objective, naming: Naming, yaml: &mut Yaml) {
    if !has_rules(objective) {
        yaml.line(&format!(
            "# {}: only the collector can reckon this one.",
            objective.name
        ));
        return;
    }
    yaml.item(&format!("name: \"objective-{}\"", objective.name), |yaml| {
        yaml.line(&format!("interval: {EVERY}"));
        yaml.nested("rules:", |yaml| {
            ratios(objective, naming, yaml);
            figures(objective, naming, yaml);
            for alert in alerts_of(objective) {
                alert_rule(objective, alert, naming, yaml);
            }
        });
    });
}

/// The alerts a Prometheus is to tell of.
pub(super) fn alerts_of(objective: &Objective) -> impl Iterator<Item = &BurnAlert> {
    let tells = objective.role == Role::Alerting;
    objective
        .alerts
        .iter()
        .filter(move |alert| tells && alert.when_breaching)
}

fn ratios(objective: &Objective, naming: Naming, yaml: &mut Yaml) {
    let mut windows: BTreeSet<u64> = [PRESENT_S].into();
    windows.extend(
        objective
            .alerts
            .iter()
            .flat_map(|alert| [alert.long_s, alert.short_s]),
    );
    let slice_s = match objective.budgeting {
        Budgeting::Occurrences => None,
        Budgeting::Timeslices { minutes, .. } => Some(minutes * 60),
    };
    windows.extend(slice_s);
    for window_s in windows {
        let Some(found) = expressions(objective, window_s) else {
            continue;
        };
        let window = range(window_s);
        let labels = labels(objective, naming, Some(&window));
        let name = naming.ratio(&window);
        let ratio = match slice_s.filter(|slice_s| *slice_s != window_s) {
            Some(slice_s) => over_slices(objective, naming, slice_s, &window),
            None => found.ratio,
        };
        record(yaml, &name, &ratio, &labels);
        if let Some((bad, all)) = found.events {
            record(yaml, &naming.events(Events::All, &window), &all, &labels);
            record(yaml, &naming.events(Events::Bad, &window), &bad, &labels);
        }
    }
    let window_s = objective.window_s();
    let window = range(window_s);
    let whole = match slice_s {
        Some(slice_s) => over_slices(objective, naming, slice_s, &window),
        None => over_all(objective, naming, &window),
    };
    let labels = labels(objective, naming, Some(&window));
    if matches!(objective.window, Window::Calendar { .. }) {
        yaml.line("# Prometheus has no calendar: this window rolls.");
    }
    record(yaml, &naming.ratio(&window), &whole, &labels);
}

/// Weighed by events: the mean of ratios would let a quiet night count as much as a busy day. Each event is
/// in as many of the sums as any other, so that their quotient is that of the events.
fn over_all(objective: &Objective, naming: Naming, window: &str) -> String {
    let step = range(PRESENT_S);
    let sum = |which| {
        let series = naming.selector(&naming.events(which, &step), objective);
        format!("sum_over_time({series}[{window}])")
    };
    let countable = expressions(objective, PRESENT_S).is_some_and(|found| found.events.is_some());
    if countable {
        return format!("{} / ({} > 0)", sum(Events::Bad), sum(Events::All));
    }
    let ratio = naming.selector(&naming.ratio(&step), objective);
    format!("avg_over_time({ratio}[{window}])")
}

fn over_slices(objective: &Objective, naming: Naming, slice_s: u64, window: &str) -> String {
    let slice = range(slice_s);
    let ratio = naming.selector(&naming.ratio(&slice), objective);
    match objective.budgeting {
        Budgeting::Timeslices {
            slicing: Slicing::Judged(target),
            ..
        } => {
            let most = target.complement().share();
            format!("avg_over_time(({ratio} > bool {most})[{window}:{slice}])")
        }
        Budgeting::Timeslices { .. } | Budgeting::Occurrences => {
            format!("avg_over_time({ratio}[{window}:{slice}])")
        }
    }
}

fn figures(objective: &Objective, naming: Naming, yaml: &mut Yaml) {
    let labels = labels(objective, naming, None);
    let budget = objective.target.complement().share();
    let target = format!("vector({})", objective.target.share());
    record(yaml, naming.figure(Figure::Target), &target, &labels);
    record(
        yaml,
        naming.figure(Figure::Budget),
        &format!("vector({budget})"),
        &labels,
    );
    let days = objective.window_s() * 1000 / 86_400;
    let days = format!("vector({}.{:03})", days / 1000, days % 1000);
    record(yaml, naming.figure(Figure::Days), &days, &labels);
    let over = |window: &str| {
        let ratio = naming.selector(&naming.ratio(window), objective);
        format!(
            "sum without ({}) ({ratio}) / {budget}",
            naming.window_label()
        )
    };
    let present = over(&range(PRESENT_S));
    record(yaml, naming.figure(Figure::CurrentBurn), &present, &labels);
    let whole = over(&range(objective.window_s()));
    record(yaml, naming.figure(Figure::PeriodBurn), &whole, &labels);
    let burnt = naming.selector(naming.figure(Figure::PeriodBurn), objective);
    record(
        yaml,
        naming.figure(Figure::Remaining),
        &format!("1 - {burnt}"),
        &labels,
    );
    let mut info = labels;
    let target = objective.target.percent();
    match naming {
        Naming::Own => {
            info.push(("target", target));
            info.push(("role", objective.role.word().to_owned()));
        }
        Naming::Sloth => {
            info.push(("sloth_objective", target));
            info.push(("sloth_mode", "cli-gen-prom".to_owned()));
            info.push(("sloth_spec", "openslo/v1".to_owned()));
            info.push(("sloth_version", "sightline".to_owned()));
        }
    }
    record(yaml, naming.figure(Figure::Info), "vector(1)", &info);
}

fn labels(
    objective: &Objective,
    naming: Naming,
    window: Option<&str>,
) -> Vec<(&'static str, String)> {
    let mut labels = naming.labels(objective);
    labels.extend(window.map(|window| (naming.window_label(), window.to_owned())));
    labels
}

fn record(yaml: &mut Yaml, name: &str, expression: &str, labels: &[(&'static str, String)]) {
    yaml.item(&format!("record: {name}"), |yaml| {
        yaml.text("expr", expression);
        yaml.labels(
            "labels",
            labels.iter().map(|(name, value)| (*name, value.as_str())),
        );
    });
}

/// The name of every burn alert.
pub(super) const ALERT: &str = "ErrorBudgetBurn";

fn alert_rule(objective: &Objective, alert: &BurnAlert, naming: Naming, yaml: &mut Yaml) {
    yaml.item(&format!("alert: {ALERT}"), |yaml| {
        yaml.text("expr", &alert_expression(objective, alert, naming));
        if alert.after_s > 0 {
            yaml.line(&format!("for: {}", range(alert.after_s)));
        }
        let mut labels = naming.labels(objective);
        let severity = alert.severity.word().to_owned();
        labels.push(("severity", severity.clone()));
        if naming == Naming::Sloth {
            labels.push(("sloth_severity", severity));
        }
        labels.push(("long", range(alert.long_s)));
        labels.push(("short", range(alert.short_s)));
        labels.push(("factor", alert.factor.to_string()));
        if !alert.targets.is_empty() {
            labels.push(("notify", alert.targets.join(",")));
        }
        let own: BTreeSet<_> = labels.iter().map(|(name, _)| *name).collect();
        let of_file = objective
            .labels
            .iter()
            .filter(|(name, _)| is_label(name) && !own.contains(name.as_str()));
        let of_file: Vec<_> = of_file
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let labels = labels.iter().map(|(name, value)| (*name, value.as_str()));
        yaml.labels("labels", labels.chain(of_file));
        let summary = format!(
            "{}: the error budget burns {}",
            objective.title,
            alert.words()
        );
        let description = format!(
            "{} The target is {} ({}); at this rate it will be {}.",
            objective.description,
            objective.target,
            objective.window.words(),
            State::Violated.words(),
        );
        let mut annotations = vec![
            ("summary", summary.as_str()),
            ("description", description.trim()),
        ];
        annotations.extend(
            objective
                .runbook
                .as_deref()
                .map(|runbook| ("runbook_url", runbook)),
        );
        yaml.labels("annotations", annotations);
    });
}

/// Names of labels in Prometheus are narrower than those in OpenSLO.
fn is_label(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    name.bytes().all(inner) && !name.starts_with(|first: char| first.is_ascii_digit())
}

/// Both windows burn too fast, and the long one too often for chance. Prometheus has no binomial
/// distribution; Chernoff's bound (<https://doi.org/10.1214/aoms/1177729330>) lies above its tail, so
/// what passes it is no chance either, and it asks for a few more failures than the collector does.
fn alert_expression(objective: &Objective, alert: &BurnAlert, naming: Naming) -> String {
    let budget = objective.target.complement();
    let threshold = threshold(alert, budget);
    let over = |seconds| {
        let ratio = naming.selector(&naming.ratio(&range(seconds)), objective);
        format!("sum without ({}) ({ratio})", naming.window_label())
    };
    let (long, short) = (over(alert.long_s), over(alert.short_s));
    let mut expression = format!("({long} > {threshold})\nand\n({short} > {threshold})");
    if expressions(objective, alert.long_s).is_some_and(|of: Expressions| of.events.is_some()) {
        let events = naming.events(Events::All, &range(alert.long_s));
        let events = naming.selector(&events, objective);
        let events = format!("sum without ({}) ({events})", naming.window_label());
        let (p, q) = (budget.share(), objective.target.share());
        let divergence = format!(
            "({long}) * ln(({long}) / {p}) + clamp_min(1 - ({long}), 1e-9) * ln(clamp_min(1 - ({long}), 1e-9) / {q})"
        );
        expression += &format!("\nand\n(({events}) * ({divergence}) > {LN_OF_SURPRISE})");
    }
    expression
}

/// Factor × budget as an exact decimal.
fn threshold(alert: &BurnAlert, budget: Ppm) -> String {
    let billionths = u128::from(alert.factor.0) * u128::from(budget.parts());
    let text = format!(
        "{}.{:09}",
        billionths / 1_000_000_000,
        billionths % 1_000_000_000
    );
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
