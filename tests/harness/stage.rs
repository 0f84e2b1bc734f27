//! Everything one test needs, started on free ports: demo, collector, and a browser that finds them by
//! their names. Dropped, it kills what is left; [`Stage::strike`] ends it in an orderly way.

use crate::api::{Collector, Demo, now_ms};
use crate::cdp::{Browser, NameMap, Tab};
use crate::collector::CollectorProgram;
use crate::compare::{Settled, Verdict, compare, settle};
use crate::process::{Program, binary, log_file, workspace};
use crate::truth::Rules;
use crate::visit::{VisitRecord, Visitor};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The expression that reads a document's label out of a page with the probe.
pub const VIEW_LABEL: &str = "globalThis.__sightline?.view ?? null";
/// The site as browsers under test call it.
pub const SITE: &str = "http://movieguru.test";
/// The name no browser resolves.
pub const NOWHERE: &str = "server-service.movie-guru.svc.cluster.local";
/// The application as the collector knows it.
pub const APP: &str = "movie-guru";

/// The map of names for a site, a backend and a collector at loopback addresses.
#[must_use]
pub fn names(site: &str, backend: &str, collector: &str) -> NameMap {
    NameMap::default()
        .to("movieguru.test", site)
        .to("api.movieguru.test", backend)
        .to("collector.sightline.test", collector)
        .to("second.sightline.test", collector)
        .nowhere(NOWHERE)
}

/// What a test can vary.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Further arguments of `demo-frontend serve`.
    pub demo: Vec<String>,
    /// Whether the collector runs from the start.
    pub collector: bool,
    /// How the truth judges.
    pub rules: Rules,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            demo: Vec::new(),
            collector: true,
            rules: Rules::movie_guru(VIEW_LABEL),
        }
    }
}

/// The running programs of one test.
pub struct Stage {
    name: String,
    demo_program: Program,
    collector_program: CollectorProgram,
    browser: Browser,
    visitors: AtomicU64,
    records: Mutex<Vec<VisitRecord>>,
    closed: Mutex<Vec<Tab>>,
    /// The demo's admin API.
    pub demo: Demo,
    /// The collector's private API.
    pub collector: Collector,
    /// How the truth judges.
    pub rules: Rules,
    /// When the stage was set.
    pub from_ms: u64,
}

impl Stage {
    /// Starts everything. `name` says whose logs are whose.
    ///
    /// # Errors
    /// When a program is missing or does not come up.
    pub async fn set(name: &str, setting: Setting) -> Result<Self> {
        let demo_path = binary("demo-frontend", "demo-frontend")?;
        let collector_program = CollectorProgram::prepare(name, example()?)?;
        let mut arguments: Vec<String> = ["serve", "--collector", &collector_program.ingest]
            .into_iter()
            .chain([
                "--site-port",
                "0",
                "--backend-port",
                "0",
                "--admin-port",
                "0",
            ])
            .map(str::to_owned)
            .collect();
        if !setting.demo.iter().any(|argument| argument == "--crowd") {
            arguments.extend(["--crowd".to_owned(), "0".to_owned()]);
        }
        arguments.extend(setting.demo);
        let demo_program = Program::start(&demo_path, &arguments, log_file(name, "demo")?).await?;
        let (site, backend) = (
            demo_program.address("site")?,
            demo_program.address("backend")?,
        );
        let admin = demo_program.address("admin")?;
        collector_program.configure(|config| scrape(config, &backend, &admin));
        let browser = Browser::start(&names(&site, &backend, &collector_program.ingest)).await?;
        let stage = Self {
            name: name.to_owned(),
            demo_program,
            collector: Collector::at(&collector_program.private, APP),
            collector_program,
            browser,
            visitors: AtomicU64::new(0),
            records: Mutex::default(),
            closed: Mutex::default(),
            demo: Demo::at(&admin),
            rules: setting.rules,
            from_ms: now_ms(),
        };
        if setting.collector {
            stage.start_collector().await?;
        }
        Ok(stage)
    }

