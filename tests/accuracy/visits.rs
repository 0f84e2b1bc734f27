//! What is done on each page: real input events, hiding by another tab in front, going away and coming
//! back. Every visit ends hidden, since that is when vitals are told.

use anyhow::Result;
use serde_json::json;
use std::time::Duration;
use tests::cdp::{Browser, Tab};

const SITE: &str = "http://pages.test";
const SOON: Duration = Duration::from_secs(20);
const CORE: &str = "__sightline.core === 'loaded'";
const HIDDEN: &str = "document.visibilityState === 'hidden'";
const VISIBLE: &str = "document.visibilityState === 'visible'";

/// The pages visited, in order; each is a path of the site, and its own story in [`visit`].
pub(crate) const CASES: [&str; 10] = [
    "/still",
    "/late-candidates",
    "/script-clicks",
    "/session-windows",
    "/many-interactions",
    "/quick-clicks",
    "/late-core-clicks",
    "/late-core-hidden",
    "/loaded-hidden",
    "/restored",
];

/// What a page is visited for: without these its row would prove nothing. A navigation kind and a vital.
pub(crate) fn purpose(path: &str) -> &'static [(&'static str, &'static str)] {
    const RESTORED: &str = "back_forward_cache";
    match path {
        "/session-windows" => &[("navigate", "cls")],
        "/many-interactions" | "/quick-clicks" => &[("navigate", "inp")],
        "/late-core-clicks" => &[("navigate", "inp"), ("navigate", "lcp")],
        "/late-core-hidden" => &[("navigate", "cls"), ("navigate", "lcp")],
        "/loaded-hidden" => &[("navigate", "ttfb")],
        "/restored" => &[
            (RESTORED, "ttfb"),
            (RESTORED, "fcp"),
            (RESTORED, "lcp"),
            (RESTORED, "cls"),
            (RESTORED, "inp"),
        ],
        _ => &[("navigate", "fcp"), ("navigate", "lcp")],
    }
}

/// Visits one page in a context of its own.
pub(crate) async fn visit(browser: &Browser, path: &str) -> Result<()> {
    let tab = browser.open(()).await?;
    tab.bring_to_front().await?;
    let url = format!("{SITE}{path}");
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
            tab.go(&format!("{SITE}/elsewhere")).await?;
            arrived(&tab, "/elsewhere").await?;
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
