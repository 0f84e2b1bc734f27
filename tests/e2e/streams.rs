//! Answers that come in pieces: the page reads what the server wrote, however it reads, and the probe tells
//! when the pieces came without keeping any.

use crate::support::{SOON, counted, find, list, on_site, run, within};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::Duration;
use tests::site::Page;

/// Four pieces: the first after 60 ms, the others 140 ms apart; 32 bytes.
const WRITTEN: &str = "piece 0\npiece 1\npiece 2\npiece 3\n";

/// Every way a page has to read an answer, by its name.
const WAYS: &str = "
    // Six connections to a host are what browsers have.
    let calls = 0;
    const url = (way) => `http://${['api', 'other', 'pages'][calls++ % 3]}.test/stream/60/140/4/${way}`;
    const decoder = () => new TextDecoder();
    const drain = async (reader, decode) => {
      let text = '';
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return text;
        text += decode(value);
      }
    };
    const bytes = (value) => decoder().decode(value);
    const ways = {
      reader: async ({ body }) => drain(body.getReader(), bytes),
      iteration: async ({ body }) => { let text = ''; for await (const piece of body) text += bytes(piece); return text; },
      pipe: async ({ body }) => drain(body.pipeThrough(new TextDecoderStream()).getReader(), (text) => text),
      into: async ({ body }) => { let text = ''; await body.pipeTo(new WritableStream({ write(piece) { text += bytes(piece); } })); return text; },
      tee: async ({ body }) => {
        const [one, two] = body.tee();
        const both = await Promise.all([drain(one.getReader(), bytes), drain(two.getReader(), bytes)]);
        return both[0] === both[1] ? both[0] : 'two halves differ';
      },
      half: async ({ body }) => {
        const [one, two] = body.tee();
        await Promise.race([two.cancel(), 0]);
        return drain(one.getReader(), bytes);
      },
      signalled: async ({ body }) => {
        let text = '';
        const into = new WritableStream({ write(piece) { text += bytes(piece); } });
        await body.pipeTo(into, { signal: new AbortController().signal, preventClose: true });
        return into.locked || body.locked ? 'something stays locked' : text;
      },
      kept: async ({ body }) => {
        let text = '';
        const full = new WritableStream({ write(piece) { text += bytes(piece); throw new Error('full'); } });
        const fault = await body.pipeTo(full, { preventCancel: true }).catch(({ message }) => message);
        return fault === 'full' && !body.locked ? text + (await drain(body.getReader(), bytes)) : `${fault}: not given back`;
      },
      clone: async (answer) => {
        const copy = answer.clone();
        return (await answer.text()) === (await copy.text()) ? 'piece 0\\npiece 1\\npiece 2\\npiece 3\\n' : 'the clone differs';
      },
      anew: async ({ body }) => new Response(body).text(),
      byob: async ({ body }) => {
        const reader = body.getReader({ mode: 'byob' });
        let text = '';
        let room = new ArrayBuffer(16);
        for (;;) {
          const { done, value } = await reader.read(new Uint8Array(room));
          if (done) return text;
          text += bytes(value);
          room = value.buffer;
        }
      },
      text: (answer) => answer.text(),
      blob: async (answer) => (await answer.blob()).text(),
    };
    const read = Object.entries(ways).map(async ([way, how]) => [way, await how(await fetch(url(way))).catch(String)]);
    const xhr = new Promise((done) => {
      const call = new XMLHttpRequest();
      call.onload = () => done(['xhr', call.responseText]);
      call.open('GET', url('xhr'));
      call.send();
    });
    const texts = await Promise.all([...read, xhr]);
    // An end that is only known when the page is left comes too late.
    await new Promise((later) => setTimeout(later, 800));
    return Object.fromEntries(texts);";

