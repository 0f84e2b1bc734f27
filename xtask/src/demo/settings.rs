//! The collector's configuration for the demo: its example with the addresses of this run.

use crate::shell;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

const EXAMPLE: &str = "collector/examples/movie-guru.toml";

/// Where this run's processes listen.
pub(super) struct Addresses<'a> {
    /// Public and private listener, as `host:port`.
    pub(super) collector: &'a [String; 2],
    pub(super) site: &'a str,
    pub(super) backend: &'a str,
    pub(super) admin: &'a str,
}

/// Writes it into `folder`, the database beside it.
pub(super) fn write(folder: &Path, addresses: &Addresses<'_>) -> Result<PathBuf> {
    let example = shell::root().join(EXAMPLE);
    let mut text = fs::read_to_string(&example)
        .with_context(|| format!("cannot read {}", example.display()))?;
    let [public, private] = addresses.collector;
    let database = folder.join("sightline.db");
    let replaced = [
        ("127.0.0.1:8090", public.as_str()),
        ("127.0.0.1:8091", private.as_str()),
        ("http://127.0.0.1:8080", addresses.site),
        ("http://127.0.0.1:8081", addresses.backend),
        ("http://127.0.0.1:8082", addresses.admin),
        (
            "path = \"sightline.db\"",
            &format!("path = {:?}", database.display().to_string()),
        ),
    ];
    for (usual, actual) in replaced {
        if !text.contains(usual) {
            bail!("{EXAMPLE} no longer names {usual}, which the demo replaces");
        }
        text = text.replace(usual, actual);
    }
    let file = folder.join("collector.toml");
    fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}
