//! Bodies for Google Cloud Monitoring's `serviceLevelObjectives`, over metrics that reach it through
//! Managed Prometheus. <https://cloud.google.com/stackdriver/docs/solutions/slo-monitoring/api/api-structures>

use super::expression::EVENTS;
use crate::compare::SeriesName;
use crate::slo::indicator::{Indicator, Part, ScrapeFactor};
use crate::slo::objective::{Budgeting, Objective};
use crate::slo::ppm::Ppm;
use crate::slo::timeline::Slicing;
use crate::slo::window::{Period, Unit, Window};
use serde_json::{Value, json};

/// A body.
///
/// # Errors
/// Why there is none.
pub fn gcp(objective: &Objective) -> Result<Value, String> {
    let indicator = indicator(objective)?;
    // https://cloud.google.com/monitoring/api/ref_v3/rest/v3/services.serviceLevelObjectives: 0 < goal < 1,
    // and no finer than 0.9999.
    if objective.target.parts() > 999_900 {
        return Err(format!(
            "a goal of {} is more than 99.99%, which Google takes at most",
            objective.target
        ));
    }
    let mut body = json!({
        "displayName": objective.title,
        "goal": number(objective.target),
        "serviceLevelIndicator": indicator,
        "userLabels": { "objective": objective.name, "role": objective.role.word() },
    });
    let (key, value) = period(&objective.window)?;
    body[key] = value;
    Ok(body)
}

fn number(share: Ppm) -> Value {
    json!(f64::from(share.parts()) / 1e6)
}

fn period(window: &Window) -> Result<(&'static str, Value), String> {
    match window {
        Window::Rolling(period) => {
            let seconds = period.about_seconds();
            if seconds % 86_400 != 0 || seconds > 30 * 86_400 {
                return Err(format!(
                    "Google rolls over 1 to 30 whole days, not over {period}"
                ));
            }
            Ok(("rollingPeriod", json!(format!("{seconds}s"))))
        }
        Window::Calendar { period, .. } => {
            let name = match period {
                Period {
                    count: 1,
                    unit: Unit::Days,
                } => "DAY",
                Period {
                    count: 1,
                    unit: Unit::Weeks,
                } => "WEEK",
                Period {
                    count: 2,
                    unit: Unit::Weeks,
                } => "FORTNIGHT",
                Period {
                    count: 1,
                    unit: Unit::Months,
                } => "MONTH",
                other => {
                    return Err(format!(
                        "Google's calendar has days, weeks, fortnights and months, not {other}"
                    ));
                }
            };
            Ok(("calendarPeriod", json!(name)))
        }
    }
}

fn indicator(objective: &Objective) -> Result<Value, String> {
    let ratio = match &objective.indicator {
        Indicator::Events(_) => {
            let of = |class: &str| {
                let labels = [("class", class), ("objective", objective.name.as_str())];
                filter(EVENTS, "counter", &labels)
            };
            json!({ "goodServiceFilter": of("good"), "badServiceFilter": of("bad") })
        }
        Indicator::Scrape(indicator) => match indicator.factors.as_slice() {
            [factor] => return of_factor(factor, objective.budgeting),
            _ => return Err("Google cannot multiply two ratios".to_owned()),
        },
        Indicator::Coverage(_) => return Err("only the collector can reckon this one".to_owned()),
        Indicator::Prometheus(_) => return Err("Google takes filters, not queries".to_owned()),
    };
    budgeted(json!({ "goodTotalRatio": ratio }), objective.budgeting)
}

/// A bucket over its histogram's count is a cut of the distribution.
fn of_factor(factor: &ScrapeFactor, budgeting: Budgeting) -> Result<Value, String> {
    let ([part], [total]) = (factor.part.as_slice(), factor.total.as_slice()) else {
        return Err("Google takes one metric for the good and one for all".to_owned());
    };
    if let Some((histogram, edge)) = cut(part, total) {
        let labels = total
            .labels
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let labels: Vec<_> = labels.collect();
        let cut = json!({
            "distributionCut": {
                "distributionFilter": filter(histogram, "histogram", &labels),
                "range": { "max": edge },
            }
        });
        return budgeted(cut, budgeting);
    }
    let of = |name: &SeriesName| {
        let labels: Vec<_> = name
            .labels
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        filter(&name.metric, "counter", &labels)
    };
    let key = match factor.part_is {
        Part::Good => "goodServiceFilter",
        Part::Bad => "badServiceFilter",
    };
    budgeted(
        json!({ "goodTotalRatio": { key: of(part), "totalServiceFilter": of(total) } }),
        budgeting,
    )
}

fn cut<'a>(part: &'a SeriesName, total: &SeriesName) -> Option<(&'a str, f64)> {
    let histogram = part.metric.strip_suffix("_bucket")?;
    let edge = part.labels.get("le")?.parse().ok()?;
    (total.metric.strip_suffix("_count") == Some(histogram)).then_some((histogram, edge))
}

fn filter(metric: &str, kind: &str, labels: &[(&str, &str)]) -> String {
    let mut filter = format!(
        "metric.type=\"prometheus.googleapis.com/{metric}/{kind}\" resource.type=\"prometheus_target\""
    );
    for (name, value) in labels {
        filter += &format!(" metric.labels.{name}={}", super::yaml::quoted(value));
    }
    filter
}

fn budgeted(request: Value, budgeting: Budgeting) -> Result<Value, String> {
    match budgeting {
        Budgeting::Occurrences => Ok(json!({ "requestBased": request })),
        Budgeting::Timeslices {
            minutes,
            slicing: Slicing::Judged(target),
        } if 1440 % minutes == 0 => Ok(json!({
            "windowsBased": {
                "windowPeriod": format!("{}s", minutes * 60),
                "goodTotalRatioThreshold": {
                    "performance": request,
                    "threshold": number(target),
                },
            }
        })),
        Budgeting::Timeslices {
            minutes,
            slicing: Slicing::Judged(_),
        } => Err(format!(
            "Google's windows are a fraction of a day, not {minutes} min"
        )),
        Budgeting::Timeslices {
            slicing: Slicing::Weighed,
            ..
        } => Err("Google cannot weigh time slices by their ratio".to_owned()),
    }
}
