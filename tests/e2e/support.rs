//! What the promises share: a bounded number of stages at once.

use anyhow::{Context, Result};
use tests::stage::{Setting, Stage};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Two cores carry two browsers with their pages; more only make every wait longer.
static STAGES: Semaphore = Semaphore::const_new(2);

/// Runs one promise on a stage of its own and strikes the stage afterwards.
pub(crate) async fn on_stage(
    name: &str,
    setting: Setting,
    promise: impl AsyncFnOnce(&Stage) -> Result<()>,
) -> Result<()> {
    let _place: SemaphorePermit<'_> = STAGES.acquire().await?;
    let stage = Stage::set(name, setting).await?;
    promise(&stage)
        .await
        .with_context(|| format!("target/e2e-logs/{name}-*.log may say more"))?;
    stage.strike().await
}

/// Arguments for the demo.
pub(crate) fn demo(arguments: &[&str]) -> Setting {
    let demo = arguments
        .iter()
        .map(|argument| (*argument).to_owned())
        .collect();
    Setting {
        demo,
        ..Setting::default()
    }
}
