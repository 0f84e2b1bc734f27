//! How much anybody may send: a token bucket per key, per application's quota and per client network.
//! Keys come from the configuration, networks from a table of fixed size, so memory is bounded whoever
//! sends; the time is an argument.

mod bucket;
mod networks;

pub use networks::ClientNetwork;

use super::Rejection;
use crate::config::{AppConfig, IngestConfig};
use bucket::{Bucket, Pace};
use networks::{Networks, Paces};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The part of a key's burst that is kept for networks that have sent little: while a few networks
/// use a key up, the others are still served.
const RESERVE: u64 = 4;
/// What a network may send and still have sent little, as a part of the key's rate.
const LITTLE: u32 = 16;

/// What a refused sender is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany {
    pub(super) rejection: Rejection,
    /// Until a token will be there.
    pub(super) wait_ms: u64,
}

#[derive(Debug)]
pub(super) struct Rates {
    key: Pace,
    keys: HashMap<String, Arc<Mutex<Bucket>>>,
    quotas: HashMap<String, (Pace, Arc<Mutex<Bucket>>)>,
    networks: Arc<Networks>,
    network: Paces,
}

impl Rates {
    pub(super) fn new(limits: &IngestConfig, apps: &[AppConfig]) -> Self {
        let networks = Arc::new(Networks::new(limits.clients));
        Self::build(limits, apps, networks, |_| None, |_| None)
    }

    /// Rates for a new configuration in which what was spent stays spent. The size of the table of
    /// networks stays as it was at the start.
    pub(super) fn renewed(&self, limits: &IngestConfig, apps: &[AppConfig]) -> Self {
        Self::build(
            limits,
            apps,
            Arc::clone(&self.networks),
            |key| self.keys.get(key).cloned(),
            |app| self.quotas.get(app).map(|(_, bucket)| Arc::clone(bucket)),
        )
    }

    fn build(
        limits: &IngestConfig,
        apps: &[AppConfig],
        networks: Arc<Networks>,
        known_key: impl Fn(&str) -> Option<Arc<Mutex<Bucket>>>,
        known_quota: impl Fn(&str) -> Option<Arc<Mutex<Bucket>>>,
    ) -> Self {
        let part = |whole: u32, parts: u32| (whole / parts).max(1);
        let (rate, burst) = (limits.beacons_per_second, limits.burst);
        let network = Paces {
            limit: Pace::per_second(
                limits.client_beacons_per_second.unwrap_or(part(rate, 4)),
                limits.client_burst.unwrap_or(part(burst, 4)),
            ),
            little: Pace::per_second(part(rate, LITTLE), part(burst, LITTLE)),
        };
        let key = Pace::per_second(rate, burst);
        let full = |pace: Pace| Arc::new(Mutex::new(Bucket::full(pace)));
        let keys = apps.iter().flat_map(|app| &app.keys).map(|entry| {
            let bucket = known_key(&entry.key).unwrap_or_else(|| full(key));
            (entry.key.clone(), bucket)
        });
        let quotas = apps.iter().filter_map(|app| {
            let pace = Pace::per_minute(app.beacons_per_minute?);
            let bucket = known_quota(&app.name).unwrap_or_else(|| full(pace));
            Some((app.name.clone(), (pace, bucket)))
        });
        Self {
            key,
            keys: keys.collect(),
            quotas: quotas.collect(),
            networks,
            network,
        }
    }

