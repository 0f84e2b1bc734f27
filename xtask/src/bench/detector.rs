//! How soon the collector's detector finds an incident, how often it cries wolf, and whether it names the
//! right cause: the simulation of `collector/benches/detector`, built for release.

use crate::shell;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct Options {
    /// Write the figures there as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// Months of each kind of traffic
    #[arg(long, default_value_t = 3)]
    months: u64,
    /// One month, a tenth of the incidents
    #[arg(long)]
    quick: bool,
}

pub(super) fn run(options: &Options) -> Result<()> {
    let mut bench = shell::cargo();
    bench.args(["bench", "--quiet", "--package", "collector", "--bench"]);
    bench.args(["detector", "--", "--months", &options.months.to_string()]);
    if options.quick {
        bench.arg("--quick");
    }
    if let Some(file) = &options.json {
        bench.arg("--json").arg(std::path::absolute(file)?);
    }
    shell::run(&mut bench)
}
