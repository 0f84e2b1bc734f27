//! Identities drawn by the probe: 128 random bits for a view or a trace, 64 for a session.
//! Binary encodings carry the raw bytes, JSON carries lower-case hex.

use alloc_fmt::{from_hex, to_hex};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// One document load, or one restore from the back/forward cache. 128 bits of `getRandomValues`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ViewId(pub [u8; 16]);

/// One visit as the application sees it. An attribute, never an identity: browsers copy the storage
/// it lives in when a page opens another.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub [u8; 8]);

/// A trace of the W3C Trace Context (<https://www.w3.org/TR/trace-context/>), drawn for one call.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceId(pub [u8; 16]);

/// The text was not the expected number of hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseIdError;

impl fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id is hex digits: 32 for a view or a trace, 16 for a session")
    }
}

impl std::error::Error for ParseIdError {}

macro_rules! hex_id {
    ($id:ident, $bytes:literal) => {
        impl $id {
            /// As lower-case hex digits.
            #[must_use]
            pub fn to_hex(&self) -> String {
                to_hex(&self.0)
            }
        }

        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&to_hex(&self.0))
            }
        }

        impl fmt::Debug for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $id {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                let mut bytes = [0; $bytes];
                from_hex(text, &mut bytes).ok_or(ParseIdError)?;
                Ok(Self(bytes))
            }
        }

        impl Serialize for $id {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.serialize_str(&to_hex(&self.0))
                } else {
                    self.0.serialize(serializer)
                }
            }
        }

        impl<'de> Deserialize<'de> for $id {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                    text.parse().map_err(de::Error::custom)
                } else {
                    <[u8; $bytes]>::deserialize(deserializer).map(Self)
                }
            }
        }
    };
}

hex_id!(ViewId, 16);
hex_id!(SessionId, 8);
hex_id!(TraceId, 16);

mod alloc_fmt {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";

    pub(super) fn to_hex(bytes: &[u8]) -> String {
        let mut text = String::with_capacity(bytes.len() * 2);
        for byte in bytes {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from(DIGITS[usize::from(digit)]));
            }
        }
        text
    }

    pub(super) fn from_hex(text: &str, into: &mut [u8]) -> Option<()> {
        if text.len() != into.len() * 2 {
            return None;
        }
        for (pair, byte) in text.as_bytes().chunks_exact(2).zip(into.iter_mut()) {
            let high = char::from(*pair.first()?).to_digit(16)?;
            let low = char::from(*pair.get(1)?).to_digit(16)?;
            *byte = u8::try_from(high << 4 | low).ok()?;
        }
        Some(())
    }
}
