//! Beacons as the probe sends them on Movie Guru: the visits of a crowd, each a view with beacons that
//! are numbered up, many at once. Bodies are encoded once; only view and session differ between visits.

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// The clock of the prepared beacons. The collector takes ages from it, never the time.
const SENT_AT_MS: u64 = 1_800_000_000_000;
const ORIGIN: &str = "http://movieguru.test";
const API: &str = "http://api.movieguru.test";
/// Where the 16 bytes of the view stand: behind the version byte.
const VIEW_AT: usize = 1;

/// Who sent a beacon, so that it can be looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct BeaconId {
    pub(crate) view: [u8; 16],
    pub(crate) seq: u32,
}

/// A kind of visit: the bodies of its beacons in order.
struct Story(Vec<Body>);

struct Body {
    bytes: Vec<u8>,
    session_at: Option<usize>,
}

/// A crowd of visits that are under way at the same time.
pub(crate) struct Crowd {
    stories: Vec<Story>,
    visits: Vec<Visit>,
    next: usize,
    drawn: u64,
}

#[derive(Clone, Copy)]
struct Visit {
    view: [u8; 16],
    session: [u8; 8],
    story: usize,
    seq: usize,
}

impl Crowd {
    /// So many visits at once, each at some point of its story; `seed` keeps the views of two crowds
    /// apart.
    pub(crate) fn new(visits: usize, seed: u64) -> Result<Self> {
        let stories = stories()?;
        let mut crowd = Self {
            stories,
            visits: Vec::with_capacity(visits),
            next: 0,
            drawn: seed << 32,
        };
        for _ in 0..visits {
            let mut visit = crowd.draw();
            let beacons = crowd.stories[visit.story].0.len();
            visit.seq = usize::from(visit.view[15]) % beacons;
            crowd.visits.push(visit);
        }
        Ok(crowd)
    }

    /// The next beacon of the crowd, written over `body`.
    pub(crate) fn next(&mut self, body: &mut Vec<u8>) -> BeaconId {
        let at = self.next;
        self.next = (at + 1) % self.visits.len();
        let visit = self.visits[at];
        let story = &self.stories[visit.story].0;
        let prepared = &story[visit.seq];
        body.clear();
        body.extend_from_slice(&prepared.bytes);
        body[VIEW_AT..VIEW_AT + 16].copy_from_slice(&visit.view);
        if let Some(session_at) = prepared.session_at {
            body[session_at..session_at + 8].copy_from_slice(&visit.session);
        }
        let sent = BeaconId {
            view: visit.view,
            seq: u32::try_from(visit.seq).unwrap_or(u32::MAX),
        };
        if visit.seq + 1 < story.len() {
            self.visits[at].seq += 1;
        } else {
            self.visits[at] = self.draw();
        }
        sent
    }

    /// A new visit; one in nine goes wrong.
    fn draw(&mut self) -> Visit {
        self.drawn += 1;
        let (high, low) = (mixed(self.drawn), mixed(!self.drawn));
        let mut view = [0; 16];
        view[..8].copy_from_slice(&high.to_le_bytes());
        view[8..].copy_from_slice(&low.to_le_bytes());
        let story = usize::try_from(high >> 32).unwrap_or_default() % self.stories.len();
        Visit {
            view,
            session: mixed(high).to_le_bytes(),
            story,
            seq: 0,
        }
    }
}

/// SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>): one number well spread over 64 bits.
fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Four releases and pods in turn, and on each the visits a crowd makes.
fn stories() -> Result<Vec<Story>> {
    let mut stories = Vec::new();
    for pod in 1..=4 {
        let mut of_pod = vec![
            chats(pod),
            reads(pod),
            chats_slowly(pod),
            is_hidden_and_comes_back(pod),
        ];
        // One pod in four is wrong for some.
        if pod == 4 {
            of_pod.extend([finds_nothing(pod), is_cut_off(pod)]);
        }
        for story in of_pod {
            let bodies = story.iter().map(prepared).collect::<Result<_>>()?;
            stories.push(Story(bodies));
        }
    }
    Ok(stories)
}

