//! Journeys as they are declared: what starts and ends an attempt, its steps, and what becomes of it when it
//! does not end.

use crate::support::{SOON, ended, find, holds, list, on_site, run, within};
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tests::site::Page;

const BODY: &str = r#"
  <button id="order">Order</button><button id="wait">Wait</button><button id="leave">Leave</button>
  <div id="app"></div>
  <script>
    const show = (name) => document.getElementById('app').append(Object.assign(document.createElement('p'), { className: name, textContent: name }));
    const call = async (path) => (await fetch('http://api.test' + path)).json();
    document.getElementById('order').onclick = async () => {
      await call('/delay/100/0');
      show('form');
      await new Promise((later) => setTimeout(later, 80));
      await call('/items/price');
      await new Promise((later) => setTimeout(later, 80));
      show('done');
    };
    document.getElementById('wait').onclick = () => fetch('http://api.test/never/wait').catch(() => 0);
    globalThis.film = async () => { history.pushState({}, '', '/films/4711'); await call('/delay/60/0'); show('film'); };
  </script>"#;

fn declared() -> Value {
    json!({ "journeys": [
        { "name": "order", "start": [{ "click": "#order" }], "end": { "painted": ".done" },
          "steps": [
            { "name": "load", "start": { "request": "GET */delay/:a/:b" }, "end": { "request": "GET */delay/:a/:b" } },
            { "name": "fill", "start": { "painted": ".form" } },
            { "name": "price", "start": { "request": "GET */items/price" }, "end": { "request": "GET */items/price" }, "in": "fill" },
          ] },
        { "name": "film", "start": [{ "navigation": "/films/:id" }], "end": { "painted": ".film" } },
        { "name": "talk", "start": [{ "event": "talk" }], "end": { "event": "understood" } },
        { "name": "wait", "start": [{ "click": "#wait" }], "end": { "request": "GET */never/wait" }, "limitMs": 1200 },
        { "name": "leave", "start": [{ "click": "#leave" }], "end": { "painted": ".never" } },
    ] })
}

const NAMES: [&str; 5] = ["order", "film", "talk", "wait", "leave"];

fn attempt<'a>(view: &'a Value, name: &str) -> Result<&'a Value, String> {
    find(view, "journeys", "name", name).ok_or(format!("no attempt at {name}"))
}

