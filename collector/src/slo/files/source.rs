//! Where a number comes from: the `metricSource` of an indicator, of the types `sightline`, `scrape`
//! and `prometheus`, alone or by way of a DataSource.

use super::fields::Fields;
use super::problem::Problems;
use super::read::Known;
use crate::compare::SeriesName;
use crate::sli::{Class, Outcome};
use crate::slo::indicator::{CoverageOf, EventFilter, Part, ScrapeFactor, Subject};
use beacon::{EDGES_MS, VitalName, VitalRating};
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

fn sightline(
    spec: &Fields<'_>,
    default_app: Option<&str>,
    known: &Known,
    problems: &mut Problems,
) -> Option<Source> {
    let right = listed("an application of the configuration", known.apps.keys());
    let app = match spec.text("app", problems) {
        Some((app, line)) => {
            if !known.takes_app(app) {
                problems.say(
                    line,
                    &spec.path_of("app"),
                    format!("there is no application {app:?}"),
                    &right,
                );
            }
            Some(app)
        }
        None if default_app.is_some() => default_app,
        None => {
            problems.say(
                spec.line,
                &spec.path_of("app"),
                "it is missing".to_owned(),
                &right,
            );
            None
        }
    };
    let words = [
        ("beacons", CoverageOf::Beacons),
        ("documents", CoverageOf::Documents),
    ];
    if spec.has("coverage") {
        let of = spec.word("coverage", &words, problems);
        spec.text("count", problems);
        return Some(Source::Coverage(app?.to_owned(), of?));
    }
    let subject = subject(spec, app, known, problems);
    let kind = subject.as_ref().map(outcome_kind);
    let classes = [
        ("valid", &[Class::Good, Class::Bad][..]),
        ("good", &[Class::Good]),
        ("bad", &[Class::Bad]),
        ("excluded", &[Class::Excluded]),
        ("all", &[Class::Good, Class::Bad, Class::Excluded]),
    ];
    let class = spec
        .word("class", &classes, problems)
        .unwrap_or(classes[0].1);
    let mut outcomes = outcomes(spec, kind, problems);
    if let Some(Subject::Vital(name, _)) = &subject {
        outcomes = ratings(spec, *name, problems);
    }
    let within_ms = within(spec, problems);
    let text = |key, problems: &mut _| spec.text(key, problems).map(|(text, _)| text.to_owned());
    let filter = EventFilter {
        outcomes,
        classes: class.to_vec(),
        within_ms,
        release: text("release", problems),
        deployment: text("deployment", problems),
        backend_origin: text("backend_origin", problems),
        expected_origin: spec.boolean("expected_origin", problems),
        ..EventFilter::of(app?, subject?)
    };
    Some(Source::Events(filter))
}

fn subject(
    spec: &Fields<'_>,
    app: Option<&str>,
    known: &Known,
    problems: &mut Problems,
) -> Option<Subject> {
    let any = |text: &str| (text != "*").then(|| text.to_owned());
    let mut found = Vec::new();
    if let Some((route, _)) = spec.text("page", problems) {
        found.push(Subject::Page(any(route)));
    }
    if let Some((call, _)) = spec.text("request", problems) {
        found.push(Subject::Request(any(call)));
    }
    if let Some((journey, line)) = spec.text("journey", problems) {
        if let Some(journeys) = app.and_then(|app| known.journeys_of(app))
            && !journeys.iter().any(|known| known == journey)
        {
            let right = listed("a journey of the configuration", journeys.iter());
            problems.say(
                line,
                &spec.path_of("journey"),
                format!("there is no journey {journey:?}"),
                &right,
            );
        }
        found.push(Subject::Journey(journey.to_owned()));
    }
    let vitals = [
        ("ttfb", VitalName::Ttfb),
        ("fcp", VitalName::Fcp),
        ("lcp", VitalName::Lcp),
        ("cls", VitalName::Cls),
        ("inp", VitalName::Inp),
    ];
    if spec.has("vital") {
        let route = spec
            .text("route", problems)
            .map(|(route, _)| route.to_owned());
        found.extend(
            spec.word("vital", &vitals, problems)
                .map(|name| Subject::Vital(name, route)),
        );
    }
    let asked = ["page", "request", "journey", "vital"]
        .into_iter()
        .filter(|key| spec.has(key))
        .count();
    if asked != 1 {
        let right = "write one of page, journey, request, vital or coverage";
        let what = if asked == 0 {
            "it does not say what to count"
        } else {
            "it says twice what to count"
        };
        problems.say(spec.line, &spec.path, what.to_owned(), right);
        return None;
    }
    found.pop()
}

fn outcome_kind(subject: &Subject) -> &'static str {
    match subject {
        Subject::Page(_) => "page",
        Subject::Journey(_) => "journey",
        Subject::Request(_) => "request",
        Subject::Vital(..) => "vital",
    }
}

fn outcomes(spec: &Fields<'_>, kind: Option<&str>, problems: &mut Problems) -> Vec<Outcome> {
    let mut found = Vec::new();
    for (word, line) in spec.texts("outcome", problems) {
        let Some(kind) = kind else { continue };
        match Outcome::from_labels(kind, word) {
            Some(outcome) => found.push(outcome),
            None => {
                let words = Outcome::ALL
                    .into_iter()
                    .filter(|outcome| outcome.kind() == kind);
                let right = listed("one of", words.map(Outcome::label));
                let what = format!("no {kind} ends {word:?}");
                problems.say(line, &spec.path_of("outcome"), what, &right);
            }
        }
    }
    found
}

/// A vital's ratings, by word.
fn ratings(spec: &Fields<'_>, name: VitalName, problems: &mut Problems) -> Vec<Outcome> {
    let words = [
        ("good", VitalRating::Good),
        ("needs_improvement", VitalRating::NeedsImprovement),
        ("poor", VitalRating::Poor),
    ];
    let rating = spec.word("rating", &words, problems);
    rating
        .map(|rating| Outcome::Vital(name, rating))
        .into_iter()
        .collect()
}

/// Calls are counted in the browser on one list of edges, and attempts by the same in the store: only at
/// these an objective can be exact.
fn within(spec: &Fields<'_>, problems: &mut Problems) -> Option<u32> {
    let (text, line) = spec.text("within_ms", problems)?;
    edge(text, line, &spec.path_of("within_ms"), problems)
}

/// A threshold that is an edge; otherwise the nearest is named.
pub(super) fn edge(text: &str, line: usize, path: &str, problems: &mut Problems) -> Option<u32> {
    let Ok(ms) = text.parse::<u32>() else {
        let what = format!("{text:?} is no whole number of milliseconds");
        problems.say(line, path, what, "write one such as 1000");
        return None;
    };
    if EDGES_MS.contains(&ms) {
        return Some(ms);
    }
    let nearest = EDGES_MS
        .iter()
        .min_by_key(|edge| edge.abs_diff(ms))
        .copied()
        .unwrap_or(ms);
    let edges: Vec<_> = EDGES_MS.iter().map(u32::to_string).collect();
    let right = format!("{nearest} is the nearest of {}", edges.join(", "));
    problems.say(
        line,
        path,
        format!("{ms} ms is no edge of the histograms"),
        &right,
    );
    None
}

fn scrape(
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
