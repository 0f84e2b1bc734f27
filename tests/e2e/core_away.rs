//! The core never arrives: the early hook alone keeps the visit from vanishing.

use crate::support::{SOON, healthy, holds, on_stage};
use anyhow::{Result, ensure};
use tests::visit::Arrival;

#[tokio::test]
async fn a_blocked_core_still_sends_a_degraded_beacon_at_the_end() -> Result<()> {
    on_stage("blocked-core", healthy(), async |stage| {
        let visitor = stage.visitor().await?;
        visitor
            .tab()
            .block(&["*/sightline/core*", "*/probe/core*"])
            .await?;
        ensure!(visitor.open("/").await? == Arrival::Ready("/login".to_owned()));
        let view = visitor.view()?;
        visitor
            .tab()
            .wait_for("globalThis.__sightline.core === 'blocked'", SOON)
            .await?;
        stage.leave(visitor).await?;
        stage
            .until_view(&view, SOON, |view| {
                holds(view, "/core", "blocked")?;
                holds(view, "/page/outcome", "ready")
            })
            .await?;
        let slis = stage.collector.slis(stage.from_ms, "").await?;
        ensure!(slis["coverage"]["probe_degraded"] == 1, "{slis:#}");
        ensure!(slis["pages"]["outcomes"]["ready"] == 1, "{slis:#}");
        Ok(())
    })
    .await
}
