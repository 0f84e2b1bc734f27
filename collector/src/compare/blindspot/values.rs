//! What could be a cause: the values that a load has in each dimension, each under a number, with the
//! time it was first seen. Their number is bounded; what does not fit is in no ranking.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;

/// Distinct values remembered per dimension.
const MOST: usize = 1000;
/// A value not seen for so long is forgotten when room is needed.
const FORGET_MS: u64 = 25 * 3_600_000;

/// What loads can differ in. Outcomes are none: they are what is to be explained. In the order in which
/// values that share all their loads are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// A release that served the document, a script or a chunk.
    TouchedRelease,
    /// The release of the document.
    Release,
    /// A pod that served the document, a script or a chunk.
    TouchedPod,
    /// The pod of the document.
    Pod,
    /// The backend origin the document was built for.
    ConfiguredOrigin,
    /// A backend origin that was called.
    UsedOrigin,
    /// The browser.
    Browser,
    /// The route.
    Route,
    /// The client's country.
    Country,
    /// The operator of the client's network.
    Operator,
}

impl Dimension {
    const COUNT: usize = 10;

    /// Whether a sum of its own is kept for each value, so that a fault of few loads is found, too. The
    /// document's own release and pod touched it as well, and what it was built for goes with them.
    pub(super) fn is_watched(self) -> bool {
        match self {
            Dimension::TouchedRelease
            | Dimension::TouchedPod
            | Dimension::UsedOrigin
            | Dimension::Browser
            | Dimension::Route
            | Dimension::Country
            | Dimension::Operator => true,
            Dimension::Release | Dimension::Pod | Dimension::ConfiguredOrigin => false,
        }
    }
}

/// A value of a dimension, while the detector lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ValueId(u32);

#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) dimension: Dimension,
    pub(super) text: Arc<str>,
    pub(super) first_seen_ms: u64,
    last_seen_ms: u64,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    ids: [HashMap<Arc<str>, ValueId>; Dimension::COUNT],
    known: HashMap<ValueId, Value>,
    next: u32,
}

impl Values {
    /// The number of a value, new ones included. `None` for the empty one, which says nothing, and for
    /// new ones while too many are known.
    pub(super) fn id(&mut self, dimension: Dimension, text: &str, now_ms: u64) -> Option<ValueId> {
        if text.is_empty() {
            return None;
        }
        if let Some(id) = self.ids[dimension as usize].get(text) {
            if let Some(value) = self.known.get_mut(id) {
                value.last_seen_ms = value.last_seen_ms.max(now_ms);
            }
            return Some(*id);
        }
        if self.ids[dimension as usize].len() >= MOST {
            self.forget(dimension, now_ms);
        }
        let ids = &mut self.ids[dimension as usize];
        if ids.len() >= MOST {
            return None;
        }
        let (id, text): (_, Arc<str>) = (ValueId(self.next), text.into());
        self.next += 1;
        ids.insert(Arc::clone(&text), id);
        let value = Value {
            dimension,
            text,
            first_seen_ms: now_ms,
            last_seen_ms: now_ms,
        };
        self.known.insert(id, value);
        Some(id)
    }

    /// Whether the value's loads have a sum of their own.
    pub(super) fn is_watched(&self, id: ValueId) -> bool {
        self.get(id)
            .is_some_and(|value| value.dimension.is_watched())
    }

    pub(super) fn get(&self, id: ValueId) -> Option<&Value> {
        self.known.get(&id)
    }

    fn forget(&mut self, dimension: Dimension, now_ms: u64) {
        let known = &mut self.known;
        self.ids[dimension as usize].retain(|_, id| {
            let fresh = known
                .get(id)
                .is_some_and(|value| value.last_seen_ms + FORGET_MS > now_ms);
            if !fresh {
                known.remove(id);
            }
            fresh
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_values_is_bounded_and_old_ones_make_room() {
        let mut values = Values::default();
        let mut id = |n: usize, at| values.id(Dimension::Route, &format!("/{n}"), at);
        let first = id(0, 0);
        assert!((1..MOST).all(|n| id(n, 0).is_some()));
        assert_eq!(id(MOST, 1000), None);
        assert_eq!(id(0, FORGET_MS), first, "seen again, it keeps its number");
        assert!(id(MOST, FORGET_MS).is_some());
        assert_eq!(id(0, FORGET_MS), first);
    }
}
