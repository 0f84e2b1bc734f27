//! Admission: bytes from anybody enter, an [`AcceptedBeacon`] or a [`Rejection`] leaves.
//! The order is size, key and origin, rate, decode, scrub, validate: cheapest first, and nothing is
//! read of a body whose sender is not known. It knows neither HTTP nor the store.

mod accepted;
mod door;
#[cfg(test)]
mod goldens;
mod keys;
mod rate;
mod rejection;
mod scrub;
mod tally;
mod validate;

pub use accepted::{AcceptedBeacon, AcceptedEvent};
pub use door::{Door, Entrant, Knock};
pub use rate::ClientNetwork;
pub use rejection::{EventRejection, Refused, RefusedEvent, Rejection, jittered};
pub use tally::{Counts, EventVerdicts, Tally, Verdict};
