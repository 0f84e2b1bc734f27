//! Measurements. Each prints a table and, with `--json FILE`, writes its figures.

mod accuracy;
mod size;

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
        Bench::Size { json } => size::run(json.as_deref()),
    }
}
