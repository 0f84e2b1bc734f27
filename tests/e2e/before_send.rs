//! An application looks at each event before it leaves: what it does not want to leave, or was not asked about,
//! does not.

use crate::support::{SOON, find, holds, list, on_site, run};
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tests::site::Page;

#[tokio::test]
async fn before_send_drops_and_redacts_and_what_it_breaks_is_not_sent() -> Result<()> {
    on_site("before-send", &[], async |stage| {
        let filter = "<script type=\"module\">
            import * as sightline from '/sightline/index.js';
            sightline.beforeSend((event) => {
              if (event.type === 'error' && /drop me/.test(event.message)) return null;
              if (event.type === 'error') event.message = event.message.replace(/card \\d+/, 'card');
              if (event.type === 'measurement') throw new Error('of the callback');
            });
          </script>";
        let tab = stage.open("/", Page::new(filter)).await?;
        run(
            &tab,
            "setTimeout(() => { throw new Error('drop me'); });
             setTimeout(() => { throw new Error('refused card 4711'); });
             sightline.measure('never sent', 1);
             await (await fetch('http://api.test/json')).json();
             await new Promise((later) => setTimeout(later, 100));",
        )
        .await?;
        let shown = stage
            .told(&tab, |view| {
                redacted(view)?;
                holds(view, "/drops/withheld", 2)
            })
            .await?;
        for kept in ["drop me", "4711", "never sent"] {
            ensure!(!shown.to_string().contains(kept), "{kept} in {shown:#}");
        }
        Ok(())
    })
    .await
}

/// Cuts numbers of cards out of messages of errors.
const REDACTS: &str = "(event) => { if (event.type === 'error') event.message = event.message.replace(/card \\d+/, 'card'); }";

const REFUSED: &str = "setTimeout(() => { throw new Error('refused card 4711'); });";

fn redacted(view: &Value) -> Result<(), String> {
    let errors = list(view, "errors").iter();
    let mut errors = errors.filter_map(|one| one["message"].as_str());
    if errors.any(|text| text.ends_with("refused card")) {
        Ok(())
    } else {
        Err("not redacted".to_owned())
    }
}

#[tokio::test]
async fn what_happens_before_the_module_of_callbacks_is_there_waits_for_it() -> Result<()> {
    on_site("before-send-late", &[], async |stage| {
        let filter = format!(
            "<script type=\"module\">
               import * as sightline from '/sightline/index.js';
               sightline.beforeSend({REDACTS});
               {REFUSED}
             </script>"
        );
        let late = json!({ "core": "/late/2500/events.js/sightline/" });
        let tab = stage.open("/", Page::new(&format!("<p>Filtered</p>{filter}")).with(&late)).await?;
        let there = "performance.getEntriesByType('resource').some(({ name, responseEnd }) => /\\/events.js$/.test(name) && responseEnd)";
        tab.wait_for(there, SOON).await?;
        let shown = stage
            .told(&tab, |view| {
                redacted(view)?;
                find(view, "vitals", "name", "ttfb").ok_or("no vital")?;
                holds(view, "/page/outcome", "ready")
            })
            .await?;
        ensure!(!shown.to_string().contains("4711"), "{shown:#}");
        holds(&shown, "/drops", json!({})).map_err(anyhow::Error::msg)
    })
    .await
}

#[tokio::test]
async fn where_the_module_of_callbacks_cannot_load_nothing_leaves_and_that_is_counted() -> Result<()>
{
    on_site("before-send-never", &[], async |stage| {
        let filter = format!(
            "<script type=\"module\">
               import * as sightline from '/sightline/index.js';
               sightline.beforeSend({REDACTS});
               {REFUSED}
             </script>"
        );
        let address = stage
            .site
            .put("/", Page::new(&format!("<p>Filtered</p>{filter}")))?;
        let tab = stage.tab().await?;
        tab.block(&["*/events.js"]).await?;
        stage.go(&tab, &address).await?;
        let shown = stage
            .told(&tab, |view| {
                let withheld = view.pointer("/drops/withheld").and_then(Value::as_u64);
                // Page, navigation, error, vitals, cost.
                match withheld {
                    Some(5..) => Ok(()),
                    _ => Err(format!("{withheld:?} withheld")),
                }
            })
            .await?;
        for told in ["errors", "vitals", "requests", "measurements"] {
            ensure!(list(&shown, told).is_empty(), "{shown:#}");
        }
        ensure!(shown["page"].is_null(), "{shown:#}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_application_that_says_it_looks_at_events_is_waited_for_however_late_it_is() -> Result<()>
{
    on_site("before-send-declared", &[], async |stage| {
        let page = Page::new("<p>Declared</p>").with(&json!({ "beforeSend": true }));
        let tab = stage.open("/", page).await?;
        run(
            &tab,
            &format!(
                "{REFUSED}
                 await new Promise((later) => setTimeout(later, 2500));
                 sightline.beforeSend({REDACTS});
                 await new Promise((later) => setTimeout(later, 500));"
            ),
        )
        .await?;
        let shown = stage
            .told(&tab, |view| {
                redacted(view)?;
                holds(view, "/page/outcome", "ready")
            })
            .await?;
        ensure!(!shown.to_string().contains("4711"), "{shown:#}");
        Ok(())
    })
    .await
}
