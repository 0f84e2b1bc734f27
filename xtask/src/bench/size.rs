//! What the probe costs a visitor to download, after building it afresh.

use crate::build;
use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value};
use std::fs;
use std::io::Write;
use std::path::Path;

const PARTS: [(&str, &str); 3] = [
    ("early_hook", "early.js"),
    ("glue", "core.js"),
    ("wasm", "core.wasm"),
];
/// Not in the total: the second module, then what is fetched by option or use only.
const LATER: [(&str, &str); 6] = [
    ("more", "more.js"),
    ("api", "api.js"),
    ("check", "check.js"),
    ("events", "events.js"),
    ("debug", "debug.js"),
    ("trace", "trace.js"),
];
const FORMS: [&str; 3] = ["raw", "gzip", "brotli"];

pub(super) fn run(json: Option<&Path>) -> Result<()> {
    build::probe()?;
    let mut figures = Map::new();
    let mut totals = [0; 3];
    println!(
        "{:<12}{:>10}{:>10}{:>10}",
        "bytes", FORMS[0], "gzip -9", "brotli -11"
    );
    for (part, file) in PARTS {
        let bytes = fs::read(build::package_dir().join(file)).with_context(|| file.to_owned())?;
        let sizes = [bytes.len(), gzip(&bytes)?, brotli(&bytes)?];
        row(part, sizes);
        for ((form, size), total) in FORMS.into_iter().zip(sizes).zip(&mut totals) {
            figures.insert(format!("{part}_{form}"), size.into());
            *total += size;
        }
    }
    row("total", totals);
    for (part, file) in LATER {
        let bytes = fs::read(build::package_dir().join(file)).with_context(|| file.to_owned())?;
        let sizes = [bytes.len(), gzip(&bytes)?, brotli(&bytes)?];
        row(part, sizes);
        for (form, size) in FORMS.into_iter().zip(sizes) {
            figures.insert(format!("{part}_{form}"), size.into());
        }
    }
    for (form, total) in FORMS.into_iter().zip(totals) {
        figures.insert(format!("total_{form}"), total.into());
    }
    if let Some(file) = json {
        fs::write(file, serde_json::to_string_pretty(&Value::Object(figures))?)
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn row(part: &str, [raw, gzip, brotli]: [usize; 3]) {
    println!("{part:<12}{raw:>10}{gzip:>10}{brotli:>10}");
}

fn gzip(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

fn brotli(bytes: &[u8]) -> Result<usize> {
    let mut compressed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &bytes[..], &mut compressed, &parameters)?;
    Ok(compressed.len())
}
