//! Over which stretch of time an objective is judged: a rolling window, or a period of the calendar in
//! its own time zone. An instant enters, a stretch leaves; no clock.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};
use serde::Serialize;

/// A stretch of time in Unix milliseconds, the end excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Stretch {
    /// The first millisecond.
    pub from_ms: u64,
    /// The millisecond after the last.
    pub to_ms: u64,
}

impl Stretch {
    /// From one instant to another.
    pub const fn new(from_ms: u64, to_ms: u64) -> Self {
        Self { from_ms, to_ms }
    }

    /// The last so many seconds before an instant.
    pub fn before(now_ms: u64, seconds: u64) -> Self {
        Self::new(now_ms.saturating_sub(seconds * 1000), now_ms)
    }

    /// How long.
    pub fn ms(self) -> u64 {
        self.to_ms.saturating_sub(self.from_ms)
    }

    /// What both share.
    #[must_use]
    pub fn common(self, other: Self) -> Option<Self> {
        let from_ms = self.from_ms.max(other.from_ms);
        let to_ms = self.to_ms.min(other.to_ms);
        (from_ms < to_ms).then_some(Self { from_ms, to_ms })
    }
}

/// Units of the shorthand for durations (<https://github.com/OpenSLO/OpenSLO#duration-shorthand>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// `m`
    Minutes,
    /// `h`
    Hours,
    /// `d`
    Days,
    /// `w`
    Weeks,
    /// `M`
    Months,
    /// `Q`
    Quarters,
    /// `Y`
    Years,
}

/// So many of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// At least one.
    pub count: u32,
    /// Of what.
    pub unit: Unit,
}

impl Period {
    const UNITS: [(char, Unit); 7] = [
        ('m', Unit::Minutes),
        ('h', Unit::Hours),
        ('d', Unit::Days),
        ('w', Unit::Weeks),
        ('M', Unit::Months),
        ('Q', Unit::Quarters),
        ('Y', Unit::Years),
    ];

    /// The shorthand, such as `4w`; `None` when it is not of that form.
    pub fn parse(text: &str) -> Option<Self> {
        let postfix = text.chars().last()?;
        let (_, unit) = Self::UNITS.into_iter().find(|(of, _)| *of == postfix)?;
        let digits = &text[..text.len() - 1];
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let count = digits
            .parse()
            .ok()
            .filter(|count| (1..=10_000).contains(count))?;
        plain.then_some(Self { count, unit })
    }

    /// Its length, where every such period is equally long.
    pub fn fixed_seconds(self) -> Option<u64> {
        let of_one = match self.unit {
            Unit::Minutes => 60,
            Unit::Hours => 3600,
            Unit::Days => 86_400,
            Unit::Weeks => 7 * 86_400,
            Unit::Months | Unit::Quarters | Unit::Years => return None,
        };
        Some(u64::from(self.count) * of_one)
    }

    fn times(self, factor: i64) -> Span {
        let count = i64::from(self.count) * factor;
        match self.unit {
            Unit::Minutes => count.minutes(),
            Unit::Hours => count.hours(),
            Unit::Days => count.days(),
            Unit::Weeks => count.weeks(),
            Unit::Months => count.months(),
            Unit::Quarters => (count * 3).months(),
            Unit::Years => count.years(),
        }
    }

    /// About how long, for a first guess and for retention.
    pub fn about_seconds(self) -> u64 {
        let of_one: u64 = match self.unit {
            Unit::Months => 31 * 86_400,
            Unit::Quarters => 92 * 86_400,
            Unit::Years => 366 * 86_400,
            Unit::Minutes | Unit::Hours | Unit::Days | Unit::Weeks => {
                return self.fixed_seconds().unwrap_or(0);
            }
        };
        u64::from(self.count) * of_one
    }
}

impl std::fmt::Display for Period {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let found = Self::UNITS.iter().find(|(_, unit)| *unit == self.unit);
        let postfix = found.map_or('?', |(postfix, _)| *postfix);
        write!(f, "{}{postfix}", self.count)
    }
}

/// The window of an objective.
#[derive(Clone, Debug, PartialEq)]
pub enum Window {
    /// The last so long.
    Rolling(Period),
    /// The period of the calendar that now falls into.
    Calendar {
        /// How long each is.
        period: Period,
        /// When one of them begins, on the clocks of the zone.
        start: DateTime,
        /// Whose clocks.
        zone: TimeZone,
    },
}

/// The window as it stands at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Current {
    /// What has passed of it.
    pub passed: Stretch,
    /// When it ends; of a rolling window: now.
    pub ends_ms: u64,
}

impl Current {
    /// The length of the whole window.
    pub fn whole_ms(self) -> u64 {
        self.ends_ms - self.passed.from_ms
    }
}

impl Window {
    /// The window at an instant.
    pub fn at(&self, now_ms: u64) -> Current {
        match self {
            Self::Rolling(period) => Current {
                passed: Stretch::before(now_ms, period.about_seconds()),
                ends_ms: now_ms,
            },
            Self::Calendar {
                period,
                start,
                zone,
            } => {
                let (from_ms, ends_ms) = calendar_bounds(*period, *start, zone, now_ms);
                Current {
                    passed: Stretch::new(from_ms, now_ms.max(from_ms)),
                    ends_ms,
                }
            }
        }
    }

    /// How long, or how long at most.
    pub fn longest_seconds(&self) -> u64 {
        match self {
            Self::Rolling(period) | Self::Calendar { period, .. } => period.about_seconds(),
        }
    }

    /// In words: `7 d rolling`.
    pub fn words(&self) -> String {
        match self {
            Self::Rolling(period) => format!("rolling {period}"),
            Self::Calendar { period, zone, .. } => {
                format!("calendar {period}, {}", zone.iana_name().unwrap_or("UTC"))
            }
        }
    }
}

