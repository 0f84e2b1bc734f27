//! An SLO's document: the objectives it declares, each with its indicator, target, window and alerts.

use super::alerting::{Alerting, expect_kind, policy};
use super::entry::{METHODS, entry};
use super::fields::Fields;
use super::metadata::{Metadata, metadata};
use super::problem::Problems;
use super::read::Known;
use super::sli::{Metric, metric};
use super::source::{DataSource, listed};
use super::time_window::window;
use crate::slo::objective::{Objective, Role, Twin};
use crate::slo::policy::{BurnAlert, standard};
use crate::slo::ppm::Ppm;
use crate::slo::window::Window;
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
    if !spec.has("budgetingMethod") {
        let right = "write Occurrences, Timeslices or RatioTimeslices";
        problems.say(
            spec.line,
            &spec.path_of("budgetingMethod"),
            "it is missing".to_owned(),
            right,
        );
    }
    let method = spec.word("budgetingMethod", &METHODS, problems);
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
        let entry = entry(node, &path, shared.metric(), method, problems);
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
