//! One line per problem: what goes wrong a thousand times a second is told once a minute, with how
//! often it was not told. Strings from outside are shown quoted, escaped and cut, so that nobody
//! writes our log for us.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const QUIET: Duration = Duration::from_secs(60);
/// Characters shown of a string from outside.
const SHOWN: usize = 80;

/// When each kind of problem was last told.
#[derive(Debug, Default)]
pub struct Problems(Mutex<HashMap<&'static str, Told>>);

#[derive(Debug)]
struct Told {
    at: Instant,
    kept_back: u64,
}

impl Problems {
    /// Calls `tell` with how many of the kind were kept back, unless it was told a moment ago.
    pub fn tell(&self, kind: &'static str, tell: impl FnOnce(u64)) {
        if let Some(kept_back) = self.take_turn(kind, Instant::now()) {
            tell(kept_back);
        }
    }

    fn take_turn(&self, kind: &'static str, now: Instant) -> Option<u64> {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match kinds.get_mut(kind) {
            Some(told) if now.duration_since(told.at) < QUIET => {
                told.kept_back += 1;
                None
            }
            Some(told) => {
                told.at = now;
                Some(std::mem::take(&mut told.kept_back))
            }
            None => {
                let told = Told {
                    at: now,
                    kept_back: 0,
                };
                kinds.insert(kind, told);
                Some(0)
            }
        }
    }
}

/// A string from outside, as it may stand in a log.
pub struct Foreign<'a>(pub &'a str);

impl fmt::Display for Foreign<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String = self.0.chars().take(SHOWN).collect();
        let cut = if shown.len() < self.0.len() {
            "…"
        } else {
            ""
        };
        write!(f, "\"{}{cut}\"", shown.escape_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_one_problem_is_a_line_a_minute_and_hides_no_other() {
        let problems = Problems::default();
        let start = Instant::now();
        assert_eq!(problems.take_turn("a", start), Some(0));
        for second in 1..60 {
            let now = start + Duration::from_secs(second);
            assert_eq!(problems.take_turn("a", now), None);
        }
        assert_eq!(problems.take_turn("b", start), Some(0));
        assert_eq!(problems.take_turn("a", start + QUIET), Some(59));
    }

    #[test]
    fn a_foreign_string_is_one_short_harmless_line() {
        let shown = Foreign("x\r\n2026-11-21 ERROR all is lost \u{1b}[2J\u{202e}").to_string();
        assert!(
            shown.chars().all(|c| c.is_ascii_graphic() || c == ' '),
            "{shown}"
        );
        assert!(Foreign(&"é".repeat(1000)).to_string().len() < 600);
    }
}
