//! The labels under which an event is counted. Everything the API can split by is in here, and
//! nothing else; the store keeps one dictionary of these.

use beacon::{
    EDGES_MS, Histogram, JourneyOutcome, PageOutcome, RequestOutcome, VitalName, VitalRating,
};

/// What an event counts as for its indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// As it should be.
    Good,
    /// A failure for the user.
    Bad,
    /// Neither: shown, but in no ratio.
    Excluded,
}

impl Class {
    /// Its name in the store, the API and the metrics.
    pub fn label(self) -> &'static str {
        match self {
            Class::Good => "good",
            Class::Bad => "bad",
            Class::Excluded => "excluded",
        }
    }

    /// The class of this name.
    pub fn from_label(label: &str) -> Option<Self> {
        [Class::Good, Class::Bad, Class::Excluded]
            .into_iter()
            .find(|class| class.label() == label)
    }
}

/// How something ended, and with it what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// A document load.
    Page(PageOutcome),
    /// An attempt at a journey.
    Journey(JourneyOutcome),
    /// A call to a backend.
    Request(RequestOutcome),
    /// A web vital, by how good its value was.
    Vital(VitalName, VitalRating),
}

impl Outcome {
    /// Every outcome there is, in order of precedence within its kind.
    pub const ALL: [Outcome; 33] = [
        Outcome::Page(PageOutcome::Ready),
        Outcome::Page(PageOutcome::Blank),
        Outcome::Page(PageOutcome::Broken),
        Outcome::Page(PageOutcome::Incomplete),
        Outcome::Page(PageOutcome::Abandoned),
        Outcome::Journey(JourneyOutcome::Success),
        Outcome::Journey(JourneyOutcome::Failed),
        Outcome::Journey(JourneyOutcome::Hung),
        Outcome::Journey(JourneyOutcome::Abandoned),
        Outcome::Request(RequestOutcome::Ok),
        Outcome::Request(RequestOutcome::HttpError),
        Outcome::Request(RequestOutcome::Unreachable),
        Outcome::Request(RequestOutcome::Timeout),
        Outcome::Request(RequestOutcome::Aborted),
        Outcome::Request(RequestOutcome::WrongContent),
        Outcome::Request(RequestOutcome::AppError),
        Outcome::Request(RequestOutcome::Hung),
        Outcome::Request(RequestOutcome::Blocked),
        Outcome::Vital(VitalName::Ttfb, VitalRating::Good),
        Outcome::Vital(VitalName::Ttfb, VitalRating::NeedsImprovement),
        Outcome::Vital(VitalName::Ttfb, VitalRating::Poor),
        Outcome::Vital(VitalName::Fcp, VitalRating::Good),
        Outcome::Vital(VitalName::Fcp, VitalRating::NeedsImprovement),
        Outcome::Vital(VitalName::Fcp, VitalRating::Poor),
        Outcome::Vital(VitalName::Lcp, VitalRating::Good),
        Outcome::Vital(VitalName::Lcp, VitalRating::NeedsImprovement),
        Outcome::Vital(VitalName::Lcp, VitalRating::Poor),
        Outcome::Vital(VitalName::Cls, VitalRating::Good),
        Outcome::Vital(VitalName::Cls, VitalRating::NeedsImprovement),
        Outcome::Vital(VitalName::Cls, VitalRating::Poor),
        Outcome::Vital(VitalName::Inp, VitalRating::Good),
        Outcome::Vital(VitalName::Inp, VitalRating::NeedsImprovement),
        Outcome::Vital(VitalName::Inp, VitalRating::Poor),
    ];

