//! The core does not arrive, or not the right one.

use crate::support::{SOON, builds_copied, demo, healthy, holds, on_stage};
use anyhow::{Context, Result, ensure};
use tests::visit::Arrival;

#[tokio::test]
async fn a_blocked_core_still_sends_a_degraded_beacon_at_the_end() -> Result<()> {
    on_stage("blocked-core", healthy(), async |stage| {
        let visitor = stage.visitor().await?;
        visitor
            .tab()
            .block(&["*/sightline/core*", "*/probe/core*"])
            .await?;
        ensure!(visitor.open("/").await? == Arrival::Ready("/login".to_owned()));
        let view = visitor.view()?;
        visitor
            .tab()
            .wait_for("globalThis.__sightline.core === 'blocked'", SOON)
            .await?;
        stage.leave(visitor).await?;
        stage
            .until_view(&view, SOON, |view| {
                holds(view, "/core", "blocked")?;
                holds(view, "/page/outcome", "ready")
            })
            .await?;
        let slis = stage.collector.slis(stage.from_ms, "").await?;
        ensure!(slis["coverage"]["probe_degraded"] == 1, "{slis:#}");
        ensure!(slis["pages"]["outcomes"]["ready"] == 1, "{slis:#}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_core_of_another_build_is_not_started_and_the_collector_s_is() -> Result<()> {
    let folder = builds_copied("release")?;
    // The name of the build is the last thing in the file.
    let wasm = folder.path().join("release-1/sightline/core.wasm");
    let mut bytes = std::fs::read(&wasm)?;
    *bytes.last_mut().context("core.wasm is empty")? ^= 1;
    std::fs::write(&wasm, bytes)?;
    let dist = folder.path().display().to_string();
    on_stage("other-build", demo(&["--pick", "pod:1", "--dist", &dist]), async |stage| {
        let visitor = stage.visitor().await?;
        ensure!(visitor.open("/").await? == Arrival::Ready("/login".to_owned()));
        let view = visitor.view()?;
        visitor
            .tab()
            .wait_for("globalThis.__sightline.core === 'loaded'", SOON)
            .await?;
        let wasm_from = "performance.getEntriesByType('resource').map(({ name }) => name)\
                         .filter((name) => name.endsWith('core.wasm')).join(' ')";
        let wasm_from = visitor.tab().evaluate(wasm_from).await?;
        let both = "http://movieguru.test/sightline/core.wasm http://collector.sightline.test/probe/core.wasm";
        ensure!(wasm_from == both, "{wasm_from}");
        stage.leave(visitor).await?;
        stage
            .until_view(&view, SOON, |view| {
                holds(view, "/core", "loaded")?;
                holds(view, "/page/outcome", "ready")
            })
            .await?;
        stage.agreed_truth().await.map(drop)
    })
    .await
}
