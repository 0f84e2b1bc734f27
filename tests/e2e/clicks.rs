//! What users click, and what frustrates them.

use crate::support::{find, holds, list, on_site};
use anyhow::{Result, ensure};
use serde_json::json;
use tests::site::Page;

const BODY: &str = r#"
  <style>button, a { display: block; width: 200px; height: 60px }</style>
  <button id="works">Press me, 4711</button>
  <button class="dead end">Nothing happens</button>
  <button id="slow">Rage</button>
  <a id="nowhere" href="\#">A link to nowhere</a>
  <input id="secret" value="what was typed">
  <div id="out"></div>
  <script>
    document.getElementById('works').onclick = () => { document.getElementById('out').textContent = Math.random(); };
    document.getElementById('slow').onclick = () => { document.getElementById('out').textContent = Math.random(); };
  </script>"#;

#[tokio::test]
async fn clicks_are_counted_by_element_and_dead_and_raging_ones_are_told() -> Result<()> {
    on_site("clicks", &[], async |stage| {
        let tab = stage.open("/", Page::new(BODY)).await?;
        tab.call(
            "Emulation.setFocusEmulationEnabled",
            json!({ "enabled": true }),
        )
        .await?;
        tab.click("#works").await?;
        tab.rest().await?;
        // A script's click is not the user's.
        tab.evaluate("document.getElementById('works').click()")
            .await?;
        for _ in 0..4 {
            tab.click("#slow").await?;
        }
        tab.rest().await?;
        tab.click("#secret").await?;
        tab.rest().await?;
        tab.click(".dead").await?;
        // Whether anything comes of a click is known a second later.
        tab.evaluate("new Promise((later) => setTimeout(later, 1200))")
            .await?;
        let shown = stage
            .told(&tab, |view| {
                let clicks = list(view, "clicks").first().ok_or("no clicks")?;
                holds(clicks, "/count", 7)?;
                let most = &list(clicks, "targets")[0];
                holds(most, "/count", 4)?;
                let dead = find(view, "frustrations", "kind", "dead").ok_or("no dead click")?;
                holds(dead, "/clicks", 1)?;
                let rage = find(view, "frustrations", "kind", "rage").ok_or("no rage")?;
                holds(rage, "/clicks", 4)?;
                let all = list(view, "frustrations").len();
                if all == 2 {
                    Ok(())
                } else {
                    Err(format!("{all} frustrations"))
                }
            })
            .await?;
        let selector = |kind| {
            find(&shown, "frustrations", "kind", kind).map(|one| one["selector"].to_string())
        };
        ensure!(
            selector("rage").is_some_and(|one| one.contains("#slow")),
            "{shown:#}"
        );
        ensure!(
            selector("dead").is_some_and(|one| one.contains(".dead")),
            "{shown:#}"
        );
        for text in ["Press me", "4711", "typed"] {
            ensure!(!shown.to_string().contains(text), "{text} in {shown:#}");
        }
        Ok(())
    })
    .await
}
