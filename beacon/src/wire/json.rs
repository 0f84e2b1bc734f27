//! The same model as JSON, for people: the head's fields and `events` in one object, `"v": 1` beside
//! them. The early hook's word has its facts in the place of the events.

use super::early::Facts;
use super::{DecodeError, DecodedBeacon, EventFault};
use crate::{Beacon, Event, Head, limits};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

const VERSION: u8 = 1;

#[derive(Serialize)]
struct Outgoing<'a> {
    v: u8,
    #[serde(flatten)]
    head: &'a Head,
    events: &'a [Event],
}

#[derive(Deserialize)]
struct Version {
    v: u8,
}

#[derive(Deserialize)]
struct Events<'a> {
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

/// Encodes as JSON. `None` would mean that serialisation itself failed.
#[must_use]
pub fn encode_json(beacon: &Beacon) -> Option<Vec<u8>> {
    let outgoing = Outgoing {
        v: VERSION,
        head: &beacon.head,
        events: &beacon.events,
    };
    serde_json::to_vec(&outgoing).ok()
}

pub(super) fn decode(bytes: &[u8]) -> Result<DecodedBeacon, DecodeError> {
    let malformed = |_| DecodeError::Malformed;
    let version: Version = serde_json::from_slice(bytes).map_err(malformed)?;
    if version.v != VERSION {
        return Err(DecodeError::UnknownVersion(version.v));
    }
    let mut head: Head = serde_json::from_slice(bytes).map_err(malformed)?;
    if let Ok(facts) = serde_json::from_slice::<Facts>(bytes) {
        let events = facts.tell(&mut head).into_iter().map(Ok).collect();
        return Ok(DecodedBeacon { head, events });
    }
    let raw: Events<'_> = serde_json::from_slice(bytes).map_err(malformed)?;
    if raw.events.len() > limits::EVENTS {
        return Err(DecodeError::TooManyEvents);
    }
    let events = raw
        .events
        .into_iter()
        .map(|event| decode_event(event.get()))
        .collect();
    Ok(DecodedBeacon { head, events })
}

fn decode_event(text: &str) -> Result<Event, EventFault> {
    if text.len() > limits::EVENT_BYTES {
        return Err(EventFault::TooLarge);
    }
    serde_json::from_str(text).map_err(|_| EventFault::Unreadable)
}
