//! From events to acknowledged beacons: gathers, numbers, keeps and retries (pure). The bytes are
//! handed to the browser by `js/transport.js`.

mod queue;

pub use queue::{Answer, Batch, Queue, Urgency};
