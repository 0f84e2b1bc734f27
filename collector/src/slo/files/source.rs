//! Where a number comes from: the `metricSource` of an indicator, of the types `sightline`, `scrape`
//! and `prometheus`, alone or by way of a DataSource.

use super::counters::scrape;
use super::events::sightline;
use super::fields::Fields;
use super::problem::Problems;
use super::read::Known;
use crate::compare::SeriesName;
use crate::slo::indicator::{CoverageOf, EventFilter, ScrapeFactor};
use std::collections::HashMap;

/// What a metric source says.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Events(EventFilter),
    Coverage(String, CoverageOf),
    Scrape(String, Vec<SeriesName>),
    Product(String, Vec<ScrapeFactor>),
    Prometheus(Option<String>, String),
}

/// A DataSource document.
#[derive(Clone, Debug)]
pub(super) struct DataSource {
    pub(super) kind: Kind,
    /// Of a Prometheus.
    pub(super) url: Option<String>,
    /// Of a scrape.
    pub(super) target: Option<String>,
    /// Of the browsers' events.
    pub(super) app: Option<String>,
}

/// The types there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Sightline,
    Scrape,
    Prometheus,
}

const KINDS: &str = "write sightline, scrape or prometheus";

fn kind_of(word: &str) -> Option<Kind> {
    match word.to_ascii_lowercase().as_str() {
        "sightline" => Some(Kind::Sightline),
        "scrape" => Some(Kind::Scrape),
        "prometheus" => Some(Kind::Prometheus),
        _ => None,
    }
}

/// The `spec` of a DataSource.
pub(super) fn data_source(spec: &Fields<'_>, problems: &mut Problems) -> Option<DataSource> {
    spec.string("description", problems);
    let kind = spec.required("type", KINDS, problems);
    let kind = kind.and_then(|(word, line)| {
        let kind = kind_of(word);
        if kind.is_none() {
            problems.say(
                line,
                &spec.path_of("type"),
                format!("{word:?} cannot be read"),
                KINDS,
            );
        }
        kind
    });
    let mut found = DataSource {
        kind: kind.unwrap_or(Kind::Prometheus),
        url: None,
        target: None,
        app: None,
    };
    if let Some(node) = spec.get("connectionDetails") {
        let details = Fields::of(node, &spec.path_of("connectionDetails"), problems);
        let text =
            |key, problems: &mut _| details.text(key, problems).map(|(text, _)| text.to_owned());
        match kind {
            Some(Kind::Prometheus) => found.url = text("url", problems),
            Some(Kind::Scrape) => found.target = text("target", problems),
            Some(Kind::Sightline) => found.app = text("app", problems),
            None => return None,
        }
        details.finish(problems);
    }
    kind.map(|_| found)
}

/// Reads the `metricSource` of a node such as `good`.
pub(super) fn source(
    holder: &Fields<'_>,
    sources: &HashMap<String, DataSource>,
    known: &Known,
    problems: &mut Problems,
) -> Option<Source> {
    let path = holder.path_of("metricSource");
    let Some(node) = holder.get("metricSource") else {
        let right = "write metricSource: {type: …, spec: …}";
        problems.say(holder.line, &path, "it is missing".to_owned(), right);
        return None;
    };
    let fields = Fields::of(node, &path, problems);
    let referred = fields
        .text("metricSourceRef", problems)
        .and_then(|(name, line)| {
            let found = sources.get(name);
            if found.is_none() {
                let right = listed("one of the DataSources", sources.keys());
                problems.say(
                    line,
                    &fields.path_of("metricSourceRef"),
                    format!("there is no DataSource {name:?}"),
                    &right,
                );
            }
            found
        });
    let typed = fields.text("type", problems).map(|(word, line)| {
        let kind = kind_of(word);
        if kind.is_none() {
            problems.say(
                line,
                &fields.path_of("type"),
                format!("{word:?} cannot be read"),
                KINDS,
            );
        }
        (kind, line)
    });
    let kind = match (typed, referred) {
        (Some((Some(kind), line)), Some(referred)) if kind != referred.kind => {
            let right = "leave type out, or name a DataSource of this type";
            problems.say(
                line,
                &fields.path_of("type"),
                "the DataSource is of another type".to_owned(),
                right,
            );
            None
        }
        (Some((kind, _)), _) => kind,
        (None, Some(referred)) => Some(referred.kind),
        (None, None) => {
            if !fields.has("metricSourceRef") {
                problems.say(
                    fields.line,
                    &fields.path_of("type"),
                    "it is missing".to_owned(),
                    KINDS,
                );
            }
            None
        }
    };
    let spec = fields.get("spec");
    fields.finish(problems);
    let spec_path = format!("{path}.spec");
    let Some(spec) = spec else {
        problems.say(
            node.line,
            &spec_path,
            "it is missing".to_owned(),
            "say what to count",
        );
        return None;
    };
    of_kind(
        kind?,
        referred,
        &Fields::of(spec, &spec_path, problems),
        known,
        problems,
    )
}

fn of_kind(
    kind: Kind,
    referred: Option<&DataSource>,
    spec: &Fields<'_>,
    known: &Known,
    problems: &mut Problems,
) -> Option<Source> {
    let found = match kind {
        Kind::Sightline => sightline(
            spec,
            referred.and_then(|of| of.app.as_deref()),
            known,
            problems,
        ),
        Kind::Scrape => scrape(
            spec,
            referred.and_then(|of| of.target.as_deref()),
            known,
            problems,
        ),
        Kind::Prometheus => {
            let right = "write a query such as sum(rate(requests_total[{{.window}}]))";
            let query = spec
                .required("query", right, problems)
                .map(|(query, line)| {
                    if !query.contains("{{.window}}") {
                        let what = "the query does not say over which window".to_owned();
                        problems.say(line, &spec.path_of("query"), what, right);
                    }
                    query.to_owned()
                });
            let url = referred.and_then(|of| of.url.clone());
            query.map(|query| Source::Prometheus(url, query))
        }
    };
    spec.finish(problems);
    found
}

/// `one of a, b, c`
pub(super) fn listed<T: AsRef<str>>(what: &str, names: impl Iterator<Item = T>) -> String {
    let mut names: Vec<_> = names.map(|name| name.as_ref().to_owned()).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return format!("{what}; there are none");
    }
    format!("{what}: {}", names.join(", "))
}
