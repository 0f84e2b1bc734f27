//! What is done on each page: real input events, hiding by another tab in front, going away and coming
//! back. Every visit ends hidden, since that is when vitals are told.

use anyhow::{Result, ensure};
use serde_json::json;
use std::time::Duration;
use tests::cdp::Tab;
use tests::site::PAGES;
use tests::site_stage::SiteStage;
use tests::wait::until;

const SOON: Duration = Duration::from_secs(20);
const CORE: &str = "__sightline.core === 'loaded'";
const HIDDEN: &str = "document.visibilityState === 'hidden'";
const VISIBLE: &str = "document.visibilityState === 'visible'";

/// The pages visited, in order; each is a path of the site, and its own story in [`visit`].
pub(crate) const CASES: [&str; 12] = [
    "/still",
    "/late-candidates",
    "/late-picture",
    "/script-clicks",
    "/session-windows",
    "/many-interactions",
    "/quick-clicks",
    "/late-core-clicks",
    "/late-core-hidden",
    "/loaded-hidden",
    "/restored",
    "/prerendered",
];

/// Where a visit goes to come back.
pub(crate) const ELSEWHERE: &str = "/another";

/// Where the prerendered page is prerendered from.
pub(crate) const BEFORE: &str = "/before-prerendered";

/// What a page is visited for: without these its row would prove nothing. A navigation kind and a vital.
pub(crate) fn purpose(path: &str) -> &'static [(&'static str, &'static str)] {
    const RESTORED: &str = "back_forward_cache";
    match path {
        "/late-picture" => &[
            ("navigate", "lcp"),
            ("navigate", "lcp resource_load_delay"),
            ("navigate", "lcp resource_load_duration"),
        ],
        "/session-windows" => &[("navigate", "cls"), ("navigate", "cls largest_shift")],
        "/many-interactions" | "/quick-clicks" => {
            &[("navigate", "inp"), ("navigate", "inp processing_duration")]
        }
        "/late-core-clicks" => &[
            ("navigate", "inp"),
            ("navigate", "inp processing_duration"),
            ("navigate", "lcp"),
            ("navigate", "lcp element_render_delay"),
        ],
        "/late-core-hidden" => &[("navigate", "cls"), ("navigate", "lcp")],
        "/loaded-hidden" => &[("navigate", "ttfb")],
        "/restored" => &[
            (RESTORED, "ttfb"),
            (RESTORED, "fcp"),
            (RESTORED, "lcp"),
            (RESTORED, "cls"),
            (RESTORED, "inp"),
        ],
        "/prerendered" => &[
            ("prerender", "fcp"),
            ("prerender", "lcp"),
            ("prerender", "ttfb"),
        ],
        _ => &[("navigate", "fcp"), ("navigate", "lcp")],
    }
}

/// Visits one page in a context of its own.
pub(crate) async fn visit(stage: &SiteStage, path: &str) -> Result<()> {
    let browser = stage.browser();
    let mut tab = browser.open(()).await?;
    tab.bring_to_front().await?;
    let url = format!("{PAGES}{path}");
    match path {
        "/loaded-hidden" => {
            let front = browser.open_beside(&tab, ()).await?;
            tab.wait_for(HIDDEN, SOON).await?;
            tab.go(&url).await?;
            arrived(&tab, path).await?;
            come_back(&tab, front).await?;
            tab.rest().await?;
        }
        "/late-core-clicks" | "/quick-clicks" => {
            tab.go(&url).await?;
            tab.wait_for("globalThis.finished === true", SOON).await?;
            tab.click("#act").await?;
            tab.click("#act").await?;
            tab.rest().await?;
            arrived(&tab, path).await?;
        }
        "/late-core-hidden" => {
            tab.go(&url).await?;
            tab.wait_for("globalThis.finished === true", SOON).await?;
            tab.rest().await?;
            let front = browser.open_beside(&tab, ()).await?;
            tab.wait_for(HIDDEN, SOON).await?;
            arrived(&tab, path).await?;
            come_back(&tab, front).await?;
        }
        "/many-interactions" => {
            tab.go(&url).await?;
            arrived(&tab, path).await?;
            for _ in 0..60 {
                tab.click("#act").await?;
            }
            tab.rest().await?;
            // The second hiding revises what the first told.
            let front = browser.open_beside(&tab, ()).await?;
            tab.wait_for(HIDDEN, SOON).await?;
            come_back(&tab, front).await?;
            tab.click("#field").await?;
            for _ in 0..50 {
                tab.click("#act").await?;
                tab.press_enter().await?;
            }
            tab.rest().await?;
        }
        "/restored" => {
            tab.go(&url).await?;
            arrived(&tab, path).await?;
            tab.click("#act").await?;
            tab.rest().await?;
            tab.go(&format!("{PAGES}{ELSEWHERE}")).await?;
            arrived(&tab, ELSEWHERE).await?;
            tab.evaluate("history.back()").await?;
            arrived(&tab, path).await?;
            tab.rest().await?;
            tab.click("#act").await?;
            tab.evaluate(
                "new Promise((moved) => setTimeout(() => { push(60); moved(true); }, 700))",
            )
            .await?;
            tab.rest().await?;
        }
        "/prerendered" => {
            // It asks for the other page to be prerendered and goes there when that is done, once alone.
            tab.go(&format!("{PAGES}{BEFORE}")).await?;
            arrived(&tab, BEFORE).await?;
            tab.detach().await?;
            let shown = until("the prerendered page", SOON, async || {
                let found = browser.find_at(&tab, &url, ()).await;
                found
                    .map_err(|error| format!("{error:#}"))?
                    .ok_or("not there".to_owned())
            })
            .await?;
            arrived(&shown, path).await?;
            let activated = "performance.getEntriesByType('navigation')[0].activationStart > 0";
            ensure!(
                shown.evaluate(activated).await? == true,
                "it was loaded anew"
            );
            tab = shown;
            tab.rest().await?;
        }
        _ => {
            tab.go(&url).await?;
            arrived(&tab, path).await?;
            tab.rest().await?;
        }
    }
    let front = browser.open_beside(&tab, ()).await?;
    tab.wait_for(HIDDEN, SOON).await?;
    front.close().await?;
    tab.close().await?;
    tab.dispose_context().await
}

/// The page is there, its own plan carried out, and the core at work.
async fn arrived(tab: &Tab, path: &str) -> Result<()> {
    let there = format!(
        "location.pathname === {} && globalThis.finished === true",
        json!(path)
    );
    tab.wait_for(&there, SOON).await?;
    tab.wait_for(CORE, SOON).await
}

async fn come_back(tab: &Tab, front: Tab) -> Result<()> {
    tab.bring_to_front().await?;
    tab.wait_for(VISIBLE, SOON).await?;
    front.close().await
}
