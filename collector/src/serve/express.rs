//! While the store has no room, a beacon that came whole is refused as it comes off the wire. What a refusal
//! costs by way of hyper, the router and the books of a request is what those lack that could be served.
//!
//! Only requests that came whole and alone are met here: bytes that stand after an unread body, or between
//! two requests, may look like a request and be none.

use crate::app::App;
use crate::http::raw_refusal;
use crate::ingest::{Knock, Refused, Rejection};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// As many answers as there are times to come again.
const ANSWERS: usize = 8;
/// More headers than any browser sends; who sends more goes the long way.
const HEADERS: usize = 48;

pub(super) struct Express {
    app: Arc<App>,
    answers: Vec<Vec<u8>>,
    next: AtomicUsize,
    patience: Duration,
}

/// What the bytes of a connection's next request are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// A request to take a beacon, and nothing else.
    Beacon,
    /// Another request, and nothing else.
    Whole,
    /// A part of a request, more than one, or none.
    Otherwise,
}

impl Express {
    /// hyper takes a connection for idle that it hears nothing from for `header_timeout`.
    pub(super) fn new(app: &Arc<App>, header_timeout: Duration) -> Self {
        let answer = |_| raw_refusal(Refused::from(Rejection::Overloaded));
        Self {
            app: Arc::clone(app),
            answers: (0..ANSWERS).map(answer).collect(),
            next: AtomicUsize::new(0),
            patience: header_timeout / 2,
        }
    }

    /// After so long a request of a connection goes the long way all the same.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    pub(super) fn is_open(&self) -> bool {
        self.app.store().is_full()
    }

    /// Closes the book on a beacon that is refused; what to answer.
    pub(super) fn refuse(&self, is_first: bool) -> &[u8] {
        let refused = Refused::from(Rejection::Overloaded);
        if is_first {
            self.app.tell_refused(refused.rejection, &Knock::default());
        }
        self.app.tally().beacon_received().rejected(&refused);
        let at = self.next.fetch_add(1, Ordering::Relaxed) % ANSWERS;
        self.answers.get(at).map_or(&[], Vec::as_slice)
    }
}

/// Reads no more of a request than where it ends.
pub(super) fn came(bytes: &[u8]) -> Came {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let Ok(httparse::Status::Complete(head)) = request.parse(bytes) else {
        return Came::Otherwise;
    };
    let mut length = None;
    let mut is_plain = request.version == Some(1);
    for header in request.headers.iter() {
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        if is("content-length") {
            let told = std::str::from_utf8(header.value).ok();
            is_plain &= length.is_none();
            length = told.and_then(|text| text.parse::<usize>().ok());
            is_plain &= length.is_some();
        } else if is("connection") {
            // Who wants it closed is told so by hyper, which then does.
            is_plain &= header.value.eq_ignore_ascii_case(b"keep-alive");
        } else if is("transfer-encoding") || is("expect") || is("upgrade") {
            is_plain = false;
        }
    }
    if !is_plain || head.checked_add(length.unwrap_or(0)) != Some(bytes.len()) {
        return Came::Otherwise;
    }
    let to = request.path.unwrap_or_default();
    if request.method == Some("POST") && to.starts_with("/v1/beacons/") {
        Came::Beacon
    } else {
        Came::Whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_came_whole_and_alone_is_a_beacon() {
        let head = "POST /v1/beacons/key HTTP/1.1\r\nHost: c\r\nContent-Length: 3\r\n";
        let request = |more: &str, body: &str| format!("{head}{more}\r\n{body}");
        let cases = [
            (request("", "abc"), Came::Beacon),
            (request("Origin: http://shop.test\r\n", "abc"), Came::Beacon),
            (request("", "ab"), Came::Otherwise),
            (request("", "abcPOST /v1/beacons/"), Came::Otherwise),
            (request("Content-Length: 3\r\n", "abc"), Came::Otherwise),
            (
                request("Transfer-Encoding: chunked\r\n", "abc"),
                Came::Otherwise,
            ),
            (request("Connection: close\r\n", "abc"), Came::Otherwise),
            (request("Connection: Keep-Alive\r\n", "abc"), Came::Beacon),
            (request("Expect: 100-continue\r\n", "abc"), Came::Otherwise),
            (head.to_owned(), Came::Otherwise),
            (head.replace("1.1", "1.0") + "\r\nabc", Came::Otherwise),
            (head.replace("3\r\n", "3x\r\n") + "\r\nabc", Came::Otherwise),
            (head.replace("POST", "PUT") + "\r\nabc", Came::Whole),
            ("GET /readyz HTTP/1.1\r\n\r\n".to_owned(), Came::Whole),
            (
                format!(
                    "GET /{} HTTP/1.1\r\n{}\r\n",
                    "v",
                    "a: b\r\n".repeat(HEADERS + 1)
                ),
                Came::Otherwise,
            ),
        ];
        for (bytes, due) in cases {
            assert_eq!(came(bytes.as_bytes()), due, "{bytes:?}");
        }
    }
}
