//! The closed lists of why a beacon or one of its events is refused. Each reason has one status, one
//! counter label and one test; the words a client gets stand here and nowhere else.

use serde::Serialize;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Why a beacon was refused as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum Rejection {
    /// Something was posted to an address where nothing takes beacons.
    NotFound,
    /// The ingest address was called with another method than POST.
    MethodNotAllowed,
    /// More header bytes than `ingest.header_bytes`.
    HeadersTooLarge,
    /// A Content-Encoding: our probe never sends one, since it would cost a preflight.
    EncodingRefused,
    /// More body bytes than `ingest.body_bytes`, by declaration or by count.
    BodyTooLarge,
    /// No application has this key.
    UnknownKey,
    /// The Origin is missing or not one of the key's.
    WrongOrigin,
    /// The key was to be used until a time that is past.
    KeyExpired,
    /// The key sends more than `ingest.beacons_per_second`.
    RateLimited,
    /// The sender's network sends more than `ingest.client_beacons_per_second`.
    ClientRateLimited,
    /// The application sends more than its `beacons_per_minute`.
    QuotaSpent,
    /// The body did not arrive within `ingest.body_timeout_ms`.
    BodyTimeout,
    /// The sender went away before the answer.
    Aborted,
    /// No body.
    Empty,
    /// The first byte names no version this build knows.
    UnknownVersion,
    /// The head or the framing does not parse.
    Malformed,
    /// More events than [`beacon::limits::EVENTS`].
    TooManyEvents,
    /// A string or list of the head is longer than [`beacon::limits`] allows.
    HeadTooLong,
    /// `sent_at_ms` is not a time a clock can show.
    ImplausibleTime,
    /// `seq`, or the previous view's `last_seq`, is absurdly high.
    ImplausibleSequence,
    /// Every single event was refused.
    AllEventsRefused,
    /// The writer's queue is full, or more bytes of bodies are in memory than
    /// `ingest.bodies_bytes`.
    Overloaded,
    /// The database could not commit.
    StoreFailed,
}

impl Rejection {
    /// Every reason, in the order of declaration.
    pub const ALL: [Rejection; 23] = [
        Rejection::NotFound,
        Rejection::MethodNotAllowed,
        Rejection::HeadersTooLarge,
        Rejection::EncodingRefused,
        Rejection::BodyTooLarge,
        Rejection::UnknownKey,
        Rejection::WrongOrigin,
        Rejection::KeyExpired,
        Rejection::RateLimited,
        Rejection::ClientRateLimited,
        Rejection::QuotaSpent,
        Rejection::BodyTimeout,
        Rejection::Aborted,
        Rejection::Empty,
        Rejection::UnknownVersion,
        Rejection::Malformed,
        Rejection::TooManyEvents,
        Rejection::HeadTooLong,
        Rejection::ImplausibleTime,
        Rejection::ImplausibleSequence,
        Rejection::AllEventsRefused,
        Rejection::Overloaded,
        Rejection::StoreFailed,
    ];

    /// The HTTP status it is answered with.
    pub fn status(self) -> u16 {
        match self {
            Rejection::Empty
            | Rejection::UnknownVersion
            | Rejection::Malformed
            | Rejection::TooManyEvents
            | Rejection::HeadTooLong
            | Rejection::ImplausibleTime
            | Rejection::ImplausibleSequence
            | Rejection::Aborted => 400,
            Rejection::UnknownKey | Rejection::KeyExpired => 401,
            Rejection::WrongOrigin => 403,
            Rejection::NotFound => 404,
            Rejection::MethodNotAllowed => 405,
            Rejection::BodyTimeout => 408,
            Rejection::BodyTooLarge => 413,
            Rejection::EncodingRefused => 415,
            Rejection::AllEventsRefused => 422,
            Rejection::RateLimited | Rejection::ClientRateLimited | Rejection::QuotaSpent => 429,
            Rejection::HeadersTooLarge => 431,
            Rejection::Overloaded | Rejection::StoreFailed => 503,
        }
    }