    /// Takes a token of the sender's network, of its key and of its application's quota. Without a
    /// network, as where no connection stands behind the request, that one is not asked.
    pub(super) fn take(
        &self,
        app: &str,
        key: &str,
        client: Option<ClientNetwork>,
        now_ms: u64,
    ) -> Result<(), TooMany> {
        // The network goes first: what it is refused must not cost its neighbours the key's tokens.
        let spends_little = match client {
            None => true,
            Some(client) => {
                self.networks
                    .take(client, self.network, now_ms)
                    .map_err(|wait_ms| TooMany {
                        rejection: Rejection::ClientRateLimited,
                        wait_ms,
                    })?
            }
        };
        let kept = if spends_little {
            0
        } else {
            self.key.burst() / RESERVE
        };
        if let Some(bucket) = self.keys.get(key) {
            let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
            bucket
                .take(self.key, kept, now_ms)
                .map_err(|wait_ms| TooMany {
                    rejection: Rejection::RateLimited,
                    wait_ms,
                })?;
        }
        if let Some((pace, bucket)) = self.quotas.get(app) {
            let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
            bucket.take(*pace, 0, now_ms).map_err(|wait_ms| TooMany {
                rejection: Rejection::QuotaSpent,
                wait_ms,
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(name: &str, keys: &str, quota: &str) -> AppConfig {
        let text = format!("name = '{name}'\nkeys = {keys}\norigins = ['http://a.test']\n{quota}");
        toml::from_str(&text).unwrap()
    }

    fn limits(per_second: u32, burst: u32) -> IngestConfig {
        IngestConfig {
            beacons_per_second: per_second,
            burst,
            ..IngestConfig::default()
        }
    }

    fn network(number: u8) -> Option<ClientNetwork> {
        Some(ClientNetwork::of([192, 0, number, 1].into()))
    }

    #[test]
    fn a_burst_is_served_and_then_the_average_holds() {
        let rates = Rates::new(&limits(2, 3), &[app("shop", "['a', 'b']", "")]);
        let take = |key, now| rates.take("shop", key, None, now).is_ok();
        let now = 1_000_000;
        assert!((0..3).all(|_| take("a", now)));
        assert!(!take("a", now));
        assert!(take("b", now), "another key has its own bucket");
        assert!(!take("a", now + 499));
        assert!(take("a", now + 500));
        assert!(!take("a", now + 500));
    }

    #[test]
    fn a_refused_sender_is_told_when_a_token_will_be_there() {
        let rates = Rates::new(&limits(2, 1), &[app("shop", "['a']", "")]);
        assert!(rates.take("shop", "a", None, 1000).is_ok());
        let refused = rates.take("shop", "a", None, 1100).unwrap_err();
        assert_eq!(refused.wait_ms, 400);
        assert!(rates.take("shop", "a", None, 1500).is_ok());
    }

    #[test]
    fn a_quota_is_shared_by_all_keys_of_an_application_and_by_nobody_else() {
        let shop = app("shop", "['a', 'b']", "beacons_per_minute = 3");
        let rates = Rates::new(&limits(100, 100), &[shop, app("blog", "['c']", "")]);
        let now = 1_000_000;
        for key in ["a", "b", "a"] {
            assert!(rates.take("shop", key, None, now).is_ok());
        }
        let refused = rates.take("shop", "b", None, now).unwrap_err();
        assert_eq!(refused.rejection, Rejection::QuotaSpent);
        assert_eq!(refused.wait_ms, 20_000);
        assert!(rates.take("blog", "c", None, now).is_ok());
        assert!(rates.take("shop", "b", None, now + 20_000).is_ok());
    }

    #[test]
    fn a_greedy_network_is_held_and_its_neighbours_are_served() {
        let rates = Rates::new(&limits(8, 8), &[app("shop", "['a']", "")]);
        let now = 1_000_000;
        // Two at once are a network's share of eight.
        let greedy: Vec<_> = (0..9)
            .map(|_| rates.take("shop", "a", network(1), now))
            .collect();
        assert_eq!(greedy.iter().filter(|taken| taken.is_ok()).count(), 2);
        assert_eq!(
            greedy[8].unwrap_err().rejection,
            Rejection::ClientRateLimited
        );
        assert!(rates.take("shop", "a", network(2), now).is_ok());
    }

    #[test]
    fn while_a_few_networks_use_a_key_up_the_others_are_still_served() {
        let limits = IngestConfig {
            client_beacons_per_second: Some(1000),
            client_burst: Some(40),
            ..limits(10, 40)
        };
        let rates = Rates::new(&limits, &[app("shop", "['a']", "")]);
        let mut now = 1_000_000;
        for second in 0..60u8 {
            for _ in 0..100 {
                let _ = rates.take("shop", "a", network(1), now);
            }
            // One visitor of another network each second.
            let visitor = network(10 + second);
            assert_eq!(
                rates.take("shop", "a", visitor, now),
                Ok(()),
                "second {second}"
            );
            now += 1000;
        }
    }

    #[test]
    fn what_was_spent_stays_spent_when_the_configuration_changes() {
        let shop = app("shop", "['a']", "beacons_per_minute = 5");
        let rates = Rates::new(&limits(1, 2), std::slice::from_ref(&shop));
        assert!((0..2).all(|_| rates.take("shop", "a", None, 1000).is_ok()));
        let renewed = rates.renewed(&limits(1, 2), &[shop, app("blog", "['b']", "")]);
        assert!(renewed.take("shop", "a", None, 1000).is_err());
        assert!(renewed.take("blog", "b", None, 1000).is_ok());
    }
}