    /// `page`, `journey`, `request` or `vital`.
    pub fn kind(self) -> &'static str {
        match self {
            Outcome::Page(_) => "page",
            Outcome::Journey(_) => "journey",
            Outcome::Request(_) => "request",
            Outcome::Vital(..) => "vital",
        }
    }

    /// Its name on the wire, in the store, the API and the metrics.
    pub fn label(self) -> &'static str {
        match self {
            Outcome::Page(PageOutcome::Ready) => "ready",
            Outcome::Page(PageOutcome::Blank) => "blank",
            Outcome::Page(PageOutcome::Broken) => "broken",
            Outcome::Page(PageOutcome::Incomplete) => "incomplete",
            Outcome::Page(PageOutcome::Abandoned) => "abandoned",
            Outcome::Journey(JourneyOutcome::Success) => "success",
            Outcome::Journey(JourneyOutcome::Failed) => "failed",
            Outcome::Journey(JourneyOutcome::Hung) => "hung",
            Outcome::Journey(JourneyOutcome::Abandoned) => "abandoned",
            Outcome::Request(RequestOutcome::Ok) => "ok",
            Outcome::Request(RequestOutcome::HttpError) => "http_error",
            Outcome::Request(RequestOutcome::Unreachable) => "unreachable",
            Outcome::Request(RequestOutcome::Timeout) => "timeout",
            Outcome::Request(RequestOutcome::Aborted) => "aborted",
            Outcome::Request(RequestOutcome::WrongContent) => "wrong_content",
            Outcome::Request(RequestOutcome::AppError) => "app_error",
            Outcome::Request(RequestOutcome::Hung) => "hung",
            Outcome::Request(RequestOutcome::Blocked) => "blocked",
            Outcome::Vital(VitalName::Ttfb, VitalRating::Good) => "ttfb_good",
            Outcome::Vital(VitalName::Ttfb, VitalRating::NeedsImprovement) => {
                "ttfb_needs_improvement"
            }
            Outcome::Vital(VitalName::Ttfb, VitalRating::Poor) => "ttfb_poor",
            Outcome::Vital(VitalName::Fcp, VitalRating::Good) => "fcp_good",
            Outcome::Vital(VitalName::Fcp, VitalRating::NeedsImprovement) => {
                "fcp_needs_improvement"
            }
            Outcome::Vital(VitalName::Fcp, VitalRating::Poor) => "fcp_poor",
            Outcome::Vital(VitalName::Lcp, VitalRating::Good) => "lcp_good",
            Outcome::Vital(VitalName::Lcp, VitalRating::NeedsImprovement) => {
                "lcp_needs_improvement"
            }
            Outcome::Vital(VitalName::Lcp, VitalRating::Poor) => "lcp_poor",
            Outcome::Vital(VitalName::Cls, VitalRating::Good) => "cls_good",
            Outcome::Vital(VitalName::Cls, VitalRating::NeedsImprovement) => {
                "cls_needs_improvement"
            }
            Outcome::Vital(VitalName::Cls, VitalRating::Poor) => "cls_poor",
            Outcome::Vital(VitalName::Inp, VitalRating::Good) => "inp_good",
            Outcome::Vital(VitalName::Inp, VitalRating::NeedsImprovement) => {
                "inp_needs_improvement"
            }
            Outcome::Vital(VitalName::Inp, VitalRating::Poor) => "inp_poor",
        }
    }

    /// The outcome of this kind and name.
    pub fn from_labels(kind: &str, label: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.kind() == kind && outcome.label() == label)
    }
}

/// One line of counting: all events that agree in these labels are one number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Series {
    /// The application.
    pub app: String,
    /// The route of a page, the name of a journey, method and route of a request.
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
    pub outcome: Outcome,
    /// What that counts as.
    pub class: Class,
    /// Whether a later revision may still replace it.
    pub provisional: bool,
    /// Whether a page was put together from more than one pod or release.
    pub mixed: bool,
    /// How long it took, to an edge of the histograms.
    pub latency: Latency,
}

/// The bucket of the one list of edges that a duration falls into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Latency(Option<u8>);

impl Latency {
    /// Counted without its duration, or of a kind that has none.
    pub const UNKNOWN: Self = Self(None);

    /// Of a duration in milliseconds.
    pub fn of_ms(duration_ms: u32) -> Self {
        Self(Some(Histogram::bucket_of(duration_ms)))
    }

    /// Of a bucket's index; one past the last edge is without limit.
    pub fn of_bucket(bucket: u8) -> Self {
        Self(Some(bucket).filter(|bucket| usize::from(*bucket) <= EDGES_MS.len()))
    }

    /// The bucket's index.
    pub fn bucket(self) -> Option<u8> {
        self.0
    }

    /// Whether the duration was counted.
    pub fn is_known(self) -> bool {
        self.0.is_some()
    }

    /// Whether it took at most so long; the limit is one of the edges.
    pub fn is_within(self, edge_ms: u32) -> bool {
        self.0
            .is_some_and(|bucket| bucket <= Histogram::bucket_of(edge_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_on_an_edge_is_within_it_and_an_unknown_one_within_none() {
        assert!(Latency::of_ms(3000).is_within(3000));
        assert!(!Latency::of_ms(3001).is_within(3000));
        assert!(!Latency::of_ms(u32::MAX).is_within(30_000));
        assert!(!Latency::UNKNOWN.is_within(30_000));
        assert_eq!(Latency::of_bucket(99), Latency::UNKNOWN);
    }

    #[test]
    fn labels_of_outcomes_are_those_of_the_wire() {
        for outcome in Outcome::ALL {
            let wire = match outcome {
                Outcome::Page(outcome) => serde_json::to_value(outcome),
                Outcome::Journey(outcome) => serde_json::to_value(outcome),
                Outcome::Request(outcome) => serde_json::to_value(outcome),
                Outcome::Vital(name, rating) => {
                    let word = |of: Result<serde_json::Value, _>| {
                        of.map(|of| of.as_str().unwrap().to_owned())
                    };
                    let (name, rating) = (
                        word(serde_json::to_value(name)),
                        word(serde_json::to_value(rating)),
                    );
                    Ok(format!("{}_{}", name.unwrap(), rating.unwrap()).into())
                }
            };
            assert_eq!(wire.unwrap(), outcome.label());
            assert_eq!(
                Outcome::from_labels(outcome.kind(), outcome.label()),
                Some(outcome)
            );
        }
    }
}
