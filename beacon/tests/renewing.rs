//! A beacon put away encoded gets the clock of the day it leaves. The probe's `js/persist.js` writes it
//! into the bytes by the rule that is pinned here, and knows nothing else of them.

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
            detail: Detail::Full,
            page: Page {
                route: "/films/:id".into(),
                ..Page::default()
            },
            previous_view: None,
            dropped: vec![DropCount {
                reason: DropReason::Capped,
                count: 3,
            }],
            attributes: Vec::new(),
        },
        events: vec![Event {
            n: 0,
            rev: 1,
            at_ms: sent_at_ms,
            kind: EventKind::Withdrawn,
        }],
    }
}

/// As `renewed` in `probe-wasm/js/persist.js`.
fn renew(bytes: &mut [u8], now_ms: u64) {
    let mut at = 17;
    while bytes[at] & 0x80 != 0 {
        at += 1;
    }
    at += 1;
    at += if bytes[at] == 0 { 1 } else { 9 };
    for position in 0..6 {
        let low = u8::try_from(now_ms >> (7 * position) & 0x7f).unwrap();
        bytes[at + position] = if position < 5 { low | 0x80 } else { low };
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
        renew(&mut encoded, sent_at_ms + later);
        beacon.head.sent_at_ms = sent_at_ms + later;
        prop_assert_eq!(encoded, encode(&beacon).unwrap());
    }
}
