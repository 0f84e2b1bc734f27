//! Binary framing: version byte, postcard of the head, number of events, then each event with its
//! length in front, so that an event nobody can read is skipped and not fatal.
//! Lengths are LEB128, as postcard's own.

use super::{DecodeError, DecodedBeacon, EventFault};
use crate::{Event, Head, limits};

pub(super) const VERSION_1: u8 = 1;

pub(super) fn encode(head: &Head, events: &[Event]) -> Option<Vec<u8>> {
    let mut bytes = vec![VERSION_1];
    bytes.extend(postcard::to_allocvec(head).ok()?);
    push_length(&mut bytes, events.len());
    for event in events {
        let encoded = postcard::to_allocvec(event).ok()?;
        push_length(&mut bytes, encoded.len());
        bytes.extend(encoded);
    }
    Some(bytes)
}

pub(super) fn decode(bytes: &[u8]) -> Result<DecodedBeacon, DecodeError> {
    let (head, rest) =
        postcard::take_from_bytes::<Head>(bytes).map_err(|_| DecodeError::Malformed)?;
    let (count, mut rest) = take_length(rest)?;
    if count > limits::EVENTS {
        return Err(DecodeError::TooManyEvents);
    }
    let mut events = Vec::with_capacity(count);
    for _ in 0..count {
        let (length, tail) = take_length(rest)?;
        let (event, tail) = tail
            .split_at_checked(length)
            .ok_or(DecodeError::Malformed)?;
        events.push(decode_event(event));
        rest = tail;
    }
    if rest.is_empty() {
        Ok(DecodedBeacon { head, events })
    } else {
        Err(DecodeError::Malformed)
    }
}

fn decode_event(bytes: &[u8]) -> Result<Event, EventFault> {
    if bytes.len() > limits::EVENT_BYTES {
        return Err(EventFault::TooLarge);
    }
    match postcard::take_from_bytes::<Event>(bytes) {
        Ok((event, [])) => Ok(event),
        Ok(_) | Err(_) => Err(EventFault::Unreadable),
    }
}

fn push_length(bytes: &mut Vec<u8>, mut length: usize) {
    loop {
        let low = u8::try_from(length & 0x7f).unwrap_or_default();
        length >>= 7;
        if length == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}

fn take_length(bytes: &[u8]) -> Result<(usize, &[u8]), DecodeError> {
    let (length, rest) =
        postcard::take_from_bytes::<u32>(bytes).map_err(|_| DecodeError::Malformed)?;
    Ok((
        usize::try_from(length).map_err(|_| DecodeError::Malformed)?,
        rest,
    ))
}
