//! The core does not arrive, or not the right one, or the collector's very name is blocked.

use crate::support::{SOON, builds_copied, counted, demo, healthy, holds, on_site, on_stage};
use anyhow::{Context, Result, ensure};
use serde_json::json;
use tests::site::Page;
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

#[tokio::test]
async fn where_the_collector_is_blocked_by_its_name_a_path_of_the_own_origin_delivers() -> Result<()>
{
    on_site("own-path", &[], async |stage| {
        stage.site.put_tunnel("/rum", stage.ingest());
        let page = Page::new("Tunnel").with(&json!({ "collector": "/rum", "core": null }));
        let address = stage.site.put("/", page)?;
        let tab = stage.tab().await?;
        tab.block(&["*collector.test*"]).await?;
        stage.go(&tab, &address).await?;
        tab.evaluate("fetch('http://api.test/json').then((answer) => answer.json())")
            .await?;
        let view = stage.leave(&tab).await?;
        stage
            .collector
            .until_view(&view, SOON, |view| {
                holds(view, "/core", "loaded")?;
                // The probe's own calls are none of the application's.
                match view["request_counts"].as_array().map(Vec::len) {
                    Some(1) if counted(view, "/json", "ok") == 1 => Ok(()),
                    _ => Err("one call was made".to_owned()),
                }
            })
            .await
            .map(drop)
    })
    .await
}
