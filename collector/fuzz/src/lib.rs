//! What several targets promise of bytes that decode: they stay within the limits, and what was read
//! can be written and read again without becoming something else.

use beacon::{Beacon, DecodedBeacon, Event, limits};

/// Decodes; of what decodes, checks the promises.
pub fn decodes_soundly(bytes: &[u8]) -> Option<DecodedBeacon> {
    let decoded = beacon::decode(bytes).ok()?;
    assert!(decoded.events.len() <= limits::EVENTS);
    let readable: Vec<Event> = decoded.events.iter().flatten().cloned().collect();
    let again = Beacon { head: decoded.head.clone(), events: readable };
    let binary = beacon::encode(&again).expect("what was read can be written");
    let back = beacon::decode(&binary).expect("what was written can be read");
    assert_eq!(back.head, again.head);
    let fits = |event: &Event| {
        let one = Beacon { head: again.head.clone(), events: vec![event.clone()] };
        let alone = Beacon { head: again.head.clone(), events: Vec::new() };
        let bytes = |beacon| beacon::encode(beacon).map_or(0, |bytes: Vec<u8>| bytes.len());
        bytes(&one) - bytes(&alone) <= limits::EVENT_BYTES
    };
    for (sent, read) in again.events.iter().zip(&back.events) {
        // The other encoding may be longer than an event may be.
        if fits(sent) {
            assert_eq!(read.as_ref(), Ok(sent));
        }
    }
    Some(decoded)
}
