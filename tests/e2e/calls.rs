//! Calls as the page made them: nothing about them changes, each is counted once, each keeps its own time.

use crate::support::{SOON, counted, find, holds, list, on_site, run};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::site::{API, Page};

/// Calls in every form there is; what the server says it got.
const FORMS: &str = "
    const url = 'http://api.test/echo';
    const headers = { 'content-type': 'text/plain', 'x-own': 'mine' };
    const post = { method: 'POST', headers, body: 'a body' };
    const got = async (answer) => { const { method, body, headers } = await (await answer).json(); return [method, body, headers['x-own'] ?? null, headers['content-type'] ?? null]; };
    class Late extends Request {}
    return {
      request: await got(fetch(new Request(url, post))),
      subclass: await got(fetch(new Late(url, post))),
      changed: await got(fetch(new Request(url, post), { method: 'PUT' })),
      text: await got(fetch(url, post)),
      address: await got(fetch(new URL(url), post)),
      lower: await got(fetch(url, { ...post, method: 'post' })),
      stream: await got(fetch(new Request(url, { ...post, body: new Blob(['a body']) }))),
      xhr: await new Promise((done) => {
        const xhr = new XMLHttpRequest();
        xhr.responseType = 'json';
        xhr.onload = () => done([xhr.response.method, xhr.response.body, xhr.response.headers['x-own'], xhr.response.headers['content-type']]);
        xhr.open('POST', url);
        for (const name in headers) xhr.setRequestHeader(name, headers[name]);
        xhr.send('a body');
      }),
    };";

