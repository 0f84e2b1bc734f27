//! What an operator decides: one struct per concern, each field with its default and its effect.
//! A TOML text enters, a checked [`Config`] or the list of everything wrong with it leaves.

mod check;
mod cidr;
mod key;
mod read;
mod secret;
mod settings;
mod tls;

pub use cidr::Cidr;
pub use key::KeyConfig;
pub use read::Source;
pub use secret::Secret;
pub use settings::{Setting, settings, settings_help};

use serde::Deserialize;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

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
    /// `[objectives]`: what users may expect.
    pub objectives: ObjectivesConfig,
    /// `[[scrape]]`, default none: Prometheus text endpoints of the server side.
    pub scrape: Vec<ScrapeConfig>,
    /// `[[apps]]`, at least one: who may send beacons, and what is judged of them.
    pub apps: Vec<AppConfig>,
}

/// Where the collector listens. Port 0 takes a free port, which the ready line then names.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ListenConfig {
    /// Default `127.0.0.1:8090`: ingest, probe files, `/healthz`, `/readyz`.
    pub public: SocketAddr,
    /// Default `127.0.0.1:8091`: page, API, `/metrics`. On other than a loopback address only with
    /// a token.
    pub private: SocketAddr,
    /// Default none: what readers of API and `/metrics` must send as `Authorization: Bearer …`, 16
    /// bytes or more. Better given as `private_token_file` or in the environment.
    pub private_token: Option<Secret>,
    /// Default none: a file that holds the token and nothing else.
    pub private_token_file: Option<PathBuf>,
    /// Default none: names under which the private listener may be asked for without a token,
    /// beside addresses and `localhost`. Any other name is refused, since a foreign page could
    /// have pointed it here.
    pub private_hosts: Vec<String>,
    /// Default none, which serves plain http: `{ cert = "…", key = "…" }`, PEM files of the public
    /// listener, read again with the configuration.
    pub public_tls: Option<TlsConfig>,
    /// Default none, which serves plain http: the same for the private listener.
    pub private_tls: Option<TlsConfig>,
    /// Default none: networks of proxies whose `X-Forwarded-For` is believed, such as
    /// `10.0.0.0/8`.
    pub trusted_proxies: Vec<Cidr>,
    /// Default 8192, or what the limit of open files allows: connections open at once on each
    /// listener; one more is answered with 503.
    pub connections: usize,
    /// Default 512: connections that one client network (/24, /64) may hold at once on the public
    /// listener; proxies that are trusted may hold any number.
    pub connections_per_client: usize,
    /// Default 10000: milliseconds the headers of a request may take to arrive, waiting for its
    /// first byte included; later the connection is closed, with 408 when it had begun.
    pub header_timeout_ms: u64,
    /// Default 5000: milliseconds that open requests have to be finished and committed when the
    /// collector is told to stop.
    pub stop_grace_ms: u64,
}

/// A certificate chain and its key, in PEM files.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// The chain, the server's own certificate first.
    pub cert: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

