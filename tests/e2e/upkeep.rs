//! What the probe says of itself, to the collector and to the developer, and how it goes without a trace.

use crate::support::{SOON, ended, find, holds, list, on_site, run, within};
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use tests::cdp::Listener;
use tests::site::{API, Page};

#[tokio::test]
async fn the_probe_tells_what_it_cost() -> Result<()> {
    on_site("own-cost", &[], async |stage| {
        let tab = stage.open("/", Page::new("Cost")).await?;
        run(
            &tab,
            "for (let call = 0; call < 20; call++) await (await fetch('http://api.test/json')).json();
             setTimeout(() => { throw new Error('one'); });
             await new Promise((later) => setTimeout(later, 1200));",
        )
        .await?;
        let view = stage.leave(&tab).await?;
        stage
            .collector
            .until_view(&view, SOON, |view| {
                let probe = &view["probe"];
                within(probe, "/core_ready_ms", 1.0..=10_000.0)?;
                within(probe, "/main_thread_micros", 50.0..=500_000.0)?;
                within(probe, "/runs", 1.0..=500.0)?;
                within(probe, "/beacons", 1.0..=10.0)?;
                within(probe, "/sent_bytes", 100.0..=20_000.0)?;
                holds(probe, "/failed_sends", 0)
            })
            .await
            .map(drop)
    })
    .await
}

/// What the page writes to its console.
fn console() -> (Listener, Arc<Mutex<Vec<String>>>) {
    let said = Arc::<Mutex<Vec<String>>>::default();
    let heard = Arc::clone(&said);
    let listener = Box::new(move |method: &str, event: &Value| {
        if method == "Runtime.consoleAPICalled" {
            let text = event["args"][0]["value"].as_str().unwrap_or_default();
            lock(&heard).push(text.to_owned());
        }
    });
    (listener, said)
}

fn lock(said: &Mutex<Vec<String>>) -> std::sync::MutexGuard<'_, Vec<String>> {
    said.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One rule of each kind is wrong, one is right.
fn half_wrong(debug: bool) -> Page {
    Page::new("<button id=\"buy\">Buy</button>").with(&json!({
        "debug": debug,
        "jurneys": [],
        "ready": { "/": "#buy", "/nothing/fits": ".x" },
        "requests": [{ "match": "json" }, { "match": "GET */json", "json": true, "field": "result", "good": ["SUCCESS"] }],
        "journeys": [
            { "name": "endless", "start": [{ "click": "#buy" }] },
            { "name": "broken", "start": [{ "click": "#buy[" }], "end": { "request": "GET */json" } },
            { "name": "buy", "start": [{ "click": "#buy" }], "end": { "request": "GET */json" } },
        ],
    }))
}

#[tokio::test]
async fn a_wrong_rule_is_told_once_with_what_would_be_right_and_costs_itself_only() -> Result<()> {
    on_site("debug", &["endless", "broken", "buy"], async |stage| {
        for debug in [true, false] {
            let (listener, said) = console();
            let address = stage.site.put("/", half_wrong(debug))?;
            let tab = stage.browser().open(listener).await?;
            tab.bring_to_front().await?;
            stage.go(&tab, &address).await?;
            for _ in 0..2 {
                tab.click("#buy").await?;
                run(&tab, "await (await fetch('http://api.test/json')).json(); await (await fetch('http://api.test/json?result=ERROR')).json();").await?;
            }
            tab.rest().await?;
            // What fits no path that was visited is known when the visit ends.
            let front = stage.hide(&tab).await?;
            let view = stage.view_of(&tab).await?;
            stage
                .collector
                .until_view(&view, SOON, |view| {
                    holds(view, "/page/outcome", "ready")?;
                    ended(view, "buy", &["success", "success"])?;
                    ended(view, "endless", &[])?;
                    ended(view, "broken", &[])?;
                    find(view, "requests", "outcome", "app_error").map(drop).ok_or("no app_error".to_owned())
                })
                .await?;
            let told: Vec<String> = (lock(&said).iter())
                .filter(|text| text.contains("sightline"))
                .cloned()
                .collect();
            if debug {
                for key in ["jurneys", "journeys[0]", "journeys[1]", "requests[0]", "/nothing/fits"] {
                    let about = told.iter().filter(|text| text.contains(key)).count();
                    ensure!(about == 1, "{about} words about {key}: {told:#?}");
                }
                ensure!(told.iter().any(|text| text.contains("journeys\"")), "what would be right: {told:#?}");
            } else {
                ensure!(told.is_empty(), "without debug: {told:#?}");
            }
            front.close().await?;
        }
        Ok(())
    })
    .await
}

