//! Places for connections: so many in all, so many per client network. What is remembered is bounded
//! by the connections that are open.

use crate::export::TurnedAway;
use crate::ingest::ClientNetwork;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Debug)]
pub(super) struct Slots {
    all: usize,
    each: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_network: HashMap<ClientNetwork, usize>,
}

/// A place; given back when dropped.
#[derive(Debug)]
#[must_use = "a slot that is dropped is free again"]
pub(super) struct Slot {
    slots: Arc<Slots>,
    network: Option<ClientNetwork>,
}

impl Slots {
    pub(super) fn new(all: usize, each: usize) -> Self {
        Self {
            all,
            each,
            taken: Mutex::default(),
        }
    }

    pub(super) fn take(
        self: &Arc<Self>,
        network: Option<ClientNetwork>,
    ) -> Result<Slot, TurnedAway> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= self.all {
            return Err(TurnedAway::Full);
        }
        if let Some(network) = network {
            let of_network = taken.by_network.entry(network).or_default();
            if *of_network >= self.each {
                return Err(TurnedAway::ClientFull);
            }
            *of_network += 1;
        }
        taken.all += 1;
        Ok(Slot {
            slots: Arc::clone(self),
            network,
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self
            .slots
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        let Some(network) = self.network else {
            return;
        };
        if let Some(of_network) = taken.by_network.get_mut(&network) {
            *of_network -= 1;
            if *of_network == 0 {
                taken.by_network.remove(&network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_all_and_per_network_and_given_back() {
        let slots = Arc::new(Slots::new(3, 2));
        let network = |number: u8| Some(ClientNetwork::of([192, 0, number, 1].into()));
        let first = slots.take(network(1)).unwrap();
        let second = slots.take(network(1)).unwrap();
        assert_eq!(slots.take(network(1)).unwrap_err(), TurnedAway::ClientFull);
        let third = slots.take(network(2)).unwrap();
        assert_eq!(slots.take(network(3)).unwrap_err(), TurnedAway::Full);
        drop(first);
        let again = slots.take(network(1)).unwrap();
        drop((second, third, again));
        let taken = slots.taken.lock().unwrap();
        assert_eq!(taken.all, 0);
        assert!(
            taken.by_network.is_empty(),
            "nothing is remembered of the gone"
        );
    }
}
