//! Beacons by the ten thousand, for measuring the collector and for killing it: `cargo xtask bench ingest`
//! and `cargo xtask bench crash` start this. Loopback and free ports only; all servers stop with it.

mod apart;
mod baseline;
mod client;
mod crash;
mod ingest;
mod server;
mod visits;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Serve a bare handler, until standard input closes
    Baseline,
    /// Kill the collector again and again, and count what it kept
    Crash(crash::Options),
    /// Measure how many beacons the collector makes durable
    Ingest(ingest::Options),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().what {
        What::Baseline => baseline::serve(),
        What::Crash(options) => crash::run(&options),
        What::Ingest(options) => ingest::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {error:#}");
            ExitCode::FAILURE
        }
    }
}
