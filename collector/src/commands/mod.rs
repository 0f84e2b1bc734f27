//! What the binary does besides running: each command takes its arguments and prints.

mod ask;
mod generate;
mod slo;

pub use slo::{SloTask, run_slo};
