//! An SLO's document: the objectives it declares, each with its indicator, target, window and alerts.

use super::alerting::{Alerting, expect_kind, policy};
use super::fields::Fields;
use super::metadata::{Metadata, metadata};
use super::node::Node;
use super::problem::Problems;
use super::read::Known;
use super::sli::{Metric, Threshold, indicator, metric};
use super::source::{DataSource, listed};
use crate::slo::objective::{Budgeting, Objective, Role, Twin};
use crate::slo::policy::{BurnAlert, standard};
use crate::slo::ppm::Ppm;
use crate::slo::timeline::Slicing;
use crate::slo::window::{Period, Window};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::collections::{BTreeSet, HashMap};

/// Documents that an SLO may refer to.
pub(super) struct Refer<'a> {
    pub(super) known: &'a Known,
    pub(super) sources: &'a HashMap<String, DataSource>,
    pub(super) metrics: &'a HashMap<String, Option<Metric>>,
    pub(super) services: &'a BTreeSet<String>,
    pub(super) alerting: &'a Alerting,
}

const ANNOTATIONS: [&str; 5] = ["role", "twin", "twin-complete", "approximate", "runbook"];

/// Reads the `spec` of an SLO.
pub(super) fn objectives(
    of: &Metadata,
    spec: &Fields<'_>,
    refer: &Refer<'_>,
    problems: &mut Problems,
) -> Vec<Objective> {
    let description = spec.string("description", problems);
    if description.chars().count() > 1050 {
        let what = "it is longer than 1050 characters".to_owned();
        problems.say(
            spec.line,
            &spec.path_of("description"),
            what,
            "OpenSLO allows no more",
        );
    }
    let service = service(spec, refer, problems);
    let shared = shared_metric(spec, refer, problems);
    let window = window(spec, problems);
    let methods = [
        ("Occurrences", Method::Occurrences),
        ("Timeslices", Method::Judged),
        ("RatioTimeslices", Method::Weighed),
    ];
    if !spec.has("budgetingMethod") {
        let right = "write Occurrences, Timeslices or RatioTimeslices";
        problems.say(
            spec.line,
            &spec.path_of("budgetingMethod"),
            "it is missing".to_owned(),
            right,
        );
    }
    let method = spec.word("budgetingMethod", &methods, problems);
    let role = role(of, problems);
    let policies = policies(spec, refer, problems);
    let entries = spec.list("objectives", problems);
    if entries.is_empty() {
        let right = "write at least one, with target";
        problems.say(
            spec.line,
            &spec.path_of("objectives"),
            "it is missing".to_owned(),
            right,
        );
    }
    let several = entries.len() > 1;
    let mut found = Vec::new();
    for (index, (path, node)) in entries.into_iter().enumerate() {
        let entry = entry(node, &path, &shared, method, problems);
        let (Some(entry), Some(window), Some(role)) = (entry, &window, role) else {
            continue;
        };
        let (alerts, unreachable) = alerts(role, window, entry.target, policies.as_ref());
        let name = if several {
            format!("{}-{}", of.name, index + 1)
        } else {
            of.name.clone()
        };
        let title = if entry.title.is_empty() {
            of.title.clone()
        } else {
            entry.title
        };
        let place = problems.place().clone();
        found.push(Objective {
            name,
            title,
            description: description.clone(),
            service: service.clone(),
            indicator: entry.indicator,
            target: entry.target,
            window: window.clone(),
            budgeting: entry.budgeting,
            role,
            alerts,
            unreachable,
            twin: twin(of, problems),
            approximate: of.ours("approximate").map(|(text, _)| text.to_owned()),
            runbook: of.ours("runbook").map(|(text, _)| text.to_owned()),
            labels: of.labels.clone(),
            place,
        });
    }
    spec.finish(problems);
    found
}

#[derive(Clone, Copy)]
enum Method {
    Occurrences,
    Judged,
    Weighed,
}

fn service(spec: &Fields<'_>, refer: &Refer<'_>, problems: &mut Problems) -> String {
    let service = spec.required("service", "name the service it belongs to", problems);
    let Some((service, line)) = service else {
        return String::new();
    };
    if !refer.services.is_empty() && !refer.services.contains(service) {
        let right = listed("one of the Services", refer.services.iter());
        problems.say(
            line,
            &spec.path_of("service"),
            format!("there is no Service {service:?}"),
            &right,
        );
    }
    service.to_owned()
}

