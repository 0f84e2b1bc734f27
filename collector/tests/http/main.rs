//! The collector's promises, asked through its HTTP surface on a set clock.

mod acceptance;
mod answers;
mod commands;
mod findings;
mod harness;
mod hostile;
mod kinds;
mod migrations;
mod objectives;
mod private;
mod process;
mod prometheus;
mod prometheus_source;
mod readiness;
mod rejections;
mod reloading;
mod revisions;
mod stopping;
mod time_and_coverage;
mod twins;
mod view_page;