#[tokio::test]
async fn journeys_begin_and_end_by_clicks_routes_events_and_paint_and_their_steps_nest()
-> Result<()> {
    on_site("journeys", &NAMES, async |stage| {
        let tab = stage.open("/", Page::new(BODY).with(&declared())).await?;
        tab.click("#order").await?;
        tab.wait_for("!!document.querySelector('.done')", SOON)
            .await?;
        tab.rest().await?;
        run(
            &tab,
            "await film();
             sightline.event('talk');
             await new Promise((later) => setTimeout(later, 150));
             sightline.event('understood');",
        )
        .await?;
        let shown = stage
            .told(&tab, |view| {
                for name in ["order", "film", "talk"] {
                    ended(view, name, &["success"])?;
                }
                let order = attempt(view, "order")?;
                within(order, "/duration_ms", 260.0..=900.0)?;
                holds(order, "/finality", "final")?;
                within(attempt(view, "film")?, "/duration_ms", 60.0..=550.0)?;
                within(attempt(view, "talk")?, "/duration_ms", 149.0..=560.0)?;
                holds(attempt(view, "film")?, "/route", "/films/:id")
            })
            .await?;
        let order = attempt(&shown, "order").map_err(anyhow::Error::msg)?;
        let [load, fill, price] = list(order, "steps") else {
            anyhow::bail!("three steps in {order:#}");
        };
        let fits = || -> Result<(), String> {
            holds(load, "/name", "load")?;
            holds(load, "/parent", 0)?;
            within(load, "/started_ms", 0.0..=340.0)?;
            within(load, "/duration_ms", 99.0..=500.0)?;
            holds(fill, "/name", "fill")?;
            holds(fill, "/parent", 0)?;
            within(fill, "/started_ms", 100.0..=550.0)?;
            holds(price, "/name", "price")?;
            holds(price, "/ended", true)?;
            // The position of the step it is a part of, plus one.
            holds(price, "/parent", 2)
        };
        fits().map_err(|problem| anyhow::anyhow!("{problem} in {order:#}"))?;
        // A step without an end of its own lasts as long as the attempt.
        let whole = |one: &Value| one["started_ms"].as_u64().zip(one["duration_ms"].as_u64());
        let until = whole(fill).map(|(from, took)| from + took);
        let end = order["duration_ms"].as_u64();
        ensure!(
            until
                .zip(end)
                .is_some_and(|(until, end)| until.abs_diff(end) <= 2),
            "{order:#}"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_attempt_past_its_limit_is_hung_and_one_left_by_hiding_or_freezing_is_abandoned_until_it_ends()
-> Result<()> {
    on_site("journeys-left", &NAMES, async |stage| {
        let tab = stage.open("/", Page::new(BODY).with(&declared())).await?;
        let view = stage.view_of(&tab).await?;
        tab.click("#wait").await?;
        tab.click("#leave").await?;
        // While the page is open and nobody leaves it.
        stage
            .collector
            .until_view(&view, SOON, |view| {
                ended(view, "wait", &["hung"])?;
                within(attempt(view, "wait")?, "/duration_ms", 1195.0..=2800.0)
            })
            .await?;
        let front = stage.hide(&tab).await?;
        let provisional = |view: &Value| {
            ended(view, "leave", &["abandoned"])?;
            holds(attempt(view, "leave")?, "/finality", "provisional")?;
            ended(view, "wait", &["hung"])
        };
        stage.collector.until_view(&view, SOON, provisional).await?;
        stage.come_back(&tab, front).await?;
        tab.evaluate("show('never')").await?;
        // While one is under way, a click begins no other.
        stage
            .collector
            .until_view(&view, SOON, |view| ended(view, "leave", &["success"]))
            .await?;
        tab.click("#leave").await?;
        tab.rest().await?;
        let front = stage.hide(&tab).await?;
        tab.call("Page.setWebLifecycleState", json!({ "state": "frozen" }))
            .await?;
        stage
            .collector
            .until_view(&view, SOON, |view| {
                ended(view, "leave", &["success", "abandoned"])
            })
            .await?;
        tab.call("Page.setWebLifecycleState", json!({ "state": "active" }))
            .await?;
        stage.come_back(&tab, front).await?;
        let view = stage.leave(&tab).await?;
        let slis = |slis: &Value| slis["journeys"]["leave"]["client"].clone();
        stage
            .collector
            .until_view(&view, SOON, |view| {
                ended(view, "leave", &["success", "abandoned"])
            })
            .await?;
        let shown = stage.collector.slis(stage.from_ms, "").await?;
        ensure!(slis(&shown)["good"] == 1, "{shown:#}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_application_can_begin_and_end_attempts_and_steps_itself() -> Result<()> {
    on_site(
        "journeys-api",
        &["made", "failed", "slow", "left"],
        async |stage| {
            let tab = stage.open("/", Page::new("By hand")).await?;
            run(
                &tab,
                "const pass = (ms) => new Promise((later) => setTimeout(later, ms));
             const made = sightline.journey('made');
             const outer = made.step('outer');
             await pass(60);
             const inner = outer.step('inner');
             await pass(60);
             inner.end();
             outer.end();
             const open = made.step('open');
             made.end();
             made.fail('too late');
             sightline.journey('failed').fail('no seats');
             sightline.journey('slow', { limitMs: 300 });
             sightline.journey('left');
             await pass(700);",
            )
            .await?;
            let view = stage.leave(&tab).await?;
            stage
                .collector
                .until_view(&view, SOON, |view| {
                    ended(view, "made", &["success"])?;
                    ended(view, "failed", &["failed"])?;
                    ended(view, "slow", &["hung"])?;
                    ended(view, "left", &["abandoned"])?;
                    holds(attempt(view, "failed")?, "/result", "no seats")?;
                    let made = attempt(view, "made")?;
                    within(made, "/duration_ms", 119.0..=520.0)?;
                    holds(made, "/steps/0/name", "outer")?;
                    within(made, "/steps/0/duration_ms", 119.0..=520.0)?;
                    holds(made, "/steps/1/name", "inner")?;
                    holds(made, "/steps/1/parent", 1)?;
                    within(made, "/steps/1/started_ms", 59.0..=420.0)?;
                    holds(made, "/steps/2/name", "open")?;
                    holds(made, "/steps/2/ended", false)
                })
                .await
                .map(drop)
        },
    )
    .await
}

#[tokio::test]
async fn a_chat_that_streams_is_measured_to_its_first_piece_and_to_its_last() -> Result<()> {
    let names = ["token", "answer", "refused", "whole"];
    on_site("journeys-stream", &names, async |stage| {
        let chat = "GET /stream/:first/:gap/:pieces";
        let declared = json!({ "journeys": [
            { "name": "token", "start": [{ "click": "#chat" }], "end": { "firstChunk": chat } },
            { "name": "answer", "start": [{ "click": "#chat" }], "end": { "request": chat }, "steps": [
                { "name": "thinking", "start": { "request": chat }, "end": { "firstChunk": chat } },
                { "name": "talking", "start": { "firstChunk": chat }, "end": { "request": chat } },
            ] },
            { "name": "refused", "start": [{ "request": "GET /status/:code" }], "end": { "firstChunk": "GET /status/:code" } },
            { "name": "whole", "start": [{ "event": "ask" }], "end": { "firstChunk": "GET /delay/:head/:body" } },
        ] });
        let body = "<button id=\"chat\">Chat</button><script>
            chat.onclick = async () => {
              const reader = (await fetch('http://api.test/stream/200/250/3')).body.getReader();
              while (!(await reader.read()).done);
              globalThis.answered = true;
            };</script>";
        let tab = stage.open("/", Page::new(body).with(&declared)).await?;
        tab.click("#chat").await?;
        tab.wait_for("globalThis.answered", SOON).await?;
        run(
            &tab,
            "await (await fetch('http://api.test/status/500')).text();
             sightline.event('ask');
             await (await fetch('http://api.test/delay/50/100')).text();",
        )
        .await?;
        stage
            .told(&tab, |view| {
                for name in ["token", "answer", "whole"] {
                    ended(view, name, &["success"])?;
                }
                ended(view, "refused", &["failed"])?;
                within(attempt(view, "token")?, "/duration_ms", 195.0..=600.0)?;
                let answer = attempt(view, "answer")?;
                within(answer, "/duration_ms", 695.0..=1500.0)?;
                holds(answer, "/steps/0/name", "thinking")?;
                holds(answer, "/steps/0/ended", true)?;
                within(answer, "/steps/0/duration_ms", 150.0..=600.0)?;
                holds(answer, "/steps/1/name", "talking")?;
                within(answer, "/steps/1/started_ms", 195.0..=600.0)?;
                within(answer, "/steps/1/duration_ms", 350.0..=1000.0)?;
                within(attempt(view, "whole")?, "/duration_ms", 145.0..=700.0)
            })
            .await
            .map(drop)
    })
    .await
}

#[tokio::test]
async fn what_a_page_does_next_comes_after_what_it_has_said_however_late_the_api_is() -> Result<()>
{
    on_site("journeys-late-api", &["ask"], async |stage| {
        let declared = json!({ "core": "/late/1500/api.js/sightline/", "journeys": [
            { "name": "ask", "start": [{ "event": "ask" }], "end": { "request": "GET /json" } },
        ] });
        let tab = stage.open("/", Page::new("Ask").with(&declared)).await?;
        run(
            &tab,
            "sightline.event('ask');
             await (await fetch('http://api.test/json')).json();",
        )
        .await?;
        let there = "performance.getEntriesByType('resource').some(({ name, responseEnd }) => /\\/api.js$/.test(name) && responseEnd)";
        tab.wait_for(there, SOON).await?;
        stage
            .told(&tab, |view| {
                ended(view, "ask", &["success"])?;
                within(attempt(view, "ask")?, "/duration_ms", 0.0..=1000.0)
            })
            .await
            .map(drop)
    })
    .await
}

#[tokio::test]
async fn a_step_listed_before_the_one_it_is_a_part_of_loses_its_place_and_nothing_else()
-> Result<()> {
    on_site("journeys-order", &["pay"], async |stage| {
        let declared = json!({ "journeys": [
            { "name": "pay", "start": [{ "event": "pay" }], "end": { "event": "paid" }, "steps": [
                { "name": "inner", "start": { "event": "enter" }, "in": "outer" },
                { "name": "outer", "start": { "event": "enter" } },
                { "name": "late", "start": { "event": "late" }, "in": "outer" },
            ] },
        ] });
        let tab = stage.open("/", Page::new("Order").with(&declared)).await?;
        run(
            &tab,
            "for (const name of ['pay', 'enter', 'late', 'paid']) sightline.event(name);",
        )
        .await?;
        stage
            .told(&tab, |view| {
                ended(view, "pay", &["success"])?;
                let pay = attempt(view, "pay")?;
                holds(pay, "/steps/0/name", "inner")?;
                holds(pay, "/steps/0/parent", 0)?;
                holds(pay, "/steps/2/name", "late")?;
                holds(pay, "/steps/2/parent", 2)
            })
            .await
            .map(drop)
    })
    .await
}
