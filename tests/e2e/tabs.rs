//! Several tabs of one user: storage is shared or copied, and still nothing is mistaken for another.

use crate::support::{SOON, at_home, ended, healthy, holds, on_stage};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tests::stage::VIEW_LABEL;
use tests::visit::Arrival;
use tests::wait::until;

#[tokio::test]
async fn two_tabs_and_a_window_open_child_are_three_views_and_no_duplicate() -> Result<()> {
    on_stage("tabs", healthy(), async |stage| {
        let first = at_home(stage).await?;
        let second = stage.visitor_beside(&first).await?;
        ensure!(
            second.open("/").await? == Arrival::Ready("/".to_owned()),
            "signed in already"
        );
        second.wait_for_home().await?;
        first.tab().bring_to_front().await?;
        first
            .tab()
            .call(
                "Runtime.evaluate",
                json!({ "expression": "void window.open('/')", "userGesture": true }),
            )
            .await?;
        let child = until("the child window", SOON, async || {
            let child = stage.browser().find_child_of(first.tab(), ()).await;
            child
                .map_err(|error| format!("{error:#}"))?
                .ok_or("no child".to_owned())
        })
        .await?;
        let films = "document.querySelectorAll('.featured-film').length > 0";
        child.wait_for(films, Duration::from_secs(20)).await?;
        child.rest().await?;
        let label = child.evaluate(VIEW_LABEL).await?;
        let label = label
            .as_str()
            .context("the child has no view id")?
            .to_owned();
        let views = [first.view()?, second.view()?, label];
        ensure!(
            views.iter().collect::<BTreeSet<_>>().len() == 3,
            "distinct view ids: {views:?}"
        );
        child.close().await?;
        stage.leave(second).await?;
        stage.leave(first).await?;
        for view in &views {
            let once = |view: &Value| {
                holds(view, "/page/outcome", "ready")?;
                ended(view, "access_app", &["success"])
            };
            stage.until_view(view, SOON, once).await?;
        }
        let slis = stage.collector.slis(stage.from_ms, "").await?;
        ensure!(slis["pages"]["outcomes"]["ready"] == 3, "{slis:#}");
        ensure!(
            slis["journeys"]["access_app"]["client"]["total"] == 3,
            "{slis:#}"
        );
        ensure!(slis["coverage"]["views"] == 3, "{slis:#}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_crashed_page_is_missed_by_the_next_one_in_its_tab() -> Result<()> {
    on_stage("crash", healthy(), async |stage| {
        stage
            .demo
            .set_fault("POST", "/chat", "never-answers")
            .await?;
        let visitor = at_home(stage).await?;
        let crashed = visitor.view()?;
        stage
            .until_view(&crashed, SOON, |view| {
                ended(view, "access_app", &["success"])
            })
            .await?;
        visitor.send_message("Are you still there?").await?;
        let thinking = "!!document.querySelector('.thinking')";
        visitor
            .tab()
            .wait_for(thinking, Duration::from_secs(5))
            .await?;
        // The probe notes what it owes in its next idle batch.
        visitor.tab().rest().await?;
        let arrival = visitor.crash_and_reload().await?;
        ensure!(arrival == Arrival::Ready("/".to_owned()), "{arrival:?}");
        visitor.wait_for_home().await?;
        stage.leave(visitor).await?;
        // The chat was never told of; that something is missing is known.
        stage
            .until_view(&crashed, SOON, |view| holds(view, "/beacons_known_lost", 1))
            .await?;
        let slis = stage.collector.slis(stage.from_ms, "").await?;
        ensure!(slis["coverage"]["beacons_known_lost"] == 1, "{slis:#}");
        ensure!(
            slis["coverage"]["received_ppm"].as_u64() < Some(1_000_000),
            "{slis:#}"
        );
        Ok(())
    })
    .await
}
