//! The collector is down: the page does not notice, and what can be kept is delivered later, once.

use crate::support::{at_home, healthy, on_stage};
use anyhow::{Result, ensure};
use tests::stage::{Setting, Stage};
use tests::truth::JourneyOutcome;
use tests::visit::Visitor;

async fn use_everything(visitor: &Visitor) -> Result<()> {
    visitor.chat("Something funny").await?;
    ensure!(
        visitor.delete_preference().await?,
        "there is no preference to delete"
    );
    Ok(())
}

async fn is_unharmed(stage: &Stage) -> Result<()> {
    let settled = stage.truth().await?;
    let attempts = settled.iter().flat_map(|truth| &truth.page.attempts);
    let outcomes: Vec<_> = attempts
        .map(|attempt| (attempt.name, attempt.outcome))
        .collect();
    ensure!(outcomes.len() == 3, "{settled:#?}");
    ensure!(
        outcomes.iter().all(|one| one.1 == JourneyOutcome::Success),
        "{outcomes:?}"
    );
    Ok(())
}

#[tokio::test]
async fn the_page_works_unchanged_when_the_collector_is_down_from_the_start() -> Result<()> {
    let setting = Setting {
        collector: false,
        ..healthy()
    };
    on_stage("collector-down", setting, async |stage| {
        let visitor = at_home(stage).await?;
        use_everything(&visitor).await?;
        let uncaught = visitor.watch().current().unwrap_or_default().uncaught;
        ensure!(uncaught.is_empty(), "errors in the page: {uncaught:#?}");
        stage.leave(visitor).await?;
        is_unharmed(stage).await
    })
    .await
}

#[tokio::test]
async fn while_the_collector_is_away_nothing_is_lost_and_nothing_counted_twice() -> Result<()> {
    on_stage("collector-back", healthy(), async |stage| {
        let visitor = at_home(stage).await?;
        visitor.chat("Before").await?;
        stage.stop_collector().await?;
        visitor.chat("Meanwhile").await?;
        ensure!(
            visitor.delete_preference().await?,
            "there is no preference to delete"
        );
        stage.start_collector().await?;
        visitor.chat("After").await?;
        stage.leave(visitor).await?;
        let settled = stage.agreed_truth().await?;
        ensure!(settled[0].page.attempts.len() == 5, "{settled:#?}");
        let slis = stage.collector.slis(stage.from_ms, "").await?;
        ensure!(slis["journeys"]["chat"]["client"]["total"] == 3, "{slis:#}");
        ensure!(slis["pages"]["total"] == 1, "{slis:#}");
        Ok(())
    })
    .await
}
