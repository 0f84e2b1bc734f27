//! The HTTP surface: requests become knocks and queries, verdicts become statuses and JSON. The whole
//! of it stands in `router`; what a beacon is worth or a number means is decided elsewhere.

mod api;
mod beacons;
mod body;
mod broken;
mod browser;
mod client;
mod guard;
mod health;
mod page;
mod probe;
mod problem;
mod query;
mod router;

pub use body::BodyMemory;
pub use broken::{Broken, raw_answer};
pub use problem::raw_refusal;
pub use router::{private, public};
