//! Trace context goes to the origins that are listed for it, and to no other.

use crate::support::{SOON, list, on_site, run};
use anyhow::{Result, ensure};
use serde_json::json;
use std::collections::BTreeSet;
use tests::site::{API, Page};

const CALLS: &str = "
    for (const origin of ['http://api.test', 'http://other.test', '']) {
      await fetch(origin + '/status/500/fetch');
      await fetch(new Request(origin + '/status/500/request', { method: 'POST', body: 'text' }));
      await new Promise((done) => { const xhr = new XMLHttpRequest(); xhr.onloadend = done; xhr.open('GET', origin + '/status/500/xhr'); xhr.send(); });
    }
    await fetch('http://api.test/status/500/own', { headers: { traceparent: '00-11111111111111111111111111111111-2222222222222222-00' } });";

#[tokio::test]
async fn only_listed_origins_get_a_traceparent_and_its_id_is_told_with_the_call() -> Result<()> {
    on_site("trace", &[], async |stage| {
        let page = Page::new("Traced").with(&json!({ "traceOrigins": [API] }));
        let tab = stage.open("/", page).await?;
        run(&tab, CALLS).await?;
        let view = stage.leave(&tab).await?;
        let mut arrivals = stage.site.arrivals("/status");
        arrivals.retain(|arrival| arrival.method != "OPTIONS");
        ensure!(arrivals.len() == 10, "{arrivals:#?}");
        let mut sent = BTreeSet::new();
        for arrival in &arrivals {
            let listed = arrival.headers["host"] == "api.test";
            let parent = arrival.headers.get("traceparent");
            ensure!(parent.is_some() == listed, "{arrival:#?}");
            let Some(parent) = parent else { continue };
            let parts: Vec<&str> = parent.split('-').collect();
            let [version, trace, span, _] = parts.as_slice() else {
                anyhow::bail!("{parent} is no traceparent");
            };
            ensure!(
                *version == "00" && trace.len() == 32 && span.len() == 16,
                "{parent}"
            );
            sent.insert((*trace).to_owned());
        }
        ensure!(
            sent.len() == 4 && sent.contains(&"1".repeat(32)),
            "each call has an id of its own, and the page's is kept: {sent:?}"
        );
        stage
            .collector
            .until_view(&view, SOON, |view| {
                let traces = list(view, "requests").iter();
                let traces = traces.filter_map(|one| one["trace"].as_str());
                let told: BTreeSet<String> = traces.map(str::to_owned).collect();
                if told == sent {
                    Ok(())
                } else {
                    Err(format!("{told:?}, not {sent:?}"))
                }
            })
            .await?;
        Ok(())
    })
    .await
}
