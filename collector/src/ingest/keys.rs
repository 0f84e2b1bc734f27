//! Who may send: keys are public and write-only, so the page's origin is checked beside them.

use crate::config::AppConfig;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// An application as admission knows it.
#[derive(Debug)]
pub(super) struct KnownApp {
    pub(super) name: Arc<str>,
    origins: HashSet<String>,
    pub(super) journeys: HashSet<String>,
}

/// Every application, by key.
#[derive(Debug)]
pub(super) struct Keys(HashMap<String, Arc<KnownApp>>);

impl Keys {
    pub(super) fn new(apps: &[AppConfig]) -> Self {
        let mut keys = HashMap::new();
        for app in apps {
            let known = Arc::new(KnownApp {
                name: app.name.as_str().into(),
                origins: app.origins.iter().cloned().collect(),
                journeys: app
                    .journeys
                    .iter()
                    .map(|journey| journey.name.clone())
                    .collect(),
            });
            for key in &app.keys {
                keys.insert(key.clone(), Arc::clone(&known));
            }
        }
        Self(keys)
    }

    pub(super) fn find(&self, key: &str) -> Option<&Arc<KnownApp>> {
        self.0.get(key)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl KnownApp {
    pub(super) fn admits(&self, origin: Option<&str>) -> bool {
        origin.is_some_and(|origin| self.origins.contains(origin))
    }
}
