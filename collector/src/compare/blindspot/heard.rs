//! What the detector is told: one committed beacon, and what is known of its sender while the connection
//! lasts. Nothing of the latter is stored.

use beacon::{Event, Head};
use std::sync::Arc;

/// A beacon that has been committed and was no duplicate.
#[derive(Clone, Debug)]
pub struct Heard<'a> {
    /// Who speaks, about which page.
    pub head: &'a Head,
    /// What it tells.
    pub events: Vec<HeardEvent<'a>>,
    /// Receipt, Unix milliseconds.
    pub received_ms: u64,
    /// Where it came from.
    pub from: Surroundings,
}

/// An event of it.
#[derive(Clone, Copy, Debug)]
pub struct HeardEvent<'a> {
    /// As sent.
    pub event: &'a Event,
    /// When it happened, by the collector's clock.
    pub event_ms: u64,
}

/// What the connection told of the sender. After a restart none of it is known of earlier beacons.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// A number that stands for the client's network while the process lives.
    pub network: Option<u64>,
    /// Name and major version of the browser.
    pub browser: Option<Arc<str>>,
    /// Country of the client's address.
    pub country: Option<Arc<str>>,
    /// Operator of the client's network.
    pub operator: Option<Arc<str>>,
}
