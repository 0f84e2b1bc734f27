//! Whether kill -9 at any instant costs an acknowledged beacon or counts one twice: the collector built for
//! release, the killing of `tests/load`.

use crate::shell;
use anyhow::{Context, Result};
use clap::Args;
use std::fs;
use std::process::Command;

#[derive(Args)]
pub(crate) struct Options {
    /// How often to kill it
    #[arg(long, default_value_t = 200)]
    kills: u32,
    /// What the random instants and visits are drawn from
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(super) fn run(options: &Options) -> Result<()> {
    shell::step("programs", || {
        let packages = ["--package", "collector", "--package", "load"];
        shell::run(shell::cargo().args(["build", "--release"]).args(packages))
    })?;
    let release = shell::target_dir().join("release");
    let folder = shell::target_dir().join("bench");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut load = Command::new(release.join("load"));
    load.arg("crash");
    load.arg("--collector")
        .arg(release.join("sightline-collector"));
    load.arg("--folder").arg(folder);
    load.arg("--kills").arg(options.kills.to_string());
    load.arg("--seed").arg(options.seed.to_string());
    shell::run(&mut load)
}
