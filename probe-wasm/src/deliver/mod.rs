//! From events to acknowledged beacons: writes, gathers, numbers, keeps and retries (pure). The bytes
//! are handed to the browser by `js/shell/transport.js`.

mod answer;
mod memory;
mod outlet;
mod queue;

pub use answer::Answer;
pub use memory::{LENT, Memory, TRACES};
pub use outlet::{LATER, Outlet, SOON, word};
pub use queue::{Place, Queue};

#[cfg(test)]
pub(crate) use outlet::told;
