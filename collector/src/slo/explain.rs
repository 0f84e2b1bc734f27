//! A judgement in words: which events, which windows, why this state, what would change it.

use super::budget::ErrorBudget;
use super::counts::Counts;
use super::evaluate::{AlertState, Evaluation, State};
use super::indicator::{CoverageOf, EventFilter, Indicator, Part, Subject};
use super::objective::{Budgeting, Objective, Role};
use super::ppm::Ppm;
use super::window::{instant, length};

/// Sentences, the most important first.
pub fn explain(objective: &Objective, found: &Evaluation) -> Vec<String> {
    let mut lines = vec![verdict(objective, found), what_counts(objective)];
    lines.push(window(objective, found));
    if !found.counts.is_empty() {
        lines.push(budget(objective, &found.budget));
        lines.extend(exhaustion(found));
    }
    lines.extend(found.alerts.iter().map(|state| alert(objective, state)));
    lines.extend(objective.unreachable.iter().map(|alert| {
        let target = objective.target;
        format!(
            "No alert for {}: at a target of {target} no budget burns so fast.",
            alert.words()
        )
    }));
    lines.extend(found.exclusions.iter().map(|exclusion| {
        let (from, to) = (
            instant(exclusion.stretch.from_ms),
            instant(exclusion.stretch.to_ms),
        );
        let late = if exclusion.retroactive {
            ", entered afterwards"
        } else {
            ""
        };
        format!(
            "Not counted: {from} to {to}, {} ({}, approved by {}{late}).",
            exclusion.reason, exclusion.name, exclusion.approved_by
        )
    }));
    lines.extend(
        objective
            .approximate
            .iter()
            .map(|why| format!("Approximate: {why}.")),
    );
    lines
}

/// `99.12%`, rounded down; `no data` without any.
pub fn percent(ppm: Option<u32>) -> String {
    ppm.and_then(Ppm::new)
        .map_or_else(|| "no data".to_owned(), |ppm| format!("{ppm}"))
}

fn verdict(objective: &Objective, found: &Evaluation) -> String {
    let state = found.state.words();
    let present = percent(found.present.counts.ratio_ppm());
    let (target, over) = (objective.target, length(found.present.window_s));
    let judged = if found.present.counts.is_empty() {
        format!(
            "nothing in the last {over}, {} in the whole window",
            percent(found.sli_ppm)
        )
    } else {
        format!("{present} in the last {over}")
    };
    let why = match found.state {
        State::NoData => "nothing was counted, which is not the same as well".to_owned(),
        State::Healthy => format!("{judged}, target {target}"),
        State::AtRisk => format!(
            "{judged}, below the target of {target}, with more than a tenth of the budget left"
        ),
        State::Violated => format!(
            "{judged}, below the target of {target}, with a tenth of the budget left or less"
        ),
        State::BudgetSpent => {
            format!("{judged}, at the target of {target}, but nothing is left of the budget")
        }
    };
    format!("{} is {state}: {why}.", objective.title)
}

fn what_counts(objective: &Objective) -> String {
    let slices = match objective.budgeting {
        Budgeting::Occurrences => String::new(),
        Budgeting::Timeslices { minutes, .. } => format!(", judged in slices of {minutes} min"),
    };
    let what = match &objective.indicator {
        Indicator::Events(of) => {
            let part = match of.part_is {
                Part::Good => "good",
                Part::Bad => "bad",
            };
            format!("{}; {part} are {}", filter(&of.total), filter(&of.part))
        }
        Indicator::Coverage(of) => match of.of {
            CoverageOf::Beacons => {
                "beacons that arrived, of those known to have been sent".to_owned()
            }
            CoverageOf::Documents => {
                "documents whose view was heard of, of those served".to_owned()
            }
        },
        Indicator::Scrape(of) => {
            let factors = of.factors.len();
            let product = if factors > 1 {
                format!(", {factors} ratios multiplied")
            } else {
                String::new()
            };
            format!("counters of {}{product}", of.target)
        }
        Indicator::Prometheus(of) => {
            let from = of.url.as_deref().unwrap_or("a Prometheus, by rules only");
            format!("queries of {from}")
        }
    };
    format!("It counts {what}{slices}.")
}

fn filter(filter: &EventFilter) -> String {
    let every = |name: &Option<String>, what: &str| match name {
        Some(name) => format!("{what} {name}"),
        None => format!("all {what}s"),
    };
    let mut text = match &filter.subject {
        Subject::Page(route) => every(route, "page"),
        Subject::Request(call) => every(call, "call"),
        Subject::Journey(name) => format!("attempts at {name}"),
        Subject::Vital(name, _) => format!("{name:?}").to_uppercase(),
    };
    let outcomes: Vec<_> = filter
        .outcomes
        .iter()
        .map(|outcome| outcome.label())
        .collect();
    if !outcomes.is_empty() {
        text += &format!(" that ended {}", outcomes.join(" or "));
    }
    if let [class] = filter.classes.as_slice() {
        text += &format!(" that are {}", class.label());
    }
    if let Some(within_ms) = filter.within_ms {
        text += &format!(" within {within_ms} ms");
    }
    let labels = [
        ("release", &filter.release),
        ("deployment", &filter.deployment),
        ("backend", &filter.backend_origin),
    ];
    for (label, value) in labels {
        if let Some(value) = value {
            text += &format!(", {label} {value}");
        }
    }
    match filter.expected_origin {
        Some(true) => text + " at an expected backend",
        Some(false) => text + " at an unexpected backend",
        None => text,
    }
}

