//! The visitors' program: its report, in both scenarios, and with browsers that are killed.

use crate::support::{demo, place};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::process::Stdio;
use tests::stage::{Setting, Stage};
use tokio::process::Command;

async fn report_of(stage: &Stage, arguments: &[&str]) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("report.json");
    let output = Command::new(env!("CARGO_BIN_EXE_visitors"))
        .args(stage.visitors_arguments()?)
        .args(["--report", &file.display().to_string()])
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{}: {said}\n{complained}",
        output.status
    );
    for journey in ["access_app", "chat", "update_preferences"] {
        ensure!(
            said.contains(journey),
            "a live line for {journey} in: {said}"
        );
    }
    let text = std::fs::read_to_string(&file).context("the report")?;
    Ok(serde_json::from_str(&text)?)
}

/// The visitors need a stage without its own visitors, and the scenario's own phase.
async fn with_stage(
    name: &str,
    setting: Setting,
    promise: impl AsyncFnOnce(&Stage) -> Result<()>,
) -> Result<()> {
    let _place = place().await?;
    let stage = Stage::set(name, setting).await?;
    promise(&stage)
        .await
        .with_context(|| format!("target/e2e-logs/{name}-*.log may say more"))?;
    stage.strike().await
}

fn agrees(report: &Value) -> Result<()> {
    ensure!(
        report["mismatches"].as_array().is_some_and(Vec::is_empty),
        "{report:#}"
    );
    ensure!(
        report["pages"]["client"] == report["pages"]["ground_truth"],
        "{report:#}"
    );
    for (name, journey) in report["journeys"].as_object().context("journeys")? {
        ensure!(
            journey["client"] == journey["ground_truth"],
            "{name} in {report:#}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn in_health_truth_and_collector_agree_and_only_the_backend_fails() -> Result<()> {
    with_stage("visitors-healthy", demo(&["--crowd", "3"]), async |stage| {
        let report = report_of(stage, &["--visitors", "2", "--visits", "6"]).await?;
        agrees(&report)?;
        ensure!(report["scenario"] == "healthy", "{report:#}");
        ensure!(report["failed_without_the_backend"] == 0, "{report:#}");
        ensure!(
            report["journeys"]["access_app"]["client"]["total"].as_u64() > Some(2),
            "{report:#}"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn in_the_incident_users_fail_unseen_and_truth_and_collector_agree() -> Result<()> {
    let setting = demo(&["--scenario", "challenge7", "--crowd", "3"]);
    with_stage("visitors-incident", setting, async |stage| {
        let report = report_of(stage, &["--visitors", "3", "--visits", "14"]).await?;
        agrees(&report)?;
        let client = &report["journeys"]["access_app"]["client"];
        let (good, total) = (client["good"].as_u64(), client["total"].as_u64());
        let (good, total) = (good.context("good")?, total.context("total")?);
        ensure!(
            total > 4 && good * 100 < total * 70,
            "access must suffer: {report:#}"
        );
        let blank = &report["pages"]["client"]["blank"];
        ensure!(
            blank.as_u64() > Some(0),
            "blank pages are counted: {report:#}"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn killed_browsers_make_the_accounts_differ_and_coverage_says_so() -> Result<()> {
    with_stage("visitors-killed", demo(&["--crowd", "0"]), async |stage| {
        let report = report_of(
            stage,
            &["--visitors", "2", "--visits", "8", "--kill-browsers"],
        )
        .await?;
        let mismatches = report["mismatches"].as_array().map_or(0, Vec::len);
        ensure!(
            mismatches > 0,
            "a killed browser cannot deliver everything: {report:#}"
        );
        let coverage = &report["coverage"];
        ensure!(
            coverage["documents_ppm"].as_u64() < Some(1_000_000),
            "{report:#}"
        );
        ensure!(
            coverage["received_ppm"].as_u64() < Some(1_000_000),
            "{report:#}"
        );
        Ok(())
    })
    .await
}