    /// Its name in the answer and in the counters.
    pub fn label(self) -> &'static str {
        match self {
            Rejection::NotFound => "not_found",
            Rejection::MethodNotAllowed => "method_not_allowed",
            Rejection::HeadersTooLarge => "headers_too_large",
            Rejection::EncodingRefused => "encoding_refused",
            Rejection::BodyTooLarge => "body_too_large",
            Rejection::UnknownKey => "unknown_key",
            Rejection::WrongOrigin => "wrong_origin",
            Rejection::KeyExpired => "key_expired",
            Rejection::RateLimited => "rate_limited",
            Rejection::ClientRateLimited => "client_rate_limited",
            Rejection::QuotaSpent => "quota_spent",
            Rejection::BodyTimeout => "body_timeout",
            Rejection::Aborted => "aborted",
            Rejection::Empty => "empty",
            Rejection::UnknownVersion => "unknown_version",
            Rejection::Malformed => "malformed",
            Rejection::TooManyEvents => "too_many_events",
            Rejection::HeadTooLong => "head_too_long",
            Rejection::ImplausibleTime => "implausible_time",
            Rejection::ImplausibleSequence => "implausible_sequence",
            Rejection::AllEventsRefused => "all_events_refused",
            Rejection::Overloaded => "overloaded",
            Rejection::StoreFailed => "store_failed",
        }
    }

    /// What happened and what to do about it, for whoever reads the answer.
    pub fn advice(self) -> (&'static str, &'static str) {
        match self {
            Rejection::NotFound => (
                "nothing takes beacons at this address",
                "POST to /v1/beacons/{key}",
            ),
            Rejection::MethodNotAllowed => ("beacons are only posted", "use POST"),
            Rejection::HeadersTooLarge => (
                "the request headers are too large",
                "send fewer or shorter headers",
            ),
            Rejection::EncodingRefused => (
                "the body has a Content-Encoding",
                "send the beacon as it is encoded, unpacked",
            ),
            Rejection::BodyTooLarge => (
                "the body is larger than a beacon may be",
                "split the events over more beacons",
            ),
            Rejection::UnknownKey => (
                "no application has this key",
                "check the key in the probe's configuration against apps.keys of the collector's",
            ),
            Rejection::WrongOrigin => (
                "the Origin header is missing or is not one of this application's",
                "add the page's origin to apps.origins of the collector's configuration",
            ),
            Rejection::KeyExpired => (
                "this key was valid until a time that is past",
                "configure the probe with the application's current key",
            ),
            Rejection::RateLimited => (
                "this key sends more beacons than it may",
                "wait as Retry-After says",
            ),
            Rejection::ClientRateLimited => (
                "this client's network sends more beacons than it may",
                "wait as Retry-After says",
            ),
            Rejection::QuotaSpent => (
                "this application has sent the beacons it may send in a minute",
                "wait as Retry-After says",
            ),
            Rejection::BodyTimeout => ("the body did not arrive in time", "send it again"),
            Rejection::Aborted => ("the request was not finished", "send it again"),
            Rejection::Empty => ("the body is empty", "send a beacon"),
            Rejection::UnknownVersion => (
                "the first byte names no version known here",
                "known are 1 (binary) and { (JSON with \"v\": 1)",
            ),
            Rejection::Malformed => (
                "the beacon's head or framing does not parse",
                "encode it with the beacon crate",
            ),
            Rejection::TooManyEvents => (
                "the beacon holds too many events",
                "split them over more beacons",
            ),
            Rejection::HeadTooLong => (
                "a string or list in the beacon's head is too long",
                "keep to the limits of the beacon crate",
            ),
            Rejection::ImplausibleTime => (
                "sent_at_ms is not a plausible time",
                "send Unix milliseconds",
            ),
            Rejection::ImplausibleSequence => (
                "seq or previous_view.last_seq is implausibly high",
                "number the beacons of a view from 0",
            ),
            Rejection::AllEventsRefused => (
                "every event of the beacon was refused",
                "see the reason of each event",
            ),
            Rejection::Overloaded => (
                "more beacons are on their way than the collector holds",
                "send it again after Retry-After",
            ),
            Rejection::StoreFailed => (
                "the beacon could not be stored",
                "send it again after Retry-After",
            ),
        }
    }

    /// Seconds after which sending again makes sense at the earliest; `None` where it never does.
    pub fn retry_after_s(self) -> Option<u32> {
        match self {
            Rejection::RateLimited
            | Rejection::ClientRateLimited
            | Rejection::QuotaSpent
            | Rejection::Overloaded => Some(1),
            Rejection::StoreFailed => Some(5),
            _ => None,
        }
    }
}

