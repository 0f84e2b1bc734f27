//! The demo's front ends: two releases with the probe, and the same two without it for the tests of
//! the ground truth.

use super::npm;
use crate::shell;
use anyhow::Result;
use std::process::Command;

/// Release 1 calls the backend by the address browsers reach.
const RIGHT: &str = "http://api.movieguru.test";
/// Release 2 calls it by the name that only the cluster resolves.
const WRONG: &str = "http://server-service.movie-guru.svc.cluster.local";

/// Builds all four.
pub(crate) fn front_ends() -> Result<()> {
    let web = shell::root().join("demo-frontend/web");
    shell::step("packages of the front end", || npm::install(&web))?;
    for (release, backend) in [("1", RIGHT), ("2", WRONG)] {
        for (folder, probe) in [("release", "on"), ("bare", "off")] {
            let out = format!("dist/{folder}-{release}");
            shell::step(&format!("front end {out}"), || {
                shell::run_quietly(
                    npm_vite(&web)
                        .args([
                            "build",
                            "--logLevel",
                            "warn",
                            "--emptyOutDir",
                            "--outDir",
                            &out,
                        ])
                        .env("RELEASE", release)
                        .env("VITE_CHAT_SERVER_URL", backend)
                        .env("SIGHTLINE", probe),
                )
            })?;
        }
    }
    Ok(())
}

fn npm_vite(web: &std::path::Path) -> Command {
    let mut vite = npm::tool(web, "vite");
    vite.current_dir(web);
    vite
}
