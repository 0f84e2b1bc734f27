//! npm packages: installed from the lock file, and only when it changed.

use crate::shell;
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Installs the packages of the folder's lock file, unless they are there already.
pub(crate) fn install(folder: &Path) -> Result<()> {
    let lock = fs::read(folder.join("package-lock.json"))
        .with_context(|| format!("{} has no package-lock.json", folder.display()))?;
    let stamp = folder.join("node_modules/.sightline-lock");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    shell::run_quietly(
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund"])
            .current_dir(folder),
    )
    .context(
        "Node.js 20.19 or newer with npm is needed: https://nodejs.org or your system's packages",
    )?;
    fs::write(stamp, lock)?;
    Ok(())
}

/// A program that a package of the folder brought.
pub(crate) fn tool(folder: &Path, name: &str) -> Command {
    Command::new(folder.join("node_modules/.bin").join(name))
}
