//! Pages that come up, and pages that do not.

use crate::support::{SOON, at_home, demo, ended, healthy, holds, on_stage};
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tests::stage::Stage;
use tests::truth::PageOutcome;
use tests::visit::{Arrival, Visitor};

/// The failure that the collector's SLIs list for pages or journeys.
async fn listed_failure(stage: &Stage, kind: &str) -> Result<Value> {
    let slis = stage.collector.slis(stage.from_ms, "").await?;
    let failures = slis["failures"].as_array().cloned().unwrap_or_default();
    let found = failures.into_iter().find(|failure| failure["kind"] == kind);
    Ok(found.unwrap_or_else(|| json!({ "no such failure in": slis })))
}

async fn opens_to_failure(stage: &Stage) -> Result<(Visitor, String)> {
    let visitor = stage.visitor().await?;
    let arrival = visitor.open("/").await?;
    ensure!(
        arrival == Arrival::Failed,
        "the page must not come up: {arrival:?}"
    );
    let view = visitor.view()?;
    Ok((visitor, view))
}

#[tokio::test]
async fn in_health_every_journey_succeeds_on_both_accounts() -> Result<()> {
    on_stage("healthy", healthy(), async |stage| {
        let visitor = at_home(stage).await?;
        visitor.chat("Something funny").await?;
        ensure!(
            visitor.delete_preference().await?,
            "there is no preference to delete"
        );
        let view = visitor.view()?;
        stage.leave(visitor).await?;
        let settled = stage.agreed_truth().await?;
        ensure!(
            settled.len() == 1 && settled[0].page.attempts.len() == 3,
            "{settled:#?}"
        );
        let view = stage.collector.view(&view).await?;
        for journey in ["access_app", "chat", "update_preferences"] {
            ended(&view, journey, &["success"]).map_err(anyhow::Error::msg)?;
        }
        let slis = stage.collector.slis(stage.from_ms, "").await?;
        for journey in ["access_app", "chat", "update_preferences"] {
            let client = &slis["journeys"][journey]["client"];
            ensure!(
                client["good"] == 1 && client["bad"] == 0 && client["total"] == 1,
                "{slis:#}"
            );
        }
        ensure!(
            slis["pages"]["good"] == 1 && slis["pages"]["total"] == 1,
            "{slis:#}"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn leaving_in_the_moment_the_films_appear_is_a_successful_access() -> Result<()> {
    on_stage("left-at-once", healthy(), async |stage| {
        let visitor = stage.visitor().await?;
        ensure!(visitor.open("/").await? == Arrival::Ready("/login".to_owned()));
        let view = visitor.view()?;
        visitor
            .tab()
            .evaluate(
                "new MutationObserver(() => {\
                   if (document.querySelector('.featured-film')) location.href = 'about:blank';\
                 }).observe(document, { childList: true, subtree: true })",
            )
            .await?;
        visitor
            .tab()
            .type_into(".login-name", "hasty@example.org")
            .await?;
        visitor.tab().click(".sign-in").await?;
        stage
            .until_view(&view, SOON, |view| ended(view, "access_app", &["success"]))
            .await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_reload_while_signed_in_is_a_second_access_of_its_own() -> Result<()> {
    on_stage("reload", healthy(), async |stage| {
        let visitor = at_home(stage).await?;
        ensure!(visitor.reload().await? == Arrival::Ready("/".to_owned()));
        visitor.wait_for_home().await?;
        stage.leave(visitor).await?;
        let settled = stage.agreed_truth().await?;
        ensure!(settled.len() == 2, "{settled:#?}");
        ensure!(
            settled.iter().all(|truth| truth.page.attempts.len() == 1),
            "{settled:#?}"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_wrong_backend_url_is_shown_with_its_release_pod_and_origin() -> Result<()> {
    const ORIGIN: &str = "http://server-service.movie-guru.svc.cluster.local";
    on_stage("wrong-url", demo(&["--pick", "pod:2"]), async |stage| {
        let visitor = stage.visitor().await?;
        visitor.open("/").await?;
        ensure!(!visitor.sign_in().await?, "signing in must fail");
        let view = visitor.view()?;
        // While the page is still open: bad outcomes leave at once.
        let shown = stage
            .until_view(&view, SOON, |view| {
                ended(view, "access_app", &["failed"])?;
                holds(view, "/page/outcome", "ready")
            })
            .await?;
        ensure!(
            shown["journeys"][0]["backend_origin"] == ORIGIN,
            "{shown:#}"
        );
        ensure!(
            shown["release"] == "2" && shown["deployment"] == "frontend-2",
            "{shown:#}"
        );
        let login = crate::support::find(&shown, "requests", "outcome", "unreachable");
        let flagged = login.is_some_and(|login| {
            login["backend_origin"] == ORIGIN && login["expected_origin"] == false
        });
        ensure!(
            flagged,
            "an unreachable login at an unexpected origin: {shown:#}"
        );
        stage.leave(visitor).await?;
        stage.agreed_truth().await?;
        let failure = listed_failure(stage, "journey").await?;
        ensure!(
            failure["release"] == "2"
                && failure["deployment"] == "frontend-2"
                && failure["backend_origin"] == ORIGIN
                && failure["count"] == 1,
            "{failure:#}"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_page_of_two_releases_is_blank_and_names_both_while_still_open() -> Result<()> {
    on_stage(
        "blank",
        demo(&["--pick", "path:/assets/=2,/=1"]),
        async |stage| {
            let (visitor, view) = opens_to_failure(stage).await?;
            let shown = stage
                .until_view(&view, SOON, |view| {
                    holds(view, "/page/outcome", "blank")?;
                    ended(view, "access_app", &["failed"])
                })
                .await?;
            ensure!(shown["journeys"][0]["reason"] == "page", "{shown:#}");
            stage.leave(visitor).await?;
            // The comparison includes the set of pods and releases.
            let settled = stage.agreed_truth().await?;
            ensure!(
                settled[0].page.outcome == PageOutcome::Blank,
                "{settled:#?}"
            );
            ensure!(settled[0].touched.len() == 2, "{settled:#?}");
            let failure = listed_failure(stage, "page").await?;
            ensure!(
                failure["outcome"] == "blank" && failure["mixed"] == true,
                "{failure:#}"
            );
            Ok(())
        },
    )
    .await
}

#[tokio::test]
async fn a_missing_lazy_chunk_leaves_a_broken_page() -> Result<()> {
    on_stage(
        "broken",
        demo(&["--pick", "path:/assets/Login=2,/=1"]),
        async |stage| {
            let (visitor, view) = opens_to_failure(stage).await?;
            stage
                .until_view(&view, SOON, |view| {
                    holds(view, "/page/outcome", "broken")?;
                    ended(view, "access_app", &["failed"])
                })
                .await?;
            stage.leave(visitor).await?;
            let settled = stage.agreed_truth().await?;
            ensure!(
                settled[0].page.outcome == PageOutcome::Broken,
                "{settled:#?}"
            );
            Ok(())
        },
    )
    .await
}

#[tokio::test]
async fn the_probes_own_files_are_not_what_a_page_touches() -> Result<()> {
    on_stage(
        "own-files",
        demo(&["--pick", "path:/sightline/=2,/=1"]),
        async |stage| {
            let visitor = at_home(stage).await?;
            let view = visitor.view()?;
            stage.leave(visitor).await?;
            stage.agreed_truth().await?;
            let shown = stage.collector.view(&view).await?;
            let pods = shown["page"]["touched"].as_array().map_or(0, Vec::len);
            ensure!(pods == 1 && shown["core"] == "loaded", "{shown:#}");
            Ok(())
        },
    )
    .await
}
