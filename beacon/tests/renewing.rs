//! A beacon put away encoded gets the clock of the day it leaves, and stays the same otherwise.

use beacon::*;
use proptest::prelude::*;

const DAY: u64 = 24 * 60 * 60 * 1000;

fn beacon(seq: u32, session: Option<SessionId>, sent_at_ms: u64) -> Beacon {
    Beacon {
        head: Head {
            view: ViewId([0xff; 16]),
            seq,
            session,
            sent_at_ms,
            core: CoreStatus::Loaded,
            page: Page {
                route: "/films/:id".into(),
                ..Page::default()
            },
            previous_view: None,
            dropped: vec![DropCount {
                reason: DropReason::Capped,
                count: 3,
            }],
        },
        events: vec![Event {
            n: 0,
            rev: 1,
            at_ms: sent_at_ms,
            kind: EventKind::Withdrawn,
        }],
    }
}

proptest! {
    #[test]
    fn a_renewed_beacon_is_the_beacon_encoded_at_the_later_time(
        seq in 0..1_000_000_u32,
        session in proptest::option::of(any::<[u8; 8]>()),
        sent_at_ms in 1_700_000_000_000..1_900_000_000_000_u64,
        later in 0..400 * DAY,
    ) {
        let mut beacon = beacon(seq, session.map(SessionId), sent_at_ms);
        let mut encoded = encode(&beacon).unwrap();
        prop_assert_eq!(renew_sent_at(&mut encoded, sent_at_ms + later), Some(sent_at_ms));
        beacon.head.sent_at_ms = sent_at_ms + later;
        prop_assert_eq!(encoded, encode(&beacon).unwrap());
    }

    #[test]
    fn bytes_that_are_no_beacon_never_panic(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..64),
        now_ms in any::<u64>(),
    ) {
        renew_sent_at(&mut bytes, now_ms);
    }
}

#[test]
fn what_cannot_be_renewed_is_left_as_it_was() {
    let encoded = encode(&beacon(0, None, 1_800_000_000_000)).unwrap();
    for (bytes, now_ms) in [
        (b"{\"v\":1}".to_vec(), 1_800_000_000_000),
        (encoded[..10].to_vec(), 1_800_000_000_000),
        (encoded.clone(), 0),
        (encoded, u64::MAX),
    ] {
        let mut renewed = bytes.clone();
        assert_eq!(renew_sent_at(&mut renewed, now_ms), None);
        assert_eq!(renewed, bytes);
    }
}
