//! Decoding takes whatever bytes come: an unreadable event costs itself, nothing panics.

mod every_kind;

use beacon::*;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

fn beacon_with(events: Vec<Event>) -> Beacon {
    Beacon {
        head: Head {
            view: ViewId([9; 16]),
            seq: 0,
            session: None,
            sent_at_ms: 1,
            core: CoreStatus::Loaded,
            detail: Detail::Full,
            page: Page::default(),
            previous_view: None,
            dropped: Vec::new(),
            attributes: Vec::new(),
        },
        events,
    }
}

fn event(n: u32) -> Event {
    Event {
        n,
        rev: 0,
        at_ms: 5,
        kind: EventKind::Withdrawn,
    }
}

#[test]
fn an_event_of_a_kind_nobody_knows_costs_only_itself_in_binary() {
    let mut bytes = encode(&beacon_with(vec![event(2), event(3), event(4)])).unwrap();
    // The kind is the last byte of each of these events.
    let kind_of_second = bytes.len() - 6;
    bytes[kind_of_second] = 99;
    let read: Vec<_> = decode(&bytes)
        .unwrap()
        .events
        .into_iter()
        .map(|event| event.map(|event| event.n))
        .collect();
    assert_eq!(read, [Ok(2), Err(EventFault::Unreadable), Ok(4)]);
}

#[test]
fn an_event_of_a_kind_nobody_knows_costs_only_itself_in_json() {
    let json =
        String::from_utf8(encode_json(&beacon_with(vec![event(2), event(3)])).unwrap()).unwrap();
    let json = json.replacen("\"withdrawn\"", "{\"teleport\":{}}", 1);
    let read: Vec<_> = decode(json.as_bytes())
        .unwrap()
        .events
        .into_iter()
        .map(|event| event.map(|event| event.n))
        .collect();
    assert_eq!(read, [Err(EventFault::Unreadable), Ok(3)]);
}

#[test]
fn absurd_numbers_in_json_cost_only_their_event() {
    for absurd in ["-1", "1e308", "1.5", "\"now\"", "99999999999999999999"] {
        let json = String::from_utf8(encode_json(&beacon_with(vec![event(2), event(3)])).unwrap())
            .unwrap();
        let json = json.replacen("\"at_ms\":5", &format!("\"at_ms\":{absurd}"), 1);
        let read: Vec<_> = decode(json.as_bytes())
            .unwrap()
            .events
            .into_iter()
            .map(|event| event.is_ok())
            .collect();
        assert_eq!(read, [false, true], "{absurd}");
    }
}

#[test]
fn each_broken_frame_has_its_own_error() {
    let good = encode(&beacon_with(vec![event(2)])).unwrap();
    assert_eq!(decode(&[]), Err(DecodeError::Empty));
    assert_eq!(decode(&[2, 0, 0]), Err(DecodeError::UnknownVersion(2)));
    assert_eq!(
        decode(b"{\"v\":9,\"events\":[]}"),
        Err(DecodeError::UnknownVersion(9))
    );
    assert_eq!(decode(&good[..good.len() - 1]), Err(DecodeError::Malformed));
    assert_eq!(
        decode(&[&good[..], &[0]].concat()),
        Err(DecodeError::Malformed)
    );
    assert_eq!(decode(b"{\"v\":1}"), Err(DecodeError::Malformed));
    assert_eq!(decode(b"{\"v\":1"), Err(DecodeError::Malformed));
    let many = beacon_with((0..257).map(event).collect());
    assert_eq!(
        decode(&encode(&many).unwrap()),
        Err(DecodeError::TooManyEvents)
    );
    assert_eq!(
        decode(&encode_json(&many).unwrap()),
        Err(DecodeError::TooManyEvents)
    );
}

fn kinds_known() -> u8 {
    kinds().iter().map(every_kind::tag).max().unwrap() + 1
}

fn kinds() -> Vec<EventKind> {
    every_kind::cases()
        .into_iter()
        .map(|(_, kind)| kind)
        .collect()
}

/// Mostly zeros and ones: few other bytes are options and flags, or make a string's length and its text
/// agree.
fn fields() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![40 => 0..2_u8, 4 => 0..24_u8, 1 => any::<u8>()];
    prop::collection::vec(byte, 400)
}

fn read(tag: u8, fields: &[u8]) -> Option<Event> {
    let bytes = [&[2, 0, 5, tag], fields].concat();
    let (event, _) = postcard::take_from_bytes(&bytes).ok()?;
    Some(event)
}

#[test]
fn random_fields_are_an_event_of_each_kind_often_enough_to_prove_something() {
    let mut runner = TestRunner::deterministic();
    let mut read_of = vec![0; usize::from(kinds_known())];
    for _ in 0..256 {
        let fields = fields().new_tree(&mut runner).unwrap().current();
        for (tag, count) in (0..).zip(&mut read_of) {
            *count += u32::from(read(tag, &fields).is_some());
        }
    }
    assert!(read_of.iter().all(|count| *count >= 25), "{read_of:?}");
}

proptest! {
    #[test]
    fn whatever_is_read_in_binary_is_the_same_in_both_forms(fields in fields()) {
        for tag in 0..kinds_known() {
            let Some(event) = read(tag, &fields) else {
                continue;
            };
            let beacon = beacon_with(vec![event.clone()]);
            for bytes in [encode(&beacon).unwrap(), encode_json(&beacon).unwrap()] {
                prop_assert_eq!(&decode(&bytes).unwrap().events, &vec![Ok(event.clone())]);
            }
        }
    }

    #[test]
    fn no_bytes_make_decoding_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = decode(&bytes);
    }

    #[test]
    fn no_damage_to_a_good_beacon_makes_decoding_panic(
        at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>(),
    ) {
        let beacon = every_kind::beacon_of(kinds());
        for good in [encode(&beacon).unwrap(), encode_json(&beacon).unwrap()] {
            let mut bytes = good.clone();
            let index = at.index(bytes.len());
            bytes[index] = byte;
            bytes.truncate(cut.index(good.len()) + 1);
            let _ = decode(&bytes);
        }
    }

    #[test]
    fn what_is_encoded_is_decoded(ns in prop::collection::vec(any::<u32>(), 0..50)) {
        let kinds = kinds().into_iter().cycle();
        let numbered = ns.into_iter().zip(kinds).map(|(n, kind)| Event { kind, ..event(n) });
        let beacon = beacon_with(numbered.collect());
        for bytes in [encode(&beacon).unwrap(), encode_json(&beacon).unwrap()] {
            let decoded = decode(&bytes).unwrap();
            let events: Vec<_> = decoded.events.into_iter().map(Result::unwrap).collect();
            prop_assert_eq!(&events, &beacon.events);
        }
    }
}
