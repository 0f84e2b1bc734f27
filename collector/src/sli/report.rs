//! From counted series to what the API says: figures per page, journey and backend origin, the list
//! of failures, and the same again split by one dimension.

use super::ratio::Figures;
use super::series::{Class, Outcome, Series};
use beacon::RequestOutcome;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Client-side figures of one application over one window.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Document loads.
    pub pages: PageFigures,
    /// Attempts, by journey; every declared journey is present.
    pub journeys: BTreeMap<String, JourneyFigures>,
    /// Calls, by backend origin.
    pub reachability: Vec<Reachability>,
    /// Everything that went wrong, most frequent first.
    pub failures: Vec<FailureGroup>,
}

/// Document loads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PageFigures {
    /// Good, bad, outcomes.
    #[serde(flatten)]
    pub figures: Figures,
    /// Of all loads: may still change.
    pub provisional: u64,
    /// Of all loads: put together from more than one pod or release.
    pub mixed: u64,
}

/// Attempts at one journey.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JourneyFigures {
    /// As the browsers saw them.
    pub client: Figures,
}

/// Calls to one backend origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reachability {
    /// The origin called.
    pub backend_origin: String,
    /// Whether the pages ought to call it.
    pub expected: bool,
    /// Good, bad, outcomes.
    #[serde(flatten)]
    pub figures: Figures,
}

/// Failures that agree in all of this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailureGroup {
    /// `page`, `journey` or `request`.
    pub kind: &'static str,
    /// Route, journey, or method and route.
    pub name: String,
    /// Release of the document.
    pub release: String,
    /// Pod of the document.
    pub deployment: String,
    /// The backend origin called, or the configured one.
    pub backend_origin: String,
    /// Whether that origin is one the pages ought to call.
    pub expected_origin: bool,
    /// How it ended.
    pub outcome: &'static str,
    /// Whether the page was put together from more than one pod or release.
    pub mixed: bool,
    /// How often.
    pub count: u64,
}

/// What a report can be split by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitBy {
    /// Release of the document.
    Release,
    /// Pod of the document.
    Deployment,
    /// The backend origin called, or the configured one.
    BackendOrigin,
    /// How it ended.
    Outcome,
}

/// The figures of all events that share one value of the split dimension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Split {
    /// The value.
    pub value: String,
    /// Document loads with it.
    pub pages: PageFigures,
    /// Attempts with it.
    pub journeys: BTreeMap<String, JourneyFigures>,
    /// Calls with it.
    pub requests: Figures,
}

impl Report {
    /// Adds up counted series. `journeys` names those to show even without data.
    pub fn from_counts<'a>(
        counts: &[(Series, u64)],
        journeys: impl Iterator<Item = &'a str>,
    ) -> Self {
        let mut report = Report {
            pages: PageFigures {
                figures: empty("page"),
                ..PageFigures::default()
            },
            journeys: journeys
                .map(|name| (name.to_owned(), no_attempts()))
                .collect(),
            ..Report::default()
        };
        let mut reachability: BTreeMap<(String, bool), Figures> = BTreeMap::new();
        let mut failures: BTreeMap<_, FailureGroup> = BTreeMap::new();
        for (series, count) in counts.iter().filter(|(_, count)| *count > 0) {
            match series.outcome {
                Outcome::Page(_) => report.pages.add(series, *count),
                Outcome::Journey(_) => {
                    let journey = report
                        .journeys
                        .entry(series.name.clone())
                        .or_insert_with(no_attempts);
                    journey
                        .client
                        .add(series.class, series.outcome.label(), *count);
                }
                Outcome::Request(_) => reachability
                    .entry((series.backend_origin.clone(), series.expected_origin))
                    .or_insert_with(|| empty("request"))
                    .add(series.class, series.outcome.label(), *count),
                Outcome::Vital(..) => continue,
            }
            if is_failure(series) {
                let group = failure_of(series);
                let key = (
                    (group.kind, group.name.clone(), group.outcome, group.mixed),
                    (
                        group.release.clone(),
                        group.deployment.clone(),
                        group.backend_origin.clone(),
                    ),
                );
                failures.entry(key).or_insert(group).count += count;
            }
        }
        report.reachability = reachability
            .into_iter()
            .map(|((backend_origin, expected), figures)| Reachability {
                backend_origin,
                expected,
                figures,
            })
            .collect();
        report.failures = failures.into_values().collect();
        report
            .failures
            .sort_by_key(|group| std::cmp::Reverse(group.count));
        report
    }
}

