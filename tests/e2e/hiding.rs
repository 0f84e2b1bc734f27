//! Tabs that are hidden and come back: provisional outcomes are replaced, never added.

use crate::support::{SOON, at_home, ended, healthy, holds, on_stage};
use anyhow::{Result, ensure};
use serde_json::json;
use std::time::Duration;
use tests::visit::Arrival;

const HIDDEN: &str = "document.visibilityState === 'hidden'";

fn seqs(view: &serde_json::Value) -> Vec<u64> {
    let beacons = view["beacons"].as_array().into_iter().flatten();
    beacons
        .filter_map(|beacon| beacon["seq"].as_u64())
        .collect()
}

#[tokio::test]
async fn a_chat_answered_after_hiding_and_coming_back_is_one_success() -> Result<()> {
    on_stage("hide-chat", healthy(), async |stage| {
        let slowly = [
            ("ChatLatencyMinMS", json!(6000)),
            ("ChatLatencyMaxMS", json!(6000)),
        ];
        stage.demo.change_phase(&slowly).await?;
        let visitor = at_home(stage).await?;
        visitor.send_message("Take your time").await?;
        let view = visitor.view()?;
        let other = stage.browser().open_beside(visitor.tab(), ()).await?;
        visitor
            .tab()
            .wait_for(HIDDEN, Duration::from_secs(5))
            .await?;
        // What is sent at hiding may be the last word, so it must be there.
        stage
            .until_view(&view, SOON, |view| {
                ended(view, "chat", &["abandoned"])?;
                let chat = crate::support::find(view, "journeys", "name", "chat");
                holds(chat.ok_or("no chat")?, "/finality", "provisional")
            })
            .await?;
        visitor.tab().bring_to_front().await?;
        visitor.wait_for_chat(0, 0).await?;
        other.close().await?;
        stage.leave(visitor).await?;
        stage
            .until_view(&view, SOON, |view| ended(view, "chat", &["success"]))
            .await?;
        stage.agreed_truth().await?;
        let slis = stage.collector.slis(stage.from_ms, "").await?;
        let chat = &slis["journeys"]["chat"]["client"];
        ensure!(
            chat["good"] == 1 && chat["total"] == 1 && chat["excluded"] == 0,
            "{slis:#}"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_core_that_arrives_after_hiding_changes_the_one_page_outcome() -> Result<()> {
    on_stage("late-core", healthy(), async |stage| {
        let visitor = stage.visitor().await?;
        visitor.hold_back(&["*/sightline/core*"]).await?;
        ensure!(visitor.open("/").await? == Arrival::Ready("/login".to_owned()));
        let view = visitor.view()?;
        let other = stage.browser().open_beside(visitor.tab(), ()).await?;
        visitor
            .tab()
            .wait_for(HIDDEN, Duration::from_secs(5))
            .await?;
        stage
            .until_view(&view, SOON, |view| {
                holds(view, "/core", "not_yet")?;
                holds(view, "/page/outcome", "ready")
            })
            .await?;
        visitor.let_go().await?;
        visitor.tab().bring_to_front().await?;
        stage
            .until_view(&view, SOON, |view| holds(view, "/core", "loaded"))
            .await?;
        other.close().await?;
        ensure!(visitor.sign_in().await?, "signing in must work");
        stage.leave(visitor).await?;
        stage.agreed_truth().await?;
        let shown = stage.collector.view(&view).await?;
        ensure!(shown["page"]["outcome"] == "ready", "{shown:#}");
        ensure!(
            seqs(&shown).len() >= 2,
            "hook and core both sent: {shown:#}"
        );
        let slis = stage.collector.slis(stage.from_ms, "").await?;
        ensure!(slis["pages"]["outcomes"]["ready"] == 1, "{slis:#}");
        ensure!(slis["pages"]["total"] == 1, "{slis:#}");
        Ok(())
    })
    .await
}
