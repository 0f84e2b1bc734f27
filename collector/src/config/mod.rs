//! What an operator decides: one struct per concern, each field with its default and its effect.
//! A TOML text enters, a checked [`Config`] or the list of everything wrong with it leaves.

mod check;

use check::{Read, check};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The whole configuration, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// `[listen]`: the two listeners.
    pub listen: ListenConfig,
    /// `[store]`: the database.
    pub store: StoreConfig,
    /// `[ingest]`: what a beacon may cost.
    pub ingest: IngestConfig,
    /// `probe_dir`, default `probe-wasm/pkg`: where the built probe lies that `/probe/…` serves;
    /// files missing there are answered with 404.
    pub probe_dir: PathBuf,
    /// `[[scrape]]`, default none: Prometheus text endpoints of the server side.
    pub scrape: Vec<ScrapeConfig>,
    /// `[[apps]]`, at least one: who may send beacons, and what is judged of them.
    pub apps: Vec<AppConfig>,
}

/// Where the collector listens. Port 0 takes a free port, which the ready line then names.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ListenConfig {
    /// Default `127.0.0.1:8090`: ingest, probe files, `/healthz`.
    pub public: SocketAddr,
    /// Default `127.0.0.1:8091`: page, API, `/metrics`. Must be a loopback address.
    pub private: SocketAddr,
}

impl Default for ListenConfig {
    fn default() -> Self {
        Self {
            public: SocketAddr::from(([127, 0, 0, 1], 8090)),
            private: SocketAddr::from(([127, 0, 0, 1], 8091)),
        }
    }
}

/// The embedded database.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreConfig {
    /// Default `sightline.db`: the SQLite file; created when missing.
    pub path: PathBuf,
    /// Default 4096: beacons that may wait for the writer; one more is answered with 503.
    pub queue: usize,
    /// Default 512: beacons committed together at most.
    pub group: usize,
    /// Default 200: distinct values per label (release, deployment, backend origin, route) and
    /// application that get series of their own; further ones count under `_other`.
    pub label_values: usize,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            path: PathBuf::from("sightline.db"),
            queue: 4096,
            group: 512,
            label_values: 200,
        }
    }
}

/// What a beacon may cost before it is refused.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IngestConfig {
    /// Default 65536: bytes of a body; more is answered with 413.
    pub body_bytes: usize,
    /// Default 16384: bytes of all request headers together; more is answered with 431.
    pub header_bytes: usize,
    /// Default 10000: milliseconds a body may take to arrive; later is answered with 408.
    pub body_timeout_ms: u64,
    /// Default 2000: beacons a key may send per second on average; more is answered with 429.
    pub beacons_per_second: u32,
    /// Default 4000: beacons a key may send at once.
    pub burst: u32,
}

impl Default for IngestConfig {
    fn default() -> Self {
        Self {
            body_bytes: beacon::limits::BEACON_BYTES,
            header_bytes: 16 * 1024,
            body_timeout_ms: 10_000,
            beacons_per_second: 2000,
            burst: 4000,
        }
    }
}

/// A Prometheus text endpoint of the server side, read again and again.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScrapeConfig {
    /// What the apps' `target` fields call it.
    pub name: String,
    /// Such as `http://127.0.0.1:8081/metrics`; plain http.
    pub url: String,
    /// Default 2000: milliseconds between two reads, and the time one read may take.
    #[serde(default = "two_seconds")]
    pub every_ms: u64,
}

fn two_seconds() -> u64 {
    2000
}

/// An application whose pages carry the probe.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppConfig {
    /// The `app` of the API.
    pub name: String,
    /// At least one: the keys its pages send with. Public and write-only. Several allow rotation.
    pub keys: Vec<String>,
    /// At least one: the origins its pages come from, such as `https://shop.example`.
    pub origins: Vec<String>,
    /// Default none, which leaves the judgement to the probe: the backend origins its pages ought
    /// to call. Any other is shown as unexpected.
    #[serde(default)]
    pub expected_backend_origins: Vec<String>,
    /// Default none: the probe's configuration, handed to pages that load `/probe/{key}.js`.
    #[serde(default)]
    pub probe: Option<toml::Table>,
    /// The journeys its pages report; an attempt at another is refused.
    #[serde(default)]
    pub journeys: Vec<JourneyConfig>,
    /// Default none: the counter of documents served, for the coverage by documents.
    #[serde(default)]
    pub documents: Option<DocumentsConfig>,
}

