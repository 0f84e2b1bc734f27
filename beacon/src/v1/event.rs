//! One thing that happened on a page, and the kinds too small for a file of their own.

use super::{
    Clicks, Frustration, JourneyAttempt, LongTasks, Measurement, NavigationTiming, PageLoad,
    ProbeReport, RequestAttempt, RequestCounts, Resource, Resources, RouteView, Socket, Vital,
    VitalCause,
};
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
    /// One request, sent singly: a failed one, a streamed one, or a revision of one that was pending.
    Request(RequestAttempt),
    /// Good requests, counted.
    Requests(RequestCounts),
    /// One attempt at a declared journey.
    Journey(JourneyAttempt),
    /// An error seen by the page.
    Error(ErrorReport),
    /// What was sent under this number before turned out not to have happened.
    Withdrawn,
    /// What a web vital was made of.
    VitalCause(VitalCause),
    /// A route shown without loading a document (a soft navigation).
    Route(RouteView),
    /// Resources of one kind from one origin, counted.
    Resources(Resources),
    /// A slow or failed resource, singly.
    Resource(Resource),
    /// Time during which the page could not respond.
    LongTasks(LongTasks),
    /// A WebSocket or an event source.
    Socket(Socket),
    /// Clicks, counted.
    Clicks(Clicks),
    /// Clicks that speak of frustration.
    Frustration(Frustration),
    /// A measurement of the application's own.
    Measurement(Measurement),
    /// What the probe cost.
    Probe(ProbeReport),
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

/// An error seen by the page, never with the text a user typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorReport {
    /// Where it surfaced.
    pub kind: ErrorKind,
    /// Bounded to [`crate::limits::MESSAGE_BYTES`].
    #[serde(default)]
    pub message: String,
    /// Address of the script or resource without query, or empty.
    #[serde(default)]
    pub source: String,
    /// Function, address, line and column of the top frames, one to a line, without queries; at most
    /// [`crate::limits::STACK_BYTES`].
    #[serde(default)]
    pub stack: String,
    /// How often this error (same kind, message, source and stack) was seen in this view; a later
    /// revision tells the new total.
    #[serde(default = "once")]
    pub count: u32,
}

fn once() -> u32 {
    1
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
    /// An image, style sheet or other resource that could not be loaded.
    Resource,
    /// Written with `console.error`; only where the application asks for it.
    Console,
}