/// The same counts, once per value of one dimension.
pub fn split(counts: &[(Series, u64)], by: SplitBy) -> Vec<Split> {
    let mut groups: BTreeMap<String, Split> = BTreeMap::new();
    for (series, count) in counts.iter().filter(|(_, count)| *count > 0) {
        let value = by.value_of(series);
        let group = groups.entry(value.to_owned()).or_insert_with(|| Split {
            value: value.to_owned(),
            pages: PageFigures {
                figures: empty("page"),
                ..PageFigures::default()
            },
            journeys: BTreeMap::new(),
            requests: empty("request"),
        });
        let label = series.outcome.label();
        match series.outcome {
            Outcome::Page(_) => group.pages.add(series, *count),
            Outcome::Journey(_) => group
                .journeys
                .entry(series.name.clone())
                .or_insert_with(no_attempts)
                .client
                .add(series.class, label, *count),
            Outcome::Request(_) => group.requests.add(series.class, label, *count),
            Outcome::Vital(..) => {}
        }
    }
    groups.into_values().collect()
}

impl SplitBy {
    fn value_of(self, series: &Series) -> &str {
        match self {
            SplitBy::Release => &series.release,
            SplitBy::Deployment => &series.deployment,
            SplitBy::BackendOrigin => &series.backend_origin,
            SplitBy::Outcome => series.outcome.label(),
        }
    }
}

impl PageFigures {
    fn add(&mut self, series: &Series, count: u64) {
        self.figures
            .add(series.class, series.outcome.label(), count);
        if series.provisional {
            self.provisional += count;
        }
        if series.mixed {
            self.mixed += count;
        }
    }
}

/// What the list of failures shows: everything bad, and the answers that said no, which count as
/// reached but not as well.
fn is_failure(series: &Series) -> bool {
    let answered_no = matches!(
        series.outcome,
        Outcome::Request(RequestOutcome::HttpError | RequestOutcome::AppError)
    );
    series.class == Class::Bad || answered_no
}

fn failure_of(series: &Series) -> FailureGroup {
    FailureGroup {
        kind: series.outcome.kind(),
        name: series.name.clone(),
        release: series.release.clone(),
        deployment: series.deployment.clone(),
        backend_origin: series.backend_origin.clone(),
        expected_origin: series.expected_origin,
        outcome: series.outcome.label(),
        mixed: series.mixed,
        count: 0,
    }
}

fn empty(kind: &'static str) -> Figures {
    let of_kind = Outcome::ALL
        .iter()
        .filter(move |outcome| outcome.kind() == kind);
    Figures::with_outcomes(of_kind.map(|outcome| outcome.label()))
}

fn no_attempts() -> JourneyFigures {
    JourneyFigures {
        client: empty("journey"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sli::Latency;
    use beacon::{JourneyOutcome, PageOutcome};

    fn series(release: &str, outcome: Outcome, class: Class) -> Series {
        Series {
            app: "a".into(),
            name: "chat".into(),
            release: release.into(),
            deployment: "pod".into(),
            backend_origin: "http://b.test".into(),
            expected_origin: true,
            outcome,
            class,
            provisional: false,
            mixed: false,
            latency: Latency::UNKNOWN,
        }
    }

    #[test]
    fn a_declared_journey_without_attempts_is_shown_without_a_ratio() {
        let report = Report::from_counts(&[], ["chat"].into_iter());
        assert_eq!(report.journeys["chat"].client.ratio_ppm, None);
        assert_eq!(report.journeys["chat"].client.outcomes.len(), 4);
    }

    #[test]
    fn failures_come_most_frequent_first_and_an_answer_that_says_no_is_one() {
        let counts = [
            (
                series(
                    "1",
                    Outcome::Request(RequestOutcome::HttpError),
                    Class::Good,
                ),
                2,
            ),
            (
                series("2", Outcome::Page(PageOutcome::Blank), Class::Bad),
                5,
            ),
            (
                series("1", Outcome::Journey(JourneyOutcome::Success), Class::Good),
                9,
            ),
        ];
        let report = Report::from_counts(&counts, [].into_iter());
        let shown: Vec<_> = report
            .failures
            .iter()
            .map(|f| (f.outcome, f.count))
            .collect();
        assert_eq!(shown, [("blank", 5), ("http_error", 2)]);
        assert_eq!(report.reachability[0].figures.ratio_ppm, Some(1_000_000));
    }

    #[test]
    fn the_parts_of_a_split_add_up_to_the_whole() {
        let counts = [
            (
                series("1", Outcome::Page(PageOutcome::Ready), Class::Good),
                7,
            ),
            (
                series("2", Outcome::Page(PageOutcome::Ready), Class::Good),
                1,
            ),
            (
                series("2", Outcome::Page(PageOutcome::Blank), Class::Bad),
                4,
            ),
        ];
        let parts = split(&counts, SplitBy::Release);
        let whole = Report::from_counts(&counts, [].into_iter());
        let sum: u64 = parts.iter().map(|part| part.pages.figures.total).sum();
        assert_eq!(sum, whole.pages.figures.total);
        assert_eq!(parts[1].pages.figures.ratio_ppm, Some(200_000));
    }
}
