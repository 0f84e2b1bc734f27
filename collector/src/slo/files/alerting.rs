//! Alert policies and their conditions: a burn rate over a window, and whom to tell.

use super::fields::Fields;
use super::metadata::metadata;
use super::problem::Problems;
use super::source::listed;
use crate::slo::counts::Factor;
use crate::slo::policy::{BurnAlert, Severity};
use crate::slo::ppm::Ppm;
use std::collections::HashMap;

/// Documents that others refer to by name.
#[derive(Debug, Default)]
pub(super) struct Alerting {
    pub(super) policies: HashMap<String, Vec<BurnAlert>>,
    pub(super) conditions: HashMap<String, BurnAlert>,
    pub(super) targets: HashMap<String, String>,
}

/// The `spec` of an AlertNotificationTarget: where to, in a word.
pub(super) fn target(spec: &Fields<'_>, problems: &mut Problems) -> Option<String> {
    spec.string("description", problems);
    let found = spec.required("target", "write where to, such as email or slack", problems);
    spec.finish(problems);
    found.map(|(target, _)| target.to_owned())
}

/// The `spec` of an AlertPolicy.
pub(super) fn policy(
    spec: &Fields<'_>,
    alerting: &Alerting,
    problems: &mut Problems,
) -> Option<Vec<BurnAlert>> {
    spec.string("description", problems);
    let when_no_data = spec.boolean("alertWhenNoData", problems).unwrap_or(false);
    let when_resolved = spec.boolean("alertWhenResolved", problems).unwrap_or(true);
    let when_breaching = spec.boolean("alertWhenBreaching", problems).unwrap_or(true);
    if !(when_breaching || when_no_data) {
        let right = "write alertWhenBreaching: true";
        problems.say(
            spec.line,
            &spec.path,
            "this policy never tells anybody".to_owned(),
            right,
        );
    }
    let conditions = spec.list("conditions", problems);
    if conditions.len() != 1 {
        let path = spec.path_of("conditions");
        let what = format!("there are {} conditions", conditions.len());
        problems.say(spec.line, &path, what, "OpenSLO takes exactly one");
    }
    let mut found = Vec::new();
    for (path, node) in conditions {
        let fields = Fields::of(node, &path, problems);
        if let Some((name, line)) = fields.text("conditionRef", problems) {
            match alerting.conditions.get(name) {
                Some(alert) => found.push(alert.clone()),
                None => {
                    let right = listed("one of the AlertConditions", alerting.conditions.keys());
                    let what = format!("there is no AlertCondition {name:?}");
                    problems.say(line, &fields.path_of("conditionRef"), what, &right);
                }
            }
        } else {
            found.extend(inline(&fields, problems));
        }
        fields.finish(problems);
    }
    let targets = notification_targets(spec, alerting, problems);
    spec.finish(problems);
    for alert in &mut found {
        alert.targets.clone_from(&targets);
        alert.when_no_data = when_no_data;
        alert.when_breaching = when_breaching;
        alert.when_resolved = when_resolved;
    }
    (!found.is_empty()).then_some(found)
}

fn notification_targets(
    spec: &Fields<'_>,
    alerting: &Alerting,
    problems: &mut Problems,
) -> Vec<String> {
    let mut found = Vec::new();
    for (path, node) in spec.list("notificationTargets", problems) {
        let fields = Fields::of(node, &path, problems);
        if let Some((name, line)) = fields.text("targetRef", problems) {
            if !alerting.targets.contains_key(name) {
                let right = listed(
                    "one of the AlertNotificationTargets",
                    alerting.targets.keys(),
                );
                let what = format!("there is no AlertNotificationTarget {name:?}");
                problems.say(line, &fields.path_of("targetRef"), what, &right);
            }
            found.push(name.to_owned());
        } else {
            expect_kind(&fields, "AlertNotificationTarget", problems);
            let name = metadata(&fields, problems).name;
            if let Some(spec) = fields.get("spec") {
                target(
                    &Fields::of(spec, &fields.path_of("spec"), problems),
                    problems,
                );
            }
            found.push(name);
        }
        fields.finish(problems);
    }
    found
}

