//! Holds the probe's web vitals against those of the `web-vitals` library on the same pages in the same
//! browser: the same value, told under the same circumstances. Exit 0 only if every row agrees.

mod comparison;
mod site;
mod visits;

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use comparison::{Row, compare};
use serde_json::Value;
use site::Site;
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::time::Duration;
use tests::api::{Collector, now_ms};
use tests::cdp::{Browser, NameMap};
use tests::process::{Program, binary, free_port, workspace};
use tests::wait::until;

/// The last beacons of a page are on their way for a moment.
const SETTLED_WITHIN: Duration = Duration::from_secs(6);

/// Compares the probe's web vitals with those of the web-vitals library
#[derive(Parser)]
struct Options {
    /// Write the rows there as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// Only the pages whose path contains this
    #[arg(long, default_value = "")]
    only: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("accuracy: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (public, private) = (free_port()?, free_port()?);
    let config = folder.path().join("collector.toml");
    let database = folder.path().join("accuracy.db").display().to_string();
    std::fs::write(
        &config,
        format!(
            "probe_dir = \"probe-wasm/pkg\"\n\
             [listen]\npublic = \"127.0.0.1:{public}\"\nprivate = \"127.0.0.1:{private}\"\n\
             [store]\npath = {database:?}\n\
             [[apps]]\nname = \"accuracy\"\nkeys = [\"accuracy\"]\norigins = [\"http://pages.test\"]\n"
        ),
    )?;
    let program = Program::start(
        &binary("sightline-collector", "collector")?,
        &["--config".to_owned(), config.display().to_string()],
        Stdio::inherit(),
    )
    .await?;
    let collector = Collector::at(&format!("http://127.0.0.1:{private}"), "accuracy");
    let site = Site::start("http://collector.test").await?;
    let names = NameMap::default()
        .to("pages.test", &site.address)
        .to("collector.test", &format!("http://127.0.0.1:{public}"));
    let browser = Browser::start(&names).await?;
    let mut rows = Vec::new();
    println!(
        "{:<24}{:<20}{:<6}{:>14}{:>14}",
        "page", "navigation", "vital", "web-vitals", "sightline"
    );
    for path in visits::CASES
        .into_iter()
        .filter(|path| path.contains(&options.only))
    {
        let from_ms = now_ms();
        visits::visit(&browser, path)
            .await
            .with_context(|| path.to_owned())?;
        let compared = settled(&site, &collector, path, from_ms).await?;
        for row in &compared {
            println!("{row}");
        }
        rows.extend(compared);
    }
    browser.close().await?;
    program.stop().await?;
    if let Some(file) = options.json {
        let shown: Vec<Value> = rows.iter().map(Row::to_json).collect();
        std::fs::write(
            workspace().join(file),
            serde_json::to_string_pretty(&shown)?,
        )?;
    }
    ensure!(!rows.is_empty(), "nothing was compared");
    let wrong = rows.iter().filter(|row| !row.agrees()).count();
    if wrong > 0 {
        bail!("{wrong} of {} disagree", rows.len());
    }
    println!("{} of {} agree", rows.len(), rows.len());
    Ok(())
}

/// The rows once they agree, or as they are when time is up.
async fn settled(site: &Site, collector: &Collector, path: &str, from_ms: u64) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let agreed = until("both accounts to agree", SETTLED_WITHIN, async || {
        let views = collector
            .views(from_ms)
            .await
            .map_err(|error| format!("{error:#}"))?;
        let views: Vec<Value> = views
            .into_iter()
            .filter(|view| view["route"] == path)
            .collect();
        rows = compare(
            path.trim_start_matches('/'),
            visits::purpose(path),
            &site.said_on(path),
            &views,
        );
        if !rows.is_empty() && rows.iter().all(Row::agrees) {
            Ok(())
        } else {
            Err("not yet".to_owned())
        }
    })
    .await;
    ensure!(
        agreed.is_ok() || !rows.is_empty(),
        "{path}: neither said anything"
    );
    Ok(rows)
}
