//! The buckets of client networks, in a table whose size is fixed at the start. Addresses are kept in
//! memory only, cut to their network. A hash table with places for eight networks per set: when a set
//! is full, the network with the fullest bucket is forgotten, which forgets the least, for a bucket
//! that is full says nothing.
//!
//! governor, which DESIGN names, keeps such buckets in a map that grows with every address seen until
//! somebody sweeps it; between two sweeps an attacker with a /32 of IPv6 owns our memory.

use super::bucket::{Bucket, Pace};
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Networks that share a set.
const WAYS: usize = 8;
/// A provider hands a customer a /56 or a /48; four times a /64's share for all of it.
const SITE_SHARE: u64 = 4;

/// What a sender is known by: its /24, or its /64 of IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientNetwork(Network);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Network {
    V4([u8; 3]),
    V6([u8; 8]),
    V6Site([u8; 6]),
}

impl ClientNetwork {
    /// The network of an address.
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(v4) => {
                let [a, b, c, _] = v4.octets();
                Network::V4([a, b, c])
            }
            IpAddr::V6(v6) => {
                let [a, b, c, d, e, f, g, h, ..] = v6.octets();
                Network::V6([a, b, c, d, e, f, g, h])
            }
        })
    }

    fn site(self) -> Option<Network> {
        match self.0 {
            Network::V6([a, b, c, d, e, f, ..]) => Some(Network::V6Site([a, b, c, d, e, f])),
            Network::V4(_) | Network::V6Site(_) => None,
        }
    }
}

/// How much a network may send at most, and how much while it counts as sending little.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paces {
    pub(super) limit: Pace,
    pub(super) little: Pace,
}

/// The two buckets of a network.
#[derive(Clone, Copy, Debug)]
struct Entry {
    network: Network,
    limit: Bucket,
    little: Bucket,
}

#[derive(Debug)]
pub(super) struct Networks {
    sets: Box<[Mutex<Set>]>,
    /// Drawn at the start, so that nobody can aim at a set.
    seed: RandomState,
}

type Set = [Option<Entry>; WAYS];

impl Networks {
    pub(super) fn new(networks: usize) -> Self {
        let sets = networks.div_ceil(WAYS).max(1);
        Self {
            sets: (0..sets).map(|_| Mutex::default()).collect(),
            seed: RandomState::new(),
        }
    }

    /// Takes a token; tells whether the network sends little, or the milliseconds to wait.
    pub(super) fn take(
        &self,
        client: ClientNetwork,
        paces: Paces,
        now_ms: u64,
    ) -> Result<bool, u64> {
        let sends_little = self.take_one(client.0, paces, now_ms)?;
        match client.site() {
            None => Ok(sends_little),
            Some(site) => {
                let paces = Paces {
                    limit: paces.limit.times(SITE_SHARE),
                    little: paces.little.times(SITE_SHARE),
                };
                Ok(self.take_one(site, paces, now_ms)? && sends_little)
            }
        }
    }

    fn take_one(&self, network: Network, paces: Paces, now_ms: u64) -> Result<bool, u64> {
        let count = u64::try_from(self.sets.len()).unwrap_or(1);
        let at = usize::try_from(self.seed.hash_one(network) % count).unwrap_or(0);
        let Some(set) = self.sets.get(at) else {
            return Ok(true);
        };
        let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = place(&mut set, network, paces, now_ms);
        entry.limit.take(paces.limit, 0, now_ms)?;
        Ok(entry.little.take(paces.little, 0, now_ms).is_ok())
    }
}

/// The network's entry, at the cost of the one in the set that says least.
fn place(set: &mut Set, network: Network, paces: Paces, now_ms: u64) -> &mut Entry {
    let known = |slot: &Option<Entry>| slot.is_some_and(|other| other.network == network);
    let at = set.iter().position(known).unwrap_or_else(|| {
        let worth = |slot: &Option<Entry>| {
            slot.map(|entry| {
                let missing = u64::MAX - entry.limit.level_at(paces.limit, now_ms);
                (missing, entry.limit.filled_at_ms())
            })
        };
        let least = (0..WAYS).min_by_key(|at| worth(&set[*at])).unwrap_or(0);
        set[least] = None;
        least
    });
    set[at].get_or_insert_with(|| Entry {
        network,
        limit: Bucket::full(paces.limit),
        little: Bucket::full(paces.little),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000_000;

    fn paces(burst: u32) -> Paces {
        Paces {
            limit: Pace::per_second(1, burst),
            little: Pace::per_second(1, 1),
        }
    }

    fn v6(text: &str) -> ClientNetwork {
        ClientNetwork::of(text.parse().unwrap())
    }

    #[test]
    fn addresses_of_one_network_share_a_bucket_and_those_of_another_do_not() {
        let networks = Networks::new(64);
        let pace = paces(1);
        let take = |text: &str| networks.take(v6(text), pace, NOW).is_ok();
        assert!(take("203.0.113.7"));
        assert!(!take("203.0.113.200"));
        assert!(!take("::ffff:203.0.113.9"), "the same, written as IPv6");
        assert!(take("203.0.114.7"));
        assert!(take("2001:db8:1:1::1"));
        assert!(!take("2001:db8:1:1:ffff::1"));
        assert!(take("2001:db8:1:2::1"));
    }

    #[test]
    fn a_site_has_the_share_of_four_of_its_networks() {
        let networks = Networks::new(1024);
        let pace = paces(1);
        let taken = (0..100)
            .filter(|n| {
                let address = v6(&format!("2001:db8:1:{n:x}::1"));
                networks.take(address, pace, NOW).is_ok()
            })
            .count();
        assert_eq!(taken, 4);
    }

    #[test]
    fn ten_thousand_networks_do_not_make_a_greedy_one_forgotten() {
        let networks = Networks::new(64);
        let pace = paces(4);
        let greedy = v6("203.0.113.1");
        assert!((0..4).all(|_| networks.take(greedy, pace, NOW).is_ok()));
        for number in 0..10_000u32 {
            let [_, a, b, c] = number.to_be_bytes();
            let passing = ClientNetwork::of([10 + a, b, c, 1].into());
            assert!(networks.take(passing, pace, NOW).is_ok());
        }
        assert!(networks.take(greedy, pace, NOW).is_err());
        let places = networks.sets.len() * WAYS;
        assert_eq!(places, 64, "the table never grows");
    }
}
