//! Whether the probe's vitals are what the `web-vitals` library says, and its durations what a server
//! injected: builds what that takes and runs the comparison of `tests/accuracy`, which drives Chromium.

use crate::{build, shell, system};
use anyhow::Result;
use std::path::Path;

pub(super) fn run(json: Option<&Path>) -> Result<()> {
    build::probe()?;
    build::packages(&shell::root().join("tests/accuracy"))?;
    system::install_chromium()?;
    shell::step("programs", || {
        shell::run(shell::cargo().args(["build", "--package", "collector", "--package", "tests"]))
    })?;
    let mut accuracy = std::process::Command::new(shell::program("accuracy"));
    if let Some(file) = json {
        accuracy.arg("--json").arg(std::path::absolute(file)?);
    }
    shell::run(&mut accuracy)
}
