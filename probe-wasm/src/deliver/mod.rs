//! From events to acknowledged beacons. `queue` (pure) gathers, numbers, keeps and retries;
//! `transport` hands bytes to the browser.

mod queue;
#[cfg(target_arch = "wasm32")]
pub(crate) mod transport;

pub use queue::{Answer, Batch, Queue, Urgency};
