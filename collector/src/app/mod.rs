//! Joins the stations: the door to the store, the store to the indicators, the indicators to their
//! twins and to the exports. They do not know one another.

mod answers;
mod scraping;

pub use answers::{SliAnswer, SliQuestion};

use crate::clock::Clock;
use crate::compare::Scraper;
use crate::config::{AppConfig, Config};
use crate::export::{self, OwnMetrics, ScrapeGauges};
use crate::ingest::{
    AcceptedBeacon, Door, Entrant, EventVerdicts, Knock, Refused, RefusedEvent, Rejection, Tally,
    Verdict,
};
use crate::sli::Objectives;
use crate::store::{AppendError, Appended, Store};
use answers::{Comparison, comparison};
use anyhow::Context;
use scraping::scrapers;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
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

/// What was taken of a beacon.
#[derive(Debug)]
pub struct Taken {
    /// Events now durable, known ones among them.
    pub accepted: usize,
    /// Events refused.
    pub refused: Vec<RefusedEvent>,
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

    /// The exposition of `/metrics`.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn metrics(&self) -> anyhow::Result<String> {
        export::render(&self.own, self.store.totals().await?)
    }
}

fn rejection_of(error: AppendError) -> Rejection {
    match error {
        AppendError::Full => Rejection::Overloaded,
        AppendError::Failed => Rejection::StoreFailed,
    }
}

/// By key; where only one application has any, its pages may also ask for `probe.js`.
fn probe_configs(apps: &[AppConfig]) -> anyhow::Result<HashMap<String, String>> {
    let mut configs = HashMap::new();
    let with_probe: Vec<_> = apps
        .iter()
        .filter_map(|app| app.probe.as_ref().map(|table| (app, table)))
        .collect();
    for (app, table) in &with_probe {
        let json = serde_json::to_string(table)
            .with_context(|| format!("apps.{}.probe cannot be written as JSON", app.name))?;
        configs.extend(app.keys.iter().map(|key| (key.clone(), json.clone())));
        if with_probe.len() == 1 {
            configs.entry("probe".to_owned()).or_insert(json);
        }
    }
    Ok(configs)
}
