//! From an event to the one series it counts under, after the tables of outcomes: which outcomes are
//! good, which bad, and when leaving early is neither.

use super::series::{Class, Latency, Outcome, Series};
use crate::config::AppConfig;
use beacon::{
    Event, EventKind, Finality, Head, JourneyOutcome, PageLoad, PageOutcome, RequestOutcome,
    VitalRating,
};
use std::collections::{HashMap, HashSet};

/// What the applications' configurations say about good and bad.
#[derive(Clone, Debug, Default)]
pub struct Objectives(HashMap<String, AppObjectives>);

#[derive(Clone, Debug, Default)]
struct AppObjectives {
    thresholds_ms: HashMap<String, u32>,
    expected_origins: HashSet<String>,
}

/// An event's share in a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// Where it counts.
    pub series: Series,
    /// How often: 1, but for requests that were counted in the browser.
    pub weight: u64,
}

impl Objectives {
    /// Collects thresholds and expected origins.
    pub fn new(apps: &[AppConfig]) -> Self {
        let of = |app: &AppConfig| AppObjectives {
            thresholds_ms: app
                .journeys
                .iter()
                .map(|journey| (journey.name.clone(), journey.threshold_ms))
                .collect(),
            expected_origins: app.expected_backend_origins.iter().cloned().collect(),
        };
        Self(apps.iter().map(|app| (app.name.clone(), of(app))).collect())
    }

    /// The series an event counts under; none for what no indicator counts. Calls that were counted in
    /// the browser come with their histogram and count under a series for each latency.
    pub fn contributions(&self, app: &str, head: &Head, event: &Event) -> Vec<Contribution> {
        let Some(objectives) = self.0.get(app) else {
            return Vec::new();
        };
        let Some(counted) = objectives.count(head, &event.kind) else {
            return Vec::new();
        };
        let series = Series {
            app: app.to_owned(),
            name: counted.name,
            release: head.page.release.clone(),
            deployment: head.page.deployment.clone(),
            backend_origin: counted.backend_origin.to_owned(),
            expected_origin: is_expected(
                &objectives.expected_origins,
                counted.backend_origin,
                counted.expected_origin,
            ),
            outcome: counted.outcome,
            class: counted.class,
            provisional: counted.finality == Finality::Provisional,
            mixed: counted.mixed,
            latency: counted.latency,
        };
        let EventKind::Requests(counts) = &event.kind else {
            return vec![Contribution { series, weight: 1 }];
        };
        if counts.outcome != RequestOutcome::Ok {
            let weight = counts.durations.total();
            return vec![Contribution { series, weight }];
        }
        let of_bucket = |(bucket, count): &(u8, u32)| Contribution {
            series: Series {
                latency: Latency::of_bucket(*bucket),
                ..series.clone()
            },
            weight: u64::from(*count),
        };
        counts.durations.counts.iter().map(of_bucket).collect()
    }
}

/// Whether a backend origin is the configured one; what the probe told of it counts where none is
/// configured.
pub(crate) fn is_expected(configured: &HashSet<String>, origin: &str, told: bool) -> bool {
    if configured.is_empty() {
        told
    } else {
        configured.contains(origin)
    }
}

/// What an event counts as, with the labels that depend on its kind.
struct Counted<'a> {
    name: String,
    backend_origin: &'a str,
    /// As the probe told it.
    expected_origin: bool,
    outcome: Outcome,
    class: Class,
    finality: Finality,
    mixed: bool,
    /// Of what succeeded only: latency is judged apart, and what failed soon was not quick.
    latency: Latency,
}

impl AppObjectives {
    /// None for what no indicator counts, and for attempts of journeys that are not configured.
    fn count<'a>(&self, head: &'a Head, kind: &'a EventKind) -> Option<Counted<'a>> {
        let of_page = |outcome, class| Counted {
            name: head.page.route.clone(),
            backend_origin: &head.page.backend_origin,
            expected_origin: true,
            outcome,
            class,
            finality: Finality::Final,
            mixed: false,
            latency: Latency::UNKNOWN,
        };
        let of_call = |outcome| of_page(Outcome::Request(outcome), request_class(outcome));
        let counted = match kind {
            EventKind::Page(page) => Counted {
                finality: page.finality,
                mixed: is_mixed(page),
                ..of_page(Outcome::Page(page.outcome), page_class(page.outcome))
            },
            EventKind::Journey(attempt) => {
                let threshold_ms = *self.thresholds_ms.get(&attempt.name)?;
                let class = journey_class(attempt.outcome, attempt.duration_ms, threshold_ms);
                let of_page = of_page(Outcome::Journey(attempt.outcome), class);
                Counted {
                    name: attempt.name.clone(),
                    backend_origin: match attempt.backend_origin.as_str() {
                        "" => of_page.backend_origin,
                        used => used,
                    },
                    finality: attempt.finality,
                    latency: match attempt.outcome {
                        JourneyOutcome::Success => Latency::of_ms(attempt.duration_ms),
                        _ => Latency::UNKNOWN,
                    },
                    ..of_page
                }
            }
            EventKind::Request(request) => Counted {
                name: format!("{} {}", request.method, request.route),
                backend_origin: &request.backend_origin,
                expected_origin: request.expected_origin,
                finality: request.finality,
                latency: match request.outcome {
                    RequestOutcome::Ok => Latency::of_ms(request.duration_ms),
                    _ => Latency::UNKNOWN,
                },
                ..of_call(request.outcome)
            },
            EventKind::Requests(counts) => Counted {
                name: format!("{} {}", counts.method, counts.route),
                backend_origin: &counts.backend_origin,
                expected_origin: counts.expected_origin,
                ..of_call(counts.outcome)
            },
            EventKind::Vital(vital) => {
                let rating = vital.rating();
                of_page(Outcome::Vital(vital.name, rating), vital_class(rating))
            }
            EventKind::Navigation(_)
            | EventKind::Error(_)
            | EventKind::Withdrawn
            | EventKind::VitalCause(_)
            | EventKind::Route(_)
            | EventKind::Resources(_)
            | EventKind::Resource(_)
            | EventKind::LongTasks(_)
            | EventKind::Socket(_)
            | EventKind::Clicks(_)
            | EventKind::Frustration(_)
            | EventKind::Measurement(_)
            | EventKind::Probe(_) => return None,
        };
        Some(counted)
    }
}

