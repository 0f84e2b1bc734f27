//! What has passed admission. Only this folder can make one, and the store takes nothing else.

use super::RefusedEvent;
use beacon::{Event, Head};
use std::sync::Arc;

/// A beacon that may be stored: its sender is known, its strings are scrubbed and bounded, its
/// numbers plausible, its times corrected.
#[derive(Clone, Debug)]
pub struct AcceptedBeacon {
    app: Arc<str>,
    head: Head,
    events: Vec<AcceptedEvent>,
    refused: Vec<RefusedEvent>,
    received_at_ms: u64,
}

/// An event that may be stored, with its time on the collector's clock.
#[derive(Clone, Debug)]
pub struct AcceptedEvent {
    /// As sent, scrubbed.
    pub event: Event,
    /// When it happened by the collector's clock: receipt minus the age the sender's clock gives
    /// it, so that a wrong client clock cancels out.
    pub event_ms: u64,
}

impl AcceptedBeacon {
    pub(super) fn new(
        app: Arc<str>,
        head: Head,
        events: Vec<AcceptedEvent>,
        refused: Vec<RefusedEvent>,
        received_at_ms: u64,
    ) -> Self {
        Self {
            app,
            head,
            events,
            refused,
            received_at_ms,
        }
    }

    /// The application whose key it came with.
    pub fn app(&self) -> &Arc<str> {
        &self.app
    }

    /// Taken apart to be stored: application, head, events, receipt in Unix milliseconds.
    pub fn into_parts(self) -> (Arc<str>, Head, Vec<AcceptedEvent>, u64) {
        (self.app, self.head, self.events, self.received_at_ms)
    }

    /// Who speaks, about which page.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// In the order sent, without the refused ones.
    pub fn events(&self) -> &[AcceptedEvent] {
        &self.events
    }

    /// The events of the same beacon that were refused, by index.
    pub fn refused(&self) -> &[RefusedEvent] {
        &self.refused
    }

    /// Receipt, Unix milliseconds.
    pub fn received_at_ms(&self) -> u64 {
        self.received_at_ms
    }
}
