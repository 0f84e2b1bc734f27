//! What an application says to the probe, and what it hears from it.

use crate::support::{SOON, find, holds, list, on_site, run};
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tests::site::Page;

#[tokio::test]
async fn measurements_attributes_and_routes_are_told_as_the_application_gave_them() -> Result<()> {
    on_site("api", &[], async |stage| {
        let before = "<script type=\"module\">
            import * as sightline from '/sightline/index.js';
            sightline.attribute('plan', 'gold');
            sightline.measure('before_the_core', -3.25);
            globalThis.said = true;
          </script>";
        let page = Page::new(before).with(&json!({ "core": "/late/600/sightline/" }));
        let tab = stage.open("/films/12", page).await?;
        tab.wait_for("globalThis.said === true", SOON).await?;
        run(
            &tab,
            "sightline.measure('basket', 12.5, { currency: 'EUR', items: 3, gift: true });
             sightline.attribute('experiment', 'b');
             sightline.setRoute('/named/:film');
             sightline.measure('none', NaN);
             sightline.measure('', 1);
             sightline.measure('long', 1, { text: 'x'.repeat(500) });",
        )
        .await?;
        let shown = stage
            .told(&tab, |view| {
                let named = |name: &str| {
                    find(view, "measurements", "name", name).ok_or(format!("no {name}"))
                };
                holds(named("before_the_core")?, "/value_micros", -3_250_000)?;
                let basket = named("basket")?;
                holds(basket, "/value_micros", 12_500_000)?;
                let attributes = json!([
                    { "key": "currency", "value": "EUR" },
                    { "key": "items", "value": "3" },
                    { "key": "gift", "value": "true" },
                ]);
                holds(basket, "/attributes", attributes)?;
                holds(named("long")?, "/attributes/0/value", "x".repeat(128))?;
                let of_visit = list(view, "attributes");
                let has = |key: &str, value: &str| {
                    of_visit.contains(&json!({ "key": key, "value": value }))
                };
                if !(has("plan", "gold") && has("experiment", "b")) {
                    return Err(format!("the visit has {of_visit:?}"));
                }
                holds(view, "/route", "/named/:film")
            })
            .await?;
        ensure!(list(&shown, "measurements").len() == 3, "{shown:#}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn who_subscribes_hears_vitals_as_the_web_vitals_library_tells_them() -> Result<()> {
    on_site("on-event", &[], async |stage| {
        let listener = "<h1>A heading</h1><button id=\"act\" onclick=\"for (const end = performance.now() + 90; performance.now() < end;);\">Act</button>
          <script type=\"module\">
            import * as sightline from '/sightline/index.js';
            globalThis.heard = [];
            globalThis.all = [];
            sightline.onEvent((event) => { heard.push(event); throw new Error('of the callback'); });
            sightline.onEvent((event) => all.push(event), { reportAllChanges: true });
            const leave = sightline.onEvent(() => { globalThis.told = true; });
            leave();
          </script>";
        let tab = stage.open("/", Page::new(listener)).await?;
        tab.click("#act").await?;
        run(
            &tab,
            "sightline.measure('basket', 2);
             document.querySelector('h1').style.marginTop = '90px';
             await new Promise((later) => setTimeout(later, 600));
             document.querySelector('h1').style.marginTop = '200px';",
        )
        .await?;
        tab.rest().await?;
        let front = stage.hide(&tab).await?;
        tab.wait_for(
            "['TTFB', 'FCP', 'LCP', 'CLS', 'INP'].every((name) => heard.some((event) => event.name === name))",
            SOON,
        )
        .await?;
        let heard = tab.evaluate("heard").await?;
        let vital = |name: &str| -> Value {
            let mut events = heard.as_array().into_iter().flatten();
            let found = events.find(|event| event["type"] == "vital" && event["name"] == name);
            found.cloned().unwrap_or_default()
        };
        for name in ["TTFB", "FCP", "LCP", "CLS", "INP"] {
            let told = vital(name);
            let complete = told["value"].is_number()
                && told["delta"].is_number()
                && told["id"].as_str().is_some_and(|id| !id.is_empty())
                && ["good", "needs-improvement", "poor"].contains(&told["rating"].as_str().unwrap_or_default())
                && told["navigationType"] == "navigate"
                && told["attribution"].is_object();
            ensure!(complete, "{name} is told as {told:#}");
        }
        ensure!(vital("LCP")["attribution"]["target"].is_string(), "{heard:#}");
        ensure!(vital("INP")["attribution"]["interactionTarget"].is_string(), "{heard:#}");
        let measured = heard.as_array().into_iter().flatten();
        ensure!(measured.clone().any(|event| event["type"] == "measurement"), "{heard:#}");
        let more = "all.filter((event) => event.name === 'CLS').length > heard.filter((event) => event.name === 'CLS').length";
        ensure!(tab.evaluate(more).await? == true, "all changes of one are not heard");
        ensure!(tab.evaluate("globalThis.told ?? null").await?.is_null(), "who left is told");
        let view = stage.view_of(&tab).await?;
        let lcp = vital("LCP")["value"].as_f64().unwrap_or_default();
        stage
            .collector
            .until_view(&view, SOON, |view| {
                let stored = find(view, "vitals", "name", "lcp").ok_or("no lcp")?;
                let micros = stored["value_micros"].as_f64().unwrap_or_default();
                if (micros / 1000.0 - lcp).abs() < 1.0 {
                    holds(view, "/core", "loaded")
                } else {
                    Err(format!("{micros} µs stored, {lcp} ms heard"))
                }
            })
            .await?;
        front.close().await
    })
    .await
}

/// What was heard of the vitals, by their names.
const HEARD: &str =
    "sightline.onEvent((event) => { if (event.type === 'vital') heard.push(event); });";

#[tokio::test]
async fn who_subscribes_late_hears_the_vitals_told_before_with_their_causes() -> Result<()> {
    on_site("on-event-late", &[], async |stage| {
        let tab = stage.open("/", Page::new("<h1>A heading</h1>")).await?;
        tab.click("h1").await?;
        let view = stage.view_of(&tab).await?;
        stage
            .collector
            .until_view(&view, SOON, |view| {
                find(view, "vital_causes", "name", "lcp").ok_or("no cause")?;
                find(view, "vitals", "name", "lcp").ok_or("no lcp")?;
                Ok(())
            })
            .await?;
        run(&tab, &format!("globalThis.heard = []; {HEARD}")).await?;
        let all = "['TTFB', 'FCP', 'LCP'].every((name) => heard.some((event) => event.name === name))";
        tab.wait_for(all, SOON).await?;
        let lcp = "heard.filter(({ name }) => name === 'LCP').map(({ attribution }) => attribution.target).join()";
        let target = tab.evaluate(lcp).await?;
        ensure!(target == "html>body>h1", "the largest is {target}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn who_subscribes_hears_of_a_restored_page_its_own_vitals_and_none_of_the_view_before()
-> Result<()> {
    on_site("on-event-restored", &[], async |stage| {
        let busy = "<button id=\"act\" onclick=\"for (const end = performance.now() + 90; performance.now() < end;);\">Act</button>";
        let tab = stage.open("/", Page::new(busy)).await?;
        run(&tab, &format!("globalThis.heard = []; {HEARD}")).await?;
        tab.click("#act").await?;
        tab.rest().await?;
        let before = stage.leave(&tab).await?;
        tab.evaluate("void history.back()").await?;
        let restored = "globalThis.heard?.some(({ name, navigationType }) => name === 'FCP' && navigationType === 'back-forward-cache')";
        tab.wait_for(restored, SOON).await?;
        let view = stage.view_of(&tab).await?;
        ensure!(view != before, "the same view");
        let names = |id: &str| {
            format!("[...new Set(heard.filter((event) => event.id.startsWith('{id}')).map(({{ name }}) => name))].sort().join()")
        };
        let told = tab.evaluate(&names(&before)).await?;
        ensure!(told == "CLS,FCP,INP,LCP,TTFB", "{told} of the view before");
        let told = tab.evaluate(&names(&view)).await?;
        ensure!(told == "FCP,LCP,TTFB", "{told} of the restored view");
        Ok(())
    })
    .await
}
