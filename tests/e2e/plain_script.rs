//! A page without a bundler: the collector serves the probe for a plain script element.

use crate::support::{SOON, at_home, builds_copied, demo, ended, holds, on_stage};
use anyhow::{Result, ensure};

const SCRIPT: &str = r#"<head><script src="http://collector.sightline.test/probe/movie-guru-web.js" data-deployment="pod-7"></script>"#;

/// What the hook takes for the deployment where no `Server-Timing` names one.
const WITHOUT_SERVER_TIMING: &str = "(() => {\
    const real = performance.getEntriesByType;\
    performance.getEntriesByType = () => [];\
    const given = globalThis.__sightline.deployment();\
    performance.getEntriesByType = real;\
    return given;\
  })()";

#[tokio::test]
async fn a_plain_script_element_measures_the_same_and_can_name_the_deployment() -> Result<()> {
    let folder = builds_copied("bare")?;
    let page = folder.path().join("release-1/index.html");
    let html = std::fs::read_to_string(&page)?;
    ensure!(html.contains("<head>"), "{html}");
    std::fs::write(&page, html.replacen("<head>", SCRIPT, 1))?;
    let dist = folder.path().display().to_string();
    on_stage(
        "plain-script",
        demo(&["--pick", "pod:1", "--dist", &dist]),
        async |stage| {
            let visitor = at_home(stage).await?;
            visitor.chat("Something funny").await?;
            let view = visitor.view()?;
            let given = visitor.tab().evaluate(WITHOUT_SERVER_TIMING).await?;
            ensure!(given == "pod-7", "{given}");
            stage.leave(visitor).await?;
            stage
                .until_view(&view, SOON, |view| {
                    holds(view, "/core", "loaded")?;
                    holds(view, "/page/outcome", "ready")?;
                    // What the server says of itself goes before what the element says.
                    holds(view, "/deployment", "frontend-1")?;
                    ended(view, "access_app", &["success"])?;
                    ended(view, "chat", &["success"])
                })
                .await?;
            stage.agreed_truth().await.map(drop)
        },
    )
    .await
}
