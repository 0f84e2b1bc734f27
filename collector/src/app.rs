//! Joins the stations: the door to the store, the store to the indicators, the indicators to their
//! twins and to the exports. They do not know one another.

use crate::clock::Clock;
use crate::compare::{CoverageFigures, Documents, Scraper, ServerFigures, Twin, coverage};
use crate::config::{AppConfig, Config};
use crate::export::{self, OwnMetrics, ScrapeGauges};
use crate::ingest::{
    AcceptedBeacon, Door, Entrant, EventVerdicts, Knock, Refused, RefusedEvent, Rejection, Tally,
    Verdict,
};
use crate::sli::{
    FailureGroup, Figures, Objectives, PageFigures, Reachability, Report, Series, Split, SplitBy,
    split,
};
use crate::store::{AppendError, Appended, ReadError, Store, Window};
use anyhow::Context;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The collector, put together.
pub struct App {
    config: Config,
    clock: Arc<dyn Clock>,
    door: Door,
    tally: Arc<Tally>,
    store: Store,
    comparisons: HashMap<String, Comparison>,
    probe_configs: HashMap<String, String>,
    own: OwnMetrics,
    scrapes: Vec<(Scraper, Arc<ScrapeGauges>)>,
}

/// What an application is compared with.
struct Comparison {
    journeys: Vec<(String, Option<Twin>)>,
    documents: Option<Documents>,
}

/// What was taken of a beacon.
#[derive(Debug)]
pub struct Taken {
    /// Events now durable, known ones among them.
    pub accepted: usize,
    /// Events refused.
    pub refused: Vec<RefusedEvent>,
}

/// A question for indicators.
#[derive(Debug)]
pub struct SliQuestion {
    /// The application.
    pub app: String,
    /// Event time.
    pub window: Window,
    /// Only this release.
    pub release: Option<String>,
    /// Only this pod.
    pub deployment: Option<String>,
    /// Only this backend origin.
    pub backend_origin: Option<String>,
    /// The same again by one dimension.
    pub split: Option<SplitBy>,
}

/// The answer: client-side figures beside the servers' own, and how much of the truth they cover.
#[derive(Debug, Serialize)]
pub struct SliAnswer {
    app: String,
    from_ms: u64,
    to_ms: u64,
    pages: PageFigures,
    journeys: BTreeMap<String, JourneyComparison>,
    reachability: Vec<Reachability>,
    failures: Vec<FailureGroup>,
    coverage: CoverageFigures,
    #[serde(skip_serializing_if = "Option::is_none")]
    split: Option<Vec<Split>>,
}

#[derive(Debug, Serialize)]
struct JourneyComparison {
    client: Figures,
    threshold_ms: Option<u32>,
    server: Option<ServerFigures>,
}

impl App {
    /// Opens the store and puts everything together.
    ///
    /// # Errors
    /// The database cannot be opened, or the configuration names what cannot be.
    pub fn new(config: Config, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let objectives = Objectives::new(&config.apps);
        let classify =
            move |app: &str, head: &_, event: &_| objectives.contribution(app, head, event);
        let store = Store::open(&config.store, Arc::new(classify))?;
        let tally = Arc::new(Tally::default());
        let comparisons = config
            .apps
            .iter()
            .map(|app| Ok((app.name.clone(), comparison(app)?)));
        let comparisons = comparisons.collect::<anyhow::Result<HashMap<_, _>>>()?;
        let scrapes = scrapers(&config, &comparisons)?;
        let gauges: Vec<_> = scrapes
            .iter()
            .map(|(scraper, gauges)| (scraper.target().to_owned(), Arc::clone(gauges)))
            .collect();
        Ok(Self {
            door: Door::new(&config.ingest, &config.apps),
            own: OwnMetrics::new(&tally, store.gauges(), &gauges)?,
            probe_configs: probe_configs(&config.apps)?,
            tally,
            store,
            comparisons,
            scrapes,
            clock,
            config,
        })
    }

