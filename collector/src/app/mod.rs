//! Joins the stations: the door to the store, the store to the indicators, the indicators to their
//! twins and to the exports. They do not know one another.

mod answers;
mod blindspot;
mod findings;
mod objectives;
mod readiness;
mod reload;
mod scraping;
mod settings;

pub use answers::{SliAnswer, SliQuestion};
pub use blindspot::{BlindSpots, GapGauge, SpotGauges, SpotState};
pub use findings::{Deployment, FindingsAnswer, GapsAnswer, Latencies, Notice, NoticeKind};
pub use objectives::{
    Judgement, ObjectiveAnswer, ObjectiveBook, ObjectivesAnswer, RefusedObjectives, read_files,
};
pub use readiness::Readiness;
pub use reload::{RefusedConfig, ReloadBook, Reloads};
pub use settings::{Settings, Side};

use crate::clock::Clock;
use crate::compare::Scraper;
use crate::compare::blindspot::Surroundings;
use crate::config::{AppConfig, Config};
use crate::export::{self, ConnectionGauges, Observed, OwnMetrics, ScrapeGauges};
use crate::http::BodyMemory;
use crate::ingest::{
    AcceptedBeacon, ClientNetwork, Entrant, EventVerdicts, Knock, Refused, RefusedEvent, Rejection,
    Tally, Verdict,
};
use crate::problems::{Foreign, Problems};
use crate::store::{AppendError, Appended, Store, StoreHealth};
use anyhow::Context;
use readiness::Watch;
use scraping::scrapers;
use settings::InForce;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::oneshot;

/// The collector, put together.
pub struct App {
    in_force: Arc<InForce>,
    clock: Arc<dyn Clock>,
    tally: Arc<Tally>,
    store: Store,
    own: Arc<OwnMetrics>,
    scrapes: Vec<(Scraper, Arc<ScrapeGauges>)>,
    connections: Arc<ConnectionGauges>,
    bodies: Arc<BodyMemory>,
    problems: Problems,
    reloads: Arc<ReloadBook>,
    watch: Arc<Watch>,
    objectives: ObjectiveBook,
    latest_judgements: objectives::Latest,
    ready_made: objectives::ReadyMade,
    blind_spots: Arc<BlindSpots>,
    /// Drawn at the start: a number for each client network that nobody can trace back.
    networks: RandomState,
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
        let settings = Settings::new(config)?;
        let scrapes = scrapers(&settings.config, &settings.comparisons)?;
        let in_force = Arc::new(InForce::new(settings));
        let judging = Arc::clone(&in_force);
        let classify = move |app: &str, head: &_, event: &_| {
            judging.get().objectives.contributions(app, head, event)
        };
        let store = Store::open(&in_force.get().config.store, Arc::new(classify))?;
        let tally = Arc::new(Tally::default());
        let connections = Arc::<ConnectionGauges>::default();
        let bodies = Arc::<BodyMemory>::default();
        let reloads = Arc::<ReloadBook>::default();
        reloads.lock().in_force_since_ms = clock.now_ms();
        let gauges: Vec<_> = scrapes
            .iter()
            .map(|(scraper, gauges)| (scraper.target().to_owned(), Arc::clone(gauges)))
            .collect();
        let watch = Arc::<Watch>::default();
        let blind_spots = Arc::new(BlindSpots::new(&in_force.get().config.apps));
        let own = OwnMetrics::new(&Observed {
            free_bytes: watch.free_bytes(),
            tally: Arc::clone(&tally),
            store: Arc::clone(store.gauges()),
            connections: Arc::clone(&connections),
            bodies: Arc::clone(&bodies),
            reloads: Arc::clone(&reloads),
            blind_spots: Arc::clone(&blind_spots),
            scrapes: gauges,
            database: &in_force.get().config.store.path,
        })?;
        let app = Self {
            own: Arc::new(own),
            in_force,
            tally,
            store,
            scrapes,
            clock,
            connections,
            bodies,
            problems: Problems::default(),
            reloads,
            watch,
            blind_spots,
            networks: RandomState::new(),
            objectives: ObjectiveBook::default(),
            latest_judgements: objectives::Latest::default(),
            ready_made: objectives::ReadyMade::default(),
        };
        app.load_objectives();
        Ok(app)
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

