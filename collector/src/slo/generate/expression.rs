//! An indicator in PromQL: the error ratio over a window, and how many events it is made of.

use super::names::range;
use super::yaml::quoted;
use crate::compare::SeriesName;
use crate::slo::indicator::{Indicator, Part, PrometheusIndicator, ScrapeFactor};
use crate::slo::objective::Objective;

/// The collector's counters of an objective; both only grow.
pub(super) const EVENTS: &str = "sightline_objective_events_total";
/// What later revisions took back of them.
pub(super) const WITHDRAWN: &str = "sightline_objective_events_withdrawn_total";

/// The expressions of one window.
#[derive(Debug)]
pub(super) struct Expressions {
    /// Bad over all, without a value where there was nothing.
    pub(super) ratio: String,
    /// Bad events and all events, where both can be counted.
    pub(super) events: Option<(String, String)>,
}

/// `None` for what only the collector can reckon.
pub(super) fn expressions(objective: &Objective, window_s: u64) -> Option<Expressions> {
    let window = range(window_s);
    match &objective.indicator {
        Indicator::Events(_) => {
            let of = |labels: &str| {
                let labels = format!("objective={}{labels}", quoted(&objective.name));
                format!(
                    "(sum(increase({EVENTS}{{{labels}}}[{window}])) - sum(increase({WITHDRAWN}{{{labels}}}[{window}])))"
                )
            };
            let (bad, all) = (of(",class=\"bad\""), of(""));
            Some(of_events(format!("clamp_min({bad}, 0)"), all))
        }
        Indicator::Coverage(_) => None,
        Indicator::Scrape(indicator) => {
            let (last, earlier) = indicator.factors.split_last()?;
            let all = sum(&last.total, &window);
            if earlier.is_empty() {
                return Some(of_events(bad(last, &window), all));
            }
            let good = |factor: &ScrapeFactor| {
                let all = sum(&factor.total, &window);
                format!("(1 - {} / ({all} > 0))", bad(factor, &window))
            };
            let product: Vec<_> = indicator.factors.iter().map(good).collect();
            let ratio = format!("1 - {}", product.join(" * "));
            Some(Expressions {
                events: Some((format!("({ratio}) * {all}"), all)),
                ratio,
            })
        }
        Indicator::Prometheus(indicator) => Some(of_queries(indicator, &window, window_s)),
    }
}

fn of_events(bad: String, all: String) -> Expressions {
    Expressions {
        ratio: format!("{bad} / ({all} > 0)"),
        events: Some((bad, all)),
    }
}

/// Queries are taken as they are; what they count is known only where they say so.
fn of_queries(indicator: &PrometheusIndicator, window: &str, window_s: u64) -> Expressions {
    let fill = |query: &str| format!("({})", query.trim().replace("{{.window}}", window));
    let part = fill(&indicator.part);
    let Some(total) = &indicator.total else {
        return Expressions {
            ratio: match indicator.part_is {
                Part::Bad => part,
                Part::Good => format!("1 - {part}"),
            },
            events: None,
        };
    };
    let all = fill(total);
    let bad = match indicator.part_is {
        Part::Bad => part.clone(),
        Part::Good => format!("({all} - {part})"),
    };
    let factor = if total.contains("increase(") {
        Some(String::new())
    } else if total.contains("rate(") {
        Some(format!(" * {window_s}"))
    } else {
        None
    };
    Expressions {
        ratio: format!("{bad} / ({all} > 0)"),
        events: factor.map(|factor| (format!("{bad}{factor}"), format!("{all}{factor}"))),
    }
}

fn bad(factor: &ScrapeFactor, window: &str) -> String {
    let (part, all) = (sum(&factor.part, window), sum(&factor.total, window));
    match factor.part_is {
        Part::Bad => part,
        // Two counters are not read at one instant: a part may be ahead of its whole.
        Part::Good => format!("clamp_min({all} - {part}, 0)"),
    }
}

/// A counter that has never counted is not there, and so none of it.
fn sum(series: &[SeriesName], window: &str) -> String {
    let one =
        |name: &SeriesName| format!("(sum(increase({}[{window}])) or vector(0))", selector(name));
    let terms: Vec<_> = series.iter().map(one).collect();
    if let [one] = terms.as_slice() {
        return one.clone();
    }
    format!("({})", terms.join(" + "))
}

/// An edge of a histogram is the same number with and without its decimals.
fn selector(name: &SeriesName) -> String {
    let label = |(label, value): (&String, &String)| {
        let whole = value.trim_end_matches(".0");
        if label == "le" && whole.parse::<f64>().is_ok() {
            return format!(
                "le=~{}",
                quoted(&format!("{}(\\.0)?", whole.replace('.', "\\.")))
            );
        }
        format!("{label}={}", quoted(value))
    };
    let labels: Vec<_> = name.labels.iter().map(label).collect();
    if labels.is_empty() {
        return name.metric.clone();
    }
    format!("{}{{{}}}", name.metric, labels.join(","))
}
