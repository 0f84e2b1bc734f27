//! What reached the backend, and when its answers left, by the server's own clock: injected delays as
//! they really were, whatever a busy machine made of the ones that were asked for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// One request that reached the backend. Times are milliseconds since the site was started.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Upper case.
    pub method: String,
    /// Path with query.
    pub target: String,
    /// Names in lower case; of a repeated header the last.
    pub headers: BTreeMap<String, String>,
    /// As it came.
    pub body: Vec<u8>,
    /// When its headers had been read.
    pub at_ms: f64,
    /// When the answer's headers left.
    pub head_ms: Option<f64>,
    /// When the first piece of the answer's body left, where it was sent in pieces.
    pub first_ms: Option<f64>,
    /// When the latest piece left.
    pub last_ms: Option<f64>,
    /// Pieces sent.
    pub pieces: u64,
}

impl Arrival {
    /// The path alone.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// How long the answer's headers were held back.
    #[must_use]
    pub fn to_head_ms(&self) -> Option<f64> {
        Some(self.head_ms? - self.at_ms)
    }

    /// How long it took to the end of the answer.
    #[must_use]
    pub fn to_end_ms(&self) -> Option<f64> {
        Some(self.last_ms.or(self.head_ms)? - self.at_ms)
    }
}

/// All arrivals, in their order.
pub(super) struct Log {
    begun: Instant,
    arrivals: Mutex<Vec<Arrival>>,
}

impl Log {
    pub(super) fn begin() -> Arc<Self> {
        Arc::new(Self {
            begun: Instant::now(),
            arrivals: Mutex::default(),
        })
    }

    pub(super) fn now_ms(&self) -> f64 {
        self.begun.elapsed().as_secs_f64() * 1e3
    }

    /// Notes an arrival and answers the handle by which its answer is noted.
    pub(super) fn note(self: &Arc<Self>, arrival: Arrival) -> Noted {
        let mut arrivals = self.lock();
        arrivals.push(arrival);
        Noted {
            index: arrivals.len() - 1,
            log: Arc::clone(self),
        }
    }

    pub(super) fn arrivals(&self) -> Vec<Arrival> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arrival>> {
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An arrival whose answer is under way.
#[derive(Clone)]
pub(super) struct Noted {
    log: Arc<Log>,
    index: usize,
}

impl Noted {
    /// How many calls of the same address came before.
    pub(super) fn turn(&self) -> usize {
        let arrivals = self.log.lock();
        let own = arrivals.get(self.index);
        let before = arrivals.iter().take(self.index);
        before
            .filter(|other| own.is_some_and(|own| own.target == other.target))
            .count()
    }

    pub(super) fn head_leaves(&self) {
        let now = self.log.now_ms();
        self.change(|arrival| arrival.head_ms = Some(now));
    }

    pub(super) fn piece_leaves(&self) {
        let now = self.log.now_ms();
        self.change(|arrival| {
            arrival.first_ms.get_or_insert(now);
            arrival.last_ms = Some(now);
            arrival.pieces += 1;
        });
    }

    fn change(&self, change: impl FnOnce(&mut Arrival)) {
        if let Some(arrival) = self.log.lock().get_mut(self.index) {
            change(arrival);
        }
    }
}
