//! A string that no log shows.

use serde::Deserialize;
use std::fmt;
use subtle::ConstantTimeEq;

/// A token. Printing it prints no part of it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Secret(String);

impl Secret {
    /// Wraps a token.
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Whether `offered` is the token, in a time that tells nothing but its length.
    pub fn is(&self, offered: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(offered).into()
    }

    /// As the header `Authorization` carries it.
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.0)
    }

    /// Bytes of the token.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no token in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it can travel in a header.
    pub(super) fn is_printable(&self) -> bool {
        self.0.bytes().all(|byte| byte.is_ascii_graphic())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_recognised_and_never_printed() {
        let secret = Secret::new("correct horse");
        assert!(secret.is(b"correct horse"));
        for wrong in ["", "correct", "correct horse ", "Correct horse"] {
            assert!(!secret.is(wrong.as_bytes()), "{wrong:?}");
        }
        assert_eq!(format!("{secret:?}"), "…");
    }
}
