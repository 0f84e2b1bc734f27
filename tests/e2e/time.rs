//! Clocks that jump, and sessions that end with time.

use crate::support::{SOON, holds, list, on_site, run};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::cdp::Tab;
use tests::site::Page;
use tests::site_stage::SiteStage;

/// The wall clock can be put forward, for this document and the next ones of the tab; the monotonic one
/// stays, as in a machine that slept.
const CLOCK: &str = "(() => {
    const real = Date;
    let ahead = Number(sessionStorage.ahead || 0);
    globalThis.sleep = (ms) => { ahead += ms; sessionStorage.ahead = ahead; };
    globalThis.Date = class extends real {
      constructor(...given) { if (given.length) super(...given); else super(real.now() + ahead); }
      static now() { return real.now() + ahead; }
    };
  })()";

const MINUTE_MS: u64 = 60_000;

async fn with_clock(stage: &SiteStage) -> Result<Tab> {
    let address = stage
        .site
        .put("/", Page::new("<button id=\"act\">Act</button>"))?;
    let tab = stage.tab().await?;
    tab.prepend(CLOCK).await?;
    stage.go(&tab, &address).await?;
    Ok(tab)
}

#[tokio::test]
async fn what_happens_after_the_machine_slept_is_dated_when_it_happened() -> Result<()> {
    on_site("slept", &[], async |stage| {
        let tab = with_clock(stage).await?;
        let slept = 50 * 60 * MINUTE_MS;
        run(
            &tab,
            &format!(
                "sleep({slept});
                 globalThis.wall = Date.now();
                 setTimeout(() => {{ throw new Error('after the sleep'); }});
                 await new Promise((later) => setTimeout(later, 100));"
            ),
        )
        .await?;
        let wall = tab.evaluate("wall").await?.as_u64().context("no time")?;
        let view = stage.view_of(&tab).await?;
        stage
            .collector
            .until_view(&view, SOON, |view| {
                let error = list(view, "errors").first().ok_or("no error")?;
                let at = error["at_ms"].as_u64().unwrap_or_default();
                let corrected = error["event_ms"].as_u64().unwrap_or_default();
                let received = error["received_ms"].as_u64().unwrap_or_default();
                if at.abs_diff(wall) > 3000 || received.abs_diff(corrected) > 5000 {
                    return Err(format!(
                        "dated {at} at {wall}, corrected to {corrected} at {received}"
                    ));
                }
                Ok(())
            })
            .await
            .map(drop)
    })
    .await
}

/// Loads the page again after so many minutes; answers the session of the new view.
async fn session_after(stage: &SiteStage, tab: &Tab, minutes: u64) -> Result<Value> {
    tab.evaluate(&format!("sleep({})", minutes * MINUTE_MS))
        .await?;
    let before = stage.view_of(tab).await?;
    tab.reload().await?;
    tab.wait_for(
        &format!("globalThis.__sightline?.core === 'loaded' && __sightline.view !== '{before}'"),
        SOON,
    )
    .await?;
    tab.click("#act").await?;
    session_of(stage, tab).await
}

async fn session_of(stage: &SiteStage, tab: &Tab) -> Result<Value> {
    let view = stage.view_of(tab).await?;
    let front = stage.hide(tab).await?;
    let shown = stage
        .collector
        .until_view(&view, SOON, |view| holds(view, "/core", "loaded"))
        .await?;
    stage.come_back(tab, front).await?;
    ensure!(shown["session"].is_string(), "no session: {shown:#}");
    Ok(shown["session"].clone())
}

#[tokio::test]
async fn a_session_outlives_a_reload_and_ends_after_half_an_hour_without_the_user() -> Result<()> {
    on_site("sessions", &[], async |stage| {
        let tab = with_clock(stage).await?;
        tab.click("#act").await?;
        let first = session_of(stage, &tab).await?;
        let soon = session_after(stage, &tab, 10).await?;
        ensure!(soon == first, "another session after ten minutes");
        let later = session_after(stage, &tab, 31).await?;
        ensure!(later != first, "the same session after half an hour");
        // Used every 25 minutes, it still ends after four hours.
        let mut last = later.clone();
        for _ in 0..9 {
            last = session_after(stage, &tab, 25).await?;
        }
        ensure!(
            last == later,
            "used all the time, another session before four hours"
        );
        let after = session_after(stage, &tab, 25).await?;
        ensure!(after != later, "the same session after four hours");
        Ok(())
    })
    .await
}
