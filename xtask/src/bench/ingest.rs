//! How many beacons a second the collector makes durable, beside a bare handler on the same machine: the
//! programs built for release, the load of `tests/load` against them.

use crate::shell;
use anyhow::{Context, Result};
use clap::Args;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

#[derive(Args)]
pub(crate) struct Options {
    /// A short form for every day, under 50 s
    #[arg(long)]
    quick: bool,
    /// Write the figures there as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// Also store so many beacons, then measure speed and start again
    #[arg(long)]
    fill: Option<u64>,
    /// Also send half again as much as a limit allows, for so many seconds, and half again as much as can
    /// be taken, for a tenth of that
    #[arg(long)]
    overload: Option<u64>,
}

pub(super) fn run(options: &Options) -> Result<()> {
    shell::step("programs", || {
        let packages = ["--package", "collector", "--package", "load"];
        shell::run(shell::cargo().args(["build", "--release"]).args(packages))
    })?;
    let release = shell::target_dir().join("release");
    // Beside the build, because that is a disk; a folder for temporary files may be memory.
    let folder = shell::target_dir().join("bench");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut load = Command::new(release.join("load"));
    load.arg("ingest");
    load.arg("--collector")
        .arg(release.join("sightline-collector"));
    load.arg("--folder").arg(folder);
    if options.quick {
        load.arg("--quick");
    }
    if let Some(file) = &options.json {
        load.arg("--json").arg(std::path::absolute(file)?);
    }
    for (name, value) in [("--fill", options.fill), ("--overload", options.overload)] {
        if let Some(value) = value {
            load.arg(name).arg(value.to_string());
        }
    }
    shell::run(&mut load)
}