    /// A number that stands for a client's network while we live.
    pub fn network_number(&self, network: ClientNetwork) -> u64 {
        self.networks.hash_one(network)
    }

    /// The counters of connections.
    pub fn connections(&self) -> &Arc<ConnectionGauges> {
        &self.connections
    }

    /// What bodies hold.
    pub fn bodies(&self) -> &Arc<BodyMemory> {
        &self.bodies
    }

    /// Where problems are told once.
    pub fn problems(&self) -> &Problems {
        &self.problems
    }

    /// What the headers of a beacon tell, and whether there is room for it at all.
    ///
    /// # Errors
    /// Its body is not worth reading.
    pub fn open(&self, knock: &Knock<'_>) -> Result<Entrant, Refused> {
        let settings = self.settings();
        let entrant = settings.door.open(knock, self.now_ms())?;
        if self.store.health() == StoreHealth::Overloaded {
            return Err(Rejection::Overloaded.into());
        }
        Ok(entrant)
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
        self.settings()
            .door
            .admit(entrant, bytes, self.now_ms(), verdict)
    }

    /// Makes a beacon durable and closes its book, also when the sender goes away meanwhile, or what is
    /// stored would be counted as aborted.
    ///
    /// # Errors
    /// It is not durable.
    pub async fn keep(
        &self,
        beacon: AcceptedBeacon,
        from: Surroundings,
        verdict: Verdict,
    ) -> Result<Taken, Refused> {
        let (reply, answer) = oneshot::channel();
        let refused = beacon.refused().to_vec();
        let events = beacon.events().len();
        let own = Arc::clone(&self.own);
        let blind_spots = Arc::clone(&self.blind_spots);
        let told = BlindSpots::told(&beacon, from);
        let accepted_at = Instant::now();
        self.store.append_then(beacon, move |result| {
            if matches!(result, Ok(Appended::Stored { .. })) {
                blind_spots.tell(told);
            }
            if result.is_ok() {
                own.note_durable(accepted_at.elapsed());
            }
            // The sender may have gone; the book is closed all the same.
            let _ = reply.send(conclude(result, verdict, events, refused));
        });
        answer
            .await
            .unwrap_or_else(|_| Err(Rejection::StoreFailed.into()))
    }

    /// Tells the log of a refusal that somebody may have to do something about.
    pub fn tell_refused(&self, rejection: Rejection, knock: &Knock<'_>) {
        let reason = rejection.label();
        self.problems.tell(reason, |kept_back| {
            let (key, origin) = (Foreign(knock.key), Foreign(knock.origin.unwrap_or("")));
            let (what, what_to_do) = rejection.advice();
            tracing::warn!(reason, %key, %origin, kept_back, "beacon refused: {what}; {what_to_do}");
        });
    }

    /// The exposition of `/metrics`.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn metrics(&self) -> anyhow::Result<String> {
        self.note_gaps().await?;
        let objectives = self.objective_series().await?;
        export::render(&self.own, self.store.totals().await?, &objectives)
    }
}

/// Closes the book on a beacon of so many events that may be stored.
fn conclude(
    result: Result<Appended, AppendError>,
    verdict: Verdict,
    events: usize,
    refused: Vec<RefusedEvent>,
) -> Result<Taken, Refused> {
    match result {
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
        let keys = app.keys.iter().map(|entry| entry.key.clone());
        configs.extend(keys.map(|key| (key, json.clone())));
        if with_probe.len() == 1 {
            configs.entry("probe".to_owned()).or_insert(json);
        }
    }
    Ok(configs)
}
