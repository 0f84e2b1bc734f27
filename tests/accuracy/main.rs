//! How right the probe is: its web vitals beside those of the `web-vitals` library on the same pages in the
//! same browser, and its durations beside the delays that a server injected. Exit 0 only if every row
//! agrees.

mod calls;
mod comparison;
mod delays;
mod spread;
mod visits;
mod vitals;

use anyhow::{Result, bail, ensure};
use clap::Parser;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use tests::process::workspace;
use tests::site_stage::SiteStage;

/// Holds the probe's web vitals against the web-vitals library and its durations against injected delays
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
    let stage = SiteStage::set("accuracy", &calls::JOURNEYS).await?;
    let vitals = vitals::compared(&stage, &options.only).await?;
    let delays = delays::compared(&stage, &options.only).await?;
    stage.strike().await?;
    if let Some(file) = options.json {
        let rows = json!({
            "vitals": vitals.iter().map(comparison::Row::to_json).collect::<Vec<_>>(),
            "delays": delays.iter().map(spread::Row::to_json).collect::<Vec<_>>(),
        });
        std::fs::write(workspace().join(file), serde_json::to_string_pretty(&rows)?)?;
    }
    let all = vitals.len() + delays.len();
    ensure!(all > 0, "nothing was compared");
    let right = vitals.iter().filter(|row| row.agrees()).count()
        + delays.iter().filter(|row| row.agrees()).count();
    if right < all {
        bail!("{} of {all} disagree", all - right);
    }
    println!("{right} of {all} agree");
    Ok(())
}
