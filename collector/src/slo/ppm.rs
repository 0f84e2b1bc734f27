//! Exact shares in parts per million. Decimal text enters, so that no binary fraction ever stands
//! between what a file says and what is compared.

use serde::{Serialize, Serializer};
use std::fmt;

/// One, in parts per million.
pub const MILLION: u32 = 1_000_000;

/// A share between nothing and all, in parts per million.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ppm(u32);

/// Why a text is no share.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoShare {
    /// It is no plain decimal number.
    #[error("{0:?} is no plain decimal number such as {1}")]
    NotDecimal(String, &'static str),
    /// It is more than all.
    #[error("{0} is more than all")]
    TooLarge(String),
    /// It has more digits than parts per million can hold.
    #[error("{0} is finer than one part per million; {1} is the nearest")]
    TooFine(String, String),
}

impl Ppm {
    /// So many parts per million; `None` when that is more than all.
    pub fn new(parts: u32) -> Option<Self> {
        (parts <= MILLION).then_some(Self(parts))
    }

    /// A share such as `0.9995`.
    ///
    /// # Errors
    /// It is no decimal number, more than all, or finer than a part per million.
    pub fn from_share(text: &str) -> Result<Self, NoShare> {
        Self::from_decimal(text, 6, "0.9995")
    }

    /// A percentage such as `99.95`.
    ///
    /// # Errors
    /// As of a share.
    pub fn from_percent(text: &str) -> Result<Self, NoShare> {
        Self::from_decimal(text, 4, "99.95")
    }

    fn from_decimal(text: &str, places: usize, example: &'static str) -> Result<Self, NoShare> {
        let not_decimal = || NoShare::NotDecimal(text.to_owned(), example);
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || text.ends_with('.') {
            return Err(not_decimal());
        }
        let fraction = fraction.trim_end_matches('0');
        let kept = &fraction[..fraction.len().min(places)];
        let padded = format!("{whole}{kept:0<places$}");
        let parts: u64 = padded.parse().map_err(|_| not_decimal())?;
        let too_large = || NoShare::TooLarge(text.to_owned());
        let parts = u32::try_from(parts).ok().and_then(Self::new);
        let parts = parts.ok_or_else(too_large)?;
        if fraction.len() > places {
            if parts.0 == MILLION {
                return Err(too_large());
            }
            let nearest = parts.nearest(fraction.as_bytes()[places], places);
            return Err(NoShare::TooFine(text.to_owned(), nearest));
        }
        Ok(parts)
    }

    fn nearest(self, next_digit: u8, places: usize) -> String {
        let up = u32::from(next_digit >= b'5');
        let nearest = Self((self.0 + up).min(MILLION));
        if places == 6 {
            nearest.share()
        } else {
            nearest.percent()
        }
    }

    /// In parts per million.
    pub fn parts(self) -> u32 {
        self.0
    }

    /// What is left of all.
    #[must_use]
    pub fn complement(self) -> Self {
        Self(MILLION - self.0)
    }

    /// As a share: `0.9995`.
    pub fn share(self) -> String {
        trimmed(self.0 / MILLION, self.0 % MILLION, 6)
    }

    /// As a percentage without its sign: `99.95`.
    pub fn percent(self) -> String {
        trimmed(self.0 / 10_000, self.0 % 10_000, 4)
    }
}

fn trimmed(whole: u32, fraction: u32, places: usize) -> String {
    let text = format!("{whole}.{fraction:0places$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl fmt::Display for Ppm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.percent())
    }
}

impl Serialize for Ppm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_target_is_the_number_the_file_says() {
        for (share, percent, parts) in [
            ("0.9995", "99.95", 999_500),
            ("0.999900", "99.99", 999_900),
            ("0.9", "90", 900_000),
            ("0", "0.0", 0),
            ("1", "100", 1_000_000),
        ] {
            assert_eq!(Ppm::from_share(share), Ok(Ppm(parts)));
            assert_eq!(Ppm::from_percent(percent), Ok(Ppm(parts)));
        }
    }

    #[test]
    fn what_is_finer_than_a_part_per_million_names_the_nearest() {
        let error = Ppm::from_share("0.99999951").unwrap_err().to_string();
        assert_eq!(
            error,
            "0.99999951 is finer than one part per million; 1 is the nearest"
        );
        let error = Ppm::from_percent("99.99994").unwrap_err().to_string();
        assert!(error.ends_with("99.9999 is the nearest"), "{error}");
    }

    #[test]
    fn what_is_no_share_says_why() {
        for text in ["", ".5", "1e-3", "-0.1", "0,9", "5.", "99 %", "nine"] {
            assert!(matches!(
                Ppm::from_share(text),
                Err(NoShare::NotDecimal(..))
            ));
        }
        for text in ["1.000001", "99.9", "1.0000001", "12345678901234567890"] {
            assert!(Ppm::from_share(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_and_parts_are_one_another(parts in 0..=MILLION) {
            let ppm = Ppm(parts);
            prop_assert_eq!(Ppm::from_share(&ppm.share()), Ok(ppm));
            prop_assert_eq!(Ppm::from_percent(&ppm.percent()), Ok(ppm));
        }
    }
}
