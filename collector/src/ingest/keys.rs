//! Who may send: keys are public and write-only, so the page's origin is checked beside them.

use super::Rejection;
use crate::config::AppConfig;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// An application as admission knows it.
#[derive(Debug)]
pub(super) struct KnownApp {
    pub(super) name: Arc<str>,
    origins: HashSet<String>,
    parents: Vec<Parent>,
    pub(super) journeys: HashSet<String>,
}

/// What `https://*.shop.example:8443` leaves of an origin: all but its subdomain.
#[derive(Debug)]
struct Parent {
    /// `https://`
    scheme: String,
    /// `.shop.example:8443`
    domain: String,
}

/// Every application, by key.
#[derive(Debug)]
pub(super) struct Keys(HashMap<String, Key>);

#[derive(Debug)]
struct Key {
    app: Arc<KnownApp>,
    not_after_ms: Option<u64>,
}

impl Keys {
    pub(super) fn new(apps: &[AppConfig]) -> Self {
        let mut keys = HashMap::new();
        for app in apps {
            let (wild, exact) = app
                .origins
                .iter()
                .partition::<Vec<_>, _>(|origin| origin.contains("://*."));
            let known = Arc::new(KnownApp {
                name: app.name.as_str().into(),
                origins: exact.into_iter().cloned().collect(),
                parents: wild.into_iter().filter_map(|o| Parent::of(o)).collect(),
                journeys: app
                    .journeys
                    .iter()
                    .map(|journey| journey.name.clone())
                    .collect(),
            });
            for entry in &app.keys {
                let key = Key {
                    app: Arc::clone(&known),
                    not_after_ms: entry.not_after_ms,
                };
                keys.insert(entry.key.clone(), key);
            }
        }
        Self(keys)
    }

    /// The application of a key that is still valid.
    pub(super) fn find(&self, key: &str, now_ms: u64) -> Result<&Arc<KnownApp>, Rejection> {
        let found = self.0.get(key).ok_or(Rejection::UnknownKey)?;
        match found.not_after_ms {
            Some(end_ms) if now_ms >= end_ms => Err(Rejection::KeyExpired),
            Some(_) | None => Ok(&found.app),
        }
    }
}

impl KnownApp {
    pub(super) fn admits(&self, origin: Option<&str>) -> bool {
        origin.is_some_and(|origin| {
            self.origins.contains(origin)
                || self.parents.iter().any(|parent| parent.has_child(origin))
        })
    }
}

impl Parent {
    fn of(pattern: &str) -> Option<Self> {
        let (scheme, domain) = pattern.split_once('*')?;
        Some(Self {
            scheme: scheme.to_owned(),
            domain: domain.to_owned(),
        })
    }

    fn has_child(&self, origin: &str) -> bool {
        let label = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        origin
            .strip_prefix(&self.scheme)
            .and_then(|host| host.strip_suffix(&self.domain))
            .is_some_and(|sub| !sub.is_empty() && !sub.starts_with('.') && sub.chars().all(label))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_admits_subdomains_and_nothing_that_only_looks_like_one() {
        let app: AppConfig = toml::from_str(
            "name = 'a'\nkeys = ['k']\norigins = ['https://*.shop.example', 'http://x.test']",
        )
        .unwrap();
        let keys = Keys::new(&[app]);
        let app = keys.find("k", 0).unwrap();
        for inside in [
            "https://www.shop.example",
            "https://a.b.shop.example",
            "http://x.test",
        ] {
            assert!(app.admits(Some(inside)), "{inside}");
        }
        for outside in [
            "https://shop.example",
            "https://.shop.example",
            "https://evilshop.example",
            "https://www.shop.example.evil.test",
            "https://www.shop.example:8443",
            "http://www.shop.example",
            "https://evil.test/.shop.example",
            "https://evil.test#.shop.example",
            "https://user@www.shop.example",
            "null",
            "",
        ] {
            assert!(!app.admits(Some(outside)), "{outside}");
        }
        assert!(!app.admits(None));
    }
}