/// `None` where each objective would need its own; the inner one when it could not be read.
fn shared_metric<'a>(spec: &Fields<'_>, refer: &Refer<'a>, problems: &mut Problems) -> Shared<'a> {
    let named = spec.text("indicatorRef", problems);
    match (spec.get("indicator"), named) {
        (Some(node), None) => {
            let fields = Fields::of(node, &spec.path_of("indicator"), problems);
            expect_kind(&fields, "SLI", problems);
            metadata(&fields, problems);
            let Some(inner) = fields.get("spec") else {
                let path = fields.path_of("spec");
                problems.say(
                    fields.line,
                    &path,
                    "it is missing".to_owned(),
                    "write ratioMetric or thresholdMetric",
                );
                return Shared::Unreadable;
            };
            fields.finish(problems);
            let inner = Fields::of(inner, &fields.path_of("spec"), problems);
            match metric(&inner, refer.sources, refer.known, problems) {
                Some(metric) => Shared::Own(Box::new(metric)),
                None => Shared::Unreadable,
            }
        }
        (None, Some((name, line))) => match refer.metrics.get(name) {
            Some(Some(metric)) => Shared::Referred(metric),
            Some(None) => Shared::Unreadable,
            None => {
                let right = listed("one of the SLIs", refer.metrics.keys());
                problems.say(
                    line,
                    &spec.path_of("indicatorRef"),
                    format!("there is no SLI {name:?}"),
                    &right,
                );
                Shared::Unreadable
            }
        },
        (both, _) => {
            let what = if both.is_some() {
                "it has two indicators"
            } else {
                "it has no indicator"
            };
            let right = "write either indicator or indicatorRef; of a composite SLO write each part as an SLO of its own";
            problems.say(spec.line, &spec.path, what.to_owned(), right);
            Shared::Unreadable
        }
    }
}

enum Shared<'a> {
    Own(Box<Metric>),
    Referred(&'a Metric),
    Unreadable,
}

impl Shared<'_> {
    fn metric(&self) -> Option<&Metric> {
        match self {
            Self::Own(metric) => Some(metric),
            Self::Referred(metric) => Some(metric),
            Self::Unreadable => None,
        }
    }
}

fn window(spec: &Fields<'_>, problems: &mut Problems) -> Option<Window> {
    let windows = spec.list("timeWindow", problems);
    let [(path, node)] = windows.as_slice() else {
        let what = format!("there are {} windows", windows.len());
        let right = "write exactly one, such as - {duration: 28d, isRolling: true}";
        problems.say(spec.line, &spec.path_of("timeWindow"), what, right);
        return None;
    };
    let fields = Fields::of(node, path, problems);
    let rolling = fields.boolean("isRolling", problems);
    let calendar = fields.get("calendar");
    if fields.get("duration").is_none() {
        problems.say(
            fields.line,
            &fields.path_of("duration"),
            "it is missing".to_owned(),
            "write one such as 28d",
        );
    }
    let period = fields.period("duration", problems);
    fields.finish(problems);
    let (period, line) = period?;
    match (calendar, rolling) {
        (Some(_), Some(true)) => {
            let right = "leave calendar out, or write isRolling: false";
            problems.say(
                node.line,
                path,
                "it is rolling and has a calendar".to_owned(),
                right,
            );
            None
        }
        (Some(node), _) => {
            let calendar = Fields::of(node, &fields.path_of("calendar"), problems);
            let found = calendar_window(period, &calendar, problems);
            calendar.finish(problems);
            found
        }
        (None, Some(false)) => {
            let right = "write calendar: {startTime: …, timeZone: …}, or isRolling: true";
            problems.say(
                node.line,
                path,
                "it says neither rolling nor which calendar".to_owned(),
                right,
            );
            None
        }
        (None, _) if period.fixed_seconds().is_none() => {
            let what = format!("{period} is not always equally long");
            let right = "write days or weeks, such as 28d, or give it a calendar";
            problems.say(line, &fields.path_of("duration"), what, right);
            None
        }
        (None, _) => Some(Window::Rolling(period)),
    }
}

fn calendar_window(period: Period, fields: &Fields<'_>, problems: &mut Problems) -> Option<Window> {
    let right = "write date and time without zone, such as 2026-01-01 00:00:00";
    let start = fields
        .required("startTime", right, problems)
        .and_then(|(text, line)| {
            let found = text
                .parse::<DateTime>()
                .ok()
                .filter(|_| !text.ends_with(['Z', 'z']));
            if found.is_none() {
                problems.say(
                    line,
                    &fields.path_of("startTime"),
                    format!("{text:?} is no date"),
                    right,
                );
            }
            found
        });
    let right = "write a name of the IANA database, such as Europe/Berlin";
    let zone = fields
        .required("timeZone", right, problems)
        .and_then(|(text, line)| {
            let found = TimeZone::get(text).ok();
            if found.is_none() {
                problems.say(
                    line,
                    &fields.path_of("timeZone"),
                    format!("{text:?} is no time zone"),
                    right,
                );
            }
            found
        });
    Some(Window::Calendar {
        period,
        start: start?,
        zone: zone?,
    })
}

