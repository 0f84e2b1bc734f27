//! One entry of an SLO's `objectives`: its target, its threshold and how its budget is made up.

use super::fields::Fields;
use super::node::Node;
use super::problem::Problems;
use super::sli::{Metric, Threshold, indicator};
use crate::slo::indicator::Indicator;
use crate::slo::objective::Budgeting;
use crate::slo::ppm::Ppm;
use crate::slo::timeline::Slicing;
use crate::slo::window::Period;

/// How budgets are made up, by the specification's names.
#[derive(Clone, Copy)]
pub(super) enum Method {
    Occurrences,
    Judged,
    Weighed,
}

pub(super) const METHODS: [(&str, Method); 3] = [
    ("Occurrences", Method::Occurrences),
    ("Timeslices", Method::Judged),
    ("RatioTimeslices", Method::Weighed),
];

/// What an entry says.
pub(super) struct Entry {
    pub(super) title: String,
    pub(super) target: Ppm,
    pub(super) indicator: Indicator,
    pub(super) budgeting: Budgeting,
}

/// Reads an entry, with the indicator that all entries share.
pub(super) fn entry(
    node: &Node,
    path: &str,
    metric: Option<&Metric>,
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
    let metric = metric?;
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
    let slicing = slicing(fields, method, slice_target, problems);
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
    Some(Budgeting::Timeslices {
        minutes: minutes?,
        slicing: slicing?,
    })
}

fn slicing(
    fields: &Fields<'_>,
    method: Method,
    slice_target: Option<(&str, usize)>,
    problems: &mut Problems,
) -> Option<Slicing> {
    match method {
        Method::Weighed | Method::Occurrences => return Some(Slicing::Weighed),
        Method::Judged => {}
    }
    let right = "write the share that makes a slice good, such as 0.95";
    let path = fields.path_of("timeSliceTarget");
    let Some((text, line)) = slice_target else {
        problems.say(fields.line, &path, "it is missing".to_owned(), right);
        return None;
    };
    match Ppm::from_share(text) {
        Ok(share) if share.parts() > 0 => return Some(Slicing::Judged(share)),
        Ok(_) => problems.say(
            line,
            &path,
            "nothing makes every slice good".to_owned(),
            right,
        ),
        Err(error) => problems.say(line, &path, error.to_string(), right),
    }
    None
}
