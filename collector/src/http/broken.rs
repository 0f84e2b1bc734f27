//! What comes over a connection and never becomes a request, and the answer to it: the same JSON as any
//! other problem, written out, since no router will do it.

use crate::ingest::jittered;
use serde_json::json;
use std::fmt::Write;

/// Why a connection or the head of a request went no further. None of it was a beacon yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum Broken {
    /// The request line or a header cannot be parsed.
    Head,
    /// The address asked for is too long.
    TargetTooLong,
    /// More or longer headers than can be held.
    HeadTooLarge,
    /// The headers did not arrive in time.
    HeadTimeout,
    /// The client went away in the midst of the headers.
    HeadAborted,
    /// TLS could not be agreed on in time.
    Handshake,
    /// No place for a connection. Counted where it is turned away.
    Full,
}

impl Broken {
    /// Every reason, in the order of declaration.
    pub const ALL: [Broken; 7] = [
        Broken::Head,
        Broken::TargetTooLong,
        Broken::HeadTooLarge,
        Broken::HeadTimeout,
        Broken::HeadAborted,
        Broken::Handshake,
        Broken::Full,
    ];

    /// Its name in the answer and in the counters.
    pub fn label(self) -> &'static str {
        match self {
            Broken::Head => "bad_request",
            Broken::TargetTooLong => "target_too_long",
            Broken::HeadTooLarge => "headers_too_large",
            Broken::HeadTimeout => "header_timeout",
            Broken::HeadAborted => "header_aborted",
            Broken::Handshake => "tls_handshake",
            Broken::Full => "overloaded",
        }
    }

    fn status(self) -> &'static str {
        match self {
            Broken::Head | Broken::HeadAborted | Broken::Handshake => "400 Bad Request",
            Broken::HeadTimeout => "408 Request Timeout",
            Broken::TargetTooLong => "414 URI Too Long",
            Broken::HeadTooLarge => "431 Request Header Fields Too Large",
            Broken::Full => "503 Service Unavailable",
        }
    }

    fn advice(self) -> (&'static str, &'static str) {
        match self {
            Broken::Head => (
                "the request line or a header does not parse",
                "send HTTP/1.1",
            ),
            Broken::TargetTooLong => ("the address is too long", "use an address there is"),
            Broken::HeadTooLarge => (
                "the request headers are too large or too many",
                "send fewer or shorter headers",
            ),
            Broken::HeadTimeout => ("the headers did not arrive in time", "send them again"),
            Broken::HeadAborted => ("the headers were not finished", "send them again"),
            Broken::Handshake => ("TLS could not be agreed on", "use TLS 1.2 or 1.3"),
            Broken::Full => (
                "there are more connections than the collector holds",
                "try again after Retry-After",
            ),
        }
    }
}

/// The whole answer; the connection ends with it.
pub fn raw_answer(broken: Broken) -> Vec<u8> {
    let (what, what_to_do) = broken.advice();
    let body = json!({
        "reason": broken.label(),
        "what": what,
        "where": "the connection",
        "what_to_do": what_to_do,
    })
    .to_string();
    let mut answer = format!(
        "HTTP/1.1 {}\r\naccess-control-allow-origin: *\r\naccess-control-expose-headers: \
         retry-after\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
        broken.status(),
        body.len()
    );
    if broken == Broken::Full {
        let _ = write!(answer, "retry-after: {}\r\n", jittered(1));
    }
    let _ = write!(answer, "\r\n{body}");
    answer.into_bytes()
}