    /// The books on everything received.
    pub fn tally(&self) -> &Arc<Tally> {
        &self.tally
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Unix milliseconds.
    pub fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    /// Bytes of a body at most.
    pub fn body_bytes(&self) -> usize {
        self.door.body_bytes()
    }

    /// How long a body may take to arrive.
    pub fn body_timeout(&self) -> Duration {
        Duration::from_millis(self.config.ingest.body_timeout_ms)
    }

    /// Where the built probe lies.
    pub fn probe_dir(&self) -> &Path {
        &self.config.probe_dir
    }

    /// The probe's configuration for pages of this key, as JSON.
    pub fn probe_config(&self, key: &str) -> Option<&str> {
        self.probe_configs.get(key).map(String::as_str)
    }

    /// The applications there are.
    pub fn app_names(&self) -> impl Iterator<Item = &str> {
        self.config.apps.iter().map(|app| app.name.as_str())
    }

    /// What the headers of a beacon tell.
    ///
    /// # Errors
    /// Its body is not worth reading.
    pub fn open(&self, knock: &Knock<'_>) -> Result<Entrant, Rejection> {
        self.door.open(knock, self.now_ms())
    }

    /// What the body of a beacon tells.
    ///
    /// # Errors
    /// Nothing of it is taken.
    pub fn admit(
        &self,
        entrant: &Entrant,
        bytes: &[u8],
        verdict: &mut Verdict,
    ) -> Result<AcceptedBeacon, Refused> {
        self.door.admit(entrant, bytes, self.now_ms(), verdict)
    }

    /// Makes a beacon durable and closes its book. Runs to its end even when the sender goes away
    /// meanwhile, or what is stored would be counted as aborted.
    ///
    /// # Errors
    /// It is not durable.
    pub async fn keep(&self, beacon: AcceptedBeacon, verdict: Verdict) -> Result<Taken, Refused> {
        let store = self.store.clone();
        let keeping = tokio::spawn(async move {
            let refused = beacon.refused().to_vec();
            let events = beacon.events().len();
            match store.append(beacon).await {
                Ok(Appended::Duplicate) => {
                    verdict.duplicate();
                    Ok(Taken {
                        accepted: events,
                        refused: Vec::new(),
                    })
                }
                Ok(Appended::Stored {
                    accepted,
                    superseded,
                }) => {
                    let verdicts = EventVerdicts {
                        accepted,
                        duplicate: superseded,
                    };
                    verdict.accepted(verdicts, &refused);
                    Ok(Taken {
                        accepted: events,
                        refused,
                    })
                }
                Err(error) => {
                    let refused = Refused::from(rejection_of(error));
                    verdict.rejected(&refused);
                    Err(refused)
                }
            }
        });
        keeping
            .await
            .unwrap_or_else(|_| Err(Rejection::StoreFailed.into()))
    }

    /// Indicators over a window.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn slis(&self, question: SliQuestion) -> Result<SliAnswer, ReadError> {
        let (app, window) = (&question.app, question.window);
        let mut counts = self.store.series_counts(app.clone(), window).await?;
        counts.retain(|(series, _)| question.selects(series));
        let comparison = self.comparisons.get(app);
        let journeys = comparison.map_or(&[][..], |comparison| &comparison.journeys);
        let names = journeys.iter().map(|(name, _)| name.as_str());
        let report = Report::from_counts(&counts, names);
        let mut compared = BTreeMap::new();
        for (name, figures) in report.journeys {
            let twin = journeys.iter().find(|(known, _)| *known == name);
            let server = match twin.and_then(|(_, twin)| twin.as_ref()) {
                Some(twin) => Some(self.server_figures(twin, window).await?),
                None => None,
            };
            let threshold_ms = self.threshold_ms(app, &name);
            let client = figures.client;
            compared.insert(
                name,
                JourneyComparison {
                    client,
                    threshold_ms,
                    server,
                },
            );
        }
        Ok(SliAnswer {
            from_ms: window.from_ms,
            to_ms: window.to_ms,
            pages: report.pages,
            journeys: compared,
            reachability: report.reachability,
            failures: report.failures,
            coverage: self.coverage(app, window).await?,
            split: question.split.map(|by| split(&counts, by)),
            app: question.app,
        })
    }

    async fn server_figures(
        &self,
        twin: &Twin,
        window: Window,
    ) -> Result<ServerFigures, ReadError> {
        let delta = self
            .store
            .server_deltas(twin.target.clone(), window)
            .await?;
        Ok(twin.figures(&delta, window, self.now_ms(), self.every_ms(&twin.target)))
    }

    async fn coverage(&self, app: &str, window: Window) -> Result<CoverageFigures, ReadError> {
        let arrived = self.store.coverage(app.to_owned(), window).await?;
        let documents = self
            .comparisons
            .get(app)
            .and_then(|app| app.documents.as_ref());
        let served = match documents {
            Some(documents) => {
                let delta = self
                    .store
                    .server_deltas(documents.target.clone(), window)
                    .await?;
                let every_ms = self.every_ms(&documents.target);
                documents.served(&delta, window, self.now_ms(), every_ms)
            }
            None => None,
        };
        Ok(coverage(&arrived, served.as_ref()))
    }