/// Every function that a page can see, by where it is: what the probe wraps is among them.
const NATIVES: &str = "(() => {
    const owners = { window, console, navigator: Navigator.prototype, history: History.prototype, location,
      xhr: XMLHttpRequest.prototype, events: EventTarget.prototype, response: Response.prototype, request: Request.prototype,
      stream: ReadableStream.prototype, reader: ReadableStreamDefaultReader.prototype,
      socket: WebSocket.prototype, source: EventSource.prototype, document: Document.prototype, element: Element.prototype,
      promise: Promise.prototype, performance: Performance.prototype, storage: Storage.prototype, array: Array.prototype };
    if (window.ReadableStreamBYOBReader) owners.byob = ReadableStreamBYOBReader.prototype;
    const all = new Map();
    for (const [name, owner] of Object.entries(owners)) {
      for (const key of Reflect.ownKeys(owner)) {
        if (/^(__sightline|before|after|seen)/.test(String(key))) continue;
        const { value, get, set } = Object.getOwnPropertyDescriptor(owner, key) || {};
        if (name === 'window' && typeof value !== 'function') continue;
        all.set(name + '.' + String(key), [value, get, set].map((one) => typeof one === 'function' ? one : 0));
      }
    }
    return all;
  })";

#[tokio::test]
async fn stop_takes_every_hook_back_whatever_was_switched_on() -> Result<()> {
    on_site("stop-all", &[], async |stage| {
        let page = Page::new("<button id=\"act\">Act</button>").with(
            &json!({ "traceOrigins": [API], "consoleErrors": true, "debug": true, "reportAllChanges": true }),
        );
        let address = stage.site.put("/", page)?;
        let tab = stage.tab().await?;
        tab.prepend(&format!("globalThis.seen = {NATIVES}; globalThis.before = seen();"))
            .await?;
        stage.go(&tab, &address).await?;
        run(
            &tab,
            "sightline.onEvent(() => 0);
             sightline.measure('x', 1);
             globalThis.socket = new WebSocket('ws://api.test/ws');
             await new Promise((done) => { socket.onopen = done; });
             const { body } = await fetch('http://api.test/stream/10/10/3');
             for await (const piece of body);",
        )
        .await?;
        tab.click("#act").await?;
        tab.rest().await?;
        let changed = "(() => { const after = seen(); return [...before].filter(([key, was]) => { const is = after.get(key); return !is || is.some((one, at) => one !== was[at]); }).map(([key]) => key).concat([...after.keys()].filter((key) => !before.has(key))); })()";
        let wrapped = tab.evaluate(changed).await?;
        let wrapped = wrapped.as_array().map_or(0, Vec::len);
        ensure!(wrapped >= 8, "only {wrapped} are wrapped: is this test looking?");
        tab.evaluate("void __sightline.stop()").await?;
        let left = tab.evaluate(changed).await?;
        ensure!(left == json!([]), "{left} are not as before");
        let arrived = stage.site.arrivals("/").len();
        run(
            &tab,
            "await fetch('http://api.test/json');
             socket.send('unheard'); sightline.measure('unheard', 1); console.error('unheard'); history.pushState({}, '', '/unheard');
             await new Promise((later) => setTimeout(later, 300));",
        )
        .await?;
        let queue = tab.evaluate("__sightline.queue.length").await?;
        ensure!(queue == 0, "{queue} things were noted after the end");
        let kept = tab.evaluate("Object.keys({ ...localStorage, ...sessionStorage }).filter((key) => /^sightline/.test(key)).length").await?;
        ensure!(kept == 0, "{kept} things stay stored");
        ensure!(stage.site.arrivals("/").len() == arrived + 1, "the page's own calls still go");
        let view = stage.view_of(&tab).await?;
        tab.go("about:blank").await?;
        // Another view's beacons come after any that this one could have sent.
        let witness = stage.open("/witness", Page::new("Witness")).await?;
        let witness = stage.leave(&witness).await?;
        stage
            .collector
            .until_view(&witness, SOON, |view| holds(view, "/core", "loaded"))
            .await?;
        let views = stage.collector.views(stage.from_ms).await?;
        let own = views.iter().find(|one| one["view"] == view.as_str());
        let after = own.is_some_and(|one| {
            one.to_string().contains("unheard") || !list(one, "clicks").is_empty()
        });
        ensure!(!after, "{own:#?}");
        Ok(())
    })
    .await
}