/// The period that holds an instant: reckoned on the clocks of the zone, so that a day has 23 or 25
/// hours when they are put forward or back.
fn calendar_bounds(period: Period, start: DateTime, zone: &TimeZone, now_ms: u64) -> (u64, u64) {
    let begin = |index: i64| -> Option<u64> {
        let civil = start.checked_add(period.times(index)).ok()?;
        let zoned = zone.to_ambiguous_zoned(civil).compatible().ok()?;
        u64::try_from(zoned.timestamp().as_millisecond().max(0)).ok()
    };
    let start_ms = i128::from(begin(0).unwrap_or(0));
    let guess = (i128::from(now_ms) - start_ms) / (i128::from(period.about_seconds()) * 1000);
    // The guess takes all periods to be of the longest kind; from there it is walked.
    let mut index = i64::try_from(guess).unwrap_or(0) - 1;
    while begin(index).is_some_and(|begin_ms| begin_ms > now_ms && begin_ms > 0) {
        index -= 1;
    }
    while begin(index + 1).is_some_and(|next_ms| next_ms <= now_ms) {
        index += 1;
    }
    let from_ms = begin(index).unwrap_or(0);
    (
        from_ms,
        begin(index + 1).unwrap_or(u64::MAX).max(from_ms + 1),
    )
}

/// An instant as text, for people.
pub fn instant(ms: u64) -> String {
    let ms = i64::try_from(ms).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |at| at.to_string())
}

/// A length of time in words of at most two units.
pub fn length(seconds: u64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (of_one, unit) in units {
        if rest >= of_one {
            parts.push(format!("{} {unit}", rest / of_one));
            rest %= of_one;
        }
    }
    parts.truncate(2);
    if parts.is_empty() {
        return "0 s".to_owned();
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ms(text: &str) -> u64 {
        let at: Timestamp = text.parse().unwrap();
        u64::try_from(at.as_millisecond()).unwrap()
    }

    fn calendar(period: &str, start: &str, zone: &str) -> Window {
        Window::Calendar {
            period: Period::parse(period).unwrap(),
            start: start.parse().unwrap(),
            zone: TimeZone::get(zone).unwrap(),
        }
    }

    #[test]
    fn a_day_in_berlin_has_23_hours_when_clocks_go_forward_and_25_when_they_go_back() {
        let day = calendar("1d", "2026-01-01T00:00:00", "Europe/Berlin");
        for (now, from, to) in [
            (
                "2026-03-29T12:00:00Z",
                "2026-03-28T23:00:00Z",
                "2026-03-29T22:00:00Z",
            ),
            (
                "2026-10-25T12:00:00Z",
                "2026-10-24T22:00:00Z",
                "2026-10-25T23:00:00Z",
            ),
            (
                "2026-06-01T21:59:59Z",
                "2026-05-31T22:00:00Z",
                "2026-06-01T22:00:00Z",
            ),
            (
                "2026-06-01T22:00:00Z",
                "2026-06-01T22:00:00Z",
                "2026-06-02T22:00:00Z",
            ),
        ] {
            let at = day.at(ms(now));
            assert_eq!((at.passed.from_ms, at.ends_ms), (ms(from), ms(to)), "{now}");
            assert_eq!(at.passed.to_ms, ms(now));
        }
    }

    #[test]
    fn months_that_begin_on_the_31st_begin_on_their_last_day() {
        let month = calendar("1M", "2026-01-31T00:00:00", "UTC");
        let at = month.at(ms("2026-03-15T00:00:00Z"));
        assert_eq!(at.passed.from_ms, ms("2026-02-28T00:00:00Z"));
        assert_eq!(at.ends_ms, ms("2026-03-31T00:00:00Z"));
    }

    #[test]
    fn a_window_may_begin_after_now() {
        let quarter = calendar("1Q", "2027-01-01T00:00:00", "America/New_York");
        let at = quarter.at(ms("2026-11-21T00:00:00Z"));
        assert_eq!(at.passed.from_ms, ms("2026-10-01T04:00:00Z"));
        assert_eq!(at.ends_ms, ms("2027-01-01T05:00:00Z"));
    }

    #[test]
    fn the_shorthand_is_that_of_the_specification() {
        assert_eq!(
            Period::parse("4w").unwrap().fixed_seconds(),
            Some(2_419_200)
        );
        assert_eq!(Period::parse("1M").unwrap().fixed_seconds(), None);
        for bad in ["", "d", "0d", "-1d", "1.5h", "1 d", "30D", "+3d", "1s"] {
            assert_eq!(Period::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn lengths_are_told_in_two_units() {
        assert_eq!(length(0), "0 s");
        assert_eq!(length(43 * 60 + 12), "43 min 12 s");
        assert_eq!(length(90_061), "1 d 1 h");
    }

    proptest! {
        #[test]
        fn an_instant_lies_in_its_period_and_periods_leave_no_gap(
            now_s in 1_500_000_000u64..2_000_000_000,
            count in 1u32..5,
            unit in prop::sample::select(vec!["h", "d", "w", "M", "Q", "Y"]),
            zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
        ) {
            let window = calendar(&format!("{count}{unit}"), "2020-02-29T02:30:00", zone);
            let at = window.at(now_s * 1000);
            prop_assert!(at.passed.from_ms <= now_s * 1000 && now_s * 1000 < at.ends_ms);
            prop_assert_eq!(window.at(at.ends_ms).passed.from_ms, at.ends_ms);
            prop_assert_eq!(window.at(at.passed.from_ms).passed.from_ms, at.passed.from_ms);
        }
    }
}
