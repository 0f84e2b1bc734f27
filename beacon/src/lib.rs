//! The wire format between the probe and the collector: what one browser tells us, and nothing else.
//!
//! A [`Beacon`] enters [`encode`] and leaves as bytes; bytes enter [`decode`] and leave as
//! [`DecodedBeacon`]. This crate knows no clock, no I/O and no policy: whether a key exists, a number
//! is plausible or a string must be scrubbed is the collector's business (`ingest`).
//!
//! The types of the newest version are the current types; older versions live in their own frozen
//! module and are converted. Golden files in `tests/golden` pin every version and are only added.

mod histogram;
mod id;
pub mod limits;
mod v1;
mod wire;

pub use histogram::{EDGES_MS, Histogram};
pub use id::{ParseIdError, SessionId, TraceId, ViewId};
pub use v1::{
    Attribute, Beacon, ClickTarget, Clicks, CoreStatus, Detail, Diagnosis, DropCount, DropReason,
    ErrorKind, ErrorReport, Event, EventKind, FailureCause, Finality, Frustration, FrustrationKind,
    Head, Initiator, JourneyAttempt, JourneyOutcome, JourneyReason, LongTasks, Measurement,
    NavigationKind, NavigationTiming, Page, PageLoad, PageOutcome, PreviousView, ProbeReport,
    RequestAttempt, RequestCounts, RequestOutcome, Resource, ResourceFault, Resources,
    RouteTrigger, RouteView, ServerTiming, Socket, SocketKind, SocketOutcome, Step, Stream,
    Touched, Vital, VitalCause, VitalName, VitalPart, VitalPartName, VitalRating,
};
#[cfg(feature = "json")]
pub use wire::encode_json;
pub use wire::{DecodeError, DecodedBeacon, EventFault, decode, encode, encode_parts};
