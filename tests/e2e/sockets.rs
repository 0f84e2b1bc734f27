//! Connections that stay open, above all those a page opens before any probe could be loaded.

use crate::support::{SOON, find, holds, list, on_site, run, within};
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tests::site::Page;

/// A chat that is open before the core is there: three words, an echo, then the server hangs up.
const EARLY: &str = "<script>
  globalThis.heard = [];
  globalThis.chat = new WebSocket('ws://api.test/ws?wait_ms=50');
  chat.onopen = () => { heard.push('open'); chat.send('say 3'); chat.send('an echo'); };
  chat.onmessage = ({ data }) => { heard.push(data); if (data === 'an echo') chat.send('close 4001'); };
  chat.onclose = ({ code, reason }) => heard.push(code + ' ' + reason);
</script>";

#[tokio::test]
async fn a_websocket_opened_before_the_core_is_told_with_its_close_code() -> Result<()> {
    on_site("early-socket", &[], async |stage| {
        let page = Page::new(EARLY).with(&json!({ "core": "/late/800/sightline/" }));
        let tab = stage.open("/", page).await?;
        let heard = tab.evaluate("heard").await?;
        ensure!(
            heard == json!(["open", "word 0", "word 1", "word 2", "an echo", "4001 as asked"]),
            "{heard}"
        );
        let like_native = "chat instanceof WebSocket && WebSocket.OPEN === 1 \
             && Object.getPrototypeOf(chat) === WebSocket.prototype && WebSocket.name === 'WebSocket'";
        ensure!(tab.evaluate(like_native).await? == true, "not as before");
        stage
.told(&tab, |view| {
                let socket = list(view, "sockets").first().ok_or("no socket")?;
                holds(socket, "/kind", "web_socket")?;
                holds(socket, "/backend_origin", "ws://api.test")?;
                holds(socket, "/route", "/ws")?;
                holds(socket, "/outcome", "closed")?;
                holds(socket, "/close_code", 4001)?;
                holds(socket, "/finality", "final")?;
                within(socket, "/connect_ms", 48.0..=600.0)
            })
            .await
            .map(drop)
    })
    .await
}

#[tokio::test]
async fn connections_that_break_or_never_open_are_told_apart_from_those_that_are_closed()
-> Result<()> {
    on_site("sockets", &[], async |stage| {
        let tab = stage.open("/", Page::new("Sockets")).await?;
        run(
            &tab,
            "const ended = (socket) => new Promise((done) => { socket.onclose = done; });
             const lost = new WebSocket('ws://api.test/ws?lost');
             lost.onopen = () => lost.send('drop');
             const closed = new WebSocket('ws://other.test/ws');
             closed.onopen = async () => {
               closed.send('say 2');
               await new Promise((done) => { closed.onmessage = ({ data }) => data === 'word 1' && setTimeout(done, 120); });
               closed.send('one more');
               closed.onmessage = () => closed.close(1000);
             };
             const failed = new WebSocket('ws://api.test/status/403');
             await Promise.all([lost, closed, failed].map(ended));
             globalThis.source = new EventSource('http://api.test/sse/3/50');
             let count = 0;
             await new Promise((done) => { source.onmessage = () => ++count === 6 && done(); });
             source.close();
             globalThis.gone = new EventSource('http://api.test/status/404');
             await new Promise((done) => { gone.onerror = done; });
             globalThis.open = new WebSocket('ws://api.test/ws?open');
             await new Promise((done) => { open.onopen = done; });",
        )
        .await?;
        let one = |view: &Value, route: &str, outcome: &str| -> Result<Value, String> {
            let mut sockets = list(view, "sockets").iter();
            let found = sockets.find(|one| one["route"] == route && one["outcome"] == outcome);
            found.cloned().ok_or(format!("no {outcome} {route}"))
        };
        let shown = stage
            .told(&tab, |view| {
                let lost = one(view, "/ws", "lost")?;
                holds(&lost, "/close_code", 1006)?;
                holds(&lost, "/finality", "final")?;
                let closed = one(view, "/ws", "closed")?;
                holds(&closed, "/close_code", 1000)?;
                holds(&closed, "/backend_origin", "ws://other.test")?;
                holds(&closed, "/sent", 2)?;
                holds(&closed, "/received", 3)?;
                within(&closed, "/longest_gap_ms", 110.0..=700.0)?;
                one(view, "/status/:id", "failed")?;
                let open = one(view, "/ws", "open")?;
                holds(&open, "/finality", "provisional")?;
                let source = one(view, "/sse/:id/:id", "closed")?;
                holds(&source, "/kind", "event_source")?;
                holds(&source, "/received", 6)?;
                holds(&source, "/reconnects", 1)?;
                within(&source, "/longest_gap_ms", 100.0..=800.0)?;
                let sources = list(view, "sockets").iter();
                let failed = sources.filter(|one| one["outcome"] == "failed").count();
                if failed == 2 { Ok(()) } else { Err(format!("{failed} failed")) }
            })
            .await?;
        ensure!(
            find(&shown, "requests", "route", "/sse/:id/:id").is_none(),
            "an event source is no call: {shown:#}"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_event_source_s_events_are_counted_under_whatever_names_the_page_listens_to()
-> Result<()> {
    on_site("event-names", &[], async |stage| {
        let tab = stage.open("/", Page::new("Names")).await?;
        // Named events are heard once the second module is there.
        let more = "performance.getEntriesByType('resource').some(({ name, responseEnd }) => /more.js$/.test(name) && responseEnd)";
        tab.wait_for(more, SOON).await?;
        tab.rest().await?;
        run(
            &tab,
            "const source = new EventSource('http://api.test/sse/3/50?name=token');
             await new Promise((done) => {
               let count = 0;
               source.addEventListener('token', () => ++count === 3 && done());
               source.addEventListener('token', () => {});
               source.addEventListener('never', () => {});
             });
             source.close();",
        )
        .await?;
        stage
            .told(&tab, |view| {
                let source = find(view, "sockets", "kind", "event_source").ok_or("no source")?;
                holds(source, "/received", 3)
            })
            .await
            .map(drop)
    })
    .await
}