/// Web vitals are good or not; what needs improvement is not.
fn vital_class(rating: VitalRating) -> Class {
    match rating {
        VitalRating::Good => Class::Good,
        VitalRating::NeedsImprovement | VitalRating::Poor => Class::Bad,
    }
}

/// More than one pod or release, going by those that said who they are.
fn is_mixed(page: &PageLoad) -> bool {
    let releases: HashSet<_> = page.touched.iter().map(|pod| &pod.release).collect();
    let pods: HashSet<_> = page.touched.iter().map(|pod| &pod.deployment).collect();
    let known = |names: HashSet<&String>| names.iter().filter(|name| !name.is_empty()).count();
    known(releases) > 1 || known(pods) > 1
}

fn page_class(outcome: PageOutcome) -> Class {
    match outcome {
        PageOutcome::Ready => Class::Good,
        PageOutcome::Blank | PageOutcome::Broken | PageOutcome::Incomplete => Class::Bad,
        PageOutcome::Abandoned => Class::Excluded,
    }
}

/// Latency is judged apart: a slow success is a success. Who leaves before the objective's threshold
/// has not been failed; who leaves after it has waited too long.
fn journey_class(outcome: JourneyOutcome, duration_ms: u32, threshold_ms: u32) -> Class {
    match outcome {
        JourneyOutcome::Success => Class::Good,
        JourneyOutcome::Failed | JourneyOutcome::Hung => Class::Bad,
        JourneyOutcome::Abandoned if duration_ms > threshold_ms => Class::Bad,
        JourneyOutcome::Abandoned => Class::Excluded,
    }
}

/// The indicator of requests is reachability: did the right backend answer at all? An answer that
/// says no is an answer; whether it harmed the user is for the journeys to tell. Of a `sendBeacon`
/// nobody sees the answer: `ok` says that the browser took it, `blocked` that it did not. It counts all
/// the same, and the event tells what it was by its initiator.
fn request_class(outcome: RequestOutcome) -> Class {
    match outcome {
        RequestOutcome::Ok | RequestOutcome::HttpError | RequestOutcome::AppError => Class::Good,
        RequestOutcome::Unreachable
        | RequestOutcome::Timeout
        | RequestOutcome::WrongContent
        | RequestOutcome::Hung
        | RequestOutcome::Blocked => Class::Bad,
        RequestOutcome::Aborted => Class::Excluded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use beacon::Touched;

    #[test]
    fn who_leaves_at_the_threshold_is_excluded_and_a_millisecond_later_is_bad() {
        assert_eq!(
            journey_class(JourneyOutcome::Abandoned, 5000, 5000),
            Class::Excluded
        );
        assert_eq!(
            journey_class(JourneyOutcome::Abandoned, 5001, 5000),
            Class::Bad
        );
    }

    #[test]
    fn a_slow_success_is_a_success() {
        assert_eq!(
            journey_class(JourneyOutcome::Success, 29_000, 1000),
            Class::Good
        );
    }

    #[test]
    fn an_error_page_of_the_backend_proves_that_it_was_reached() {
        assert_eq!(request_class(RequestOutcome::HttpError), Class::Good);
        assert_eq!(request_class(RequestOutcome::WrongContent), Class::Bad);
    }

    #[test]
    fn a_page_is_mixed_when_two_pods_or_two_releases_made_it() {
        let page = |pods: &[(&str, &str)]| PageLoad {
            outcome: PageOutcome::Blank,
            finality: Finality::Final,
            decided_after_ms: 0,
            touched: pods
                .iter()
                .map(|(release, pod)| Touched {
                    release: (*release).into(),
                    deployment: (*pod).into(),
                })
                .collect(),
            failed_scripts: 0,
        };
        assert!(!is_mixed(&page(&[])));
        assert!(!is_mixed(&page(&[("1", "a"), ("", "")])));
        assert!(is_mixed(&page(&[("1", "a"), ("1", "b")])));
        assert!(is_mixed(&page(&[("1", ""), ("2", "")])));
    }
}
