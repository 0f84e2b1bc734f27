//! What a page load consists of, and what makes it slow.

use crate::support::{SOON, find, holds, list, on_site, run, within};
use anyhow::{Result, ensure};
use serde_json::Value;
use tests::site::Page;

const BODY: &str = r#"
  <link rel="stylesheet" href="/asset/0/missing.css?status=404">
  <script src="/asset/20/one.js"></script>
  <script src="/asset/20/two.js?secret=1"></script>
  <img src="/asset/1100/4711/slow.svg" width="40" height="40">
  <img src="http://api.test/asset/10/other.svg" width="40" height="40">
  <img src="http://nowhere.test/gone.png" width="40" height="40">"#;

fn resource<'a>(view: &'a Value, kind: &str, origin: &str) -> Result<&'a Value, String> {
    let mut sums = list(view, "resource_counts").iter();
    sums.find(|one| one["kind"] == kind && one["origin"] == origin)
        .ok_or(format!("no {kind} of {origin}"))
}

#[tokio::test]
async fn a_load_is_told_by_phases_and_resources_and_the_slow_and_failed_ones_singly() -> Result<()>
{
    on_site("loading", &[], async |stage| {
        let page = Page::new(BODY).header("Server-Timing", "db;dur=53.4, app;dur=47");
        let tab = stage.open("/", page).await?;
        tab.wait_for("performance.timing.loadEventEnd > 0", SOON)
            .await?;
        let shown = stage
            .told(&tab, |view| {
                let load = &view["navigation"];
                within(load, "/load_ms", 1100.0..=5300.0)?;
                within(load, "/dom_interactive_ms", 20.0..=1400.0)?;
                within(load, "/transfer_bytes", 1000.0..=30_000.0)?;
                within(load, "/decoded_bytes", 1000.0..=30_000.0)?;
                holds(load, "/protocol", "http/1.1")?;
                let db = find(load, "server_timing", "name", "db").ok_or("no db time")?;
                holds(db, "/duration_ms", 53)?;
                let scripts = resource(view, "script", "http://pages.test")?;
                within(scripts, "/count", 2.0..=8.0)?;
                let other = resource(view, "img", "http://api.test")?;
                holds(other, "/count", 1)?;
                let slow = find(view, "resources", "fault", "slow").ok_or("no slow one")?;
                holds(slow, "/address", "http://pages.test/asset/:id/:id/slow.svg")?;
                within(slow, "/duration_ms", 1095.0..=1800.0)?;
                within(slow, "/wait_ms", 1090.0..=1800.0)?;
                let failed = list(view, "resources").iter();
                let failed = failed.filter(|one| one["fault"] == "failed").count();
                if failed == 2 {
                    Ok(())
                } else {
                    Err(format!("{failed} failed"))
                }
            })
            .await?;
        ensure!(!shown.to_string().contains("secret"), "{shown:#}");
        let kinds = list(&shown, "resource_counts").iter();
        let calls = kinds.filter(|one| one["kind"] == "fetch" || one["kind"] == "xmlhttprequest");
        ensure!(calls.count() == 0, "calls are no resources: {shown:#}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn time_in_which_the_page_could_not_respond_is_told_with_its_worst() -> Result<()> {
    on_site("long-tasks", &[], async |stage| {
        let tab = stage.open("/", Page::new("Busy")).await?;
        run(
            &tab,
            "const busy = (ms) => { for (const end = performance.now() + ms; performance.now() < end; ); };
             const frame = () => new Promise(requestAnimationFrame);
             const task = (ms) => new Promise((done) => setTimeout(() => { document.body.append('x'); busy(ms); done(); }));
             for (const ms of [80, 240, 100]) { await task(ms); await frame(); await frame(); }",
        )
        .await?;
        stage
.told(&tab, |view| {
                let all = list(view, "long_tasks").iter();
                let sum = |key: &str| all.clone().filter_map(|one| one[key].as_u64()).sum::<u64>();
                let worst = all.clone().filter_map(|one| one["worst_ms"].as_u64()).max();
                let enough = sum("count") >= 3 && (260..900).contains(&sum("blocking_ms"));
                if enough && worst.is_some_and(|worst| (235..500).contains(&worst)) {
                    Ok(())
                } else {
                    Err(format!("{} tasks, {} ms, worst {worst:?}", sum("count"), sum("blocking_ms")))
                }
            })
            .await
            .map(drop)
    })
    .await
}
