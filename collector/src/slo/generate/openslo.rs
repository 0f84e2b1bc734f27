//! Objectives as OpenSLO v1, whatever file they came from. What is read back is what was written.

use super::yaml::Yaml;
use crate::compare::SeriesName;
use crate::sli::{Class, Outcome};
use crate::slo::files::ObjectiveSet;
use crate::slo::indicator::{
    CoverageOf, EventFilter, Indicator, Part, PrometheusIndicator, ScrapeFactor, Subject,
};
use crate::slo::objective::{Budgeting, Objective, Role};
use crate::slo::policy::BurnAlert;
use crate::slo::timeline::Slicing;
use crate::slo::window::Window;

/// A whole set as one file.
pub fn openslo(set: &ObjectiveSet) -> String {
    let mut yaml = Yaml::default();
    for (name, service) in &set.services {
        head(&mut yaml, "Service", name, &service.title);
        yaml.nested("spec:", |yaml| {
            yaml.text("description", &service.description);
        });
    }
    for (name, target) in &set.targets {
        head(&mut yaml, "AlertNotificationTarget", name, name);
        yaml.nested("spec:", |yaml| yaml.text("target", target));
    }
    let mut urls: Vec<_> = set
        .objectives
        .iter()
        .filter_map(|of| url(&of.indicator))
        .collect();
    urls.sort_unstable();
    urls.dedup();
    for (index, url) in urls.iter().enumerate() {
        let name = source_name(index);
        head(&mut yaml, "DataSource", &name, &name);
        yaml.nested("spec:", |yaml| {
            yaml.text("type", "prometheus");
            yaml.nested("connectionDetails:", |yaml| yaml.text("url", url));
        });
    }
    for objective in &set.objectives {
        slo(&mut yaml, objective, &urls);
    }
    yaml.finish()
}

fn source_name(index: usize) -> String {
    format!("prometheus-{}", index + 1)
}

fn url(indicator: &Indicator) -> Option<&str> {
    match indicator {
        Indicator::Prometheus(of) => of.url.as_deref(),
        Indicator::Events(_) | Indicator::Coverage(_) | Indicator::Scrape(_) => None,
    }
}

fn head(yaml: &mut Yaml, kind: &str, name: &str, title: &str) {
    yaml.line("---");
    yaml.line("apiVersion: openslo/v1");
    yaml.line(&format!("kind: {kind}"));
    yaml.nested("metadata:", |yaml| {
        yaml.text("name", name);
        yaml.text("displayName", title);
    });
}

fn slo(yaml: &mut Yaml, objective: &Objective, urls: &[&str]) {
    yaml.line("---");
    yaml.line("apiVersion: openslo/v1");
    yaml.line("kind: SLO");
    yaml.nested("metadata:", |yaml| {
        yaml.text("name", &objective.name);
        yaml.text("displayName", &objective.title);
        let labels = objective.labels.iter();
        yaml.labels(
            "labels",
            labels.map(|(name, value)| (name.as_str(), value.as_str())),
        );
        yaml.labels(
            "annotations",
            annotations(objective)
                .iter()
                .map(|(name, value)| (*name, value.as_str())),
        );
    });
    yaml.nested("spec:", |yaml| {
        yaml.text("description", &objective.description);
        yaml.text("service", &objective.service);
        yaml.nested("indicator:", |yaml| {
            yaml.nested("metadata:", |yaml| yaml.text("name", &objective.name));
            yaml.nested("spec:", |yaml| indicator(yaml, &objective.indicator, urls));
        });
        yaml.nested("timeWindow:", |yaml| window(yaml, &objective.window));
        budgeting(yaml, objective);
        alerts(yaml, objective);
    });
}

fn annotations(objective: &Objective) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    if objective.role != Role::Alerting {
        found.push(("sightline.dev/role", objective.role.word().to_owned()));
    }
    if let Some(twin) = &objective.twin {
        found.push(("sightline.dev/twin", twin.objective.clone()));
        if twin.complete {
            found.push(("sightline.dev/twin-complete", "true".to_owned()));
        }
    }
    let optional = [
        ("sightline.dev/approximate", &objective.approximate),
        ("sightline.dev/runbook", &objective.runbook),
    ];
    found.extend(
        optional
            .into_iter()
            .filter_map(|(name, text)| Some((name, text.clone()?))),
    );
    found
}

