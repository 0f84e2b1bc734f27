//! The browsers' events as a source: which application, which pages, attempts, calls or vitals, and which
//! of them.

use super::fields::Fields;
use super::problem::Problems;
use super::read::Known;
use super::source::{Source, listed};
use crate::sli::{Class, Outcome};
use crate::slo::indicator::{CoverageOf, EventFilter, Subject};
use beacon::{EDGES_MS, VitalName, VitalRating};

/// Reads the `spec` of a source of type `sightline`.
pub(super) fn sightline(
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
    if let Some(Subject::Vital(name, _)) = &subject
        && outcomes.is_empty()
    {
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
