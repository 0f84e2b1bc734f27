//! The questions of station 10 and their answers: what is found, and what lies between both sides.

use super::App;
use super::blindspot::{GapGauge, SpotState};
use crate::compare::{
    Gap, LatencyGap, Percentiles, ServerFigures, Twin, TwinState, dark_releases, exact_percentiles,
    gap, latency_gap, server_only, unheard,
};
use crate::sli::{Figures, PageFigures, Report};
use crate::store::{Note, NoteKind, Position, ReadError, Window};
use beacon::{EventKind, JourneyOutcome};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// What is noticed beside findings is looked for in so long a window.
const NOTICED_MS: u64 = 15 * 60_000;
/// Documents served in the last minute may still be under way.
const UNDER_WAY_MS: u64 = 60_000;
const FIVE_MINUTES_MS: u64 = 5 * 60_000;
/// Single attempts are looked at in windows up to this.
const SINGLY_MS: u64 = 3_600_001;
/// Beacons read at once.
const AT_ONCE: usize = 2000;
const DAY_MS: u64 = 24 * 3_600_000;
/// Deployments told.
const DEPLOYMENTS: usize = 50;

/// What is found, and all that belongs to it.
#[derive(Debug, Serialize)]
pub struct FindingsAnswer {
    app: String,
    #[serde(flatten)]
    state: SpotState,
    notices: Vec<Notice>,
    deployments: Vec<Value>,
}

/// Something odd that is no finding.
#[derive(Debug, Serialize)]
pub struct Notice {
    /// What it is.
    pub kind: NoticeKind,
    /// In words.
    pub sentence: String,
}

/// The kinds of notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// Servers fail and users do not.
    ServerOnly,
    /// Fewer page views than usual.
    Silence,
    /// No page reports while the servers are at work.
    Unheard,
    /// Documents of a release that are never heard of.
    DarkVisits,
}

/// A deployment, as an operator tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// The application; may be left out where there is one.
    #[serde(default)]
    pub app: Option<String>,
    /// The release that was deployed.
    pub release: String,
    /// The pod or the place it was deployed to.
    #[serde(default)]
    pub deployment: Option<String>,
    /// When, Unix milliseconds; now where it is left out.
    #[serde(default)]
    pub at_ms: Option<u64>,
    /// Whatever helps who reads it later.
    #[serde(default)]
    pub note: Option<String>,
}

/// Both sides of every journey.
#[derive(Debug, Serialize)]
pub struct GapsAnswer {
    app: String,
    from_ms: u64,
    to_ms: u64,
    pairs: BTreeMap<String, Pair>,
    unseen_failures: UnseenFailures,
}

/// Whether single attempts are looked at for how long they took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Latencies {
    /// They are.
    Wanted,
    /// They are not.
    Unwanted,
}

/// A journey on both sides.
#[derive(Debug, Serialize)]
struct Pair {
    client: Figures,
    server: Option<ServerFigures>,
    #[serde(flatten)]
    gap: Gap,
    /// Of journeys whose servers have a histogram.
    latency: Option<LatencyGap>,
}

/// Failures that no server can have counted.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct UnseenFailures {
    /// Page loads by outcome.
    pages: BTreeMap<&'static str, u64>,
    /// Calls by outcome. Of those that hung the server may know, where it answers others.
    calls: BTreeMap<&'static str, u64>,
    total: u64,
}

const UNSEEN_PAGES: [&str; 3] = ["blank", "broken", "incomplete"];
const UNSEEN_CALLS: [&str; 4] = ["unreachable", "wrong_content", "blocked", "hung"];