fn indicator(yaml: &mut Yaml, indicator: &Indicator, urls: &[&str]) {
    let part_key = |part_is| match part_is {
        Part::Good => "good:",
        Part::Bad => "bad:",
    };
    yaml.nested("ratioMetric:", |yaml| match indicator {
        Indicator::Events(of) => {
            yaml.line("counter: true");
            yaml.nested(part_key(of.part_is), |yaml| {
                source(yaml, "type", "sightline", |yaml| events(yaml, &of.part));
            });
            yaml.nested("total:", |yaml| {
                source(yaml, "type", "sightline", |yaml| events(yaml, &of.total));
            });
        }
        Indicator::Coverage(of) => {
            yaml.text("rawType", "success");
            yaml.nested("raw:", |yaml| {
                source(yaml, "type", "sightline", |yaml| {
                    yaml.text("app", &of.app);
                    let what = match of.of {
                        CoverageOf::Beacons => "beacons",
                        CoverageOf::Documents => "documents",
                    };
                    yaml.text("coverage", what);
                });
            });
        }
        Indicator::Scrape(of) => match of.factors.as_slice() {
            [one] if one.name.is_empty() => {
                yaml.line("counter: true");
                let mut of_series = |key: &str, series: &[SeriesName]| {
                    yaml.nested(key, |yaml| {
                        source(yaml, "type", "scrape", |yaml| {
                            yaml.text("target", &of.target);
                            texts(yaml, "metric", series);
                        });
                    });
                };
                of_series(part_key(one.part_is), &one.part);
                of_series("total:", &one.total);
            }
            factors => {
                yaml.text("rawType", "success");
                yaml.nested("raw:", |yaml| {
                    source(yaml, "type", "scrape", |yaml| {
                        yaml.text("target", &of.target);
                        yaml.nested("factors:", |yaml| {
                            factors.iter().for_each(|of| factor(yaml, of));
                        });
                    });
                });
            }
        },
        Indicator::Prometheus(of) => prometheus(yaml, of, part_key(of.part_is), urls),
    });
}

fn source(yaml: &mut Yaml, key: &str, value: &str, spec: impl FnOnce(&mut Yaml)) {
    yaml.nested("metricSource:", |yaml| {
        yaml.text(key, value);
        yaml.nested("spec:", spec);
    });
}

fn prometheus(yaml: &mut Yaml, of: &PrometheusIndicator, part_key: &str, urls: &[&str]) {
    let at = of
        .url
        .as_deref()
        .and_then(|url| urls.iter().position(|known| *known == url));
    let mut query = |key: &str, text: &str| {
        yaml.nested(key, |yaml| {
            let (name, value) = match at {
                Some(at) => ("metricSourceRef", source_name(at)),
                None => ("type", "prometheus".to_owned()),
            };
            source(yaml, name, &value, |yaml| yaml.text("query", text));
        });
    };
    if let Some(total) = &of.total {
        query(part_key, &of.part);
        query("total:", total);
        yaml.line("counter: true");
        return;
    }
    query("raw:", &of.part);
    let raw_type = match of.part_is {
        Part::Good => "success",
        Part::Bad => "failure",
    };
    yaml.text("rawType", raw_type);
}

fn factor(yaml: &mut Yaml, factor: &ScrapeFactor) {
    yaml.item(
        &format!("name: {}", super::yaml::quoted(&factor.name)),
        |yaml| {
            texts(yaml, "good", &factor.part);
            texts(yaml, "total", &factor.total);
        },
    );
}

fn texts(yaml: &mut Yaml, key: &str, series: &[SeriesName]) {
    let quoted: Vec<_> = series
        .iter()
        .map(|name| super::yaml::quoted(&name.to_string()))
        .collect();
    yaml.line(&format!("{key}: [{}]", quoted.join(", ")));
}

fn events(yaml: &mut Yaml, filter: &EventFilter) {
    yaml.text("app", &filter.app);
    let any = |name: &Option<String>| name.clone().unwrap_or_else(|| "*".to_owned());
    match &filter.subject {
        Subject::Page(route) => yaml.text("page", &any(route)),
        Subject::Request(call) => yaml.text("request", &any(call)),
        Subject::Journey(name) => yaml.text("journey", name),
        Subject::Vital(name, route) => {
            let label = Outcome::Vital(*name, beacon::VitalRating::Good).label();
            yaml.text("vital", label.trim_end_matches("_good"));
            if let Some(route) = route {
                yaml.text("route", route);
            }
        }
    }
    let class = match filter.classes.as_slice() {
        [Class::Good, Class::Bad] => None,
        [Class::Good] => Some("good"),
        [Class::Bad] => Some("bad"),
        [Class::Excluded] => Some("excluded"),
        _ => Some("all"),
    };
    if let Some(class) = class {
        yaml.text("class", class);
    }
    let outcomes: Vec<_> = filter
        .outcomes
        .iter()
        .map(|outcome| super::yaml::quoted(outcome.label()))
        .collect();
    if !outcomes.is_empty() {
        yaml.line(&format!("outcome: [{}]", outcomes.join(", ")));
    }
    if let Some(within_ms) = filter.within_ms {
        yaml.line(&format!("within_ms: {within_ms}"));
    }
    let labels = [
        ("release", &filter.release),
        ("deployment", &filter.deployment),
        ("backend_origin", &filter.backend_origin),
    ];
    for (name, value) in labels {
        if let Some(value) = value {
            yaml.text(name, value);
        }
    }
    if let Some(expected) = filter.expected_origin {
        yaml.line(&format!("expected_origin: {expected}"));
    }
}