/// A journey, its threshold and its twin on the server side.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JourneyConfig {
    /// As declared to the probe.
    pub name: String,
    /// An attempt abandoned later than this counts as bad, earlier as excluded.
    pub threshold_ms: u32,
    /// Default none: how the servers count the same journey.
    #[serde(default)]
    pub server: Option<TwinConfig>,
}

/// The servers' own count of a journey: the product of its factors' success ratios.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwinConfig {
    /// The `[[scrape]]` to read.
    pub target: String,
    /// Default false: whether the product only approximates the journey. Shown beside the figure.
    #[serde(default)]
    pub approximate: bool,
    /// At least one.
    pub factors: Vec<FactorConfig>,
}

/// Two counters: attempts, and those that succeeded.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactorConfig {
    /// Shown beside its figures.
    pub name: String,
    /// Counter of successes: `name` or `name{label="value"}`; all matching series are added up.
    pub good: String,
    /// Counter of attempts, in the same form.
    pub total: String,
}

/// The counter of documents that the front end's servers handed out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentsConfig {
    /// The `[[scrape]]` to read.
    pub target: String,
    /// The counter: `name` or `name{label="value"}`.
    pub metric: String,
    /// Default `release`: the label that names the release.
    #[serde(default = "release")]
    pub release_label: String,
}

fn release() -> String {
    "release".to_owned()
}

/// Everything that is wrong with a configuration, each line with its place.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration has {} problem(s):", self.0.len())?;
        self.0
            .iter()
            .try_for_each(|problem| write!(f, "\n  - {problem}"))
    }
}

impl std::error::Error for ConfigErrors {}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// Everything that is wrong with it, or that it cannot be read.
    pub fn load(path: &Path) -> Result<Self, ConfigErrors> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigErrors(vec![format!("{}: {error}", path.display())]))?;
        Self::parse(&text)
    }

    /// Reads and checks a TOML text.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, ConfigErrors> {
        let mut table = text.parse::<toml::Table>().map_err(|error| {
            ConfigErrors(vec![format!("not TOML: {}", error.to_string().trim_end())])
        })?;
        // Section by section, so that a slip in one does not hide the slips in the others.
        let mut problems = Vec::new();
        let config = Self {
            listen: section(&mut table, "listen", &mut problems),
            store: section(&mut table, "store", &mut problems),
            ingest: section(&mut table, "ingest", &mut problems),
            probe_dir: section::<Option<PathBuf>>(&mut table, "probe_dir", &mut problems)
                .unwrap_or_else(|| PathBuf::from("probe-wasm/pkg")),
            scrape: sections(&mut table, "scrape", &mut problems),
            apps: sections(&mut table, "apps", &mut problems),
        };
        problems.extend(table.keys().map(|key| format!("{key}: no such setting")));
        let read = if problems.is_empty() {
            Read::Whole
        } else {
            Read::InPart
        };
        check(&config, read, &mut problems);
        if problems.is_empty() {
            Ok(config)
        } else {
            Err(ConfigErrors(problems))
        }
    }
}

fn section<T: DeserializeOwned + Default>(
    table: &mut toml::Table,
    key: &str,
    problems: &mut Vec<String>,
) -> T {
    let Some(value) = table.remove(key) else {
        return T::default();
    };
    value.try_into().unwrap_or_else(|error: toml::de::Error| {
        problems.push(format!("{key}: {}", error.message()));
        T::default()
    })
}

fn sections<T: DeserializeOwned>(
    table: &mut toml::Table,
    key: &str,
    problems: &mut Vec<String>,
) -> Vec<T> {
    match table.remove(key) {
        None => Vec::new(),
        Some(toml::Value::Array(values)) => values
            .into_iter()
            .enumerate()
            .filter_map(|(index, value)| match value.try_into() {
                Ok(item) => Some(item),
                Err(error) => {
                    let error: toml::de::Error = error;
                    problems.push(format!("{key}[{index}]: {}", error.message()));
                    None
                }
            })
            .collect(),
        Some(_) => {
            problems.push(format!(
                "{key}: must be a list of tables, written [[{key}]]"
            ));
            Vec::new()
        }
    }
}
