//! Any bytes as one event inside a frame that is in order, in either encoding: it is read or refused
//! alone, and its neighbours are read all the same.
#![no_main]

use beacon::{Beacon, Event, EventKind, limits};
use libfuzzer_sys::fuzz_target;

fn neighbour() -> Event {
    Event { n: 7, rev: 0, at_ms: 1, kind: EventKind::Withdrawn }
}

fn length(mut length: usize, bytes: &mut Vec<u8>) {
    while length > 0x7f {
        bytes.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
}

fuzz_target!(|event: &[u8]| {
    let head = beacon::decode(include_bytes!("../../../beacon/tests/golden/v1-page.bin")).unwrap().head;
    let with = |events| beacon::encode(&Beacon { head: head.clone(), events }).unwrap();
    let frame = with(Vec::new());
    let one = with(vec![neighbour()]);
    let encoded_neighbour = &one[frame.len()..];
    let mut framed = frame[..frame.len() - 1].to_vec();
    framed.push(3);
    framed.extend(encoded_neighbour);
    length(event.len(), &mut framed);
    framed.extend(event);
    framed.extend(encoded_neighbour);
    let decoded = collector_fuzz::decodes_soundly(&framed).expect("one event breaks no frame");
    assert_eq!(decoded.events.len(), 3);
    assert_eq!((&decoded.events[0], &decoded.events[2]), (&Ok(neighbour()), &Ok(neighbour())));
    assert!(event.len() <= limits::EVENT_BYTES || decoded.events[1].is_err());
});
