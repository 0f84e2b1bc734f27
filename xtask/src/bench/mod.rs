//! Measurements. Each prints a table and, with `--json FILE`, writes its figures.

mod size;

use anyhow::Result;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Subcommand)]
pub(crate) enum Bench {
    /// Bytes of the probe: early hook, glue and wasm; raw, gzip -9, brotli -11
    Size {
        /// Write the figures there as JSON
        #[arg(long)]
        json: Option<PathBuf>,
    },
}

pub(crate) fn run(bench: &Bench) -> Result<()> {
    match bench {
        Bench::Size { json } => size::run(json.as_deref()),
    }
}
