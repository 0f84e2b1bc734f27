//! The time of sending inside an encoded beacon, read and renewed in place: a beacon that was put away
//! encoded is sent with the clock of the day it leaves, and nothing else of it has to be understood.

use super::binary::VERSION_1;

/// Bytes of the version and of the view, which come before the number of the beacon.
const BEFORE_SEQ: usize = 1 + 16;
const SESSION_BYTES: usize = 8;

/// Writes `now_ms` over the time of sending and returns what stood there, in Unix milliseconds. `None`
/// when the bytes are not a beacon of the newest binary version, or when the two times are not written
/// with equally many bytes (all between 1971 and 2109 are); the bytes are then as they were.
pub fn renew_sent_at(encoded: &mut [u8], now_ms: u64) -> Option<u64> {
    if *encoded.first()? != VERSION_1 {
        return None;
    }
    let (_, seq_bytes) = number(encoded.get(BEFORE_SEQ..)?)?;
    let tag_at = BEFORE_SEQ + seq_bytes;
    let start = match encoded.get(tag_at)? {
        0 => tag_at + 1,
        1 => tag_at + 1 + SESSION_BYTES,
        _ => return None,
    };
    let place = encoded.get_mut(start..)?;
    let (before, length) = number(place)?;
    if now_ms >> (7 * length - 7) == 0 || now_ms >> (7 * length) != 0 {
        return None;
    }
    for (position, byte) in place.iter_mut().enumerate().take(length) {
        let low = u8::try_from(now_ms >> (7 * position) & 0x7f).unwrap_or_default();
        *byte = *byte & 0x80 | low;
    }
    Some(before)
}

/// A LEB128 number at the start of the bytes, and how many of them it takes.
fn number(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0;
    for (position, byte) in bytes.iter().enumerate().take(9) {
        value |= u64::from(byte & 0x7f) << (7 * position);
        if byte & 0x80 == 0 {
            return Some((value, position + 1));
        }
    }
    None
}
