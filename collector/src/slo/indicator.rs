//! What an objective counts: which of the browsers' events are good and which count at all, or which
//! counters of the servers say so. A series enters, good, bad or nothing leaves.

use crate::compare::SeriesName;
use crate::sli::{Class, Outcome, Series};
use beacon::VitalName;

/// Where good and bad come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Indicator {
    /// The browsers' events.
    Events(Box<EventIndicator>),
    /// How much of what was sent, or served, has arrived.
    Coverage(Coverage),
    /// Counters read directly from the servers.
    Scrape(ScrapeIndicator),
    /// Counters asked of a Prometheus.
    Prometheus(PrometheusIndicator),
}

/// Good ones among the browsers' events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventIndicator {
    /// Which events count.
    pub total: EventFilter,
    /// Which of them are good; or which are bad.
    pub part: EventFilter,
    /// Which of both `part` is.
    pub part_is: Part,
}

/// Whether a part counts the good or the bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The good ones.
    Good,
    /// The bad ones.
    Bad,
}

/// Some of the browsers' events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFilter {
    /// The application.
    pub app: String,
    /// Pages, attempts, calls or vitals.
    pub subject: Subject,
    /// Only these outcomes; empty for all.
    pub outcomes: Vec<Outcome>,
    /// Only these classes.
    pub classes: Vec<Class>,
    /// Only those within this many milliseconds, an edge of the histograms.
    pub within_ms: Option<u32>,
    /// Only this release.
    pub release: Option<String>,
    /// Only this pod.
    pub deployment: Option<String>,
    /// Only this backend origin.
    pub backend_origin: Option<String>,
    /// Only calls to an expected, or an unexpected, origin.
    pub expected_origin: Option<bool>,
}

/// What kind of event, and which of that kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Document loads, of one route or all.
    Page(Option<String>),
    /// Attempts at a journey.
    Journey(String),
    /// Calls, of one method and route or all.
    Request(Option<String>),
    /// A web vital, of one route or all.
    Vital(VitalName, Option<String>),
}

/// The share of the truth that has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The application.
    pub app: String,
    /// Of what.
    pub of: CoverageOf,
}

/// What is covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoverageOf {
    /// Beacons that were sent.
    Beacons,
    /// Documents that were served.
    Documents,
}

/// A target's counters; more than one factor are multiplied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScrapeIndicator {
    /// The target, as configured.
    pub target: String,
    /// At least one.
    pub factors: Vec<ScrapeFactor>,
}

/// Two sums of counters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScrapeFactor {
    /// Shown beside its figures.
    pub name: String,
    /// Added up: the good ones, or the bad ones.
    pub part: Vec<SeriesName>,
    /// Which of both.
    pub part_is: Part,
    /// Added up: all.
    pub total: Vec<SeriesName>,
}

/// Two queries; `{{.window}}` in them stands for the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrometheusIndicator {
    /// The address of the HTTP API; `None` for rules only.
    pub url: Option<String>,
    /// The good ones, the bad ones, or a ratio ready made.
    pub part: String,
    /// Which of good and bad.
    pub part_is: Part,
    /// All; `None` when `part` is a ratio.
    pub total: Option<String>,
}

impl EventIndicator {
    /// What a series counts as; `None` when it does not count.
    pub fn judge(&self, series: &Series) -> Option<Part> {
        if !self.total.takes(series) {
            return None;
        }
        // What would be part but for a latency that was not counted is no evidence either way.
        let unknown = self.part.within_ms.is_some() && !series.latency.is_known();
        if unknown && self.part.takes_at_any_latency(series) {
            return None;
        }
        match (self.part.takes(series), self.part_is) {
            (true, part) => Some(part),
            (false, Part::Good) => Some(Part::Bad),
            (false, Part::Bad) => Some(Part::Good),
        }
    }
}

