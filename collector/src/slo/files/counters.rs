//! The servers' counters as a source: one sum of series, or factors to be multiplied.

use super::fields::Fields;
use super::problem::Problems;
use super::read::Known;
use super::source::{Source, listed};
use crate::compare::SeriesName;
use crate::slo::indicator::{Part, ScrapeFactor};

/// Reads the `spec` of a source of type `scrape`.
pub(super) fn scrape(
    spec: &Fields<'_>,
    default_target: Option<&str>,
    known: &Known,
    problems: &mut Problems,
) -> Option<Source> {
    let right = listed(
        "one of the [[scrape]] of the configuration",
        known.targets.iter(),
    );
    let target = match spec.text("target", problems) {
        Some((target, line)) => {
            if !known.takes_target(target) {
                problems.say(
                    line,
                    &spec.path_of("target"),
                    format!("there is no target {target:?}"),
                    &right,
                );
            }
            Some(target)
        }
        None if default_target.is_some() => default_target,
        None => {
            problems.say(
                spec.line,
                &spec.path_of("target"),
                "it is missing".to_owned(),
                &right,
            );
            None
        }
    };
    if !spec.has("factors") {
        let metrics = selectors(spec, "metric", problems);
        return Some(Source::Scrape(target?.to_owned(), metrics?));
    }
    let mut factors = Vec::new();
    for (path, node) in spec.list("factors", problems) {
        let fields = Fields::of(node, &path, problems);
        let name = fields.string("name", problems);
        let part = selectors(&fields, "good", problems);
        let total = selectors(&fields, "total", problems);
        fields.finish(problems);
        if let (Some(part), Some(total)) = (part, total) {
            factors.push(ScrapeFactor {
                name,
                part,
                part_is: Part::Good,
                total,
            });
        }
    }
    (!factors.is_empty()).then_some(Source::Product(target?.to_owned(), factors))
}

fn selectors(
    fields: &Fields<'_>,
    key: &'static str,
    problems: &mut Problems,
) -> Option<Vec<SeriesName>> {
    let right =
        "write a counter such as requests_total{code=\"200\"}, or a list of them to be added up";
    let texts = fields.texts(key, problems);
    if texts.is_empty() {
        problems.say(
            fields.line,
            &fields.path_of(key),
            "it is missing".to_owned(),
            right,
        );
        return None;
    }
    let mut found = Vec::new();
    for (text, line) in texts {
        match text.parse() {
            Ok(name) => found.push(name),
            Err(error) => {
                let what = format!("{error}");
                problems.say(line, &fields.path_of(key), what, right);
            }
        }
    }
    Some(found)
}