fn window(objective: &Objective, found: &Evaluation) -> String {
    let (from, to) = (
        instant(found.window.passed.from_ms),
        instant(found.window.passed.to_ms),
    );
    let Counts { good, bad } = found.counts;
    let sli = percent(found.sli_ppm);
    let excluded = match found.excluded.total() {
        0 => String::new(),
        excluded => format!(", {excluded} more not counted"),
    };
    format!(
        "Window ({}): {from} to {to}, {good} good and {bad} bad{excluded}: {sli}.",
        objective.window.words()
    )
}

fn budget(objective: &Objective, budget: &ErrorBudget) -> String {
    let allowed = budget.allowed_milli / 1000;
    let left = match budget.remaining_ppm {
        Some(left) if left >= 0 => format!("{}% left", left / 10_000),
        Some(over) => format!("overspent by {}%", -over / 10_000),
        None => "not known".to_owned(),
    };
    let (allowed_for, spent_for) = (
        length(budget.allowed_ms / 1000),
        length(budget.spent_ms / 1000),
    );
    let share = objective.target.complement();
    format!(
        "Budget ({share}): {allowed} failures allowed, {} spent, {left}; in time {allowed_for} allowed, {spent_for} spent.",
        budget.spent
    )
}

fn exhaustion(found: &Evaluation) -> Option<String> {
    found.budget.remaining_ppm.filter(|left| *left > 0)?;
    let rate = found.present.rate?;
    let over = length(found.present.window_s);
    Some(match found.exhausted_in_s {
        Some(seconds) => {
            format!(
                "At {rate}×, as in the last {over}, the budget is gone in {}.",
                length(seconds)
            )
        }
        None => format!("At {rate}×, as in the last {over}, the budget lasts."),
    })
}

fn alert(objective: &Objective, state: &AlertState) -> String {
    let rate = |over: super::evaluate::Burn| {
        over.rate
            .map_or_else(|| "no data".to_owned(), |rate| format!("{rate}×"))
    };
    let (long, short) = (rate(state.long), rate(state.short));
    let severity = state.alert.severity.word();
    let told = match (state.burning, objective.role) {
        (true, Role::Alerting) => "burns",
        (true, Role::Aspirational | Role::Compared) => "burns, and tells nobody",
        (false, _) if state.held_back => "is held back: so few failures may be chance",
        (false, _) => "is quiet",
    };
    format!(
        "{severity} at {}: {long} and {short}, {told}.",
        state.alert.words()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slo::evaluate::evaluate;
    use crate::slo::files::{File, Known, read};
    use crate::slo::timeline::{MINUTE_MS, Timeline};

    const FILE: &str = "
apiVersion: openslo/v1
kind: SLO
metadata: {name: orders, displayName: Orders}
spec:
  service: shop
  indicator:
    metadata: {name: orders}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: sightline, spec: {app: shop, journey: order, class: good, within_ms: 3000}}}
        total: {metricSource: {type: sightline, spec: {app: shop, journey: order}}}
  timeWindow: [{duration: 1d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.9}]
";
    const NOW: u64 = 1_780_000_020_000;

    fn words(ago: &[(u64, u64, u64)]) -> Vec<String> {
        let file = File {
            name: "orders.yaml".into(),
            text: FILE.into(),
        };
        let set = read(&[file], &Known::default()).unwrap();
        let minute = NOW / MINUTE_MS;
        let history = ago
            .iter()
            .map(|(ago, good, bad)| (minute - ago, Counts::new(*good, *bad)));
        let found = evaluate(&set.objectives[0], &Timeline::new(history), &[], NOW);
        explain(&set.objectives[0], &found)
    }

    #[test]
    fn a_state_says_which_events_which_windows_and_why() {
        assert_eq!(
            words(&[(600, 950, 50), (10, 80, 20)]),
            [
                "Orders is at risk: 80% in the last 1 h, below the target of 90%, with more than a tenth of the budget left.",
                "It counts attempts at order; good are attempts at order that are good within 3000 ms.",
                "Window (rolling 1d): 2026-05-27T20:27:00Z to 2026-05-28T20:27:00Z, 1030 good and 70 bad: 93.6363%.",
                "Budget (10%): 110 failures allowed, 70 spent, 36% left; in time 2 h 24 min allowed, 1 h 31 min spent.",
                "At 2×, as in the last 1 h, the budget is gone in 4 h 21 min.",
                "ticket at 2× over 1 h and 5 min: 2× and no data, is quiet.",
                "No alert for 10× over 5 min and 1 min: at a target of 90% no budget burns so fast.",
            ]
        );
    }

    #[test]
    fn no_data_never_reads_as_health() {
        let lines = words(&[]);
        assert!(
            lines[0].contains("no data: nothing was counted"),
            "{lines:?}"
        );
        assert!(lines.iter().all(|line| !line.contains("100%")), "{lines:?}");
    }
}
