//! What follows from a configuration and can change while the collector runs. It is built whole and
//! put in place at once; whatever is wrong with it, the settings before stay.

use super::answers::{Comparison, comparison};
use super::{App, probe_configs};
use crate::config::{Config, ConfigErrors, ListenConfig, TlsConfig};
use crate::ingest::Door;
use crate::sli::Objectives;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use tokio_rustls::rustls::ServerConfig;

/// One of the two listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// For browsers.
    Public,
    /// For people.
    Private,
}

/// A checked configuration and everything made of it.
pub struct Settings {
    /// As read.
    pub config: Config,
    pub(super) door: Door,
    pub(super) comparisons: HashMap<String, Comparison>,
    pub(super) probe_configs: HashMap<String, String>,
    pub(super) objectives: Objectives,
    tls: [Option<Arc<ServerConfig>>; 2],
}

/// The settings in force; whoever asks keeps those it got to its end.
pub(super) struct InForce(RwLock<Arc<Settings>>);

impl Settings {
    /// Builds everything.
    ///
    /// # Errors
    /// Everything that cannot be built.
    pub fn new(config: Config) -> Result<Self, ConfigErrors> {
        Self::after(config, None)
    }

    fn after(config: Config, before: Option<&Settings>) -> Result<Self, ConfigErrors> {
        let mut problems = Vec::new();
        let mut comparisons = HashMap::new();
        for app in &config.apps {
            match comparison(app) {
                Ok(comparison) => {
                    comparisons.insert(app.name.clone(), comparison);
                }
                Err(error) => problems.push(format!("{error:#}")),
            }
        }
        let probe_configs = probe_configs(&config.apps).unwrap_or_else(|error| {
            problems.push(format!("{error:#}"));
            HashMap::new()
        });
        let mut tls = |place: &str, files: &Option<TlsConfig>| match files.as_ref()?.load() {
            Ok(config) => Some(config),
            Err(error) => {
                problems.push(format!("listen.{place}: {error:#}"));
                None
            }
        };
        let tls = [
            tls("public_tls", &config.listen.public_tls),
            tls("private_tls", &config.listen.private_tls),
        ];
        if let Some(before) = before {
            problems.extend(fixed(&before.config, &config));
        }
        if !problems.is_empty() {
            return Err(ConfigErrors(problems));
        }
        Ok(Self {
            door: match before {
                None => Door::new(&config.ingest, &config.apps),
                Some(before) => before.door.renewed(&config.ingest, &config.apps),
            },
            objectives: Objectives::new(&config.apps),
            comparisons,
            probe_configs,
            tls,
            config,
        })
    }
}

impl Settings {
    /// The probe's configuration for pages of this key, as JSON.
    pub fn probe_config(&self, key: &str) -> Option<&str> {
        self.probe_configs.get(key).map(String::as_str)
    }

    /// The applications there are.
    pub fn app_names(&self) -> impl Iterator<Item = &str> {
        self.config.apps.iter().map(|app| app.name.as_str())
    }
}

impl InForce {
    pub(super) fn new(settings: Settings) -> Self {
        Self(RwLock::new(Arc::new(settings)))
    }

    pub(super) fn get(&self) -> Arc<Settings> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, settings: Settings) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }
}

impl App {
    /// The settings in force.
    pub fn settings(&self) -> Arc<Settings> {
        self.in_force.get()
    }

    /// What a listener speaks TLS with; `None` where it speaks plain http.
    pub fn tls(&self, side: Side) -> Option<Arc<ServerConfig>> {
        self.settings().tls[side as usize].clone()
    }

    /// Puts a new configuration in force, whole or not at all.
    ///
    /// # Errors
    /// Everything that is wrong with it, or cannot change while the collector runs.
    pub fn reconfigure(&self, config: Config) -> Result<(), ConfigErrors> {
        let settings = Settings::after(config, Some(&self.settings()))?;
        self.blind_spots.tune(&settings.config.apps);
        self.in_force.put(settings);
        Ok(())
    }
}

/// What differs and cannot change at run time: sockets are bound, the database is open, the targets
/// are being read.
fn fixed(before: &Config, after: &Config) -> Vec<String> {
    // The certificates' files are read again; whether there is TLS at all is part of the address.
    let listen = |config: &Config| {
        let listen = config.listen.clone();
        ListenConfig {
            public_tls: None,
            private_tls: None,
            private_token: None,
            private_token_file: None,
            private_hosts: Vec::new(),
            trusted_proxies: Vec::new(),
            ..listen
        }
    };
    let has_tls = |config: &Config| {
        let listen = &config.listen;
        (listen.public_tls.is_some(), listen.private_tls.is_some())
    };
    let (a, b) = (before, after);
    [
        (
            "listen",
            format!("{:?}", listen(a)) != format!("{:?}", listen(b)),
        ),
        (
            "listen.public_tls, listen.private_tls",
            has_tls(a) != has_tls(b),
        ),
        (
            "store",
            format!("{:?}", a.store) != format!("{:?}", b.store),
        ),
        (
            "scrape",
            format!("{:?}", a.scrape) != format!("{:?}", b.scrape),
        ),
        (
            "ingest.header_bytes",
            a.ingest.header_bytes != b.ingest.header_bytes,
        ),
        ("ingest.clients", a.ingest.clients != b.ingest.clients),
    ]
    .into_iter()
    .filter(|(_, differs)| *differs)
    .map(|(place, _)| format!("{place}: cannot change while the collector runs; restart it"))
    .collect()
}