/// Why a single event was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(usize)]
pub enum EventRejection {
    /// An unknown kind, or fields that do not fit it.
    Unreadable,
    /// More bytes than [`beacon::limits::EVENT_BYTES`].
    TooLarge,
    /// A string or list is longer than [`beacon::limits`] allows.
    FieldTooLong,
    /// A duration above a day, a status that is none, a histogram that does not add up.
    ImplausibleNumber,
    /// Numbers 0 and 1 are reserved for the page load and the journey attempt it stands for.
    Misnumbered,
    /// It happened more than six days before it was sent.
    TooOld,
    /// It happened after it was sent.
    InFuture,
    /// The application declares no journey of this name.
    UnknownJourney,
}

impl EventRejection {
    /// Every reason, in the order of declaration.
    pub const ALL: [EventRejection; 8] = [
        EventRejection::Unreadable,
        EventRejection::TooLarge,
        EventRejection::FieldTooLong,
        EventRejection::ImplausibleNumber,
        EventRejection::Misnumbered,
        EventRejection::TooOld,
        EventRejection::InFuture,
        EventRejection::UnknownJourney,
    ];

    /// Its name in the answer and in the counters.
    pub fn label(self) -> &'static str {
        match self {
            EventRejection::Unreadable => "unreadable",
            EventRejection::TooLarge => "too_large",
            EventRejection::FieldTooLong => "field_too_long",
            EventRejection::ImplausibleNumber => "implausible_number",
            EventRejection::Misnumbered => "misnumbered",
            EventRejection::TooOld => "too_old",
            EventRejection::InFuture => "in_future",
            EventRejection::UnknownJourney => "unknown_journey",
        }
    }
}

/// One refused event of a beacon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RefusedEvent {
    /// Position in the beacon, from 0.
    pub index: usize,
    /// Why.
    pub reason: EventRejection,
}

/// A refused beacon; `events` is filled when every event was refused on its own account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub rejection: Rejection,
    /// Each event's own reason.
    pub events: Vec<RefusedEvent>,
    /// Seconds to wait before sending again, with jitter.
    pub retry_after_s: Option<u32>,
}

impl From<Rejection> for Refused {
    fn from(rejection: Rejection) -> Self {
        Self {
            rejection,
            events: Vec::new(),
            retry_after_s: rejection.retry_after_s().map(jittered),
        }
    }
}

impl Refused {
    /// Refused until `wait_ms` from now.
    pub(super) fn for_now(rejection: Rejection, wait_ms: u64) -> Self {
        let seconds = u32::try_from(wait_ms.div_ceil(1000)).unwrap_or(u32::MAX);
        Self {
            retry_after_s: Some(jittered(seconds.max(1))),
            ..Self::from(rejection)
        }
    }
}

/// Up to three seconds or half as long again, so that those who were refused together do not come
/// back together.
pub fn jittered(seconds: u32) -> u32 {
    // Random enough to spread, and costs no dependency: std seeds it from the system.
    static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    static DRAWN: AtomicU64 = AtomicU64::new(0);
    let drawn = SEED.hash_one(DRAWN.fetch_add(1, Ordering::Relaxed));
    let spread = u64::from((seconds / 2).max(3)) + 1;
    seconds.saturating_add(u32::try_from(drawn % spread).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_reason_stands_at_its_own_place_under_its_own_label() {
        let labels: HashSet<_> = Rejection::ALL.iter().map(|reason| reason.label()).collect();
        assert_eq!(labels.len(), Rejection::ALL.len());
        for (index, reason) in Rejection::ALL.iter().enumerate() {
            assert_eq!(*reason as usize, index);
        }
        for (index, reason) in EventRejection::ALL.iter().enumerate() {
            assert_eq!(*reason as usize, index);
            let json = serde_json::to_string(reason).unwrap();
            assert_eq!(json, format!("\"{}\"", reason.label()));
        }
    }

    #[test]
    fn those_refused_together_are_not_told_to_come_back_together() {
        let told: HashSet<_> = (0..200)
            .map(|_| Refused::for_now(Rejection::RateLimited, 1500).retry_after_s)
            .collect();
        assert_eq!(told, (2..=5).map(Some).collect());
    }

    #[test]
    fn what_is_worth_sending_again_says_when() {
        for reason in Rejection::ALL {
            let retryable = matches!(reason.status(), 429 | 503);
            assert_eq!(reason.retry_after_s().is_some(), retryable, "{reason:?}");
        }
    }
}
