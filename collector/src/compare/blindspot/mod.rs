//! The blind spot: failures that users have and servers cannot have counted. What was committed enters as
//! [`Heard`]; a [`Finding`] leaves, when the tests say that unseen failures have become too many to be
//! chance, with the cause that explains them best. Pure: no I/O, no clock, no knowledge of any name.
//!
//! A view's events make its verdict ([`view`]), a session's views its one vote ([`votes`]), votes move
//! the sums ([`cusum`]) against what is usual ([`usual`]); what failures have in common beside their
//! number is a [`signature`]. Once a test fires, [`cause`] ranks what could be the cause and
//! [`sentence`] says it.

mod answers;
mod cause;
mod cusum;
mod detector;
mod finding;
mod heard;
mod mechanism;
mod sentence;
mod session;
mod signature;
#[cfg(test)]
mod tests;
mod usual;
mod values;
mod view;
mod votes;

pub use cause::{Cause, CauseValue};
pub use detector::{Detector, Figures, ReleaseHealth, Tuning};
pub use finding::{Finding, Test};
pub use heard::{Heard, HeardEvent, Surroundings};
pub use mechanism::{Mechanism, Way};
pub use values::Dimension;
