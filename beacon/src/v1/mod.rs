//! Version 1 of the wire model, current. Once a version 2 exists this module is frozen and only
//! converted from; until the first release is tagged it may still be redrawn.
//!
//! In JSON, enums are in `snake_case`, absent lists and options may be left out.

mod activity;
mod event;
mod journey;
mod load;
mod page;
mod request;
mod socket;
mod vital;

pub use activity::{
    Attribute, ClickTarget, Clicks, Frustration, FrustrationKind, Measurement, ProbeReport,
};
pub use event::{ErrorKind, ErrorReport, Event, EventKind, Finality};
pub use journey::{JourneyAttempt, JourneyOutcome, JourneyReason, Step};
pub use load::{
    LongTasks, NavigationTiming, Resource, ResourceFault, Resources, RouteTrigger, RouteView,
    ServerTiming,
};
pub use page::{NavigationKind, Page, PageLoad, PageOutcome, Touched};
pub use request::{
    Diagnosis, FailureCause, Initiator, RequestAttempt, RequestCounts, RequestOutcome, Stream,
};
pub use socket::{Socket, SocketKind, SocketOutcome};
pub use vital::{Vital, VitalCause, VitalName, VitalPart, VitalPartName, VitalRating};

use crate::{SessionId, ViewId};
use serde::{Deserialize, Serialize};

/// What is sent at once: a head that names the view, and the events since the last beacon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beacon {
    /// Who speaks, about which page.
    pub head: Head,
    /// At most [`crate::limits::EVENTS`].
    pub events: Vec<Event>,
}

/// Everything in a beacon but its events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The document load or bfcache restore that the events belong to.
    pub view: ViewId,
    /// Number of this beacon within its view, from 0. `(view, seq)` identifies a beacon: the same
    /// pair received again is a duplicate, whatever it holds.
    pub seq: u32,
    /// The visit, where the browser lets us keep one.
    #[serde(default)]
    pub session: Option<SessionId>,
    /// Client clock (Unix milliseconds) at the moment of sending, renewed at each retry.
    pub sent_at_ms: u64,
    /// How the wasm core fares; anything but `loaded` means the early hook speaks alone.
    #[serde(default)]
    pub core: CoreStatus,
    /// How much is told besides outcomes and counts.
    #[serde(default)]
    pub detail: Detail,
    /// The document.
    pub page: Page,
    /// The view before this one in the same tab, so that a missing tail can be known.
    #[serde(default)]
    pub previous_view: Option<PreviousView>,
    /// What the probe had to drop since its last acknowledged beacon, by reason.
    #[serde(default)]
    pub dropped: Vec<DropCount>,
    /// What the application says of the visit, such as a plan or an experiment; at most
    /// [`crate::limits::ATTRIBUTES`].
    #[serde(default)]
    pub attributes: Vec<Attribute>,
}

/// How much of a view is told. Pages, journeys and counts of requests always are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// Everything.
    #[default]
    Full,
    /// The session was not drawn for detail.
    Unsampled,
    /// The browser asks for privacy (Global Privacy Control).
    Private,
}

/// The state of the wasm core when a beacon was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CoreStatus {
    /// The core wrote this beacon.
    #[default]
    Loaded,
    /// The page was hidden before the core was there; not a fault.
    NotYet,
    /// A content security policy, an ad blocker or the network kept it away.
    Blocked,
    /// The server answered with an error status or with something that is not the core.
    Http,
    /// The browser has no WebAssembly.
    Unsupported,
    /// It arrived and failed to start.
    Error,
}

/// The view that came before in the same tab, and the last beacon number it used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousView {
    /// Its id.
    pub view: ViewId,
    /// The highest `seq` it had handed to the browser for sending.
    pub last_seq: u32,
}

/// A number of events the probe gave up, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropCount {
    /// Why.
    pub reason: DropReason,
    /// How many events.
    pub count: u32,
}

/// Why the probe dropped something. Append only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// The early hook's bounded array was full.
    HookFull,
    /// The core's bounded queue was full.
    QueueFull,
    /// The collector refused the beacon for good.
    Refused,
    /// Older than the queue keeps.
    Expired,
    /// More failed requests than are sent singly; they remain in the counts.
    Capped,
    /// The application's own `beforeSend` withheld it.
    Withheld,
}
