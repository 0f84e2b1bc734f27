//! Query strings of the API: names, windows and limits, with errors that say what would be right.

use super::problem::Problem;
use crate::sli::SplitBy;
use crate::store::{ViewFilter, Window};
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::StatusCode;
use serde::Deserialize;

const HOUR_MS: u64 = 60 * 60 * 1000;
/// Views of one answer, asked for or not.
const VIEWS: usize = 10_000;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AppQuery {
    pub(super) app: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SliQuery {
    pub(super) app: Option<String>,
    window: Option<String>,
    from_ms: Option<u64>,
    to_ms: Option<u64>,
    pub(super) release: Option<String>,
    pub(super) deployment: Option<String>,
    pub(super) backend_origin: Option<String>,
    pub(super) split: Option<SplitBy>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ViewsQuery {
    pub(super) app: Option<String>,
    window: Option<String>,
    from_ms: Option<u64>,
    to_ms: Option<u64>,
    kind: Option<String>,
    name: Option<String>,
    outcome: Option<String>,
    class: Option<String>,
    release: Option<String>,
    deployment: Option<String>,
    backend_origin: Option<String>,
    limit: Option<usize>,
}

pub(super) fn parsed<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, Problem> {
    query.map(|Query(query)| query).map_err(|error| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "bad_query",
            error.body_text(),
            "the query string",
            "see the API's description for the names and their values",
        )
    })
}

impl SliQuery {
    pub(super) fn window(&self, now_ms: u64) -> Result<Window, Problem> {
        let window = window(self.window.as_deref(), self.from_ms, self.to_ms, now_ms)?;
        Ok(window.unwrap_or(Window {
            from_ms: now_ms.saturating_sub(HOUR_MS),
            to_ms: now_ms + 1,
        }))
    }
}

impl ViewsQuery {
    pub(super) fn into_filter(self, app: String, now_ms: u64) -> Result<ViewFilter, Problem> {
        let window = window(self.window.as_deref(), self.from_ms, self.to_ms, now_ms)?;
        Ok(ViewFilter {
            app,
            window,
            kind: self.kind,
            name: self.name,
            outcome: self.outcome,
            class: self.class,
            release: self.release,
            deployment: self.deployment,
            backend_origin: self.backend_origin,
            limit: self.limit.unwrap_or(VIEWS).min(VIEWS),
        })
    }
}

/// `window` counts back from now; `from_ms` and `to_ms` say the same in numbers. The end is excluded,
/// so "now" is the millisecond after it.
fn window(
    window: Option<&str>,
    from_ms: Option<u64>,
    to_ms: Option<u64>,
    now_ms: u64,
) -> Result<Option<Window>, Problem> {
    let now_ms = now_ms + 1;
    let found = match (window, from_ms, to_ms) {
        (None, None, None) => return Ok(None),
        (Some(text), None, None) => {
            let length_ms = duration_ms(text).ok_or_else(|| {
                bad_window(
                    format!("{text:?} is no duration"),
                    "write it as 90s, 5m, 2h or 7d",
                )
            })?;
            Window {
                from_ms: now_ms.saturating_sub(length_ms),
                to_ms: now_ms,
            }
        }
        (None, from_ms, to_ms) => {
            let to_ms = to_ms.unwrap_or(now_ms);
            Window {
                from_ms: from_ms.unwrap_or(to_ms.saturating_sub(HOUR_MS)),
                to_ms,
            }
        }
        (Some(_), _, _) => {
            return Err(bad_window(
                "window and from_ms or to_ms exclude each other".to_owned(),
                "give either window, or from_ms and to_ms",
            ));
        }
    };
    let storable = i64::try_from(found.from_ms.max(found.to_ms)).is_ok();
    if found.from_ms > found.to_ms || !storable {
        let what = format!(
            "the window from {} to {} ends before it begins",
            found.from_ms, found.to_ms
        );
        return Err(bad_window(
            what,
            "give Unix milliseconds, from_ms before to_ms",
        ));
    }
    Ok(Some(found))
}

fn bad_window(what: String, what_to_do: &'static str) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "bad_window",
        what,
        "the query string",
        what_to_do,
    )
}

fn duration_ms(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => HOUR_MS,
        "d" => 24 * HOUR_MS,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_number_and_a_unit() {
        for (text, expected) in [
            ("90s", Some(90_000)),
            ("5m", Some(300_000)),
            ("7d", Some(604_800_000)),
            ("5", None),
            ("m", None),
            ("-5m", None),
            ("99999999999999999999d", None),
        ] {
            assert_eq!(duration_ms(text), expected, "{text}");
        }
    }

    #[test]
    fn a_window_includes_the_present_millisecond() {
        let found = window(Some("1s"), None, None, 10_000).unwrap().unwrap();
        assert_eq!((found.from_ms, found.to_ms), (9_001, 10_001));
    }
}
