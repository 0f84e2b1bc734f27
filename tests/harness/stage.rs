//! Everything one test needs, started on free ports: demo, collector, and a browser that finds them by
//! their names. Dropped, it kills what is left; [`Stage::strike`] ends it in an orderly way.

use crate::api::{Collector, Demo, now_ms};
use crate::cdp::{Browser, NameMap, Tab};
use crate::compare::{Settled, Verdict, compare, settle};
use crate::process::{Program, binary, free_port, workspace};
use crate::truth::Rules;
use crate::visit::{VisitRecord, Visitor};
use crate::wait::until;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Stdio;
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
    collector_program: tokio::sync::Mutex<Option<Program>>,
    config: PathBuf,
    browser: Browser,
    visitors: AtomicU64,
    records: Mutex<Vec<VisitRecord>>,
    closed: Mutex<Vec<Tab>>,
    /// The demo's admin API.
    pub demo: Demo,
    /// The collector's private API.
    pub collector: Collector,
    /// The address of the collector's public listener.
    pub ingest: String,
    private: String,
    /// How the truth judges.
    pub rules: Rules,
    /// When the stage was set.
    pub from_ms: u64,
    _folder: tempfile::TempDir,
}

impl Stage {
    /// Starts everything. `name` says whose logs are whose.
    ///
    /// # Errors
    /// When a program is missing or does not come up.
    pub async fn set(name: &str, setting: Setting) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("sightline-stage-")
            .tempdir()?;
        let (public, private) = (free_port()?, free_port()?);
        let ingest = format!("http://127.0.0.1:{public}");
        let private_address = format!("http://127.0.0.1:{private}");
        let mut arguments: Vec<String> = ["serve", "--collector", &ingest]
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
        let demo_path = binary("demo-frontend", "demo-frontend")?;
        let demo_program = Program::start(&demo_path, &arguments, log_file(name, "demo")?).await?;
        let (site, backend) = (
            demo_program.address("site")?,
            demo_program.address("backend")?,
        );
        let admin = demo_program.address("admin")?;
        let config = folder.path().join("collector.toml");
        let text = collector_config(public, private, &backend, &admin, folder.path())?;
        std::fs::write(&config, text)?;
        let browser = Browser::start(&names(&site, &backend, &ingest)).await?;
        let stage = Self {
            name: name.to_owned(),
            demo_program,
            collector_program: tokio::sync::Mutex::new(None),
            config,
            browser,
            visitors: AtomicU64::new(0),
            records: Mutex::default(),
            closed: Mutex::default(),
            demo: Demo::at(&admin),
            collector: Collector::at(&private_address, APP),
            ingest,
            private: private_address,
            rules: setting.rules,
            from_ms: now_ms(),
            _folder: folder,
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
        let path = binary("sightline-collector", "collector")?;
        let arguments = ["--config".to_owned(), self.config.display().to_string()];
        let program = Program::start(&path, &arguments, log_file(&self.name, "collector")?).await?;
        *self.collector_program.lock().await = Some(program);
        Ok(())
    }

    /// Stops the collector in an orderly way.
    ///
    /// # Errors
    /// When it does not stop.
    pub async fn stop_collector(&self) -> Result<()> {
        let program = self.collector_program.lock().await.take();
        program
            .context("the collector is not running")?
            .stop()
            .await
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
            ("--collector-public", self.ingest.clone()),
            ("--collector-private", self.private.clone()),
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
        until(
            &format!("view {view} in the collector"),
            within,
            async || {
                let shown = self
                    .collector
                    .view(view)
                    .await
                    .map_err(|error| format!("{error:#}"))?;
                look(&shown).map_err(|problem| format!("{problem}: {shown:#}"))?;
                Ok(shown)
            },
        )
        .await
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
        if let Some(program) = self.collector_program.lock().await.take() {
            program.stop().await?;
        }
        self.demo_program.stop().await
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The collector's example configuration, moved to this stage's ports and folder.
fn collector_config(
    public: u16,
    private: u16,
    backend: &str,
    admin: &str,
    folder: &std::path::Path,
) -> Result<String> {
    let example = workspace().join("collector/examples/movie-guru.toml");
    let text = std::fs::read_to_string(&example)
        .with_context(|| format!("reading {}", example.display()))?;
    let mut config: toml::Table = text.parse()?;
    let listen = table(&mut config, "listen");
    listen.insert("public".to_owned(), format!("127.0.0.1:{public}").into());
    listen.insert("private".to_owned(), format!("127.0.0.1:{private}").into());
    let database = folder.join("sightline.db").display().to_string();
    table(&mut config, "store").insert("path".to_owned(), database.into());
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
    Ok(toml::to_string(&config)?)
}

fn table<'a>(config: &'a mut toml::Table, name: &str) -> &'a mut toml::Table {
    let entry = config
        .entry(name.to_owned())
        .or_insert_with(|| toml::Table::new().into());
    match entry {
        toml::Value::Table(table) => table,
        // Our own example file has tables there; anything else is replaced and fails at the start.
        other => {
            *other = toml::Table::new().into();
            other.as_table_mut().expect("just made one")
        }
    }
}

fn log_file(test: &str, program: &str) -> Result<Stdio> {
    let folder = workspace().join("target/e2e-logs");
    std::fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{test}-{program}.log"));
    Ok(std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)?
        .into())
}
