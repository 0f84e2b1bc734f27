//! What connections do before they are requests, counted.

use crate::http::Broken;
use std::sync::atomic::{AtomicU64, Ordering};

/// Why a connection was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum TurnedAway {
    /// As many are open as `listen.connections` allows.
    Full,
    /// As many of its network as `listen.connections_per_client` allows.
    ClientFull,
}

impl TurnedAway {
    const ALL: [TurnedAway; 2] = [TurnedAway::Full, TurnedAway::ClientFull];

    fn label(self) -> &'static str {
        match self {
            TurnedAway::Full => "full",
            TurnedAway::ClientFull => "client_full",
        }
    }
}

/// Counters of connections, both listeners together.
#[derive(Debug, Default)]
pub struct ConnectionGauges {
    open: AtomicU64,
    turned_away: [AtomicU64; TurnedAway::ALL.len()],
    broken: [AtomicU64; Broken::ALL.len()],
}

/// A connection that is open until this is dropped.
#[must_use = "dropping it counts the connection as closed"]
#[derive(Debug)]
pub struct Open<'a>(&'a ConnectionGauges);

impl ConnectionGauges {
    /// Counts a connection as open.
    pub fn opened(&self) -> Open<'_> {
        self.open.fetch_add(1, Ordering::Relaxed);
        Open(self)
    }

    /// Counts one that was not taken.
    pub fn count_turned_away(&self, why: TurnedAway) {
        self.turned_away[why as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts what never became a request.
    pub fn count_broken(&self, broken: Broken) {
        self.broken[broken as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn open(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }

    pub(super) fn turned_away(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let reasons = TurnedAway::ALL.iter().zip(&self.turned_away);
        reasons.map(|(why, count)| (why.label(), count.load(Ordering::Relaxed)))
    }

    pub(super) fn broken(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let reasons = Broken::ALL.iter().zip(&self.broken);
        let reasons = reasons.filter(|(why, _)| **why != Broken::Full);
        reasons.map(|(why, count)| (why.label(), count.load(Ordering::Relaxed)))
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}
