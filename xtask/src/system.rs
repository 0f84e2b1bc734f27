//! System packages: the browser, and Prometheus for the tests of rules. Installed by themselves on Debian
//! as root; elsewhere it says exactly what to install.

use crate::shell;
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

const PACKAGES: [&str; 1] = ["chromium"];
/// Has `prometheus` and `promtool`.
const PROMETHEUS: &str = "prometheus";

/// The installed Chromium: `$CHROMIUM`, or one of its usual places.
pub(crate) fn chromium() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM") {
        return Some(PathBuf::from(named)).filter(|path| path.is_file());
    }
    let usual = [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ];
    usual
        .into_iter()
        .map(PathBuf::from)
        .find(|path| path.is_file())
}

/// The browser, installed first where that can be done.
pub(crate) fn install_chromium() -> Result<PathBuf> {
    if let Some(found) = chromium() {
        return Ok(found);
    }
    if !(is_debian() && is_root()) {
        bail!(
            "no Chromium was found. On Debian or Ubuntu: sudo apt-get install {}. Elsewhere install Chromium or \
             Chrome 120 or newer and set CHROMIUM to its path",
            PACKAGES.join(" ")
        );
    }
    shell::step("Chromium, from Debian's packages", || {
        shell::run_quietly(Command::new("apt-get").arg("update"))?;
        shell::run_quietly(
            Command::new("apt-get")
                .env("DEBIAN_FRONTEND", "noninteractive")
                .args(["install", "--yes", "--no-install-recommends"])
                .args(PACKAGES),
        )
    })?;
    match chromium() {
        Some(found) => Ok(found),
        None => bail!(
            "apt-get installed {} but no Chromium is there",
            PACKAGES.join(" ")
        ),
    }
}

/// Prometheus and promtool, installed first where that can be done.
pub(crate) fn install_prometheus() -> Result<()> {
    let is_there = |program: &str| shell::output_of(program, &["--version"]).is_ok();
    if is_there("prometheus") && is_there("promtool") {
        return Ok(());
    }
    if !(is_debian() && is_root()) {
        bail!(
            "no prometheus and promtool were found. On Debian or Ubuntu: sudo apt-get install {PROMETHEUS}. \
             Elsewhere put both on the PATH (https://prometheus.io/download/)"
        );
    }
    shell::step("Prometheus, from Debian's packages", || {
        shell::run_quietly(Command::new("apt-get").arg("update"))?;
        shell::run_quietly(
            Command::new("apt-get")
                .env("DEBIAN_FRONTEND", "noninteractive")
                .args(["install", "--yes", "--no-install-recommends", PROMETHEUS]),
        )
    })
}

fn is_debian() -> bool {
    Path::new("/etc/debian_version").is_file()
}

fn is_root() -> bool {
    shell::output_of("id", &["-u"]).is_ok_and(|id| id.trim() == "0")
}
