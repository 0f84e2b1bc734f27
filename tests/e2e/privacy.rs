//! A user who asks for privacy gets it: outcomes are counted, nothing is stored, no detail travels.

use crate::support::{SOON, at_home_after, ended, find, healthy, holds, on_stage, with_options};
use anyhow::{Result, ensure};
use serde_json::{Value, json};

const KEPT: &str = "[...Object.keys(localStorage), ...Object.keys(sessionStorage)].filter(key => /^sightline/.test(key)).length";

/// As the user's browser says it.
pub(crate) const ASKS_FOR_PRIVACY: &str =
    "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { value: true })";

fn has_none(view: &Value, list: &str) -> Result<()> {
    let found = view[list].as_array().map_or(0, Vec::len);
    ensure!(found == 0, "{list}: {view:#}");
    Ok(())
}

#[tokio::test]
async fn with_global_privacy_control_outcomes_are_counted_and_no_detail_travels() -> Result<()> {
    on_stage("privacy-control", healthy(), async |stage| {
        stage.demo.set_fault("POST", "/chat", "no-cors-500").await?;
        let visitor = at_home_after(stage, async |tab| tab.prepend(ASKS_FOR_PRIVACY).await).await?;
        visitor.chat("Something funny").await?;
        visitor
            .tab()
            .evaluate("void setTimeout(() => { throw new Error('a secret') })")
            .await?;
        visitor.tab().rest().await?;
        ensure!(
            visitor.tab().evaluate(KEPT).await? == 0,
            "something is stored"
        );
        let view = visitor.view()?;
        stage.leave(visitor).await?;
        let shown = stage
            .until_view(&view, SOON, |view| {
                holds(view, "/page/outcome", "ready")?;
                ended(view, "access_app", &["success"])?;
                ended(view, "chat", &["failed"])?;
                find(view, "request_counts", "outcome", "unreachable")
                    .map(drop)
                    .ok_or_else(|| "the failed call is not counted".to_owned())
            })
            .await?;
        for list in ["requests", "errors", "vitals"] {
            has_none(&shown, list)?;
        }
        ensure!(shown["session"].is_null(), "{shown:#}");
        ensure!(!shown.to_string().contains("secret"), "{shown:#}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn without_storage_everything_is_told_and_nothing_is_kept() -> Result<()> {
    on_stage("no-storage", healthy(), async |stage| {
        let none = with_options(&json!({ "storage": "none" }));
        let visitor = at_home_after(stage, async |tab| tab.prepend(&none).await).await?;
        ensure!(
            visitor.tab().evaluate(KEPT).await? == 0,
            "something is stored"
        );
        stage.leave(visitor).await?;
        stage.agreed_truth().await.map(drop)
    })
    .await
}