/// Who says nothing means it.
fn role(of: &Metadata, problems: &mut Problems) -> Option<Role> {
    of.expect_ours(&ANNOTATIONS, problems);
    match of.ours("role") {
        None | Some(("alerting", _)) => Some(Role::Alerting),
        Some(("aspirational", _)) => Some(Role::Aspirational),
        Some(("compared", _)) => Some(Role::Compared),
        Some((other, line)) => {
            let what = format!("{other:?} is no role");
            problems.say(
                line,
                "metadata.annotations.sightline.dev/role",
                what,
                "write alerting, aspirational or compared",
            );
            None
        }
    }
}

fn twin(of: &Metadata, problems: &mut Problems) -> Option<Twin> {
    let complete = match of.ours("twin-complete") {
        None | Some(("false", _)) => false,
        Some(("true", _)) => true,
        Some((other, line)) => {
            let what = format!("{other:?} is no truth value");
            problems.say(
                line,
                "metadata.annotations.sightline.dev/twin-complete",
                what,
                "write \"true\" or \"false\"",
            );
            false
        }
    };
    let (objective, _) = of.ours("twin")?;
    Some(Twin {
        objective: objective.to_owned(),
        complete,
    })
}

/// `None` when the file names none, and the standard ones apply.
fn policies(
    spec: &Fields<'_>,
    refer: &Refer<'_>,
    problems: &mut Problems,
) -> Option<Vec<BurnAlert>> {
    spec.get("alertPolicies")?;
    let mut found = Vec::new();
    for (path, node) in spec.list("alertPolicies", problems) {
        let fields = Fields::of(node, &path, problems);
        if let Some((name, line)) = fields.text("alertPolicyRef", problems) {
            if let Some(alerts) = refer.alerting.policies.get(name) {
                found.extend(alerts.iter().cloned());
            } else {
                let right = listed("one of the AlertPolicies", refer.alerting.policies.keys());
                let what = format!("there is no AlertPolicy {name:?}");
                problems.say(line, &fields.path_of("alertPolicyRef"), what, &right);
            }
        } else {
            expect_kind(&fields, "AlertPolicy", problems);
            metadata(&fields, problems);
            match fields.get("spec") {
                Some(inner) => {
                    let inner = Fields::of(inner, &fields.path_of("spec"), problems);
                    found.extend(
                        policy(&inner, refer.alerting, problems)
                            .into_iter()
                            .flatten(),
                    );
                }
                None => {
                    let right = "write alertPolicyRef, or a whole AlertPolicy";
                    problems.say(
                        fields.line,
                        &fields.path_of("spec"),
                        "it is missing".to_owned(),
                        right,
                    );
                }
            }
        }
        fields.finish(problems);
    }
    Some(found)
}

/// What a file names is kept, whatever lint says of it; of the standard ones only those that can fire.
fn alerts(
    role: Role,
    window: &Window,
    target: Ppm,
    named: Option<&Vec<BurnAlert>>,
) -> (Vec<BurnAlert>, Vec<BurnAlert>) {
    match (named, role) {
        (Some(named), _) => (named.clone(), Vec::new()),
        (None, Role::Aspirational | Role::Compared) => (Vec::new(), Vec::new()),
        (None, Role::Alerting) => standard(window.longest_seconds())
            .into_iter()
            .partition(|alert| !alert.factor.is_out_of_reach(target)),
    }
}

struct Entry {
    title: String,
    target: Ppm,
    indicator: crate::slo::Indicator,
    budgeting: Budgeting,
}

fn entry(
    node: &Node,
    path: &str,
    shared: &Shared<'_>,
    method: Option<Method>,
    problems: &mut Problems,
) -> Option<Entry> {
    let fields = Fields::of(node, path, problems);
    let title = fields.string("displayName", problems);
    let target = target(&fields, problems);
    let op = fields.text("op", problems);
    let value = fields.text("value", problems);
    if let Some((op, line)) = op
        && op != "lte"
    {
        let what = format!(
            "{op:?} cannot be counted: the edges of the histograms belong to what is below them"
        );
        problems.say(line, &fields.path_of("op"), what, "write lte");
    }
    if value.is_some() && op.is_none() {
        problems.say(
            fields.line,
            &fields.path_of("op"),
            "it is missing".to_owned(),
            "write lte",
        );
    }
    for composite in ["indicator", "indicatorRef", "compositeWeight"] {
        if fields.get(composite).is_some() {
            let right = "write each part as an SLO of its own";
            problems.say(
                fields.line,
                &fields.path_of(composite),
                "composite SLOs are not supported".to_owned(),
                right,
            );
        }
    }
    let budgeting = budgeting(&fields, method, problems);
    fields.finish(problems);
    let threshold = value.map(|(value, line)| Threshold {
        value,
        line,
        path: fields.path_of("value"),
    });
    let metric = shared.metric()?;
    let indicator = indicator(metric, threshold.as_ref(), node.line, path, problems)?;
    Some(Entry {
        title,
        target: target?,
        indicator,
        budgeting: budgeting?,
    })
}