fn window(yaml: &mut Yaml, window: &Window) {
    match window {
        Window::Rolling(period) => yaml.item(&format!("duration: {period}"), |yaml| {
            yaml.line("isRolling: true");
        }),
        Window::Calendar {
            period,
            start,
            zone,
        } => {
            yaml.item(&format!("duration: {period}"), |yaml| {
                yaml.nested("calendar:", |yaml| {
                    yaml.text(
                        "startTime",
                        &start.strftime("%Y-%m-%d %H:%M:%S").to_string(),
                    );
                    yaml.text("timeZone", zone.iana_name().unwrap_or("UTC"));
                });
                yaml.line("isRolling: false");
            });
        }
    }
}

fn budgeting(yaml: &mut Yaml, objective: &Objective) {
    let (method, slice) = match objective.budgeting {
        Budgeting::Occurrences => ("Occurrences", None),
        Budgeting::Timeslices {
            minutes,
            slicing: Slicing::Judged(target),
        } => ("Timeslices", Some((minutes, Some(target)))),
        Budgeting::Timeslices {
            minutes,
            slicing: Slicing::Weighed,
        } => ("RatioTimeslices", Some((minutes, None))),
    };
    yaml.line(&format!("budgetingMethod: {method}"));
    yaml.nested("objectives:", |yaml| {
        yaml.item(&format!("target: {}", objective.target.share()), |yaml| {
            if let Some((minutes, target)) = slice {
                yaml.line(&format!("timeSliceWindow: {minutes}m"));
                if let Some(target) = target {
                    yaml.line(&format!("timeSliceTarget: {}", target.share()));
                }
            }
        });
    });
}

/// The standard alerts are written out, so that other tools see them.
fn alerts(yaml: &mut Yaml, objective: &Objective) {
    if objective.alerts.is_empty() {
        return;
    }
    yaml.nested("alertPolicies:", |yaml| {
        for (index, alert) in objective.alerts.iter().enumerate() {
            yaml.item("kind: AlertPolicy", |yaml| policy(yaml, alert, index));
        }
    });
}

fn policy(yaml: &mut Yaml, alert: &BurnAlert, index: usize) {
    let name = format!("burn-{}", index + 1);
    yaml.nested("metadata:", |yaml| yaml.text("name", &name));
    yaml.nested("spec:", |yaml| {
        yaml.line(&format!("alertWhenBreaching: {}", alert.when_breaching));
        yaml.line(&format!("alertWhenResolved: {}", alert.when_resolved));
        yaml.line(&format!("alertWhenNoData: {}", alert.when_no_data));
        yaml.nested("conditions:", |yaml| {
            yaml.item("kind: AlertCondition", |yaml| {
                yaml.nested("metadata:", |yaml| {
                    yaml.text("name", &name);
                    let short = format!("{}s", alert.short_s);
                    yaml.labels(
                        "annotations",
                        [("sightline.dev/short-window", short.as_str())],
                    );
                });
                yaml.nested("spec:", |yaml| {
                    yaml.text("severity", alert.severity.word());
                    yaml.nested("condition:", |yaml| {
                        yaml.line("kind: burnrate");
                        yaml.line("op: gt");
                        yaml.line(&format!("threshold: {}", alert.factor));
                        yaml.line(&format!("lookbackWindow: {}s", alert.long_s));
                        yaml.line(&format!("alertAfter: {}s", alert.after_s));
                    });
                });
            });
        });
        if !alert.targets.is_empty() {
            yaml.nested("notificationTargets:", |yaml| {
                for target in &alert.targets {
                    yaml.line(&format!("- targetRef: {}", super::yaml::quoted(target)));
                }
            });
        }
    });
}
