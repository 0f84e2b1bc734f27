//! Injected delays: a page makes a hundred calls of each kind, one after the other; the server's log says
//! how long each really took, the collector what the probe made of it.

use crate::calls::{CASES, Case, Told, options};
use crate::spread::Row;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::Duration;
use tests::cdp::Tab;
use tests::site::{Arrival, Page};
use tests::site_stage::SiteStage;

/// Calls of each kind.
const CALLS: usize = 100;
const SOON: Duration = Duration::from_secs(20);
/// A call may take its delay and what a busy machine adds.
const CALLED_WITHIN: Duration = Duration::from_secs(90);

const BODY: &str = "<button id=\"ask\">Ask</button><div id=\"answers\" style=\"height: 200px; overflow: hidden\"></div>";

/// A row per figure of each kind whose name contains `only`, printed as they come.
pub(crate) async fn compared(stage: &SiteStage, only: &str) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    println!("{}", Row::heading());
    for (number, case) in CASES.iter().enumerate() {
        if !case.name.contains(only) {
            continue;
        }
        let compared = measured(stage, number, case)
            .await
            .with_context(|| case.name.to_owned())?;
        for row in &compared {
            println!("{row}");
        }
        rows.extend(compared);
    }
    Ok(rows)
}

async fn measured(stage: &SiteStage, number: usize, case: &Case) -> Result<Vec<Row>> {
    let page = Page::new(BODY).with(&options(case));
    let tab = stage.open(&format!("/delays-{number}"), page).await?;
    let urls: Vec<String> = delays()
        .map(|(at, ms)| {
            let url = (case.url)(ms);
            let mark = if url.contains('?') { '&' } else { '?' };
            format!("{url}{mark}case={number}&call={at}")
        })
        .collect();
    if case.told == Told::AsClick {
        ask(&tab, &urls, case.script).await?;
    } else {
        call(&tab, &urls, case.script).await?;
    }
    let truth = arrivals(stage, number);
    ensure!(truth.len() == CALLS, "{} calls arrived", truth.len());
    tab.rest().await?;
    let view = stage.leave(&tab).await?;
    let shown = told(stage, &view, case).await?;
    tab.close().await?;
    tab.dispose_context().await?;
    let events = singles(&shown, case);
    let row = |figure: &crate::calls::Figure| Row {
        case: case.name.to_owned(),
        figure: figure.name.to_owned(),
        made: CALLS,
        told: counted(&shown, case),
        pairs: (events.iter().zip(&truth))
            .filter_map(|(event, arrival)| {
                let probe = event.pointer(figure.pointer)?.as_f64()?;
                Some((probe, (figure.truth)(arrival)?))
            })
            .collect(),
    };
    Ok(case.figures.iter().map(row).collect())
}

/// The delays asked for, from 20 to 120 ms in a mixed order.
fn delays() -> impl Iterator<Item = (usize, u64)> {
    (0..CALLS).map(|at| (at, 20 + (at as u64 * 37) % 101))
}

/// The page makes all calls by itself.
async fn call(tab: &Tab, urls: &[String], script: &str) -> Result<()> {
    let urls = json!(urls);
    let program = format!(
        "void (async () => {{ for (const url of {urls}) await ({script}); globalThis.called = true; }})()"
    );
    tab.evaluate(&program).await?;
    tab.wait_for("globalThis.called === true", CALLED_WITHIN)
        .await
}

/// A mouse clicks, the page asks and shows the answer.
async fn ask(tab: &Tab, urls: &[String], script: &str) -> Result<()> {
    let urls = json!(urls);
    let program = format!(
        "{{ const urls = {urls}; let asked = 0; globalThis.answered = 0; \
         document.getElementById('ask').onclick = async () => {{ \
           const url = urls[asked++]; \
           const answer = await ({script}); \
           const shown = document.createElement('div'); \
           shown.className = 'answer'; shown.textContent = answer.result; \
           document.getElementById('answers').prepend(shown); \
           globalThis.answered++; }} }}"
    );
    tab.evaluate(&program).await?;
    for number in 1..=CALLS {
        tab.click("#ask").await?;
        tab.wait_for(&format!("answered === {number}"), SOON)
            .await?;
        // The answer is painted before the next click.
        tab.rest().await?;
    }
    Ok(())
}

fn arrivals(stage: &SiteStage, number: usize) -> Vec<Arrival> {
    let mut arrivals = stage.site.arrivals("/");
    let case = format!("case={number}&");
    // A preflight is no call.
    arrivals.retain(|arrival| arrival.target.contains(&case) && arrival.method == "GET");
    arrivals
}

/// The view once everything is told, or as it is when time is up.
async fn told(stage: &SiteStage, view: &str, case: &Case) -> Result<Value> {
    let complete = stage
        .collector
        .until_view(view, Duration::from_secs(6), |shown| {
            let (count, single) = (counted(shown, case), singles(shown, case).len());
            if count == CALLS && single == CALLS {
                Ok(())
            } else {
                Err(format!("{count} told or counted, {single} singly"))
            }
        })
        .await;
    match complete {
        Ok(shown) => Ok(shown),
        Err(_) => stage.collector.view(view).await,
    }
}

/// What the view tells one by one, in the order in which it happened.
fn singles(shown: &Value, case: &Case) -> Vec<Value> {
    let mut events = shown[case.told.list()]
        .as_array()
        .cloned()
        .unwrap_or_default();
    events.sort_by_key(|event| event["at_ms"].as_u64());
    events
}

/// All calls to the backend that the view knows of: told singly, or counted.
fn counted(shown: &Value, case: &Case) -> usize {
    let route = if case.name == "stream" {
        "/stream"
    } else {
        "/delay"
    };
    let meant = |event: &&Value| {
        let path = event["route"].as_str().unwrap_or_default();
        path.starts_with(route)
    };
    let single = shown["requests"].as_array().into_iter().flatten();
    let counts = shown["request_counts"].as_array().into_iter().flatten();
    let total = |event: &Value| -> u64 {
        let buckets = event["durations"]["counts"].as_array();
        let buckets = buckets.into_iter().flatten();
        buckets.filter_map(|bucket| bucket[1].as_u64()).sum()
    };
    let total: u64 = counts.filter(meant).map(total).sum();
    single.filter(meant).count() + usize::try_from(total).unwrap_or(usize::MAX)
}
