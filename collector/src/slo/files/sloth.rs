//! Files of Sloth (<https://sloth.dev/specs/default/>): `prometheus/v1`, and its Kubernetes kind. What
//! Sloth leaves to plugins is refused with a word on what to write instead.

use super::fields::Fields;
use super::metadata::is_name;
use super::node::{Node, Value};
use super::problem::Problems;
use crate::slo::indicator::{Indicator, Part, PrometheusIndicator};
use crate::slo::objective::{Budgeting, Objective, Role};
use crate::slo::policy::{BurnAlert, Severity, standard};
use crate::slo::ppm::Ppm;
use crate::slo::window::{Period, Unit, Window};
use std::collections::BTreeMap;

const VERSION: &str = "prometheus/v1";
const KUBERNETES: &str = "sloth.slok.dev/v1";
/// Sloth's default period.
const PERIOD: Period = Period {
    count: 30,
    unit: Unit::Days,
};

/// Whether a document is one of Sloth's.
pub(super) fn is_sloth(node: &Node) -> bool {
    let is = |key, value: &str| {
        node.get(key)
            .is_some_and(|node| matches!(&node.value, Value::Text(text) if text == value))
    };
    is("version", VERSION) || is("apiVersion", KUBERNETES)
}

/// The objectives of a document.
pub(super) fn objectives(node: &Node, problems: &mut Problems) -> Vec<Objective> {
    let document = Fields::of(node, "", problems);
    if node.get("apiVersion").is_none() {
        document.get("version");
        let found = service(&document, Dialect::File, problems);
        document.finish(problems);
        return found;
    }
    for key in ["apiVersion", "kind", "metadata"] {
        document.get(key);
    }
    let Some(spec) = document.get("spec") else {
        problems.say(
            document.line,
            "spec",
            "it is missing".to_owned(),
            "write service and slos",
        );
        return Vec::new();
    };
    document.finish(problems);
    let spec = Fields::of(spec, "spec", problems);
    let found = service(&spec, Dialect::Kubernetes, problems);
    spec.finish(problems);
    found
}

/// The names of fields differ: `error_query` in files, `errorQuery` in Kubernetes.
#[derive(Clone, Copy)]
enum Dialect {
    File,
    Kubernetes,
}

impl Dialect {
    fn pick(self, file: &'static str, kubernetes: &'static str) -> &'static str {
        match self {
            Self::File => file,
            Self::Kubernetes => kubernetes,
        }
    }
}

fn service(fields: &Fields<'_>, dialect: Dialect, problems: &mut Problems) -> Vec<Objective> {
    let service = fields.required("service", "name the service", problems);
    let labels = labels(fields, problems);
    if let Some(node) = fields.get(dialect.pick("slo_plugins", "sloPlugins")) {
        refuse_plugin(node.line, &fields.path_of("slo_plugins"), problems);
    }
    let entries = fields.list("slos", problems);
    if entries.is_empty() {
        problems.say(
            fields.line,
            &fields.path_of("slos"),
            "it is missing".to_owned(),
            "write at least one",
        );
    }
    let service = service.map(|(service, _)| service).unwrap_or_default();
    let read = |(path, node): (String, &Node)| {
        let fields = Fields::of(node, &path, problems);
        let found = objective(&fields, service, &labels, dialect, problems);
        fields.finish(problems);
        found
    };
    entries.into_iter().filter_map(read).collect()
}

fn objective(
    fields: &Fields<'_>,
    service: &str,
    shared: &BTreeMap<String, String>,
    dialect: Dialect,
    problems: &mut Problems,
) -> Option<Objective> {
    let name = fields.required("name", "name the objective", problems);
    let description = fields.string("description", problems);
    let right = "write a percentage below 100 such as 99.9";
    let target = fields
        .required("objective", right, problems)
        .and_then(|(text, line)| {
            let found = Ppm::from_percent(text).map_err(|error| error.to_string());
            let found = match found {
                Ok(target) if target.complement().parts() == 0 => {
                    Err("there is no budget".to_owned())
                }
                other => other,
            };
            found
                .map_err(|what| problems.say(line, &fields.path_of("objective"), what, right))
                .ok()
        });
    let mut labels_of = shared.clone();
    labels_of.extend(labels(fields, problems));
    if let Some(node) = fields.get("plugins") {
        refuse_plugin(node.line, &fields.path_of("plugins"), problems);
    }
    let indicator = sli(fields, dialect, problems);
    let alerts = alerting(fields, dialect, problems);
    let (name, target) = (name?.0, target?);
    // As Sloth's own identity of an objective.
    let whole = format!("{service}-{name}").to_ascii_lowercase();
    if !is_name(&whole) {
        let right = "use letters, digits and - in service and name, 63 together at most";
        problems.say(
            fields.line,
            &fields.path_of("name"),
            format!("{whole:?} is no name"),
            right,
        );
    }
    let (alerts, unreachable) = alerts
        .into_iter()
        .partition(|alert| !alert.factor.is_out_of_reach(target));
    Some(Objective {
        name: whole,
        title: name.to_owned(),
        description,
        service: service.to_owned(),
        indicator: indicator?,
        target,
        window: Window::Rolling(PERIOD),
        budgeting: Budgeting::Occurrences,
        role: Role::Alerting,
        alerts,
        unreachable,
        twin: None,
        approximate: None,
        runbook: None,
        labels: labels_of,
        place: problems.place().clone(),
    })
}

