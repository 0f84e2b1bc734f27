//! Requests whose failure the page, or the server, cannot see.

use crate::support::{SOON, at_home, ended, find, healthy, on_stage};
use anyhow::{Result, ensure};
use tests::truth::Call;
use tests::visit::Arrival;

#[tokio::test]
async fn html_where_json_was_expected_is_wrong_content_and_a_failed_access() -> Result<()> {
    on_stage("html", healthy(), async |stage| {
        stage.demo.set_fault("GET", "/startup", "html").await?;
        let visitor = at_home(stage).await?;
        let startup = visitor.calls(Call::Startup);
        ensure!(
            startup.iter().all(|call| call.status == Some(200)),
            "{startup:#?}"
        );
        let view = visitor.view()?;
        let shown = stage
            .until_view(&view, SOON, |view| ended(view, "access_app", &["failed"]))
            .await?;
        ensure!(
            find(&shown, "requests", "outcome", "wrong_content").is_some(),
            "{shown:#}"
        );
        stage.leave(visitor).await?;
        stage.agreed_truth().await.map(drop)
    })
    .await
}

#[tokio::test]
async fn a_500_hidden_by_missing_cors_headers_is_unreachable_and_a_failed_access() -> Result<()> {
    on_stage("no-cors", healthy(), async |stage| {
        stage
            .demo
            .set_fault("POST", "/login", "no-cors-500")
            .await?;
        let visitor = stage.visitor().await?;
        ensure!(visitor.open("/").await? == Arrival::Ready("/login".to_owned()));
        ensure!(!visitor.sign_in().await?, "signing in must fail");
        let view = visitor.view()?;
        let shown = stage
            .until_view(&view, SOON, |view| ended(view, "access_app", &["failed"]))
            .await?;
        let login = find(&shown, "requests", "outcome", "unreachable");
        ensure!(
            login.is_some_and(|login| login["expected_origin"] == true),
            "{shown:#}"
        );
        stage.leave(visitor).await?;
        let settled = stage.agreed_truth().await?;
        // The one case in which the server knows what the page cannot.
        ensure!(
            settled[0].page.attempts[0].failed_at_backend == Some(true),
            "{settled:#?}"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_failed_preference_update_is_counted_although_the_chip_vanishes() -> Result<()> {
    on_stage("preferences", healthy(), async |stage| {
        stage
            .demo
            .set_fault("POST", "/preferences", "http-500")
            .await?;
        let visitor = at_home(stage).await?;
        ensure!(
            visitor.delete_preference().await?,
            "there is no preference to delete"
        );
        let view = visitor.view()?;
        stage
            .until_view(&view, SOON, |view| {
                ended(view, "update_preferences", &["failed"])
            })
            .await?;
        stage.leave(visitor).await?;
        stage.agreed_truth().await.map(drop)
    })
    .await
}
