//! Good calls, and bad ones past the number sent singly, counted until the next beacon.

use super::{Call, flag};
use crate::Text;
use crate::deliver::{LATER, Outlet};
use beacon::{EDGES_MS, RequestOutcome};

/// Distinct kinds of call counted between two beacons; further ones are counted as dropped.
const CELLS: usize = 64;

/// The edges of the wire, half as wide.
#[expect(clippy::cast_possible_truncation, reason = "a test compares them")]
const EDGES: [u16; EDGES_MS.len()] = {
    let mut edges = [0; EDGES_MS.len()];
    let mut index = 0;
    while index < edges.len() {
        #[expect(clippy::indexing_slicing, reason = "while it is built")]
        {
            edges[index] = EDGES_MS[index] as u16;
        }
        index += 1;
    }
    edges
};

#[derive(Clone, Copy, Debug)]
struct Cell {
    /// Of all buckets; none: there is room for another kind.
    calls: u32,
    buckets: [u32; EDGES_MS.len() + 1],
    method: Text,
    origin: Text,
    route: Text,
    outcome: RequestOutcome,
    expected: bool,
}

/// Counts since the last beacon.
#[derive(Clone, Debug)]
pub struct Counts {
    cells: [Cell; CELLS],
}

impl Counts {
    /// Nothing counted.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a default is no constant")]
    pub const fn new() -> Self {
        Self {
            cells: [Cell {
                calls: 0,
                buckets: [0; EDGES_MS.len() + 1],
                method: 0,
                origin: 0,
                route: 0,
                outcome: RequestOutcome::Ok,
                expected: false,
            }; CELLS],
        }
    }

    /// Counts one ended call. Returns false when there is no room for its kind.
    pub fn add(&mut self, call: &Call) -> bool {
        for cell in &mut self.cells {
            if cell.calls == 0 {
                cell.method = call.method;
                cell.origin = call.origin;
                cell.route = call.route;
                cell.outcome = call.outcome;
                cell.expected = call.has(flag::EXPECTED);
            } else if cell.outcome != call.outcome
                || cell.route != call.route
                || cell.method != call.method
                || cell.origin != call.origin
            {
                continue;
            }
            let duration_ms = call.duration_ms();
            let mut bucket = 0;
            for edge in &EDGES {
                bucket += usize::from(u32::from(*edge) < duration_ms);
            }
            if let Some(count) = cell.buckets.get_mut(bucket) {
                *count += 1;
                cell.calls += 1;
            }
            return true;
        }
        false
    }

    /// Writes what was counted, `beacon::RequestCounts`, and forgets it.
    pub fn tell(&mut self, out: &mut Outlet) {
        for cell in &mut self.cells {
            if cell.calls == 0 {
                return;
            }
            cell.calls = 0;
            let n = out.draw();
            let now = out.now();
            out.begin(n, 0, now);
            out.number(4);
            out.text(cell.method);
            out.text(cell.origin);
            out.text(cell.route);
            out.number(u32::from(cell.expected));
            out.number(cell.outcome as u32);
            let mut used = 0;
            for count in &cell.buckets {
                used += u32::from(*count > 0);
            }
            out.number(used);
            for (bucket, count) in (0..).zip(&mut cell.buckets) {
                if *count > 0 {
                    out.number(bucket);
                    out.number(*count);
                    *count = 0;
                }
            }
            out.end(LATER);
        }
    }

    /// Forgets what was counted.
    pub fn clear(&mut self) {
        *self = const { Self::new() };
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.first().is_none_or(|cell| cell.calls == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::told;
    use beacon::{EventKind, Histogram, RequestCounts};

    fn call(route: Text, duration: crate::Millis) -> Call {
        Call {
            method: 1,
            origin: 2,
            route,
            flags: flag::EXPECTED,
            ended_at: duration,
            ..Call::NONE
        }
    }

    #[test]
    fn calls_of_a_kind_are_one_event_with_their_durations() {
        let mut out = told::outlet();
        for text in ["GET", "http://api.test", "/a", "/b"] {
            told::text(&mut out, text);
        }
        let mut counts = Counts::new();
        for (route, duration) in [(3, 4), (4, 700), (3, 40_000), (3, 5)] {
            assert!(counts.add(&call(route, duration)));
        }
        counts.tell(&mut out);
        assert!(counts.is_empty());
        let kinds: Vec<_> = told::events(&mut out)
            .into_iter()
            .map(|event| event.kind)
            .collect();
        let counted = |route: &str, durations: &[u32]| {
            let mut histogram = Histogram::default();
            for duration in durations {
                histogram.record(*duration);
            }
            EventKind::Requests(RequestCounts {
                method: "GET".into(),
                backend_origin: "http://api.test".into(),
                route: route.into(),
                expected_origin: true,
                outcome: RequestOutcome::Ok,
                durations: histogram,
            })
        };
        assert_eq!(
            kinds,
            [counted("/a", &[4, 40_000, 5]), counted("/b", &[700])]
        );
    }

    #[test]
    fn the_edges_are_those_of_the_wire() {
        assert_eq!(EDGES.map(u32::from), EDGES_MS);
    }

    #[test]
    fn kinds_past_the_room_are_refused() {
        let mut counts = Counts::new();
        for route in 0..64 {
            assert!(counts.add(&call(route, 1)));
        }
        assert!(!counts.add(&call(64, 1)));
        assert!(counts.add(&call(63, 1)));
    }
}
