//! Nothing vanishes uncounted: `received = accepted + duplicate + Σ rejected{reason}`, for beacons
//! and for events. A [`Verdict`] that is dropped without one counts as aborted.

use super::{EventRejection, Refused, RefusedEvent, Rejection};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The process's counters of beacons and events.
#[derive(Debug, Default)]
pub struct Tally {
    beacons: Books<{ Rejection::ALL.len() }>,
    events: Books<{ Rejection::ALL.len() }>,
    events_alone: [AtomicU64; EventRejection::ALL.len()],
}

#[derive(Debug)]
struct Books<const REASONS: usize> {
    received: AtomicU64,
    accepted: AtomicU64,
    duplicate: AtomicU64,
    rejected: [AtomicU64; REASONS],
}

impl<const REASONS: usize> Default for Books<REASONS> {
    fn default() -> Self {
        Self {
            received: AtomicU64::default(),
            accepted: AtomicU64::default(),
            duplicate: AtomicU64::default(),
            rejected: std::array::from_fn(|_| AtomicU64::default()),
        }
    }
}

/// A reading of one side of the tally.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// All that came.
    pub received: u64,
    /// Stored, or replacing what was stored.
    pub accepted: u64,
    /// Known already.
    pub duplicate: u64,
    /// Refused, by label; every label is present.
    pub rejected: Vec<(&'static str, u64)>,
}

/// What became of the events of a beacon that was not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventVerdicts {
    /// New, or a higher revision.
    pub accepted: usize,
    /// Known in this or a higher revision.
    pub duplicate: usize,
}

impl Tally {
    /// Opens the book on a beacon whose headers were parsed.
    pub fn beacon_received(self: &Arc<Self>) -> Verdict {
        bump(&self.beacons.received, 1);
        Verdict {
            tally: Arc::clone(self),
            events: 0,
            open: true,
        }
    }

    /// The beacons' side.
    pub fn beacons(&self) -> Counts {
        self.beacons.read()
    }

    /// The events' side: refused with their beacon, or alone.
    pub fn events(&self) -> Counts {
        let mut counts = self.events.read();
        counts.rejected.extend(
            EventRejection::ALL
                .iter()
                .zip(&self.events_alone)
                .map(|(r, n)| (r.label(), load(n))),
        );
        counts
    }

    fn count_refused(&self, refused: &[RefusedEvent]) {
        for event in refused {
            if let Some(counter) = self.events_alone.get(event.reason as usize) {
                bump(counter, 1);
            }
        }
    }
}

impl<const REASONS: usize> Books<REASONS> {
    fn read(&self) -> Counts {
        let rejected = Rejection::ALL.iter().zip(&self.rejected);
        Counts {
            received: load(&self.received),
            accepted: load(&self.accepted),
            duplicate: load(&self.duplicate),
            rejected: rejected
                .map(|(reason, counter)| (reason.label(), load(counter)))
                .collect(),
        }
    }

    fn reject(&self, rejection: Rejection, count: usize) {
        if let Some(counter) = self.rejected.get(rejection as usize) {
            bump(counter, count);
        }
    }
}

/// The open book on one beacon: closed by exactly one of its methods, or as aborted when dropped.
#[must_use = "a verdict that is dropped counts its beacon as aborted"]
#[derive(Debug)]
pub struct Verdict {
    tally: Arc<Tally>,
    events: usize,
    open: bool,
}

impl Verdict {
    /// Once decoded: the beacon held this many events.
    pub fn events_received(&mut self, events: usize) {
        bump(&self.tally.events.received, events);
        self.events = events;
    }

    /// Stored; `refused` are the events that were refused alone.
    pub fn accepted(mut self, events: EventVerdicts, refused: &[RefusedEvent]) {
        bump(&self.tally.beacons.accepted, 1);
        bump(&self.tally.events.accepted, events.accepted);
        bump(&self.tally.events.duplicate, events.duplicate);
        self.tally.count_refused(refused);
        self.open = false;
    }

    /// Known already, and with it all of its events.
    pub fn duplicate(mut self) {
        bump(&self.tally.beacons.duplicate, 1);
        bump(&self.tally.events.duplicate, self.events);
        self.open = false;
    }

    /// Refused as a whole.
    pub fn rejected(mut self, refused: &Refused) {
        self.close_as(refused.rejection, &refused.events);
    }

    fn close_as(&mut self, rejection: Rejection, alone: &[RefusedEvent]) {
        self.tally.beacons.reject(rejection, 1);
        self.tally.count_refused(alone);
        self.tally
            .events
            .reject(rejection, self.events.saturating_sub(alone.len()));
        self.open = false;
    }
}

impl Drop for Verdict {
    fn drop(&mut self) {
        if self.open {
            self.close_as(Rejection::Aborted, &[]);
        }
    }
}

fn bump(counter: &AtomicU64, by: usize) {
    counter.fetch_add(u64::try_from(by).unwrap_or(u64::MAX), Ordering::Relaxed);
}

fn load(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

impl Counts {
    /// Whether everything received has exactly one verdict. False only while requests are open.
    pub fn balances(&self) -> bool {
        let rejected: u64 = self.rejected.iter().map(|(_, count)| count).sum();
        self.received == self.accepted + self.duplicate + rejected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_a_beacon_can_end_balances_the_books() {
        let tally = Arc::new(Tally::default());
        let alone = [RefusedEvent {
            index: 0,
            reason: EventRejection::TooOld,
        }];
        let open = |events| {
            let mut verdict = tally.beacon_received();
            verdict.events_received(events);
            verdict
        };
        open(3).accepted(
            EventVerdicts {
                accepted: 1,
                duplicate: 1,
            },
            &alone,
        );
        open(2).duplicate();
        open(2).rejected(&Rejection::Overloaded.into());
        let all = Refused {
            events: alone.to_vec(),
            ..Refused::from(Rejection::AllEventsRefused)
        };
        open(1).rejected(&all);
        drop(open(4));
        assert!(tally.beacons().balances(), "{:?}", tally.beacons());
        assert!(tally.events().balances(), "{:?}", tally.events());
        assert!(tally.beacons().rejected.contains(&("aborted", 1)));
        assert!(tally.events().rejected.contains(&("too_old", 2)));
    }

    #[test]
    fn an_undecided_beacon_keeps_the_books_open() {
        let tally = Arc::new(Tally::default());
        let verdict = tally.beacon_received();
        assert!(!tally.beacons().balances());
        drop(verdict);
        assert!(tally.beacons().balances());
    }
}