/// Encodes as the probe does.
fn prepared(json: &Value) -> Result<Body> {
    let decoded = beacon::decode(json.to_string().as_bytes())
        .map_err(|error| anyhow::anyhow!("{error}: {json}"))?;
    let events: Result<Vec<_>, _> = decoded.events.into_iter().collect();
    let events = events.map_err(|fault| anyhow::anyhow!("{fault:?}: {json}"))?;
    let bytes = beacon::encode_parts(&decoded.head, &events).context("a beacon does not encode")?;
    let session = decoded.head.session.context("visits have sessions")?;
    let session_at = bytes.windows(8).position(|window| window == session.0);
    Ok(Body { bytes, session_at })
}

fn beacon(pod: u32, seq: u32, route: &str, events: &[Value]) -> Value {
    json!({
        "v": 1,
        "view": "00112233445566778899aabbccddeeff",
        "seq": seq,
        "session": "a1b2c3d4e5f60718",
        "sent_at_ms": SENT_AT_MS,
        "core": "loaded",
        "page": {
            "route": route,
            "release": format!("2026.11.{}", pod / 3 + 1),
            "deployment": format!("frontend-{pod}-7d9c5b6f4-x{pod}kq2"),
            "origin": ORIGIN,
            "backend_origin": API,
            "navigation": "navigate",
        },
        "events": events,
    })
}

fn event(n: u32, rev: u32, age_ms: u64, kind: Value) -> Value {
    json!({ "n": n, "rev": rev, "at_ms": SENT_AT_MS - age_ms, "kind": kind })
}

fn page(outcome: &str, finality: &str, pod: u32, decided_after_ms: u32) -> Value {
    json!({ "page": {
        "outcome": outcome, "finality": finality, "decided_after_ms": decided_after_ms,
        "touched": [{ "release": format!("2026.11.{}", pod / 3 + 1), "deployment": format!("frontend-{pod}-7d9c5b6f4-x{pod}kq2") }],
        "failed_scripts": u32::from(outcome == "blank"),
    }})
}

fn navigation() -> Value {
    json!({ "navigation": {
        "redirect_ms": 0, "dns_ms": 3, "connect_ms": 21, "tls_ms": 14, "request_ms": 48,
        "response_ms": 12, "dom_interactive_ms": 310, "dom_content_loaded_ms": 383, "load_ms": 587,
        "transfer_bytes": 7183, "protocol": "h2",
    }})
}

fn vital(name: &str, value_micros: u32) -> Value {
    json!({ "vital": { "name": name, "value_micros": value_micros, "delta_micros": value_micros } })
}

fn requests(method: &str, route: &str, counts: &[(u8, u32)]) -> Value {
    json!({ "requests": {
        "method": method, "backend_origin": API, "route": route, "expected_origin": true,
        "outcome": "ok", "durations": { "counts": counts },
    }})
}

fn journey(
    name: &str,
    outcome: &str,
    finality: &str,
    duration_ms: u32,
    result: Option<&str>,
) -> Value {
    json!({ "journey": {
        "name": name, "outcome": outcome, "finality": finality, "duration_ms": duration_ms,
        "backend_origin": API, "route": "/", "result": result,
        "reason": (outcome == "failed").then_some("page"),
    }})
}

fn unreachable() -> Value {
    json!({ "request": {
        "method": "POST", "backend_origin": "http://server-service.movie-guru.svc.cluster.local",
        "route": "/login", "expected_origin": false, "outcome": "unreachable", "finality": "final",
        "status": 0, "duration_ms": 9, "result": null,
        "diagnosis": { "cause": "unexpected_origin", "confidence_percent": 90 },
    }})
}

/// What every good load reports within a second.
fn loaded(pod: u32) -> Value {
    beacon(
        pod,
        0,
        "/",
        &[
            event(0, 0, 900, page("ready", "final", pod, 642)),
            event(2, 0, 900, navigation()),
            event(3, 0, 850, vital("ttfb", 84_000)),
            event(4, 0, 400, vital("fcp", 420_000)),
            event(
                5,
                0,
                350,
                journey("access_app", "success", "final", 812, None),
            ),
        ],
    )
}

fn left(pod: u32, seq: u32, n: u32) -> Value {
    beacon(
        pod,
        seq,
        "/",
        &[
            event(n, 0, 9_000, vital("lcp", 912_000)),
            event(n + 1, 0, 8_000, vital("cls", 12_000)),
            event(n + 2, 0, 100, vital("inp", 96_000)),
            event(
                n + 3,
                0,
                7_000,
                requests("GET", "/films/:id", &[(5, 3), (6, 1)]),
            ),
        ],
    )
}

