//! The demo through its HTTP surfaces, as browsers, tests and scrapers meet them. One binary: linking is dear.

mod backend;
mod faults;
mod harness;
mod metrics;
mod phase;
mod process;
mod site;
