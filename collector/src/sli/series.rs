//! The labels under which an event is counted. Everything the API can split by is in here, and
//! nothing else; the store keeps one dictionary of these.

use beacon::{JourneyOutcome, PageOutcome, RequestOutcome};

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
}

impl Outcome {
    /// Every outcome there is, in order of precedence within its kind.
    pub const ALL: [Outcome; 18] = [
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
    ];

    /// `page`, `journey` or `request`.
    pub fn kind(self) -> &'static str {
        match self {
            Outcome::Page(_) => "page",
            Outcome::Journey(_) => "journey",
            Outcome::Request(_) => "request",
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_outcomes_are_those_of_the_wire() {
        for outcome in Outcome::ALL {
            let wire = match outcome {
                Outcome::Page(outcome) => serde_json::to_value(outcome),
                Outcome::Journey(outcome) => serde_json::to_value(outcome),
                Outcome::Request(outcome) => serde_json::to_value(outcome),
            };
            assert_eq!(wire.unwrap(), outcome.label());
            assert_eq!(
                Outcome::from_labels(outcome.kind(), outcome.label()),
                Some(outcome)
            );
        }
    }
}