fn target(fields: &Fields<'_>, problems: &mut Problems) -> Option<Ppm> {
    let share = fields.text("target", problems);
    let percent = fields.text("targetPercent", problems);
    let (found, line, key) = match (share, percent) {
        (Some((text, line)), None) => (Ppm::from_share(text), line, "target"),
        (None, Some((text, line))) => (Ppm::from_percent(text), line, "targetPercent"),
        (share, _) => {
            let what = if share.is_some() {
                "there are two"
            } else {
                "it is missing"
            };
            let right = "write either target: 0.999 or targetPercent: 99.9";
            problems.say(
                fields.line,
                &fields.path_of("target"),
                what.to_owned(),
                right,
            );
            return None;
        }
    };
    let right = "write a share below 1 such as target: 0.999, or targetPercent: 99.9";
    match found {
        Ok(target) if target.complement().parts() > 0 => Some(target),
        Ok(_) => {
            let what = "all is more than can be promised: there is no budget".to_owned();
            problems.say(line, &fields.path_of(key), what, right);
            None
        }
        Err(error) => {
            problems.say(line, &fields.path_of(key), error.to_string(), right);
            None
        }
    }
}

fn budgeting(
    fields: &Fields<'_>,
    method: Option<Method>,
    problems: &mut Problems,
) -> Option<Budgeting> {
    let method = method?;
    let slice_target = fields.text("timeSliceTarget", problems);
    let slice = fields.text("timeSliceWindow", problems);
    let mut needless = |key: &str| {
        let right = "leave it out, or change budgetingMethod";
        problems.say(
            fields.line,
            &fields.path_of(key),
            "there are no such slices".to_owned(),
            right,
        );
    };
    match method {
        Method::Occurrences => {
            if slice_target.is_some() {
                needless("timeSliceTarget");
            }
            if slice.is_some() {
                needless("timeSliceWindow");
            }
            return Some(Budgeting::Occurrences);
        }
        Method::Weighed if slice_target.is_some() => needless("timeSliceTarget"),
        Method::Weighed | Method::Judged => {}
    }
    let right = "write whole minutes, such as 5m";
    let Some((text, line)) = slice else {
        problems.say(
            fields.line,
            &fields.path_of("timeSliceWindow"),
            "it is missing".to_owned(),
            right,
        );
        return None;
    };
    let minutes = match text.parse::<u64>() {
        Ok(minutes) => Some(minutes),
        Err(_) => Period::parse(text)
            .and_then(Period::fixed_seconds)
            .map(|seconds| seconds / 60),
    };
    let minutes = minutes.filter(|minutes| (1..=1440).contains(minutes));
    if minutes.is_none() {
        problems.say(
            line,
            &fields.path_of("timeSliceWindow"),
            format!("{text:?} is no length of a slice"),
            right,
        );
    }
    let slicing = match method {
        Method::Weighed | Method::Occurrences => Some(Slicing::Weighed),
        Method::Judged => {
            let right = "write the share that makes a slice good, such as 0.95";
            let Some((text, line)) = slice_target else {
                problems.say(
                    fields.line,
                    &fields.path_of("timeSliceTarget"),
                    "it is missing".to_owned(),
                    right,
                );
                return None;
            };
            match Ppm::from_share(text) {
                Ok(share) if share.parts() > 0 => Some(Slicing::Judged(share)),
                Ok(_) => {
                    problems.say(
                        line,
                        &fields.path_of("timeSliceTarget"),
                        "nothing makes every slice good".to_owned(),
                        right,
                    );
                    None
                }
                Err(error) => {
                    problems.say(
                        line,
                        &fields.path_of("timeSliceTarget"),
                        error.to_string(),
                        right,
                    );
                    None
                }
            }
        }
    };
    Some(Budgeting::Timeslices {
        minutes: minutes?,
        slicing: slicing?,
    })
}
