//! What can go wrong, and what would be the right answer.

use crate::random::Random;
use crate::visit::{API, Pod, Visitor, WRONG_API};
use collector::compare::blindspot::{CauseValue, Dimension};

/// What a fault does to a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Harm {
    None,
    BlankPage,
    NeverReady,
    Unreachable,
}

/// A kind of incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Incident {
    /// A second release with a wrong backend URL beside the first, picked per connection.
    MixedReleases,
    /// The same, picked per user.
    StickyReleases,
    /// The wrong release replaces the right one at once.
    ReleaseForAll,
    /// One browser's engine chokes on the bundle.
    OneBrowser,
    /// One country does not reach the backend.
    OneCountry,
    /// One route never becomes ready.
    OneRoute,
    /// One of three pods hands out documents whose scripts do not start.
    OnePod,
    /// The backend is down.
    BackendDown,
}

impl Incident {
    /// Whether this is one of the answers that name the cause; without a value: that none is named.
    pub(crate) fn is_right(self, named: Option<&[CauseValue]>) -> bool {
        let right = |value: &CauseValue| match self {
            Incident::MixedReleases | Incident::StickyReleases | Incident::ReleaseForAll => {
                match value.dimension {
                    Dimension::TouchedRelease | Dimension::Release => &*value.value == "2",
                    Dimension::TouchedPod | Dimension::Pod => &*value.value == "web-2",
                    Dimension::ConfiguredOrigin | Dimension::UsedOrigin => {
                        &*value.value == WRONG_API
                    }
                    _ => false,
                }
            }
            Incident::OneBrowser => &*value.value == "Safari 18",
            Incident::OneCountry => &*value.value == "FR",
            Incident::OneRoute => &*value.value == "/films/:id",
            Incident::OnePod => &*value.value == "web-1b",
            Incident::BackendDown => false,
        };
        match (self, named) {
            (Incident::BackendDown, named) => named.is_none(),
            (_, None) => false,
            (_, Some(values)) => values.iter().any(right),
        }
    }

    /// The pods of document and scripts of a load that begins during the incident.
    pub(crate) fn pods<'a>(
        self,
        visitor: &Visitor,
        deployed: &'a Deployed,
        random: &mut Random,
    ) -> (&'a Pod, &'a Pod) {
        let (usual, wrong) = (deployed.usual(visitor), &deployed.wrong);
        match self {
            // As seen with two pods behind a balancer: three in five loads mixed.
            Incident::MixedReleases => {
                let document = if random.chance(0.5) { wrong } else { usual };
                let other = if document.name == wrong.name {
                    usual
                } else {
                    wrong
                };
                let scripts = if random.chance(0.6) { other } else { document };
                (document, scripts)
            }
            Incident::StickyReleases if visitor.session.is_multiple_of(2) => (wrong, wrong),
            Incident::ReleaseForAll => (wrong, wrong),
            Incident::StickyReleases
            | Incident::OneBrowser
            | Incident::OneCountry
            | Incident::OneRoute
            | Incident::OnePod
            | Incident::BackendDown => (usual, usual),
        }
    }

    pub(crate) fn harm(self, visitor: &Visitor, document: &Pod) -> Harm {
        match self {
            Incident::OneBrowser if visitor.browser == "Safari 18" => Harm::BlankPage,
            Incident::OneCountry if visitor.country == "FR" => Harm::Unreachable,
            Incident::OneRoute if visitor.route == "/films/:id" => Harm::NeverReady,
            Incident::OnePod if document.name == "web-1b" => Harm::BlankPage,
            Incident::BackendDown => Harm::Unreachable,
            Incident::MixedReleases
            | Incident::StickyReleases
            | Incident::ReleaseForAll
            | Incident::OneBrowser
            | Incident::OneCountry
            | Incident::OneRoute
            | Incident::OnePod => Harm::None,
        }
    }
}

/// What serves the site.
#[derive(Clone, Debug)]
pub(crate) struct Deployed {
    pub(crate) pods: Vec<Pod>,
    wrong: Pod,
}

impl Deployed {
    pub(crate) fn release(release: &str) -> Self {
        let pod = |name: &str, release: &str, backend| Pod {
            release: release.to_owned(),
            name: name.to_owned(),
            backend,
        };
        Self {
            pods: ["web-1a", "web-1b", "web-1c"]
                .map(|name| pod(name, release, API))
                .to_vec(),
            wrong: pod("web-2", "2", WRONG_API),
        }
    }

    /// Users keep their pod.
    pub(crate) fn usual(&self, visitor: &Visitor) -> &Pod {
        let at = usize::try_from(visitor.session / 2).unwrap_or(0) % self.pods.len();
        &self.pods[at]
    }
}
