//! The calls whose durations are compared: how each kind is made in the page, and which figures of it the
//! probe tells.

use serde_json::{Value, json};
use tests::site::{API, Arrival};

/// Attempts at these journeys are told one by one, in exact milliseconds, where good calls are counted.
pub(crate) const JOURNEYS: [&str; 2] = ["call", "answer"];

/// One kind of call.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// The backend's address for a delay.
    pub(crate) url: fn(u64) -> String,
    /// Makes one call of an address `url` and comes back when its answer is complete.
    pub(crate) script: &'static str,
    /// How the collector shows it one by one.
    pub(crate) told: Told,
    pub(crate) figures: &'static [Figure],
}

/// Good calls are only counted: what tells them one by one?
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// A journey that begins and ends with each.
    AsJourney,
    /// A journey from a click to what is painted when the answer is there.
    AsClick,
    /// Themselves, because the rule's field says that they went wrong.
    AsFault,
    /// Themselves.
    Singly,
}

impl Told {
    /// The list of the view.
    pub(crate) fn list(self) -> &'static str {
        match self {
            Told::AsJourney | Told::AsClick => "journeys",
            Told::AsFault | Told::Singly => "requests",
        }
    }
}

/// One duration as the probe tells it and as the server injected it.
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    /// Where it stands in an event.
    pub(crate) pointer: &'static str,
    pub(crate) truth: fn(&Arrival) -> Option<f64>,
}

const fn figure(
    name: &'static str,
    pointer: &'static str,
    truth: fn(&Arrival) -> Option<f64>,
) -> Figure {
    Figure {
        name,
        pointer,
        truth,
    }
}

const TO_END: Figure = figure("to the end", "/duration_ms", Arrival::to_end_ms);
const TO_HEADERS: Figure = figure("to headers", "/headers_ms", Arrival::to_head_ms);
const TO_FIRST: Figure = figure("first piece", "/stream/first_chunk_ms", |arrival| {
    Some(arrival.first_ms? - arrival.at_ms)
});

const FETCH_JSON: &str = "(await fetch(url)).json()";
const XHR: &str = "new Promise((done) => { const xhr = new XMLHttpRequest(); \
    xhr.onloadend = done; xhr.open('GET', url); xhr.send(); })";
/// The page never reads the body: its end is known from resource timing only.
const FETCH_UNREAD: &str = "new Promise(async (done) => { \
    new PerformanceObserver((list, observer) => { \
      if (list.getEntriesByName(url).length) { observer.disconnect(); done(); } \
    }).observe({ type: 'resource', buffered: true }); \
    globalThis.unread = await fetch(url); })";
const READ_BY_PIECES: &str = "(async () => { const reader = (await fetch(url)).body.getReader(); \
    while (!(await reader.read()).done); })()";

const fn case(
    name: &'static str,
    url: fn(u64) -> String,
    script: &'static str,
    told: Told,
    figures: &'static [Figure],
) -> Case {
    Case {
        name,
        url,
        script,
        told,
        figures,
    }
}

pub(crate) const CASES: [Case; 9] = [
    case(
        "fetch, json read",
        |ms| format!("{API}/delay/{ms}/0"),
        FETCH_JSON,
        Told::AsJourney,
        &[TO_END],
    ),
    case(
        "fetch, slow body",
        |ms| format!("{API}/delay/20/{ms}"),
        FETCH_JSON,
        Told::AsJourney,
        &[TO_END],
    ),
    case(
        "fetch, slow body never read",
        |ms| format!("{API}/delay/20/{ms}"),
        FETCH_UNREAD,
        Told::AsJourney,
        &[TO_END],
    ),
    case(
        "XMLHttpRequest",
        |ms| format!("{API}/delay/{ms}/30"),
        XHR,
        Told::AsJourney,
        &[TO_END],
    ),
    case(
        "fetch, slow headers, field bad",
        |ms| format!("{API}/delay/{ms}/30?result=ERROR"),
        FETCH_JSON,
        Told::AsFault,
        &[TO_HEADERS, TO_END],
    ),
    case(
        "fetch, slow body, field bad",
        |ms| format!("{API}/delay/20/{ms}?result=ERROR"),
        FETCH_JSON,
        Told::AsFault,
        &[TO_HEADERS, TO_END],
    ),
    case(
        "XMLHttpRequest, field bad",
        |ms| format!("{API}/delay/30/{ms}?result=ERROR"),
        XHR,
        Told::AsFault,
        &[TO_HEADERS, TO_END],
    ),
    case(
        "stream",
        |ms| format!("{API}/stream/{ms}/15/5"),
        READ_BY_PIECES,
        Told::Singly,
        &[TO_FIRST, TO_END],
    ),
    case(
        "click to painted answer",
        |ms| format!("{API}/delay/{ms}/0"),
        FETCH_JSON,
        Told::AsClick,
        &[TO_END],
    ),
];

/// What the probe is told of this case's calls.
pub(crate) fn options(case: &Case) -> Value {
    let any = "GET */delay/:first/:second";
    match case.told {
        Told::AsJourney => json!({ "journeys": [{
            "name": "call",
            "start": [{ "request": any }],
            "end": { "request": any },
        }] }),
        Told::AsClick => json!({ "journeys": [{
            "name": "answer",
            "start": [{ "click": "#ask" }],
            "end": { "request": any, "painted": ".answer" },
        }] }),
        Told::AsFault => json!({ "requests": [{
            "match": any, "json": true, "field": "result", "good": ["SUCCESS"],
        }] }),
        Told::Singly => json!({}),
    }
}
