//! One thing that happened on a page, and the kinds too small for a file of their own.

use super::{JourneyAttempt, PageLoad, RequestAttempt, RequestCounts, Vital};
use serde::{Deserialize, Serialize};

/// `(view, n)` identifies an event; a higher `rev` replaces what was sent under the same `n` before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Number within the view. 0 is the page load, 1 the journey attempt that a failed page load
    /// stands for; all others are drawn in order from 2.
    pub n: u32,
    /// Revision, from 0.
    #[serde(default)]
    pub rev: u32,
    /// Client clock, Unix milliseconds, of the moment the event describes (for an attempt: its start).
    pub at_ms: u64,
    /// What happened.
    pub kind: EventKind,
}

/// The kinds of event. Append only: the position is the binary tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// How the document load ended for the user.
    Page(PageLoad),
    /// The phases of the document load.
    Navigation(NavigationTiming),
    /// One web vital.
    Vital(Vital),
    /// One request, sent singly: a failed one, or a revision of one that was pending.
    Request(RequestAttempt),
    /// Good requests, counted.
    Requests(RequestCounts),
    /// One attempt at a declared journey.
    Journey(JourneyAttempt),
    /// An error seen by the page.
    Error(ErrorReport),
    /// What was sent under this number before turned out not to have happened.
    Withdrawn,
}

/// Whether an outcome can still be replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finality {
    /// Sent while the page was being hidden: what holds if the page never comes back.
    Provisional,
    /// Decided; no later revision changes it.
    #[default]
    Final,
}

/// Phases of the navigation, in milliseconds, after the Navigation Timing specification
/// (<https://www.w3.org/TR/navigation-timing-2/>). A phase that did not happen is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NavigationTiming {
    /// redirectEnd − redirectStart
    pub redirect_ms: u32,
    /// domainLookupEnd − domainLookupStart
    pub dns_ms: u32,
    /// connectEnd − connectStart, TLS included
    pub connect_ms: u32,
    /// connectEnd − secureConnectionStart
    pub tls_ms: u32,
    /// responseStart − requestStart
    pub request_ms: u32,
    /// responseEnd − responseStart
    pub response_ms: u32,
    /// domInteractive since the start of the navigation
    pub dom_interactive_ms: u32,
    /// domContentLoadedEventEnd since the start of the navigation
    pub dom_content_loaded_ms: u32,
    /// loadEventEnd since the start of the navigation; 0 when the page was left before
    pub load_ms: u32,
    /// transferSize of the document, bytes
    pub transfer_bytes: u32,
    /// ALPN name such as `http/1.1`
    pub protocol: String,
}

/// An error seen by the page, never with the text a user typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorReport {
    /// Where it surfaced.
    pub kind: ErrorKind,
    /// Bounded to [`crate::limits::MESSAGE_BYTES`].
    #[serde(default)]
    pub message: String,
    /// Address of the script without query, or empty.
    #[serde(default)]
    pub source: String,
}

/// Where an error surfaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// Uncaught, reported by the window's `error` event.
    Uncaught,
    /// A promise rejected without a handler.
    Rejection,
    /// A script or module that could not be loaded.
    Script,
    /// A lazy chunk that could not be loaded.
    Chunk,
    /// A violation of the page's content security policy.
    Csp,
}
