//! Chats that go wrong although nobody says so.

use crate::support::{SOON, at_home, ended, find, healthy, holds, on_stage};
use anyhow::{Result, ensure};
use std::time::Duration;
use tests::truth::Call;

/// The limit of 30 s, and time to be shown.
const AFTER_THE_LIMIT: Duration = Duration::from_secs(50);

#[tokio::test]
async fn a_chat_that_is_never_answered_is_hung_while_the_page_is_open() -> Result<()> {
    on_stage("hung", healthy(), async |stage| {
        stage
            .demo
            .set_fault("POST", "/chat", "never-answers")
            .await?;
        let visitor = at_home(stage).await?;
        visitor.send_message("Hello?").await?;
        let view = visitor.view()?;
        stage
            .until_view(&view, AFTER_THE_LIMIT, |view| {
                ended(view, "chat", &["hung"])?;
                find(view, "requests", "outcome", "hung")
                    .map(drop)
                    .ok_or("no hung request".into())
            })
            .await?;
        stage.leave(visitor).await?;
        stage.agreed_truth().await.map(drop)
    })
    .await
}

#[tokio::test]
async fn a_chat_left_before_its_limit_is_abandoned_and_still_delivered() -> Result<()> {
    on_stage("abandoned", healthy(), async |stage| {
        stage
            .demo
            .set_fault("POST", "/chat", "never-answers")
            .await?;
        let visitor = at_home(stage).await?;
        visitor.send_message("Hello?").await?;
        let view = visitor.view()?;
        visitor
            .tab()
            .wait_for(
                "!!document.querySelector('.thinking')",
                Duration::from_secs(5),
            )
            .await?;
        stage.leave(visitor).await?;
        stage
            .until_view(&view, SOON, |view| ended(view, "chat", &["abandoned"]))
            .await?;
        stage.agreed_truth().await.map(drop)
    })
    .await
}

#[tokio::test]
async fn http_200_with_result_error_is_a_failed_chat() -> Result<()> {
    on_stage("result-error", healthy(), async |stage| {
        stage
            .demo
            .set_fault("POST", "/chat", "result-error")
            .await?;
        let visitor = at_home(stage).await?;
        visitor.chat("Something funny").await?;
        let chats = visitor.calls(Call::Chat);
        ensure!(
            chats.len() == 1 && chats[0].status == Some(200),
            "{chats:#?}"
        );
        let view = visitor.view()?;
        let shown = stage
            .until_view(&view, SOON, |view| ended(view, "chat", &["failed"]))
            .await?;
        ensure!(
            find(&shown, "journeys", "result", "ERROR").is_some(),
            "{shown:#}"
        );
        ensure!(
            find(&shown, "requests", "outcome", "app_error").is_some(),
            "{shown:#}"
        );
        stage.leave(visitor).await?;
        stage.agreed_truth().await.map(drop)
    })
    .await
}

#[tokio::test]
async fn an_unsafe_question_that_is_answered_is_a_successful_chat() -> Result<()> {
    on_stage("unsafe", healthy(), async |stage| {
        stage.demo.set_fault("POST", "/chat", "unsafe").await?;
        let visitor = at_home(stage).await?;
        visitor.chat("Something naughty").await?;
        let view = visitor.view()?;
        stage.leave(visitor).await?;
        stage
            .until_view(&view, SOON, |view| ended(view, "chat", &["success"]))
            .await?;
        stage.agreed_truth().await.map(drop)
    })
    .await
}

#[tokio::test]
async fn a_result_that_shows_nothing_is_a_failed_chat() -> Result<()> {
    on_stage("bad-query", healthy(), async |stage| {
        stage.demo.set_fault("POST", "/chat", "bad-query").await?;
        let visitor = at_home(stage).await?;
        visitor.chat("Hm").await?;
        let view = visitor.view()?;
        stage
            .until_view(&view, SOON, |view| {
                ended(view, "chat", &["failed"])?;
                holds(view, "/page/outcome", "ready")
            })
            .await?;
        stage.leave(visitor).await?;
        stage.agreed_truth().await.map(drop)
    })
    .await
}
