//! The early hook speaks alone, because the core has not come yet, never comes, or has broken: no visit vanishes,
//! and nothing is said that must not be.

use crate::privacy::ASKS_FOR_PRIVACY;
use crate::support::{SOON, find, holds, list, on_site};
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tests::site::Page;

/// A core that is not there while the page is.
fn coreless(options: &Value) -> Page {
    let page = Page::new("<p>Alone</p>").with(&json!({ "core": "/late/30000/sightline/" }));
    page.with(options)
}

/// Calls that fail, each of an address of its own that is so long.
fn failing(calls: u32, length: u32) -> String {
    format!(
        "Promise.all(Array.from({{ length: {calls} }}, (_, call) => \
           fetch('http://api.test/status/500/' + String.fromCharCode(97 + call % 26).repeat({length}))))\
         .then((answers) => answers.length)"
    )
}

fn drops(view: &Value, reason: &str) -> u64 {
    let count = view["drops"][reason].as_u64();
    count.unwrap_or_default()
}

#[tokio::test]
async fn more_calls_than_a_beacon_has_room_for_are_counted_and_the_page_is_told() -> Result<()> {
    on_site("hook-room", &[], async |stage| {
        let tab = stage.open_without_core("/", coreless(&json!({}))).await?;
        let made = tab.evaluate(&failing(240, 400)).await?;
        ensure!(made == 240, "{made} calls");
        let shown = stage
            .told(&tab, |view| {
                holds(view, "/core", "not_yet")?;
                holds(view, "/page/outcome", "ready")
            })
            .await?;
        let told = list(&shown, "requests").len() as u64;
        let (unnamed, capped) = (drops(&shown, "hook_full"), drops(&shown, "capped"));
        ensure!(
            told > 20 && unnamed > 50 && told + unnamed + capped == 240,
            "{told} told, {unnamed} unnamed, {capped} capped"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn under_global_privacy_control_the_hook_says_that_it_is_private_and_names_no_call()
-> Result<()> {
    on_site("hook-private", &[], async |stage| {
        let address = stage.site.put("/", coreless(&json!({})))?;
        let tab = stage.tab().await?;
        tab.prepend(ASKS_FOR_PRIVACY).await?;
        tab.go(&address).await?;
        tab.wait_for("!!globalThis.__sightline", SOON).await?;
        tab.evaluate(&failing(3, 5)).await?;
        let shown = stage
            .told(&tab, |view| {
                holds(view, "/page/outcome", "ready")?;
                holds(view, "/detail", "private")
            })
            .await?;
        ensure!(list(&shown, "requests").is_empty(), "{shown:#}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn where_the_application_looks_at_events_the_hook_names_no_call_and_counts_them_withheld()
-> Result<()> {
    on_site("hook-withholds", &[], async |stage| {
        let page = coreless(&json!({ "beforeSend": true }));
        let tab = stage.open_without_core("/", page).await?;
        tab.evaluate(&failing(3, 5)).await?;
        let shown = stage
            .told(&tab, |view| {
                holds(view, "/page/outcome", "ready")?;
                holds(view, "/drops/withheld", 3)
            })
            .await?;
        ensure!(list(&shown, "requests").is_empty(), "{shown:#}");
        Ok(())
    })
    .await
}

/// Counts what is asked of the core, and lets it trap at a test's word.
const TRAPS: &str = "(() => {
    const { Instance } = WebAssembly;
    globalThis.faults = 0;
    for (const type of ['error', 'unhandledrejection']) addEventListener(type, () => faults++);
    WebAssembly.Instance = function (module) {
      const exports = {};
      for (const [name, door] of Object.entries(new Instance(module).exports)) {
        exports[name] = typeof door !== 'function' ? door : (...given) => {
          if (!('trapped' in globalThis)) return door(...given);
          trapped++;
          throw new WebAssembly.RuntimeError('unreachable');
        };
      }
      return { exports };
    };
  })()";

#[tokio::test]
async fn a_core_that_traps_is_left_alone_and_the_hook_says_that_the_probe_is_degraded() -> Result<()>
{
    on_site("trapped", &[], async |stage| {
        let address = stage.site.put("/", Page::new("<p>Trapped</p>"))?;
        let tab = stage.tab().await?;
        tab.prepend(TRAPS).await?;
        stage.go(&tab, &address).await?;
        let view = stage.view_of(&tab).await?;
        stage
            .collector
            .until_view(&view, SOON, |view| holds(view, "/page/outcome", "ready"))
            .await?;
        tab.evaluate("void (globalThis.trapped = 0)").await?;
        tab.evaluate(&failing(2, 5)).await?;
        tab.wait_for("__sightline.core === 'error'", SOON).await?;
        let asked = tab.evaluate("trapped").await?;
        tab.evaluate(&failing(2, 6)).await?;
        tab.rest().await?;
        ensure!(tab.evaluate("trapped").await? == asked, "it is asked again");
        ensure!(
            tab.evaluate("faults").await? == 0,
            "the page sees the fault"
        );
        stage
            .told(&tab, |view| {
                holds(view, "/core", "error")?;
                // The core had the last word on it.
                holds(view, "/page/outcome", "ready")?;
                holds(view, "/page/finality", "final")?;
                let later = find(view, "requests", "route", "/status/:id/aaaaaa");
                later.map(drop).ok_or("calls are not told".to_owned())
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
async fn a_core_that_traps_while_the_page_is_being_hidden_is_told_all_the_same() -> Result<()> {
    on_site("trapped-leaving", &[], async |stage| {
        let address = stage.site.put("/", Page::new("<p>Trapped</p>"))?;
        let tab = stage.tab().await?;
        tab.prepend(TRAPS).await?;
        // Ahead of the probe's own listener.
        tab.prepend("addEventListener('visibilitychange', () => { if (globalThis.armed) globalThis.trapped = 0; }, true)")
            .await?;
        stage.go(&tab, &address).await?;
        tab.rest().await?;
        tab.evaluate("void (globalThis.armed = true)").await?;
        let view = stage.view_of(&tab).await?;
        let front = stage.hide(&tab).await?;
        stage
            .collector
            .until_view(&view, SOON, |view| holds(view, "/core", "error"))
            .await?;
        front.close().await
    })
    .await
}