    /// Starts the collector, on the same ports and the same database as before.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start_collector(&self) -> Result<()> {
        self.collector_program.start().await
    }

    /// Stops the collector in an orderly way.
    ///
    /// # Errors
    /// When it does not stop.
    pub async fn stop_collector(&self) -> Result<()> {
        self.collector_program.stop().await
    }

    /// The arguments that point the visitors' program at this stage.
    ///
    /// # Errors
    /// When a program did not say where it is.
    pub fn visitors_arguments(&self) -> Result<Vec<String>> {
        let demo = |name| self.demo_program.address(name);
        let pairs = [
            ("--site", demo("site")?),
            ("--backend", demo("backend")?),
            ("--admin", demo("admin")?),
            ("--collector-public", self.collector_program.ingest.clone()),
            (
                "--collector-private",
                self.collector_program.private.clone(),
            ),
        ];
        Ok(pairs
            .into_iter()
            .flat_map(|(name, value)| [name.to_owned(), value])
            .collect())
    }

    /// The browser all visitors of this stage share.
    #[must_use]
    pub fn browser(&self) -> &Browser {
        &self.browser
    }

    /// Opens a second tab beside a visitor's, in the same context; it stands in front.
    ///
    /// # Errors
    /// When the browser has gone.
    pub async fn visitor_beside(&self, other: &Visitor) -> Result<Visitor> {
        let number = self.visitors.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{number}", self.name);
        Visitor::enter_beside(&self.browser, other, &name).await
    }

    /// A new visitor with a fresh context.
    ///
    /// # Errors
    /// When the browser has gone.
    pub async fn visitor(&self) -> Result<Visitor> {
        let number = self.visitors.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{number}", self.name);
        Visitor::enter(&self.browser, SITE, &name, &self.rules).await
    }

    /// Closes a visitor's tab and keeps its record for the comparison.
    ///
    /// # Errors
    /// When the tab does not close.
    pub async fn leave(&self, visitor: Visitor) -> Result<()> {
        let (record, tab) = visitor.close().await?;
        lock(&self.records).push(record);
        lock(&self.closed).push(tab);
        Ok(())
    }

    /// Waits until the collector shows a view as it should be, and returns it; `look` says what is
    /// not yet right.
    ///
    /// # Errors
    /// Shows the view as it was last.
    pub async fn until_view(
        &self,
        view: &str,
        within: Duration,
        look: impl Fn(&Value) -> Result<(), String>,
    ) -> Result<Value> {
        self.collector.until_view(view, within, look).await
    }

    /// The truth about all who have left.
    ///
    /// # Errors
    /// When the demo does not answer, or the truth contradicts itself.
    pub async fn truth(&self) -> Result<Vec<Settled>> {
        let (pods, backend) = self.demo.logs_since(crate::api::LogMark::default()).await?;
        let records = lock(&self.records).clone();
        let Verdict {
            settled,
            undecided,
            contradictions,
        } = settle(&records, &pods, &backend, &self.rules);
        ensure!(undecided.is_empty(), "undecided: {undecided:#?}");
        ensure!(
            contradictions.is_empty(),
            "contradictions: {contradictions:#?}"
        );
        Ok(settled)
    }

    /// Waits until collector and truth agree on every view, and returns the truth.
    ///
    /// # Errors
    /// Lists what they do not agree on.
    pub async fn agreed_truth(&self) -> Result<Vec<Settled>> {
        let settled = self.truth().await?;
        let within = Duration::from_secs(20);
        let mismatches = compare(&settled, &self.collector, self.from_ms, within).await?;
        ensure!(
            mismatches.is_empty(),
            "truth and collector differ: {mismatches:#?}"
        );
        Ok(settled)
    }

    /// Ends everything in an orderly way.
    ///
    /// # Errors
    /// When a program does not stop as asked.
    pub async fn strike(self) -> Result<()> {
        self.browser.close().await?;
        self.collector_program.strike().await?;
        self.demo_program.stop().await
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The collector's example configuration.
fn example() -> Result<toml::Table> {
    let example = workspace().join("collector/examples/movie-guru.toml");
    let text = std::fs::read_to_string(&example)
        .with_context(|| format!("reading {}", example.display()))?;
    Ok(text.parse()?)
}

/// Where the collector finds this stage's servers.
fn scrape(config: &mut toml::Table, backend: &str, admin: &str) {
    let scrapes = config.get_mut("scrape").and_then(toml::Value::as_array_mut);
    for scrape in scrapes
        .into_iter()
        .flatten()
        .filter_map(toml::Value::as_table_mut)
    {
        let of_backend = scrape.get("name").and_then(toml::Value::as_str) == Some("backend");
        let server = if of_backend { backend } else { admin };
        scrape.insert("url".to_owned(), format!("{server}/metrics").into());
    }
}
