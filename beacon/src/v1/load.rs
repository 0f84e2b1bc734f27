//! What loading a page, or a route within it, consisted of: phases, resources, long tasks.

use serde::{Deserialize, Serialize};

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
    /// domComplete since the start of the navigation
    pub dom_complete_ms: u32,
    /// transferSize of the document, bytes on the wire with headers
    pub transfer_bytes: u32,
    /// encodedBodySize of the document, bytes
    pub encoded_bytes: u32,
    /// decodedBodySize of the document, bytes
    pub decoded_bytes: u32,
    /// ALPN name such as `http/1.1`
    pub protocol: String,
    /// The server's own times; at most [`crate::limits::SERVER_TIMINGS`].
    pub server_timing: Vec<ServerTiming>,
}

/// One metric of a `Server-Timing` header (<https://www.w3.org/TR/server-timing/>).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerTiming {
    /// Name of the metric, at most [`crate::limits::NAME_BYTES`].
    pub name: String,
    /// Its duration in milliseconds, rounded; 0 where the server gave none.
    pub duration_ms: u32,
}

/// A route shown without loading a document. Its start is the event's `at_ms`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteView {
    /// Route template shown.
    pub route: String,
    /// Route template before.
    #[serde(default)]
    pub from: String,
    /// What changed the route.
    pub trigger: RouteTrigger,
    /// Milliseconds from the change to the end of the last request begun meanwhile and the last change
    /// of the DOM, once both had been quiet; or to the next route or hiding when that came first.
    pub duration_ms: u32,
    /// Whether quiet was reached.
    pub settled: bool,
    /// Requests begun meanwhile.
    #[serde(default)]
    pub requests: u32,
}

/// What changed a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteTrigger {
    /// A soft-navigation entry of the browser (<https://github.com/WICG/soft-navigations>).
    Platform,
    /// `history.pushState` or `replaceState`.
    History,
    /// Back, forward or a new fragment.
    Pop,
    /// The application said so (`setRoute`).
    Api,
}

/// Resources of one kind from one origin since the last event of the same kind and origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resources {
    /// `initiatorType`, at most [`crate::limits::NAME_BYTES`], such as `script`, `link`, `img`, `css`, `font`, `other`.
    pub kind: String,
    /// Origin that served them.
    #[serde(default)]
    pub origin: String,
    /// How many.
    pub count: u32,
    /// Of these, failed.
    #[serde(default)]
    pub failed: u32,
    /// Of these, from the browser's cache.
    #[serde(default)]
    pub cached: u32,
    /// Bytes on the wire, where the origin lets them be seen.
    #[serde(default)]
    pub transfer_bytes: u32,
    /// Sum of their durations, milliseconds.
    #[serde(default)]
    pub total_ms: u32,
    /// The longest of them, milliseconds.
    #[serde(default)]
    pub longest_ms: u32,
}

/// One resource worth telling singly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Why it is told.
    pub fault: ResourceFault,
    /// `initiatorType`.
    pub kind: String,
    /// Its address without query, ids in the path replaced; at most [`crate::limits::MESSAGE_BYTES`].
    pub address: String,
    /// Milliseconds from request to last byte.
    pub duration_ms: u32,
    /// Milliseconds of waiting for the first byte, where the origin lets it be seen.
    #[serde(default)]
    pub wait_ms: u32,
    /// Bytes on the wire.
    #[serde(default)]
    pub transfer_bytes: u32,
    /// HTTP status; 0 where the browser tells none.
    #[serde(default)]
    pub status: u16,
    /// ALPN name such as `h2`.
    #[serde(default)]
    pub protocol: String,
    /// Whether rendering waited for it.
    #[serde(default)]
    pub blocking: bool,
}

/// Why a resource is told singly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceFault {
    /// Took a second or more.
    Slow,
    /// Did not arrive, or with status 4xx or 5xx.
    Failed,
}

/// Long tasks or long animation frames since the last event of this kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LongTasks {
    /// True for long animation frames (<https://www.w3.org/TR/long-animation-frames/>), false for long tasks.
    #[serde(default)]
    pub frames: bool,
    /// How many.
    pub count: u32,
    /// Milliseconds beyond 50 of each, summed (total blocking time).
    #[serde(default)]
    pub blocking_ms: u32,
    /// Milliseconds of the worst.
    #[serde(default)]
    pub worst_ms: u32,
    /// Address of the script that took most of the worst, without query, at most
    /// [`crate::limits::MESSAGE_BYTES`]; empty when unknown.
    #[serde(default)]
    pub worst_script: String,
    /// What ran it, such as `BUTTON.onclick`, at most [`crate::limits::SELECTOR_BYTES`]; empty when
    /// unknown.
    #[serde(default)]
    pub worst_invoker: String,
}
