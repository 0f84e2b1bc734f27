//! Bytes to beacons and back. The first byte chooses: `{` is JSON, 1 is the binary version 1.
//! Decoding never panics, whatever the bytes.

mod binary;
#[cfg(feature = "json")]
mod early;
#[cfg(feature = "json")]
mod json;

use crate::{Beacon, Event, Head};
use std::fmt;

#[cfg(feature = "json")]
pub use json::encode_json;

/// A beacon whose head could be read, with each event read or refused on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodedBeacon {
    /// Who speaks.
    pub head: Head,
    /// In the order sent; an event that could not be read costs only itself.
    pub events: Vec<Result<Event, EventFault>>,
}

/// Why one event could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventFault {
    /// A kind this version does not know, or fields that do not fit it.
    Unreadable,
    /// More bytes than [`crate::limits::EVENT_BYTES`].
    TooLarge,
}

/// Why a beacon could not be read at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DecodeError {
    /// No bytes.
    Empty,
    /// The first byte names no version this build knows.
    UnknownVersion(u8),
    /// The head does not parse, or the bytes end early or late.
    Malformed,
    /// More events than [`crate::limits::EVENTS`].
    TooManyEvents,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::Empty => f.write_str("the beacon has no bytes"),
            DecodeError::UnknownVersion(byte) => {
                write!(
                    f,
                    "the first byte is {byte}; known are 1 (binary) and 123 (JSON)"
                )
            }
            DecodeError::Malformed => f.write_str("the beacon's head or framing does not parse"),
            DecodeError::TooManyEvents => f.write_str("the beacon holds too many events"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// Encodes in the newest binary version. A beacon within [`crate::limits`] always encodes; `None`
/// would mean that serialisation itself failed.
#[must_use]
pub fn encode(beacon: &Beacon) -> Option<Vec<u8>> {
    binary::encode(&beacon.head, &beacon.events)
}

/// [`encode`] for a sender that keeps its events elsewhere.
#[must_use]
pub fn encode_parts(head: &Head, events: &[Event]) -> Option<Vec<u8>> {
    binary::encode(head, events)
}

/// Decodes any version ever shipped.
///
/// # Errors
/// [`DecodeError`] when not even the head can be read. Faults of single events are inside the
/// [`DecodedBeacon`].
pub fn decode(bytes: &[u8]) -> Result<DecodedBeacon, DecodeError> {
    match bytes.split_first() {
        None => Err(DecodeError::Empty),
        Some((&binary::VERSION_1, rest)) => binary::decode(rest),
        #[cfg(feature = "json")]
        Some((b'{', _)) => json::decode(bytes),
        Some((&other, _)) => Err(DecodeError::UnknownVersion(other)),
    }
}