impl App {
    /// What is found of an application, and what is odd besides.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn findings(&self, app: String) -> Result<Option<FindingsAnswer>, ReadError> {
        let now_ms = self.now_ms();
        let Some(state) = self.blind_spots.state(&app, now_ms) else {
            return Ok(None);
        };
        let notices = self.notices(&app, &state, now_ms).await?;
        let deployments = self
            .store
            .notes(app.clone(), NoteKind::Deployment, DEPLOYMENTS)
            .await?;
        Ok(Some(FindingsAnswer {
            state,
            notices,
            deployments: deployments.into_iter().map(|note| note.body).collect(),
            app,
        }))
    }

    /// Notes a deployment.
    ///
    /// # Errors
    /// It is not durable.
    pub async fn note_deployment(
        &self,
        app: String,
        mut deployment: Deployment,
    ) -> Result<Deployment, crate::store::AppendError> {
        let at_ms = *deployment.at_ms.get_or_insert(self.now_ms());
        deployment.app = Some(app.clone());
        let note = Note {
            app,
            kind: NoteKind::Deployment,
            at_ms,
            body: serde_json::to_value(&deployment).unwrap_or_default(),
        };
        self.store.append_note(note).await?;
        Ok(deployment)
    }

    /// Both sides of every journey over a window.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn gaps(
        &self,
        app: String,
        window: Window,
        wanted: Latencies,
    ) -> Result<GapsAnswer, ReadError> {
        let counts = self.store.series_counts(app.clone(), window).await?;
        let settings = self.settings();
        let comparison = settings.comparisons.get(&app);
        let journeys = comparison.map_or(&[][..], |comparison| &comparison.journeys);
        let report = Report::from_counts(&counts, journeys.iter().map(|(name, _)| name.as_str()));
        let mut times = match wanted {
            Latencies::Wanted => self.times(&app, window).await?,
            Latencies::Unwanted => HashMap::new(),
        };
        let mut pairs = BTreeMap::new();
        for (name, figures) in report.journeys {
            let twin = journeys.iter().find(|(known, _)| *known == name);
            let twin = twin.and_then(|(_, twin)| twin.as_ref());
            let server = match twin {
                Some(twin) => Some(self.server_figures(twin, window).await?),
                None => None,
            };
            let complete = twin.is_some_and(|twin| twin.complete);
            let gap = gap(&figures.client, server.as_ref(), complete);
            let latency = match (twin, wanted) {
                (Some(twin), Latencies::Wanted) => {
                    let client = times.remove(&name).and_then(exact_percentiles);
                    self.latency(twin, client, window).await?
                }
                (None, _) | (_, Latencies::Unwanted) => None,
            };
            pairs.insert(
                name,
                Pair {
                    client: figures.client,
                    server,
                    gap,
                    latency,
                },
            );
        }
        let calls = report.reachability.iter().map(|origin| &origin.figures);
        let unseen_failures = UnseenFailures::of(&report.pages, calls);
        Ok(GapsAnswer {
            app,
            from_ms: window.from_ms,
            to_ms: window.to_ms,
            pairs,
            unseen_failures,
        })
    }

    /// Brings the metrics of the gaps up to date.
    ///
    /// # Errors
    /// The database could not be read.
    pub(super) async fn note_gaps(&self) -> Result<(), ReadError> {
        let now_ms = self.now_ms();
        let window = Window {
            from_ms: now_ms.saturating_sub(FIVE_MINUTES_MS),
            to_ms: now_ms + 1,
        };
        for app in self.settings().app_names() {
            let answer = self
                .gaps(app.to_owned(), window, Latencies::Unwanted)
                .await?;
            let ratio = |ppm: Option<i64>| ppm.map(|ppm| ppm as f64 / 1e6);
            let gaps = answer.pairs.into_iter().map(|(journey, pair)| GapGauge {
                app: app.to_owned(),
                journey,
                ratio: ratio(pair.gap.gap_ppm),
                low: ratio(pair.gap.low_ppm),
                high: ratio(pair.gap.high_ppm),
            });
            let unseen = answer.unseen_failures.total;
            self.blind_spots.note_gaps(app, gaps.collect(), unseen);
        }
        Ok(())
    }

    async fn latency(
        &self,
        twin: &Twin,
        client: Option<Percentiles>,
        window: Window,
    ) -> Result<Option<LatencyGap>, ReadError> {
        let Some(latency) = &twin.latency else {
            return Ok(None);
        };
        let target = twin.target.clone();
        let delta = self.store.server_deltas(target, window).await?;
        Ok(Some(latency_gap(client, latency.percentiles(&delta))))
    }

    /// How long each successful attempt took that was told of in the window, by journey. A revision
    /// replaces what was told before.
    async fn times(
        &self,
        app: &str,
        window: Window,
    ) -> Result<HashMap<String, Vec<u32>>, ReadError> {
        if window.to_ms.saturating_sub(window.from_ms) > SINGLY_MS {
            return Ok(HashMap::new());
        }
        let mut attempts = HashMap::new();
        let mut position = Position::before(window.from_ms);
        'reading: loop {
            let beacons = self.store.committed_after(position, AT_ONCE).await?;
            let Some(last) = beacons.last() else {
                break;
            };
            position = last.position;
            for beacon in beacons {
                if beacon.received_ms >= window.to_ms {
                    break 'reading;
                }
                if beacon.app != app {
                    continue;
                }
                for (event, _) in beacon.events {
                    let EventKind::Journey(attempt) = event.kind else {
                        continue;
                    };
                    let took = (attempt.outcome == JourneyOutcome::Success)
                        .then_some((attempt.name, attempt.duration_ms));
                    let known = attempts
                        .entry((beacon.head.view, event.n))
                        .or_insert((event.rev, None));
                    if known.0 <= event.rev {
                        *known = (event.rev, took);
                    }
                }
            }
        }
        let mut times: HashMap<String, Vec<u32>> = HashMap::new();
        for (name, duration_ms) in attempts.into_values().filter_map(|(_, took)| took) {
            times.entry(name).or_default().push(duration_ms);
        }
        Ok(times)
    }

    async fn notices(
        &self,
        app: &str,
        state: &SpotState,
        now_ms: u64,
    ) -> Result<Vec<Notice>, ReadError> {
        let window = |length_ms: u64, end_ms: u64| Window {
            from_ms: end_ms.saturating_sub(length_ms),
            to_ms: end_ms,
        };
        let lately = self
            .gaps(
                app.to_owned(),
                window(NOTICED_MS, now_ms + 1),
                Latencies::Unwanted,
            )
            .await?;
        let mut notices = Vec::new();
        let mut notice = |kind, sentence| notices.push(Notice { kind, sentence });
        for (name, pair) in &lately.pairs {
            let server = pair.server.as_ref();
            let found =
                server.and_then(|server| server_only(name, &pair.client, server, &pair.gap));
            if let Some(found) = found {
                notice(NoticeKind::ServerOnly, found.sentence);
            }
        }
        let settled = window(NOTICED_MS, now_ms.saturating_sub(UNDER_WAY_MS));
        for dark in dark_releases(&self.coverage(app, settled).await?.documents) {
            notice(NoticeKind::DarkVisits, dark.sentence);
        }
        if let Some(sentence) = &state.silence {
            notice(NoticeKind::Silence, sentence.clone());
        }
        let five = window(FIVE_MINUTES_MS, now_ms + 1);
        let heard = self.store.coverage(app.to_owned(), five).await?.views;
        if heard == 0 {
            let before = window(DAY_MS, five.from_ms);
            let before = self.store.coverage(app.to_owned(), before).await?.views;
            let at_work = self.gaps(app.to_owned(), five, Latencies::Unwanted).await?;
            let servers = at_work
                .pairs
                .values()
                .filter_map(|pair| pair.server.as_ref());
            let attempts = servers
                .filter(|server| server.state == TwinState::Ok)
                .map(|server| server.total)
                .sum();
            if let Some(sentence) = unheard(attempts, heard, before) {
                notice(NoticeKind::Unheard, sentence);
            }
        }
        Ok(notices)
    }
}

impl UnseenFailures {
    fn of<'a>(pages: &PageFigures, calls: impl Iterator<Item = &'a Figures> + Clone) -> Self {
        let count =
            |figures: &Figures, outcome| figures.outcomes.get(outcome).copied().unwrap_or(0);
        let mut unseen = Self {
            pages: UNSEEN_PAGES
                .map(|outcome| (outcome, count(&pages.figures, outcome)))
                .into(),
            calls: UNSEEN_CALLS
                .map(|outcome| {
                    let all = calls.clone().map(|figures| count(figures, outcome));
                    (outcome, all.sum())
                })
                .into(),
            total: 0,
        };
        unseen.total = unseen.pages.values().chain(unseen.calls.values()).sum();
        unseen
    }
}
