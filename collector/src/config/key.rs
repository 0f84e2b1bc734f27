//! A key of an application, and until when it opens the door.

use serde::Deserialize;
use toml::value::{Datetime, Offset};

/// Written as the key alone, or as `{ key = "…", not_after = 2027-01-31T00:00:00Z }`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "toml::Value")]
pub struct KeyConfig {
    /// The key.
    pub key: String,
    /// Unix milliseconds from which it is refused.
    pub not_after_ms: Option<u64>,
}

impl TryFrom<toml::Value> for KeyConfig {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Self, String> {
        let mut table = match value {
            toml::Value::String(key) => {
                return Ok(Self {
                    key,
                    not_after_ms: None,
                });
            }
            toml::Value::Table(table) => table,
            other => return Err(format!("a key is a string, not {}", other.type_str())),
        };
        let Some(toml::Value::String(key)) = table.remove("key") else {
            return Err("a key's table needs key = \"…\"".to_owned());
        };
        let not_after_ms = match table.remove("not_after") {
            None => None,
            Some(toml::Value::Datetime(at)) => Some(end_of(&at.to_string())?),
            // As a time inside a table arrives that was read once already; and as some write it.
            Some(toml::Value::String(text)) => Some(end_of(&text)?),
            Some(other) => return Err(format!("not_after is a time, not {}", other.type_str())),
        };
        match table.keys().next() {
            Some(unknown) => Err(format!("{unknown}: a key has no such setting")),
            None => Ok(Self { key, not_after_ms }),
        }
    }
}

fn end_of(text: &str) -> Result<u64, String> {
    let at = text.parse().ok();
    at.as_ref().and_then(unix_ms).ok_or_else(|| {
        format!("not_after = {text}: give date, time and offset, as 2027-01-31T00:00:00Z")
    })
}

impl From<&str> for KeyConfig {
    fn from(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            not_after_ms: None,
        }
    }
}

/// `None` without date, time or offset, or before 1970.
fn unix_ms(at: &Datetime) -> Option<u64> {
    let (date, time) = (at.date?, at.time?);
    let offset_min = match at.offset? {
        Offset::Z => 0,
        Offset::Custom { minutes } => i64::from(minutes),
    };
    let seconds = i64::from(time.hour) * 3600
        + i64::from(time.minute) * 60
        + i64::from(time.second.unwrap_or(0))
        - offset_min * 60;
    let days = days_since_1970(
        i64::from(date.year),
        i64::from(date.month),
        i64::from(date.day),
    );
    u64::try_from((days * 86_400 + seconds) * 1000).ok()
}

/// `days_from_civil` of <https://howardhinnant.github.io/date_algorithms.html>.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Result<KeyConfig, String> {
        let table: toml::Table = format!("k = {text}").parse().unwrap();
        KeyConfig::try_from(table["k"].clone())
    }

    #[test]
    fn a_key_ends_at_the_instant_it_is_told_to() {
        assert_eq!(key("'a'").unwrap().not_after_ms, None);
        let cases = [
            ("1970-01-01T00:00:01Z", 1000),
            ("2024-02-29T12:00:00Z", 1_709_208_000_000),
            ("2027-01-15T08:00:00Z", 1_800_000_000_000),
            ("'2027-01-15T08:00:00Z'", 1_800_000_000_000),
            ("2027-01-15T10:30:00+02:30", 1_800_000_000_000),
        ];
        for (at, ms) in cases {
            let read = key(&format!("{{ key = 'a', not_after = {at} }}")).unwrap();
            assert_eq!((read.key.as_str(), read.not_after_ms), ("a", Some(ms)));
        }
    }

    #[test]
    fn a_key_that_cannot_be_meant_is_refused() {
        for wrong in [
            "7",
            "{}",
            "{ key = 7 }",
            "{ key = 'a', not_after = 2027-01-15 }",
            "{ key = 'a', not_after = 2027-01-15T10:30:00 }",
            "{ key = 'a', not_after = 'tomorrow' }",
            "{ key = 'a', not_before = 2027-01-15T10:30:00Z }",
        ] {
            assert!(key(wrong).is_err(), "{wrong}");
        }
    }
}
