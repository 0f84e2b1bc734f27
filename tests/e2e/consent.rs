//! Nothing is measured before the user agrees, and nothing after the user has had enough.

use crate::support::{
    SOON, at_home, at_home_after, at_login_after, ended, healthy, holds, on_site, on_stage,
    with_options,
};
use anyhow::{Result, ensure};
use serde_json::json;
use tests::site::Page;

/// Keeps the page's own functions aside, to be compared with.
const ASIDE: &str = "(() => { const of = () => [fetch, XMLHttpRequest.prototype.open, \
     XMLHttpRequest.prototype.send, Response.prototype.json, Response.prototype.text, \
     Response.prototype.blob, Response.prototype.arrayBuffer]; \
     const before = of(); globalThis.asBefore = () => of().filter((one, at) => one === before[at]).length; \
     const real = fetch.bind(globalThis); globalThis.beacons = 0; \
     const beacon = navigator.sendBeacon.bind(navigator); \
     navigator.sendBeacon = (...all) => { globalThis.beacons++; return beacon(...all) } })()";

/// Everything the probe keeps in this origin.
const KEPT: &str = "[...Object.keys(localStorage), ...Object.keys(sessionStorage)].filter(key => /^sightline/.test(key)).length";

#[tokio::test]
async fn before_consent_nothing_is_touched_kept_or_sent() -> Result<()> {
    on_stage("consent", healthy(), async |stage| {
        let required = with_options(&json!({ "consent": "required" }));
        let visitor = at_login_after(stage, async |tab| {
            tab.prepend(ASIDE).await?;
            tab.prepend(&required).await
        })
        .await?;
        let tab = visitor.tab();
        ensure!(
            tab.evaluate("asBefore()").await? == 7,
            "a function was wrapped"
        );
        ensure!(tab.evaluate(KEPT).await? == 0, "something is stored");
        // Hiding is when a probe speaks.
        let other = stage.browser().open_beside(tab, ()).await?;
        tab.wait_for("document.hidden", SOON).await?;
        tab.bring_to_front().await?;
        other.close().await?;
        ensure!(tab.evaluate("beacons").await? == 0, "something was sent");
        let views = stage.collector.views(stage.from_ms).await?;
        ensure!(views.is_empty(), "{views:#?}");
        tab.evaluate("void __sightline.start()").await?;
        tab.wait_for("__sightline.core === 'loaded'", SOON).await?;
        let view = tab.evaluate("__sightline.view").await?;
        let view = view.as_str().unwrap_or_default().to_owned();
        ensure!(visitor.sign_in().await?, "signing in must work");
        stage
            .until_view(&view, SOON, |view| {
                holds(view, "/page/outcome", "ready")?;
                ended(view, "access_app", &["success"])
            })
            .await?;
        stage.leave(visitor).await
    })
    .await
}

#[tokio::test]
async fn only_the_documented_word_makes_the_probe_wait() -> Result<()> {
    on_site("consent-given", &[], async |stage| {
        let given = json!({ "consent": "given" });
        let tab = stage
            .open("/", Page::new("<p>Given</p>").with(&given))
            .await?;
        stage
            .told(&tab, |view| holds(view, "/page/outcome", "ready"))
            .await
            .map(drop)
    })
    .await
}

#[tokio::test]
async fn stop_leaves_the_page_as_it_was_and_nothing_is_sent_any_more() -> Result<()> {
    on_stage("stop", healthy(), async |stage| {
        let visitor = at_home_after(stage, async |tab| tab.prepend(ASIDE).await).await?;
        let view = visitor.view()?;
        stage
            .until_view(&view, SOON, |view| ended(view, "access_app", &["success"]))
            .await?;
        let tab = visitor.tab();
        ensure!(tab.evaluate("asBefore()").await? == 0, "all are wrapped");
        tab.evaluate("void __sightline.stop()").await?;
        ensure!(tab.evaluate("asBefore()").await? == 7, "a wrapper stays");
        ensure!(tab.evaluate(KEPT).await? == 0, "something stays stored");
        let before = stage.collector.view(&view).await?;
        visitor.chat("Between us").await?;
        ensure!(
            tab.evaluate("__sightline.queue.length").await? == 0,
            "a call was noted"
        );
        let other = stage.browser().open_beside(tab, ()).await?;
        tab.wait_for("document.hidden", SOON).await?;
        ensure!(tab.evaluate("beacons").await? == 0, "something was sent");
        other.close().await?;
        stage.leave(visitor).await?;
        // A second visitor's beacons come after any the first could have sent.
        let second = at_home(stage).await?;
        let witness = second.view()?;
        stage.leave(second).await?;
        stage
            .until_view(&witness, SOON, |view| {
                ended(view, "access_app", &["success"])
            })
            .await?;
        let after = stage.collector.view(&view).await?;
        ensure!(after["beacons"] == before["beacons"], "{after:#}");
        Ok(())
    })
    .await
}