    fn every_ms(&self, target: &str) -> u64 {
        let scrape = self
            .config
            .scrape
            .iter()
            .find(|scrape| scrape.name == target);
        scrape.map_or(0, |scrape| scrape.every_ms)
    }

    fn threshold_ms(&self, app: &str, journey: &str) -> Option<u32> {
        let app = self.config.apps.iter().find(|known| known.name == app)?;
        let journey = app.journeys.iter().find(|known| known.name == journey)?;
        Some(journey.threshold_ms)
    }

    /// The exposition of `/metrics`.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn metrics(&self) -> anyhow::Result<String> {
        export::render(&self.own, self.store.totals().await?)
    }

    /// Reads all targets until it is dropped.
    pub async fn scrape(self: Arc<Self>) {
        let mut readers = tokio::task::JoinSet::new();
        for (scraper, gauges) in self.scrapes.clone() {
            let app = Arc::clone(&self);
            readers.spawn(async move { app.scrape_target(&scraper, &gauges).await });
        }
        while readers.join_next().await.is_some() {}
    }

    async fn scrape_target(&self, scraper: &Scraper, gauges: &ScrapeGauges) {
        let mut ticks = tokio::time::interval(scraper.every());
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut reachable = true;
        loop {
            ticks.tick().await;
            let target = scraper.target();
            match self.scrape_once(scraper).await {
                Ok(()) => {
                    gauges.reads.fetch_add(1, Ordering::Relaxed);
                    if !reachable {
                        tracing::info!(target, "server-side figures are back");
                    }
                    reachable = true;
                }
                Err(error) => {
                    gauges.failures.fetch_add(1, Ordering::Relaxed);
                    // One line per outage; the counter has the rest.
                    if reachable {
                        tracing::warn!(target, "no server-side figures: {error:#}");
                    }
                    reachable = false;
                }
            }
        }
    }

    /// The last values come from the store, so that what was read and not stored is read again.
    async fn scrape_once(&self, scraper: &Scraper) -> anyhow::Result<()> {
        let last = self.store.last_values(scraper.target().to_owned()).await?;
        let deltas = scraper.read(&last, &*self.clock).await?;
        Ok(self.store.append_scrape(deltas).await?)
    }
}

impl SliQuestion {
    fn selects(&self, series: &Series) -> bool {
        let fits = |wanted: &Option<String>, value: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == value)
        };
        fits(&self.release, &series.release)
            && fits(&self.deployment, &series.deployment)
            && fits(&self.backend_origin, &series.backend_origin)
    }
}

fn rejection_of(error: AppendError) -> Rejection {
    match error {
        AppendError::Full => Rejection::Overloaded,
        AppendError::Failed => Rejection::StoreFailed,
    }
}

fn comparison(app: &AppConfig) -> anyhow::Result<Comparison> {
    let journeys = app.journeys.iter().map(|journey| {
        let twin = journey.server.as_ref().map(Twin::new).transpose();
        let place = || format!("apps.{}.journeys.{}.server", app.name, journey.name);
        Ok((journey.name.clone(), twin.with_context(place)?))
    });
    let documents = app.documents.as_ref().map(Documents::new).transpose();
    Ok(Comparison {
        journeys: journeys.collect::<anyhow::Result<_>>()?,
        documents: documents.with_context(|| format!("apps.{}.documents", app.name))?,
    })
}

/// One scraper per target, for what the comparisons need of it.
fn scrapers(
    config: &Config,
    comparisons: &HashMap<String, Comparison>,
) -> anyhow::Result<Vec<(Scraper, Arc<ScrapeGauges>)>> {
    let scrapers = config.scrape.iter().map(|target| {
        let mut wanted = HashSet::new();
        for comparison in comparisons.values() {
            let twins = comparison
                .journeys
                .iter()
                .filter_map(|(_, twin)| twin.as_ref());
            for twin in twins.filter(|twin| twin.target == target.name) {
                wanted.extend(twin.metrics().map(str::to_owned));
            }
            let documents = comparison.documents.iter();
            wanted.extend(
                documents
                    .filter(|documents| documents.target == target.name)
                    .map(|documents| documents.metric().to_owned()),
            );
        }
        Ok((Scraper::new(target.clone(), wanted)?, Arc::default()))
    });
    scrapers.collect()
}

fn probe_configs(apps: &[AppConfig]) -> anyhow::Result<HashMap<String, String>> {
    let mut configs = HashMap::new();
    for app in apps {
        let Some(table) = &app.probe else { continue };
        let json = serde_json::to_string(table)
            .with_context(|| format!("apps.{}.probe cannot be written as JSON", app.name))?;
        configs.extend(app.keys.iter().map(|key| (key.clone(), json.clone())));
    }
    Ok(configs)
}