fn sli(fields: &Fields<'_>, dialect: Dialect, problems: &mut Problems) -> Option<Indicator> {
    let path = fields.path_of("sli");
    let Some(node) = fields.get("sli") else {
        problems.say(
            fields.line,
            &path,
            "it is missing".to_owned(),
            "write events or raw",
        );
        return None;
    };
    let sli = Fields::of(node, &path, problems);
    let (events, raw, plugin) = (sli.get("events"), sli.get("raw"), sli.get("plugin"));
    sli.finish(problems);
    let query = |fields: &Fields<'_>, key, problems: &mut Problems| {
        let right = "write a query with [{{.window}}]";
        let (text, line) = fields.required(key, right, problems)?;
        if !text.contains("{{.window}}") {
            let what = "the query does not say over which window".to_owned();
            problems.say(line, &fields.path_of(key), what, right);
        }
        Some(text.to_owned())
    };
    let (part, total) = match (events, raw, plugin) {
        (Some(events), None, None) => {
            let events = Fields::of(events, &sli.path_of("events"), problems);
            let part = query(&events, dialect.pick("error_query", "errorQuery"), problems);
            let total = query(&events, dialect.pick("total_query", "totalQuery"), problems);
            events.finish(problems);
            (part, Some(total?))
        }
        (None, Some(raw), None) => {
            let raw = Fields::of(raw, &sli.path_of("raw"), problems);
            let part = query(
                &raw,
                dialect.pick("error_ratio_query", "errorRatioQuery"),
                problems,
            );
            raw.finish(problems);
            (part, None)
        }
        (_, _, Some(plugin)) => {
            refuse_plugin(plugin.line, &sli.path_of("plugin"), problems);
            return None;
        }
        _ => {
            problems.say(
                sli.line,
                &path,
                "this makes no indicator".to_owned(),
                "write either events or raw",
            );
            return None;
        }
    };
    Some(Indicator::Prometheus(PrometheusIndicator {
        url: None,
        part: part?,
        part_is: Part::Bad,
        total,
    }))
}

/// Both kinds of alert are there unless they are switched off.
fn alerting(fields: &Fields<'_>, dialect: Dialect, problems: &mut Problems) -> Vec<BurnAlert> {
    let mut alerts = standard(30 * 86_400);
    let Some(node) = fields.get("alerting") else {
        return alerts;
    };
    let alerting = Fields::of(node, &fields.path_of("alerting"), problems);
    for key in ["name", "labels", "annotations"] {
        alerting.get(key);
    }
    let kinds = [
        (dialect.pick("page_alert", "pageAlert"), Severity::Page),
        (
            dialect.pick("ticket_alert", "ticketAlert"),
            Severity::Ticket,
        ),
    ];
    for (key, severity) in kinds {
        let Some(node) = alerting.get(key) else {
            continue;
        };
        let alert = Fields::of(node, &alerting.path_of(key), problems);
        alert.get("labels");
        alert.get("annotations");
        if alert.boolean("disable", problems) == Some(true) {
            alerts.retain(|alert| alert.severity != severity);
        }
        alert.finish(problems);
    }
    alerting.finish(problems);
    alerts
}

fn labels(fields: &Fields<'_>, problems: &mut Problems) -> BTreeMap<String, String> {
    let Some(node) = fields.get("labels") else {
        return BTreeMap::new();
    };
    let labels = Fields::of(node, &fields.path_of("labels"), problems);
    let text = |(key, node): &(String, Node)| match &node.value {
        Value::Text(text) => Some((key.clone(), text.clone())),
        Value::Nothing | Value::List(_) | Value::Map(_) => None,
    };
    labels.entries().iter().filter_map(text).collect()
}

fn refuse_plugin(line: usize, path: &str, problems: &mut Problems) {
    let what = "plugins are programs of Sloth's and cannot be run here".to_owned();
    problems.say(
        line,
        path,
        what,
        "write the queries they make as events or raw",
    );
}