/// A condition written where it is used.
fn inline(fields: &Fields<'_>, problems: &mut Problems) -> Option<BurnAlert> {
    expect_kind(fields, "AlertCondition", problems);
    let short_s = condition_metadata(fields, problems);
    let Some(spec) = fields.get("spec") else {
        let path = fields.path_of("spec");
        problems.say(
            fields.line,
            &path,
            "it is missing".to_owned(),
            "write conditionRef, or a whole AlertCondition",
        );
        return None;
    };
    condition(
        &Fields::of(spec, &fields.path_of("spec"), problems),
        short_s,
        problems,
    )
}

/// The short window, which OpenSLO has no field for.
pub(super) fn condition_metadata(fields: &Fields<'_>, problems: &mut Problems) -> Option<u64> {
    let found = metadata(fields, problems);
    found.expect_ours(&["short-window"], problems);
    let (text, line) = found.ours("short-window")?;
    let seconds =
        crate::slo::window::Period::parse(text).and_then(crate::slo::window::Period::fixed_seconds);
    let seconds = seconds.or_else(|| text.strip_suffix('s')?.parse().ok());
    if seconds.is_none() {
        let what = format!("{text:?} is no length of time");
        problems.say(line, "metadata.annotations", what, "write one such as 5m");
    }
    seconds
}

pub(super) fn expect_kind(fields: &Fields<'_>, kind: &str, problems: &mut Problems) {
    fields.text("apiVersion", problems);
    if let Some((found, line)) = fields.text("kind", problems)
        && found != kind
    {
        let what = format!("here stands a {found}");
        problems.say(
            line,
            &fields.path_of("kind"),
            what,
            &format!("write {kind}"),
        );
    }
}

/// The `spec` of an AlertCondition.
pub(super) fn condition(
    spec: &Fields<'_>,
    short_s: Option<u64>,
    problems: &mut Problems,
) -> Option<BurnAlert> {
    spec.string("description", problems);
    let severity = spec.required(
        "severity",
        "write page, ticket or a word of your own",
        problems,
    );
    let Some(node) = spec.get("condition") else {
        let right = "write kind: burnrate, op, threshold, lookbackWindow";
        problems.say(
            spec.line,
            &spec.path_of("condition"),
            "it is missing".to_owned(),
            right,
        );
        return None;
    };
    let fields = Fields::of(node, &spec.path_of("condition"), problems);
    spec.finish(problems);
    fields.word("kind", &[("burnrate", ())], problems);
    if let Some((op, line)) = fields.required("op", "write gt", problems)
        && op != "gt"
    {
        let what = format!("{op:?} does not say when a budget burns too fast");
        problems.say(
            line,
            &fields.path_of("op"),
            what,
            "write gt: it alerts above the threshold",
        );
    }
    let right = "write how many times faster than the budget allows, such as 14.4";
    let factor = fields
        .required("threshold", right, problems)
        .and_then(|(text, line)| {
            let found = factor(text);
            if found.is_none() {
                problems.say(
                    line,
                    &fields.path_of("threshold"),
                    format!("{text:?} is no burn rate"),
                    right,
                );
            }
            found
        });
    let long_s = match fields.has("lookbackWindow") {
        true => fields.seconds("lookbackWindow", problems),
        false => {
            let path = fields.path_of("lookbackWindow");
            problems.say(
                fields.line,
                &path,
                "it is missing".to_owned(),
                "write one such as 1h",
            );
            None
        }
    };
    let after_s = if fields.has("alertAfter") {
        fields.seconds("alertAfter", problems)
    } else {
        Some(0)
    };
    fields.finish(problems);
    let mut alert = BurnAlert::new(Severity::from_word(severity?.0), factor?, long_s?);
    alert.short_s = short_s.unwrap_or(alert.short_s);
    alert.after_s = after_s?;
    Some(alert)
}

/// A burn rate with at most three decimals.
fn factor(text: &str) -> Option<Factor> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let whole: u64 = whole.parse().ok().filter(|whole| *whole < 1_000_000_000)?;
    let fraction = Ppm::from_share(&format!("0.{fraction}")).ok()?.parts();
    let milli = whole * 1000 + u64::from(fraction / 1000);
    (fraction % 1000 == 0 && milli > 0).then_some(Factor(milli))
}
