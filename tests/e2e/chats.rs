//! Chats that go wrong although nobody says so.

use crate::support::{SOON, at_home, ended, find, healthy, holds, on_stage};
use anyhow::{Result, ensure};
use std::time::Duration;
use tests::stage::Stage;
use tests::truth::Call;
use tests::visit::Visitor;

/// The limit of 30 s, and time to be shown.
const AFTER_THE_LIMIT: Duration = Duration::from_secs(50);

/// A signed-in visitor whose chats go this way; in the end collector and truth agree.
async fn on_faulty_chats(
    name: &str,
    fault: &str,
    promise: impl AsyncFnOnce(&Stage, Visitor, &str) -> Result<()>,
) -> Result<()> {
    on_stage(name, healthy(), async |stage| {
        stage.demo.set_fault("POST", "/chat", fault).await?;
        let visitor = at_home(stage).await?;
        let view = visitor.view()?;
        promise(stage, visitor, &view).await?;
        stage.agreed_truth().await.map(drop)
    })
    .await
}

#[tokio::test]
async fn a_chat_that_is_never_answered_is_hung_while_the_page_is_open() -> Result<()> {
    on_faulty_chats("hung", "never-answers", async |stage, visitor, view| {
        visitor.send_message("Hello?").await?;
        stage
            .until_view(view, AFTER_THE_LIMIT, |view| {
                ended(view, "chat", &["hung"])?;
                find(view, "requests", "outcome", "hung")
                    .map(drop)
                    .ok_or("no hung request".into())
            })
            .await?;
        stage.leave(visitor).await
    })
    .await
}

#[tokio::test]
async fn a_chat_left_before_its_limit_is_abandoned_and_still_delivered() -> Result<()> {
    on_faulty_chats(
        "abandoned",
        "never-answers",
        async |stage, visitor, view| {
            visitor.send_message("Hello?").await?;
            let thinking = "!!document.querySelector('.thinking')";
            visitor.tab().wait_for(thinking, SOON).await?;
            stage.leave(visitor).await?;
            stage
                .until_view(view, SOON, |view| ended(view, "chat", &["abandoned"]))
                .await
                .map(drop)
        },
    )
    .await
}

#[tokio::test]
async fn http_200_with_result_error_is_a_failed_chat() -> Result<()> {
    on_faulty_chats(
        "result-error",
        "result-error",
        async |stage, visitor, view| {
            visitor.chat("Something funny").await?;
            let chats = visitor.calls(Call::Chat);
            ensure!(
                chats.len() == 1 && chats[0].status == Some(200),
                "{chats:#?}"
            );
            let shown = stage
                .until_view(view, SOON, |view| ended(view, "chat", &["failed"]))
                .await?;
            ensure!(
                find(&shown, "journeys", "result", "ERROR").is_some(),
                "{shown:#}"
            );
            ensure!(
                find(&shown, "requests", "outcome", "app_error").is_some(),
                "{shown:#}"
            );
            stage.leave(visitor).await
        },
    )
    .await
}

#[tokio::test]
async fn an_unsafe_question_that_is_answered_is_a_successful_chat() -> Result<()> {
    on_faulty_chats("unsafe", "unsafe", async |stage, visitor, view| {
        visitor.chat("Something naughty").await?;
        stage.leave(visitor).await?;
        stage
            .until_view(view, SOON, |view| ended(view, "chat", &["success"]))
            .await
            .map(drop)
    })
    .await
}

#[tokio::test]
async fn a_result_that_shows_nothing_is_a_failed_chat() -> Result<()> {
    on_faulty_chats("bad-query", "bad-query", async |stage, visitor, view| {
        visitor.chat("Hm").await?;
        stage
            .until_view(view, SOON, |view| {
                ended(view, "chat", &["failed"])?;
                holds(view, "/page/outcome", "ready")
            })
            .await?;
        stage.leave(visitor).await
    })
    .await
}