fn echoed(got: &Value) -> Result<()> {
    for (form, got) in got.as_object().context("no forms")? {
        let method = if form == "changed" { "PUT" } else { "POST" };
        ensure!(
            *got == json!([method, "a body", "mine", "text/plain"]),
            "{form} arrived as {got}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_call_keeps_method_headers_and_body_in_every_form_with_trace_context_and_without()
-> Result<()> {
    on_site("forms", &[], async |stage| {
        let plain = stage.open("/", Page::new("Forms")).await?;
        echoed(&run(&plain, FORMS).await?)?;
        let traced = Page::new("Forms").with(&json!({ "traceOrigins": [API] }));
        let traced = stage.open("/traced", traced).await?;
        echoed(&run(&traced, FORMS).await?)?;
        let view = stage.leave(&plain).await?;
        stage
            .collector
            .until_view(&view, SOON, |view| {
                let posts = list(view, "request_counts").iter();
                let methods: Vec<_> = posts.filter_map(|one| one["method"].as_str()).collect();
                let (puts, all) = (methods.contains(&"PUT"), counted(view, "/echo", "ok"));
                if puts && all == 8 {
                    Ok(())
                } else {
                    Err(format!("{all} calls by {methods:?}"))
                }
            })
            .await
            .map(drop)
    })
    .await
}

#[tokio::test]
async fn two_copies_of_the_probe_on_a_page_make_no_call_twice_and_count_none_twice() -> Result<()> {
    on_site("two-copies", &[], async |stage| {
        let page = Page::new("Twice").with_copies(2);
        let tab = stage.open("/", page).await?;
        run(
            &tab,
            "for (let call = 0; call < 5; call++) await (await fetch('http://api.test/json')).json();
             await fetch('http://api.test/json?status=500');",
        )
        .await?;
        let view = stage.leave(&tab).await?;
        stage
            .collector
            .until_view(&view, SOON, |view| {
                let (good, bad) = (counted(view, "/json", "ok"), list(view, "requests").len());
                if (good, bad) == (5, 1) { Ok(()) } else { Err(format!("{good} good, {bad} bad")) }
            })
            .await?;
        let arrivals = stage.site.arrivals("/json").len();
        ensure!(arrivals == 6, "{arrivals} calls arrived");
        let views = stage.collector.views(stage.from_ms).await?;
        ensure!(views.len() == 1, "{views:#?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn parallel_calls_of_one_address_keep_their_own_times_read_and_unread() -> Result<()> {
    on_site("parallel", &["call"], async |stage| {
        let any = "GET */turns/:delays";
        // Good calls are only counted; a journey that is one call tells it singly.
        let page = Page::new("Parallel").with(&json!({ "journeys": [
            { "name": "call", "start": [{ "request": any }], "end": { "request": any } },
        ] }));
        let tab = stage.open("/", page).await?;
        run(
            &tab,
            "const url = (how) => `http://api.test/turns/120-260-400-600?how=${how}`;
             // Else the browser itself lets one wait for the other, which might fill its cache.
             const four = (how) => Promise.all([1, 2, 3, 4].map(() => fetch(url(how), { cache: 'no-store' })));
             await Promise.all((await four('read')).map((answer) => answer.json()));
             globalThis.unread = await four('unread');
             await new Promise((done) => new PerformanceObserver(() => {
               if (performance.getEntriesByName(url('unread')).length === 4) done();
             }).observe({ type: 'resource', buffered: true }));",
        )
        .await?;
        let mut truth: Vec<f64> = (stage.site.arrivals("/turns").iter())
            .filter_map(tests::site::Arrival::to_end_ms)
            .collect();
        truth.sort_by(f64::total_cmp);
        stage
.told(&tab, |view| {
                let calls = list(view, "journeys").iter();
                let mut told: Vec<f64> = calls.filter_map(|one| one["duration_ms"].as_f64()).collect();
                told.sort_by(f64::total_cmp);
                // One that has another's end is off by 140 ms or more.
                let near = |(told, truth): (&f64, &f64)| (-5.0..135.0).contains(&(told - truth));
                if told.len() == 8 && told.iter().zip(&truth).all(near) {
                    Ok(())
                } else {
                    Err(format!("{told:?}, in truth {truth:?}"))
                }
            })
            .await
            .map(drop)
    })
    .await
}

#[tokio::test]
async fn beacons_of_the_page_are_calls_too_and_one_the_browser_refuses_is_a_failed_one()
-> Result<()> {
    on_site("send-beacon", &[], async |stage| {
        let tab = stage.open("/", Page::new("Beacons")).await?;
        let taken = run(
            &tab,
            "const big = 'x'.repeat(70000);
             return [navigator.sendBeacon('http://api.test/take/small', 'small'), navigator.sendBeacon('http://api.test/take/big', big)];",
        )
        .await?;
        ensure!(taken == json!([true, false]), "{taken}");
        let view = stage.leave(&tab).await?;
        stage
            .collector
            .until_view(&view, SOON, |view| {
                let refused = find(view, "requests", "route", "/take/big").ok_or("no big one")?;
                holds(refused, "/initiator", "beacon")?;
                holds(refused, "/method", "POST")?;
                holds(refused, "/outcome", "blocked")?;
                match counted(view, "/take/small", "ok") {
                    1 => Ok(()),
                    count => Err(format!("{count} small ones")),
                }
            })
            .await?;
        let arrived = stage.site.arrivals("/take/small");
        ensure!(
            arrived.len() == 1 && arrived[0].text() == "small",
            "{arrived:?}"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_browsers_call_status_0_is_told_apart() -> Result<()> {
    on_site("status-0", &[], async |stage| {
        let page = Page::new("Failures").with(&json!({ "checkUnreachable": true }));
        let tab = stage.open("/", page).await?;
        run(
            &tab,
            "const lost = (url, init) => fetch(url, init).then((answer) => answer.text()).catch(() => 0);
             const stop = new AbortController();
             setTimeout(() => stop.abort(), 100);
             await Promise.all([
               lost('http://api.test/never/aborted', { signal: stop.signal }),
               lost('http://api.test/never/timed', { signal: AbortSignal.timeout(120) }),
               lost('http://nowhere.test/x'),
               lost('http://api.test/no-cors/json'),
               lost('http://api.test/cut'),
               new Promise((done) => { const xhr = new XMLHttpRequest(); xhr.onloadend = done; xhr.timeout = 100; xhr.open('GET', 'http://api.test/never/xhr'); xhr.send(); }),
             ]);",
        )
        .await?;
        let view = stage.view_of(&tab).await?;
        let told = |view: &Value, route: &str, outcome: &str, cause: Option<&str>| {
            let call = find(view, "requests", "route", route).ok_or(format!("no {route}"))?;
            holds(call, "/outcome", outcome).map_err(|problem| format!("{route}: {problem}"))?;
            match cause {
                Some(cause) => holds(call, "/diagnosis/cause", cause),
                None => Ok(()),
            }
        };
        stage
            .collector
            .until_view(&view, SOON, |view| {
                told(view, "/never/aborted", "aborted", None)?;
                told(view, "/never/timed", "timeout", None)?;
                told(view, "/never/xhr", "timeout", None)?;
                told(view, "/x", "unreachable", Some("unreachable_host"))?;
                told(view, "/no-cors/json", "unreachable", Some("blocked_by_cors"))?;
                // It had begun to come; that it broke is known from its body alone.
                told(view, "/cut", "unreachable", None)
            })
            .await
            .map(drop)
    })
    .await
}

#[tokio::test]
async fn many_addresses_become_few_routes_and_what_they_hold_is_not_told() -> Result<()> {
    on_site("routes-of-calls", &[], async |stage| {
        let routes = json!({ "routes": ["/items/books/:title", "/items/search/:words/:page"],
                             "scrubUrl": [{ "match": "token-[^/]+", "replace": ":token" }] });
        let tab = stage.open("/", Page::new("Routes").with(&routes)).await?;
        run(
            &tab,
            "const base = 'http://api.test/items/';
             for (let number = 0; number < 12; number++) {
               const word = 'abcdefghijkl'[number];
               await Promise.all([
                 fetch(`${base}${1000 + number}`), fetch(`${base}u${word}ser${number}@example.org/cart`),
                 fetch(`${base}0af7651916cd43dd8448eb211c8031${10 + number}/parts/${number}?secret=${word}`),
                 fetch(`${base}books/the-${word}-title`), fetch(`${base}search/${word}/${number}#secret`),
                 fetch(`${base}token-${word}/open`),
               ].map(async (call) => (await call).text()));
             }",
        )
        .await?;
        let view = stage.leave(&tab).await?;
        let routes = [
            "/items/:id",
            "/items/:id/cart",
            "/items/:id/parts/:id",
            "/items/books/:title",
            "/items/search/:words/:page",
            "/items/:token/open",
        ];
        let shown = stage
            .collector
            .until_view(&view, SOON, |view| {
                for route in routes {
                    let count = counted(view, route, "ok");
                    if count != 12 {
                        return Err(format!("{count} of {route}"));
                    }
                }
                Ok(())
            })
            .await?;
        let others = list(&shown, "request_counts").iter();
        let others: Vec<_> = others
            .filter(|one| !routes.contains(&one["route"].as_str().unwrap_or_default()))
            .collect();
        ensure!(others.is_empty(), "{others:#?}");
        for held in ["secret", "example.org", "0af765"] {
            ensure!(!shown.to_string().contains(held), "{held} in {shown:#}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_page_has_the_whole_of_its_keepalive_budget_while_the_probe_reports() -> Result<()> {
    on_site("keepalive", &[], async |stage| {
        let tab = stage.open("/", Page::new("Keepalive")).await?;
        // 64 KiB are shared by all keepalive requests in flight: what the probe holds the page lacks.
        let answered = run(
            &tab,
            "const body = 'x'.repeat(60000);
             const all = [];
             for (let round = 0; round < 8; round++) {
               setTimeout(() => { throw new Error('round ' + round); });
               fetch('http://nowhere.test/' + round).catch(() => 0);
               await new Promise((later) => setTimeout(later, 400));
               all.push(await fetch('http://api.test/echo', { method: 'POST', keepalive: true, body }).then((answer) => answer.status, String));
             }
             return all;",
        )
        .await?;
        ensure!(answered == json!([200, 200, 200, 200, 200, 200, 200, 200]), "{answered}");
        let view = stage.view_of(&tab).await?;
        stage
            .collector
            .until_view(&view, SOON, |view| uncaught(view, 8))
            .await
            .map(drop)
    })
    .await
}

fn uncaught(view: &Value, due: u64) -> Result<(), String> {
    let errors = list(view, "errors").iter();
    let told = errors.filter(|one| one["kind"] == "uncaught").count() as u64;
    if told != due {
        return Err(format!("{told} errors are told"));
    }
    holds(view, "/beacons_known_lost", 0)
}

/// A browser whose page has keepalive requests under way that leave no room for another.
const USED_UP: &str = "
  const real = fetch;
  globalThis.refused = 0;
  globalThis.fetch = (target, options) => {
    if (!options?.keepalive) return real(target, options);
    refused++;
    return Promise.reject(new TypeError('Failed to fetch'));
  };";

#[tokio::test]
async fn what_happens_while_the_page_has_used_up_its_keepalive_budget_is_told_all_the_same()
-> Result<()> {
    on_site("used-up", &[], async |stage| {
        let address = stage.site.put("/", Page::new("<p>Used up</p>"))?;
        let tab = stage.tab().await?;
        tab.prepend(USED_UP).await?;
        stage.go(&tab, &address).await?;
        let view = stage.view_of(&tab).await?;
        tab.evaluate("setTimeout(() => { throw new Error('while it is used up'); })")
            .await?;
        stage
            .collector
            .until_view(&view, SOON, |view| uncaught(view, 1))
            .await?;
        ensure!(
            tab.evaluate("refused").await? != 0,
            "the probe asked for none"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_route_template_stands_for_its_own_characters_and_a_star_for_anything() -> Result<()> {
    on_site("templates", &[], async |stage| {
        let routes = ["/items/a.b/:id", "/items/c+d", "/items/*/q/*"];
        let tab = stage.open("/", Page::new("Templates").with(&json!({ "routes": routes }))).await?;
        run(
            &tab,
            "for (const path of ['a.b/5', 'axb/5', 'c+d', 'ccd', 'p/q/r']) await (await fetch('http://api.test/items/' + path)).json();",
        )
        .await?;
        stage
            .told(&tab, |view| {
                for route in ["/items/a.b/:id", "/items/axb/:id", "/items/c+d", "/items/ccd", "/items/*/q/*"] {
                    let calls = counted(view, route, "ok");
                    if calls != 1 {
                        return Err(format!("{route} is told {calls} times"));
                    }
                }
                Ok(())
            })
            .await
            .map(drop)
    })
    .await
}
