//! Measurements. Each prints a table and, with `--json FILE`, writes its figures.

mod accuracy;
mod crash;
mod detector;
mod ingest;
mod size;
mod slo;

use anyhow::Result;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Subcommand)]
pub(crate) enum Bench {
    /// The probe's web vitals beside those of the web-vitals library on the same pages in Chromium, its
    /// durations beside delays that a server injected
    Accuracy {
        /// Write the rows there as JSON
        #[arg(long)]
        json: Option<PathBuf>,
    },
    /// Kill the collector under load again and again, and hold what was acknowledged against what it kept
    Crash(crash::Options),
    /// Durable beacons a second, how soon they are acknowledged, and what they cost in memory and on disk
    Ingest(ingest::Options),
    /// The status of a hundred objectives over thirty days, from a store that holds ninety
    Slo,
    /// How soon an incident is found and how often none is, on simulated traffic through the real code
    Detector(detector::Options),
    /// Bytes of the probe: early hook, glue and wasm; raw, gzip -9, brotli -11
    Size {
        /// Write the figures there as JSON
        #[arg(long)]
        json: Option<PathBuf>,
    },
}

pub(crate) fn run(bench: &Bench) -> Result<()> {
    match bench {
        Bench::Accuracy { json } => accuracy::run(json.as_deref()),
        Bench::Crash(options) => crash::run(options),
        Bench::Ingest(options) => ingest::run(options),
        Bench::Slo => slo::run(),
        Bench::Detector(options) => detector::run(options),
        Bench::Size { json } => size::run(json.as_deref()),
    }
}
