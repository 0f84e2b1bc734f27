//! Details can be left out, for a share of the sessions or because the user asks for privacy; counts never.

use crate::privacy::ASKS_FOR_PRIVACY;
use crate::support::{SOON, counted, ended, list, on_site, run};
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tests::cdp::Tab;
use tests::site::Page;
use tests::site_stage::SiteStage;

/// Everything a view can hold besides outcomes and counts.
const DETAILS: [&str; 13] = [
    "requests",
    "errors",
    "vitals",
    "vital_causes",
    "routes",
    "resources",
    "resource_counts",
    "long_tasks",
    "sockets",
    "clicks",
    "frustrations",
    "measurements",
    "attributes",
];

/// A bit of everything: twenty good calls, three bad ones, one attempt, and much to tell.
async fn use_everything(tab: &Tab) -> Result<()> {
    tab.click("#act").await?;
    run(
        tab,
        "for (let call = 0; call < 20; call++) await (await fetch('http://api.test/json')).json();
         for (let call = 0; call < 3; call++) await fetch('http://api.test/json?status=503');
         await (await fetch('http://api.test/json?result=attempt')).text();
         sightline.measure('basket', 12);
         sightline.attribute('plan', 'gold');
         history.pushState({}, '', '/another');
         setTimeout(() => { throw new Error('an error'); });
         const socket = new WebSocket('ws://api.test/ws');
         await new Promise((done) => { socket.onopen = done; });
         setTimeout(() => { for (const end = performance.now() + 120; performance.now() < end; ); });
         await new Promise((later) => setTimeout(later, 300));",
    )
    .await?;
    tab.rest().await
}

fn page() -> Page {
    Page::new("<button id=\"act\">Act</button>").with(&json!({ "journeys": [
        { "name": "act", "start": [{ "click": "#act" }], "end": { "request": "GET */json" } },
    ] }))
}

async fn is_counted_without_detail(stage: &SiteStage, tab: &Tab) -> Result<Value> {
    use_everything(tab).await?;
    let view = stage.leave(tab).await?;
    let shown = stage
        .collector
        .until_view(&view, SOON, |view| {
            ended(view, "act", &["success"])?;
            let calls = (
                counted(view, "/json", "ok"),
                counted(view, "/json", "http_error"),
            );
            if calls == (21, 3) {
                Ok(())
            } else {
                Err(format!("{calls:?} calls"))
            }
        })
        .await?;
    for details in DETAILS {
        ensure!(list(&shown, details).is_empty(), "{details} in {shown:#}");
    }
    ensure!(shown["navigation"].is_null(), "{shown:#}");
    Ok(shown)
}

#[tokio::test]
async fn where_no_session_is_sampled_every_count_is_exact_and_no_detail_leaves() -> Result<()> {
    on_site("unsampled", &["act"], async |stage| {
        let tab = stage
            .open("/", page().with(&json!({ "sampleDetail": 0 })))
            .await?;
        let shown = is_counted_without_detail(stage, &tab).await?;
        ensure!(shown["detail"] == "unsampled", "{shown:#}");
        ensure!(!shown["session"].is_null(), "{shown:#}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn with_global_privacy_control_no_instrument_tells_anything_but_counts() -> Result<()> {
    on_site("private", &["act"], async |stage| {
        let address = stage.site.put("/", page())?;
        let tab = stage.tab().await?;
        tab.prepend(ASKS_FOR_PRIVACY).await?;
        stage.go(&tab, &address).await?;
        let shown = is_counted_without_detail(stage, &tab).await?;
        ensure!(shown["detail"] == "private", "{shown:#}");
        ensure!(shown["session"].is_null(), "{shown:#}");
        let kept = tab
            .evaluate("localStorage.length + sessionStorage.length")
            .await?;
        ensure!(kept == 0, "{kept} things are stored");
        let fetched = stage.site.probe_files();
        ensure!(!fetched.iter().any(|file| file == "more.js"), "{fetched:?}");
        Ok(())
    })
    .await
}
