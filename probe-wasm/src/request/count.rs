//! Good calls, and bad ones past the number sent singly, counted until the next beacon.

use super::Ended;
use beacon::{Histogram, RequestCounts};

/// Distinct kinds of call counted between two beacons; further ones share the last cell's fate and
/// are counted as dropped.
const CELLS: usize = 64;

/// Counts since the last beacon.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    cells: Vec<RequestCounts>,
}

impl Counts {
    /// Counts one ended call. Returns false when there is no room for its kind.
    pub fn add(&mut self, call: &Ended) -> bool {
        let same = |cell: &&mut RequestCounts| {
            cell.outcome == call.outcome
                && cell.route == call.route
                && cell.method == call.method
                && cell.backend_origin == call.backend_origin
        };
        if let Some(cell) = self.cells.iter_mut().find(same) {
            cell.durations.record(call.duration_ms());
            return true;
        }
        if self.cells.len() >= CELLS {
            return false;
        }
        let mut durations = Histogram::default();
        durations.record(call.duration_ms());
        self.cells.push(RequestCounts {
            method: call.method.clone(),
            backend_origin: call.backend_origin.clone(),
            route: call.route.clone(),
            expected_origin: call.expected_origin,
            outcome: call.outcome,
            durations,
        });
        true
    }

    /// Takes what was counted.
    pub fn take(&mut self) -> Vec<RequestCounts> {
        core::mem::take(&mut self.cells)
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }
}
