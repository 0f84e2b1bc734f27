//! A collector that is in trouble decides when it is asked again, and a second one can take its place.

use crate::support::{SOON, at_home_after, ended, healthy, on_stage, with_options};
use anyhow::{Result, ensure};
use serde_json::json;

/// Answers the first beacon with 503 and `Retry-After: 4`, and notes when beacons are sent.
const BUSY_ONCE: &str = "(() => { const real = fetch; globalThis.sent = []; \
     globalThis.fetch = (url, init) => { \
       if (!/v1.beacons/.test(url)) return real(url, init); \
       sent.push(performance.now()); \
       return sent.length > 1 ? real(url, init) : \
         Promise.resolve(new Response('', { status: 503, headers: { 'Retry-After': '4' } })) } })()";

#[tokio::test]
async fn retry_after_is_obeyed_to_the_second() -> Result<()> {
    on_stage("retry-after", healthy(), async |stage| {
        let visitor = at_home_after(stage, async |tab| tab.prepend(BUSY_ONCE).await).await?;
        visitor.tab().wait_for("sent.length > 1", SOON).await?;
        let pause = visitor.tab().evaluate("sent[1] - sent[0]").await?;
        let pause = pause.as_f64().unwrap_or_default();
        ensure!((4_000.0..9_000.0).contains(&pause), "{pause} ms");
        stage.leave(visitor).await?;
        stage.agreed_truth().await.map(drop)
    })
    .await
}

#[tokio::test]
async fn when_the_collector_fails_the_second_origin_takes_over() -> Result<()> {
    on_stage("second-origin", healthy(), async |stage| {
        let second = json!({ "fallbackCollector": "http://second.sightline.test" });
        let visitor = at_home_after(stage, async |tab| {
            tab.prepend(&with_options(&second)).await?;
            tab.block(&["*collector.sightline.test/v1/*"]).await
        })
        .await?;
        let view = visitor.view()?;
        stage
            .until_view(&view, SOON, |view| ended(view, "access_app", &["success"]))
            .await?;
        visitor.chat("Who is there?").await?;
        stage.leave(visitor).await?;
        stage
            .until_view(&view, SOON, |view| ended(view, "chat", &["success"]))
            .await?;
        stage.agreed_truth().await.map(drop)
    })
    .await
}
