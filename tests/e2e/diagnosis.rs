//! Calls that got no answer: what kept it away is told apart.

use crate::support::{SOON, at_home, builds_copied, demo, find, healthy, on_stage};
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tests::stage::Stage;
use tests::visit::{Arrival, Visitor};

/// Waits until an unreachable call of the view has this diagnosis.
async fn diagnosed(stage: &Stage, visitor: &Visitor, cause: &str, at_least: u64) -> Result<Value> {
    let view = visitor.view()?;
    stage
        .until_view(&view, SOON, |view| {
            let call =
                find(view, "requests", "outcome", "unreachable").ok_or("no unreachable call")?;
            let diagnosis = &call["diagnosis"];
            let sure = diagnosis["confidence_percent"]
                .as_u64()
                .is_some_and(|sure| sure >= at_least);
            if diagnosis["cause"] == cause && sure {
                Ok(())
            } else {
                Err(format!("{call}"))
            }
        })
        .await
}

#[tokio::test]
async fn a_build_with_a_wrong_backend_url_is_told_as_an_unexpected_origin() -> Result<()> {
    on_stage(
        "unexpected-origin",
        demo(&["--pick", "pod:2"]),
        async |stage| {
            let visitor = stage.visitor().await?;
            ensure!(visitor.open("/").await? == Arrival::Ready("/login".to_owned()));
            ensure!(!visitor.sign_in().await?, "signing in must fail");
            diagnosed(stage, &visitor, "unexpected_origin", 80).await?;
            stage.leave(visitor).await
        },
    )
    .await
}

#[tokio::test]
async fn an_answer_without_cors_headers_from_a_backend_that_answered_before_is_told_as_such()
-> Result<()> {
    on_stage("cors-known", healthy(), async |stage| {
        let visitor = at_home(stage).await?;
        stage
            .demo
            .set_fault("POST", "/preferences", "no-cors-500")
            .await?;
        ensure!(
            visitor.delete_preference().await?,
            "there is no preference to delete"
        );
        diagnosed(stage, &visitor, "blocked_by_cors", 70).await?;
        stage.leave(visitor).await
    })
    .await
}

#[tokio::test]
async fn a_check_tells_a_first_answer_without_cors_headers_from_a_host_out_of_reach() -> Result<()>
{
    let folder = builds_copied("release")?;
    let page = folder.path().join("release-1/index.html");
    let html = std::fs::read_to_string(&page)?;
    let option = "__sightlineConfig={\"checkUnreachable\":true,";
    ensure!(html.contains("__sightlineConfig={"), "{html}");
    std::fs::write(&page, html.replacen("__sightlineConfig={", option, 1))?;
    let dist = folder.path().display().to_string();
    on_stage(
        "cors-checked",
        demo(&["--pick", "pod:1", "--dist", &dist]),
        async |stage| {
            stage
                .demo
                .set_fault("POST", "/login", "no-cors-500")
                .await?;
            let visitor = stage.visitor().await?;
            ensure!(visitor.open("/").await? == Arrival::Ready("/login".to_owned()));
            ensure!(!visitor.sign_in().await?, "signing in must fail");
            diagnosed(stage, &visitor, "blocked_by_cors", 80).await?;
            stage.leave(visitor).await
        },
    )
    .await
}

#[tokio::test]
async fn a_browser_that_lost_its_network_says_so_once_it_is_back() -> Result<()> {
    on_stage("offline", healthy(), async |stage| {
        let visitor = at_home(stage).await?;
        let network = |offline: bool| {
            let conditions = json!({
                "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1,
            });
            visitor
                .tab()
                .call("Network.emulateNetworkConditions", conditions)
        };
        network(true).await?;
        visitor.chat("Anybody there?").await?;
        network(false).await?;
        diagnosed(stage, &visitor, "offline", 90).await?;
        stage.leave(visitor).await
    })
    .await
}
