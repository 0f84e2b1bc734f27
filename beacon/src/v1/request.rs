//! Calls to a backend as the browser saw them end: singly when bad, counted when good.

use super::Finality;
use crate::{Histogram, TraceId};
use serde::{Deserialize, Serialize};

/// One call. `started` is the event's `at_ms`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestAttempt {
    /// Upper case.
    pub method: String,
    /// Origin actually called, which need not be the configured one.
    pub backend_origin: String,
    /// Route template of the called path.
    pub route: String,
    /// Whether `backend_origin` is one of the origins the page expects. True when none are
    /// configured.
    #[serde(default = "yes")]
    pub expected_origin: bool,
    /// How it ended.
    pub outcome: RequestOutcome,
    /// Provisional while it is pending on a page that is being hidden.
    #[serde(default)]
    pub finality: Finality,
    /// HTTP status; 0 where the browser tells none.
    #[serde(default)]
    pub status: u16,
    /// Milliseconds from sending to the end of the answer, or to the decision.
    pub duration_ms: u32,
    /// The value of the configured body field, on routes with a rule.
    #[serde(default)]
    pub result: Option<String>,
    /// For `unreachable`: what most probably kept the answer away.
    #[serde(default)]
    pub diagnosis: Option<Diagnosis>,
    /// What made the call.
    #[serde(default)]
    pub initiator: Initiator,
    /// `navigator.onLine` when it ended.
    #[serde(default = "yes")]
    pub online: bool,
    /// `navigator.connection.effectiveType`, such as `4g`, at most [`crate::limits::NAME_BYTES`]; empty
    /// where the browser tells none.
    #[serde(default)]
    pub connection: String,
    /// Milliseconds from sending to the answer's headers; 0 when there were none.
    #[serde(default)]
    pub headers_ms: u32,
    /// How the body came, where the page read it piece by piece.
    #[serde(default)]
    pub stream: Option<Stream>,
    /// Trace id sent along (W3C Trace Context), where the origin is configured for it.
    #[serde(default)]
    pub trace: Option<TraceId>,
}

/// What made a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Initiator {
    /// `fetch`.
    Fetch,
    /// `XMLHttpRequest`.
    #[default]
    Xhr,
    /// `navigator.sendBeacon`: its answer is never known, only whether the browser took it.
    Beacon,
}

/// How the body of an answer came, counted in passing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Stream {
    /// Milliseconds from sending to the first piece; 0 when none came.
    pub first_chunk_ms: u32,
    /// Milliseconds of the longest wait between two pieces, or from the headers to the first.
    pub longest_gap_ms: u32,
    /// Pieces.
    pub chunks: u32,
    /// Bytes of the pieces, decompressed.
    pub bytes: u32,
}

/// A guess at why a call got no answer, from what a page can know. The browser itself says no more
/// than "failed".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The most probable cause.
    pub cause: FailureCause,
    /// How sure, in percent: 90 and above is as good as known, 50 is a coin.
    pub confidence_percent: u8,
}

/// What keeps an answer from a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCause {
    /// The browser has no network.
    Offline,
    /// The server answers, but not with the headers that would let the page see it: a wrong CORS
    /// configuration, or an error answer that lacks them.
    BlockedByCors,
    /// No server answers there: name not resolved, connection refused or broken, TLS refused.
    UnreachableHost,
    /// As above, at an origin outside the expected ones: the build or its configuration is wrong.
    UnexpectedOrigin,
}

fn yes() -> bool {
    true
}

/// Good calls since the last beacon with the same origin, route, method and minute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestCounts {
    /// Upper case.
    pub method: String,
    /// Origin actually called.
    pub backend_origin: String,
    /// Route template of the called path.
    pub route: String,
    /// Whether the origin was expected.
    #[serde(default = "yes")]
    pub expected_origin: bool,
    /// `ok`, or a bad one past the number that is sent singly.
    pub outcome: RequestOutcome,
    /// Durations; its total is the number of calls.
    pub durations: Histogram,
}

/// How a request ended, as the browser saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestOutcome {
    /// A 2xx or 3xx answer that kept the route's rule.
    Ok,
    /// Status 4xx or 5xx.
    HttpError,
    /// Status 0: DNS, refused, CORS and TLS look alike to a page.
    Unreachable,
    /// The page's own time limit ended it.
    Timeout,
    /// The page, or leaving it, ended it.
    Aborted,
    /// HTML where JSON was expected.
    WrongContent,
    /// The body's configured field holds no good value.
    AppError,
    /// Pending past its limit.
    Hung,
    /// Refused by the page's content security policy; of a `sendBeacon`, by the browser itself.
    Blocked,
}