#[tokio::test]
async fn a_page_reads_the_same_bytes_however_it_reads_and_the_pieces_are_timed() -> Result<()> {
    on_site("streams", &[], async |stage| {
        let tab = stage.open("/", Page::new("Streams")).await?;
        let read = run(&tab, WAYS).await?;
        for (way, text) in read.as_object().context("no ways")? {
            ensure!(text == WRITTEN, "{way} read {text}");
        }
        let arrivals = stage.site.arrivals("/stream").len();
        ensure!(arrivals == 14, "{arrivals} calls for fourteen ways");
        let view = stage.leave(&tab).await?;
        let told = |view: &Value, way: &str| -> Result<(), String> {
            let route = format!("/stream/:id/:id/:id/{way}");
            let call = find(view, "requests", "route", &route).ok_or(format!("no {way}"))?;
            let fits = || {
                within(call, "/headers_ms", 0.0..=460.0)?;
                within(call, "/stream/first_chunk_ms", 55.0..=460.0)?;
                within(call, "/stream/longest_gap_ms", 130.0..=560.0)?;
                within(call, "/stream/chunks", 4.0..=5.0)?;
                within(call, "/stream/bytes", 32.0..=32.0)?;
                within(call, "/duration_ms", 475.0..=1000.0)
            };
            fits().map_err(|problem| format!("{way}: {problem}"))
        };
        stage
            .collector
            .until_view(&view, SOON, |view| {
                for way in [
                    "reader",
                    "iteration",
                    "pipe",
                    "into",
                    "signalled",
                    "tee",
                    "half",
                    "byob",
                    "xhr",
                ] {
                    told(view, way)?;
                }
                // Read whole, or in ways that cannot be seen: counted, with the end the browser tells.
                for way in ["clone", "anew", "text", "blob"] {
                    let route = format!("/stream/:id/:id/:id/{way}");
                    if counted(view, &route, "ok") != 1 {
                        return Err(format!("{way} is not counted"));
                    }
                }
                Ok(())
            })
            .await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_endless_stream_takes_no_memory_and_ends_when_the_page_ends_it() -> Result<()> {
    on_site("endless", &[], async |stage| {
        let tab = stage.open("/", Page::new("Endless")).await?;
        tab.evaluate(
            "void (async () => { globalThis.got = 0; \
               const reader = (await fetch('http://api.test/endless')).body.getReader(); \
               globalThis.stop = () => reader.cancel(); \
               for (;;) { const { done, value } = await reader.read(); if (done) break; got += value.length; \
                 while (globalThis.held) await new Promise((later) => setTimeout(later, 20)); } })()",
        )
        .await?;
        let megabytes = async |count: u64| -> Result<f64> {
            let read = format!("got > {}", count * 1_000_000);
            tab.wait_for(&read, SOON).await?;
            // What is collected must not be made anew meanwhile.
            tab.evaluate("void (globalThis.held = true)").await?;
            tab.rest().await?;
            tab.call("HeapProfiler.collectGarbage", json!({})).await?;
            let heap = tab.call("Runtime.getHeapUsage", json!({})).await?;
            tab.evaluate("void (globalThis.held = false)").await?;
            let used = heap["usedSize"].as_f64().context("no usedSize")?;
            let stored = heap["backingStorageSize"].as_f64().unwrap_or(0.0);
            Ok((used + stored) / 1e6)
        };
        // Pieces under way in the browser come and go, a megabyte or two; what is kept stays.
        let least = async |counts: [u64; 4]| -> Result<f64> {
            let mut least = f64::MAX;
            for count in counts {
                least = least.min(megabytes(count).await?);
            }
            Ok(least)
        };
        let early = least([20, 22, 24, 26]).await?;
        let late = least([220, 222, 224, 226]).await?;
        ensure!(
            late - early < 2.0,
            "{early} MB after 20 MB were read, {late} MB after 220"
        );
        tab.evaluate("void stop()").await?;
        let view = stage.leave(&tab).await?;
        stage
            .collector
            .until_view(&view, Duration::from_secs(10), |view| {
                let call = find(view, "requests", "route", "/endless").ok_or("no call")?;
                within(call, "/stream/bytes", 220e6..=5e9)?;
                let calls = list(view, "requests").len();
                if calls == 1 { Ok(()) } else { Err(format!("{calls} calls")) }
            })
            .await
            .map(drop)
    })
    .await
}
