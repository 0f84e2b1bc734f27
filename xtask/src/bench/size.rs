//! What the probe costs a visitor to download, after building it afresh.

use crate::build;
use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value};
use std::fs;
use std::io::Write;
use std::path::Path;

/// At the start of every page; the budget is for these.
const PARTS: [(&str, &str); 3] = [
    ("early_hook", "early.js"),
    ("glue", "core.js"),
    ("wasm", "core.wasm"),
];
/// When the page is idle and details leave.
const SECOND: [(&str, &str); 1] = [("more", "more.js")];
/// By an option, or when a function of the package is used.
const BY_OPTION: [(&str, &str); 6] = [
    ("api", "api.js"),
    ("check", "check.js"),
    ("console", "console.js"),
    ("events", "events.js"),
    ("debug", "debug.js"),
    ("trace", "trace.js"),
];
/// Bytes of brotli that all at the start may have, and the early hook of them.
const BUDGET: (usize, usize) = (17_800, 2_000);
const FORMS: [&str; 3] = ["raw", "gzip", "brotli"];

pub(super) fn run(json: Option<&Path>) -> Result<()> {
    build::probe()?;
    let mut figures = Map::new();
    let mut totals = [0; 3];
    let mut hook = 0;
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
        if part == "early_hook" {
            hook = sizes[2];
        }
    }
    row("total", totals);
    println!(
        "{:<12}{:>30}",
        "budget",
        format!("{} of {}, {hook} of {}", totals[2], BUDGET.0, BUDGET.1)
    );
    for (when, parts) in [
        ("when idle:", &SECOND[..]),
        ("by option or use:", &BY_OPTION),
    ] {
        println!("{when}");
        for (part, file) in parts {
            let bytes =
                fs::read(build::package_dir().join(file)).with_context(|| (*file).to_owned())?;
            let sizes = [bytes.len(), gzip(&bytes)?, brotli(&bytes)?];
            row(part, sizes);
            for (form, size) in FORMS.into_iter().zip(sizes) {
                figures.insert(format!("{part}_{form}"), size.into());
            }
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
