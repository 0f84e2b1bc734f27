//! The ground truth's own promises, on builds without the probe: it needs nothing of what it judges.

use crate::support::{demo, on_stage};
use anyhow::{Result, ensure};
use tests::compare::Settled;
use tests::stage::{Setting, Stage};
use tests::truth::{Call, JourneyOutcome, PageOutcome, Rules};
use tests::visit::{Arrival, Visitor};

fn bare(arguments: &[&str]) -> Setting {
    let setting = demo(&[&["--builds", "bare"], arguments].concat());
    Setting {
        collector: false,
        rules: Rules::movie_guru("null"),
        ..setting
    }
}

async fn truth_of(stage: &Stage, visitor: Visitor) -> Result<Settled> {
    stage.leave(visitor).await?;
    let mut settled = stage.truth().await?;
    ensure!(
        settled.len() == 1,
        "one document was loaded, the truth knows {settled:#?}"
    );
    Ok(settled.remove(0))
}

fn outcomes(settled: &Settled) -> Vec<(&'static str, JourneyOutcome)> {
    settled
        .page
        .attempts
        .iter()
        .map(|attempt| (attempt.name, attempt.outcome))
        .collect()
}

#[tokio::test]
async fn the_truth_sees_a_healthy_visit_as_it_was() -> Result<()> {
    on_stage("truth-healthy", bare(&["--pick", "pod:1"]), async |stage| {
        let visitor = stage.visitor().await?;
        ensure!(visitor.open("/").await? == Arrival::Ready("/login".to_owned()));
        visitor.sign_in().await?;
        visitor.chat("Something funny").await?;
        visitor.delete_preference().await?;
        let settled = truth_of(stage, visitor).await?;
        ensure!(settled.page.outcome == PageOutcome::Ready, "{settled:#?}");
        let names: Vec<_> = outcomes(&settled)
            .into_iter()
            .map(|attempt| attempt.0)
            .collect();
        ensure!(names.starts_with(&["access_app", "chat"]), "{settled:#?}");
        let unexplained = settled.page.attempts.iter().any(|attempt| {
            attempt.outcome != JourneyOutcome::Success && attempt.failed_at_backend != Some(true)
        });
        ensure!(
            !unexplained,
            "a failure the backend does not know of: {settled:#?}"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_truth_sees_a_call_to_a_name_nobody_resolves() -> Result<()> {
    on_stage(
        "truth-wrong-url",
        bare(&["--pick", "pod:2"]),
        async |stage| {
            let visitor = stage.visitor().await?;
            ensure!(visitor.open("/").await? == Arrival::Ready("/login".to_owned()));
            ensure!(!visitor.sign_in().await?, "signing in must fail");
            let login = visitor.calls(Call::Login);
            ensure!(
                login
                    .iter()
                    .all(|call| call.error.as_deref() == Some("net::ERR_NAME_NOT_RESOLVED")),
                "{login:#?}"
            );
            let settled = truth_of(stage, visitor).await?;
            ensure!(settled.page.outcome == PageOutcome::Ready, "{settled:#?}");
            ensure!(
                outcomes(&settled) == [("access_app", JourneyOutcome::Failed)],
                "{settled:#?}"
            );
            ensure!(
                settled.page.attempts[0].failed_at_backend == Some(false),
                "{settled:#?}"
            );
            Ok(())
        },
    )
    .await
}

#[tokio::test]
async fn the_truth_sees_a_page_of_two_releases_as_blank_and_names_both() -> Result<()> {
    on_stage(
        "truth-blank",
        bare(&["--pick", "path:/assets/=2,/=1"]),
        async |stage| {
            let visitor = stage.visitor().await?;
            ensure!(visitor.open("/").await? == Arrival::Failed);
            let settled = truth_of(stage, visitor).await?;
            ensure!(settled.page.outcome == PageOutcome::Blank, "{settled:#?}");
            ensure!(
                outcomes(&settled) == [("access_app", JourneyOutcome::Failed)],
                "{settled:#?}"
            );
            let releases: Vec<_> = settled
                .touched
                .iter()
                .map(|server| server.release.as_str())
                .collect();
            ensure!(releases == ["1", "2"], "{settled:#?}");
            Ok(())
        },
    )
    .await
}

#[tokio::test]
async fn the_truth_sees_a_missing_lazy_chunk_as_broken() -> Result<()> {
    on_stage(
        "truth-broken",
        bare(&["--pick", "path:/assets/Login=2,/=1"]),
        async |stage| {
            let visitor = stage.visitor().await?;
            ensure!(visitor.open("/").await? == Arrival::Failed);
            let settled = truth_of(stage, visitor).await?;
            ensure!(settled.page.outcome == PageOutcome::Broken, "{settled:#?}");
            ensure!(
                outcomes(&settled) == [("access_app", JourneyOutcome::Failed)],
                "{settled:#?}"
            );
            Ok(())
        },
    )
    .await
}