impl EventFilter {
    /// Every event of a subject that is good or bad.
    pub fn of(app: &str, subject: Subject) -> Self {
        Self {
            app: app.to_owned(),
            subject,
            outcomes: Vec::new(),
            classes: vec![Class::Good, Class::Bad],
            within_ms: None,
            release: None,
            deployment: None,
            backend_origin: None,
            expected_origin: None,
        }
    }

    /// Whether events of a series are among these.
    pub fn takes(&self, series: &Series) -> bool {
        let in_time = self
            .within_ms
            .is_none_or(|edge_ms| series.latency.is_within(edge_ms));
        in_time && self.takes_at_any_latency(series)
    }

    fn takes_at_any_latency(&self, series: &Series) -> bool {
        let fits = |wanted: &Option<String>, value: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == value)
        };
        self.app == series.app
            && self.subject.takes(series)
            && self.classes.contains(&series.class)
            && (self.outcomes.is_empty() || self.outcomes.contains(&series.outcome))
            && fits(&self.release, &series.release)
            && fits(&self.deployment, &series.deployment)
            && fits(&self.backend_origin, &series.backend_origin)
            && self
                .expected_origin
                .is_none_or(|wanted| wanted == series.expected_origin)
    }
}

impl Subject {
    fn takes(&self, series: &Series) -> bool {
        let fits =
            |wanted: &Option<String>| wanted.as_deref().is_none_or(|wanted| wanted == series.name);
        match (self, series.outcome) {
            (Self::Page(route), Outcome::Page(_)) | (Self::Request(route), Outcome::Request(_)) => {
                fits(route)
            }
            (Self::Journey(name), Outcome::Journey(_)) => *name == series.name,
            (Self::Vital(name, route), Outcome::Vital(vital, _)) => *name == vital && fits(route),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sli::Latency;
    use beacon::JourneyOutcome;

    fn series(outcome: JourneyOutcome, class: Class, latency: Latency) -> Series {
        Series {
            app: "shop".into(),
            name: "order".into(),
            release: "1".into(),
            deployment: "a".into(),
            backend_origin: "https://api".into(),
            expected_origin: true,
            outcome: Outcome::Journey(outcome),
            class,
            provisional: false,
            mixed: false,
            latency,
        }
    }

    fn within(edge_ms: u32) -> EventIndicator {
        let success = EventFilter {
            outcomes: vec![Outcome::Journey(JourneyOutcome::Success)],
            ..EventFilter::of("shop", Subject::Journey("order".into()))
        };
        EventIndicator {
            total: success.clone(),
            part: EventFilter {
                within_ms: Some(edge_ms),
                ..success
            },
            part_is: Part::Good,
        }
    }

    #[test]
    fn latency_is_judged_on_the_successful_alone() {
        let slow = Latency::of_ms(3001);
        let indicator = within(3000);
        let of = |outcome, class, latency| indicator.judge(&series(outcome, class, latency));
        let success = JourneyOutcome::Success;
        assert_eq!(
            of(success, Class::Good, Latency::of_ms(3000)),
            Some(Part::Good)
        );
        assert_eq!(of(success, Class::Good, slow), Some(Part::Bad));
        assert_eq!(of(JourneyOutcome::Failed, Class::Bad, slow), None);
    }

    #[test]
    fn what_was_counted_without_its_latency_is_neither_good_nor_bad() {
        let unknown = series(JourneyOutcome::Success, Class::Good, Latency::UNKNOWN);
        assert_eq!(within(3000).judge(&unknown), None);
    }

    #[test]
    fn what_failed_is_not_in_time_when_all_attempts_count() {
        let mut indicator = within(3000);
        indicator.total.outcomes.clear();
        let failed = series(JourneyOutcome::Failed, Class::Bad, Latency::UNKNOWN);
        assert_eq!(indicator.judge(&failed), Some(Part::Bad));
    }

    #[test]
    fn the_same_journey_of_another_application_does_not_count() {
        let other = Series {
            app: "other".into(),
            ..series(JourneyOutcome::Success, Class::Good, Latency::of_ms(1))
        };
        assert_eq!(within(3000).judge(&other), None);
    }
}