fn chats(pod: u32) -> Vec<Value> {
    let chat = |seq, n, ms| {
        beacon(
            pod,
            seq,
            "/",
            &[
                event(
                    n,
                    0,
                    u64::from(ms) + 300,
                    journey("chat", "success", "final", ms, Some("SUCCESS")),
                ),
                event(
                    n + 1,
                    0,
                    u64::from(ms) + 300,
                    requests("POST", "/chat", &[(14, 1)]),
                ),
            ],
        )
    };
    vec![
        loaded(pod),
        beacon(
            pod,
            1,
            "/",
            &[
                event(6, 0, 9_000, requests("GET", "/startup", &[(8, 1)])),
                event(7, 0, 8_800, requests("GET", "/history", &[(4, 1)])),
                event(
                    8,
                    0,
                    8_000,
                    requests("GET", "/films/:id", &[(2, 6), (3, 2), (6, 1)]),
                ),
            ],
        ),
        chat(2, 9, 1_840),
        chat(3, 11, 2_210),
        left(pod, 4, 13),
    ]
}

fn reads(pod: u32) -> Vec<Value> {
    vec![
        loaded(pod),
        beacon(
            pod,
            1,
            "/",
            &[
                event(6, 0, 9_000, requests("GET", "/startup", &[(7, 1)])),
                event(7, 0, 8_000, requests("POST", "/preferences", &[(5, 1)])),
                event(
                    8,
                    0,
                    8_100,
                    journey("update_preferences", "success", "final", 130, None),
                ),
            ],
        ),
        left(pod, 2, 9),
    ]
}

fn chats_slowly(pod: u32) -> Vec<Value> {
    vec![
        loaded(pod),
        beacon(
            pod,
            1,
            "/",
            &[
                event(6, 0, 9_000, requests("GET", "/startup", &[(12, 1)])),
                event(7, 0, 7_900, requests("POST", "/chat", &[(19, 1)])),
                event(
                    8,
                    0,
                    7_900,
                    journey("chat", "success", "final", 7_420, Some("UNSAFE")),
                ),
            ],
        ),
        left(pod, 2, 9),
    ]
}

/// Provisional outcomes leave when the page is hidden; the final ones revise them.
fn is_hidden_and_comes_back(pod: u32) -> Vec<Value> {
    vec![
        loaded(pod),
        beacon(
            pod,
            1,
            "/",
            &[
                event(
                    6,
                    0,
                    2_000,
                    journey("chat", "abandoned", "provisional", 2_000, None),
                ),
                event(7, 0, 1_000, vital("lcp", 702_000)),
            ],
        ),
        beacon(
            pod,
            2,
            "/",
            &[
                event(
                    6,
                    1,
                    9_000,
                    journey("chat", "success", "final", 8_100, Some("SUCCESS")),
                ),
                event(8, 0, 9_000, requests("POST", "/chat", &[(20, 1)])),
            ],
        ),
        left(pod, 3, 9),
    ]
}

fn finds_nothing(pod: u32) -> Vec<Value> {
    vec![beacon(
        pod,
        0,
        "/login",
        &[
            event(0, 0, 2_300, page("blank", "final", pod, 2_138)),
            event(
                1,
                0,
                2_300,
                journey("access_app", "failed", "final", 2_138, None),
            ),
            event(
                2,
                0,
                2_200,
                json!({ "error": {
                    "kind": "script", "message": "", "source": "http://movieguru.test/assets/index-Drv7xUmx.js",
                }}),
            ),
        ],
    )]
}

fn is_cut_off(pod: u32) -> Vec<Value> {
    vec![
        beacon(
            pod,
            0,
            "/login",
            &[
                event(0, 0, 900, page("ready", "final", pod, 420)),
                event(2, 0, 900, navigation()),
            ],
        ),
        beacon(
            pod,
            1,
            "/login",
            &[
                event(3, 0, 300, unreachable()),
                event(
                    4,
                    0,
                    310,
                    journey("access_app", "failed", "final", 12, None),
                ),
            ],
        ),
    ]
}