impl Default for ListenConfig {
    fn default() -> Self {
        Self {
            public: SocketAddr::from(([127, 0, 0, 1], 8090)),
            private: SocketAddr::from(([127, 0, 0, 1], 8091)),
            private_token: None,
            private_token_file: None,
            private_hosts: Vec::new(),
            public_tls: None,
            private_tls: None,
            trusted_proxies: Vec::new(),
            connections: 8192,
            connections_per_client: 512,
            header_timeout_ms: 10_000,
            stop_grace_ms: 5000,
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
    /// Default 1024: beacons committed together at most.
    pub group: usize,
    /// Default 5000: microseconds that a group may gather under load, so that one sync serves many;
    /// what comes alone never waits.
    pub gather_micros: u64,
    /// Default 50000: views kept in memory for deduplication and revisions, some 1 kB each. Others are
    /// read from disk when they are heard of again.
    pub views_in_memory: usize,
    /// Default 8: days that beacons without a failure are kept whole, so that a number can be opened.
    pub raw_good_days: u64,
    /// Default 30: the same for beacons that hold a failure or an error.
    pub raw_bad_days: u64,
    /// Default 100: days that the counts per minute are kept.
    pub buckets_days: u64,
    /// Default 20000: megabytes in use past which the oldest raw beacons go before their time, good ones
    /// first.
    pub max_megabytes: u64,
    /// Default 200: distinct values per label (release, deployment, backend origin, route) and
    /// application that get series of their own; further ones count under `_other`.
    pub label_values: usize,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            path: PathBuf::from("sightline.db"),
            queue: 4096,
            group: 1024,
            gather_micros: 5000,
            views_in_memory: 50_000,
            raw_good_days: 8,
            raw_bad_days: 30,
            buckets_days: 100,
            max_megabytes: 20_000,
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
    /// Default 4000: beacons a key may send at once. The last quarter of it is kept for client
    /// networks that have sent little.
    pub burst: u32,
    /// Default a quarter of `beacons_per_second`: beacons one client network (/24, /64; four times
    /// as many a /48) may send per second on average; more is answered with 429.
    pub client_beacons_per_second: Option<u32>,
    /// Default a quarter of `burst`: beacons one client network may send at once.
    pub client_burst: Option<u32>,
    /// Default 65536: client networks whose rate is remembered; beyond it those that have been
    /// quiet longest are forgotten.
    pub clients: usize,
    /// Default none: a CSV file of `network,country,operator` or `first,last,country,operator`, read at
    /// the start and with the configuration. Looked up before the address is dropped, so that a
    /// finding can name a country or a network; nothing of it is stored.
    pub places: Option<PathBuf>,
    /// Default 67108864: bytes of bodies that may be in memory at once, all senders together; more
    /// is answered with 503.
    pub bodies_bytes: usize,
}

impl Default for IngestConfig {
    fn default() -> Self {
        Self {
            body_bytes: beacon::limits::BEACON_BYTES,
            header_bytes: 16 * 1024,
            body_timeout_ms: 10_000,
            beacons_per_second: 2000,
            burst: 4000,
            client_beacons_per_second: None,
            client_burst: None,
            clients: 65_536,
            places: None,
            bodies_bytes: 64 * 1024 * 1024,
        }
    }
}

/// Where the objectives stand.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ObjectivesConfig {
    /// Default none: files of objectives, or folders of `.yaml` files. Read again when one of them
    /// changes; while anything is wrong with them the last good ones stay in force.
    pub files: Vec<PathBuf>,
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
    /// At least one: the keys its pages send with. Public and write-only. Several allow rotation;
    /// `{ key = "…", not_after = 2027-01-31T00:00:00Z }` is refused from then on.
    pub keys: Vec<KeyConfig>,
    /// At least one: the origins its pages come from, such as `https://shop.example`, or
    /// `https://*.shop.example` for every subdomain.
    pub origins: Vec<String>,
    /// Default none: beacons all keys of the application together may send per minute; more is
    /// answered with 429.
    #[serde(default)]
    pub beacons_per_minute: Option<u32>,
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
    /// When failures that no server has counted become a finding.
    #[serde(default)]
    pub blind_spot: BlindSpotConfig,
}

/// How many must have failed before anything is found. The defaults are for traffic of many users.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BlindSpotConfig {
    /// Default 3: sessions that must have failed.
    pub sessions: usize,
    /// Default 2: client networks (/24, /64) they must have come from; 1 where all users share one.
    pub networks: usize,
    /// Default 2: sessions of one network that count in ten minutes, so that a bot or an office is two
    /// voices; a thousand where all users share one.
    pub votes_per_network: usize,
}

impl Default for BlindSpotConfig {
    fn default() -> Self {
        Self {
            sessions: 3,
            networks: 2,
            votes_per_network: 2,
        }
    }
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
    /// Default false: whether nobody but the pages uses what is counted, so that attempts the servers
    /// did not count are known to be missing.
    #[serde(default)]
    pub complete: bool,
    /// Default none: the servers' histogram of how long the journey takes.
    #[serde(default)]
    pub latency: Option<LatencyConfig>,
    /// At least one.
    pub factors: Vec<FactorConfig>,
}

/// A classic histogram of the server side.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatencyConfig {
    /// Its name without `_bucket`: `name` or `name{label="value"}`.
    pub histogram: String,
    /// Default 1: milliseconds of its unit; 1000 for one in seconds.
    #[serde(default = "one")]
    pub unit_ms: u32,
}

fn one() -> u32 {
    1
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
