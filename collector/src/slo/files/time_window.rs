//! The window of an SLO: rolling, or a period of a calendar in its time zone.

use super::fields::Fields;
use super::problem::Problems;
use crate::slo::window::{Period, Window};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Reads `timeWindow`, a list of exactly one.
pub(super) fn window(spec: &Fields<'_>, problems: &mut Problems) -> Option<Window> {
    let windows = spec.list("timeWindow", problems);
    let [(path, node)] = windows.as_slice() else {
        let what = format!("there are {} windows", windows.len());
        let right = "write exactly one, such as - {duration: 28d, isRolling: true}";
        problems.say(spec.line, &spec.path_of("timeWindow"), what, right);
        return None;
    };
    let fields = Fields::of(node, path, problems);
    let rolling = fields.boolean("isRolling", problems);
    let calendar = fields.get("calendar");
    if fields.get("duration").is_none() {
        problems.say(
            fields.line,
            &fields.path_of("duration"),
            "it is missing".to_owned(),
            "write one such as 28d",
        );
    }
    let period = fields.period("duration", problems);
    fields.finish(problems);
    let (period, line) = period?;
    match (calendar, rolling) {
        (Some(_), Some(true)) => {
            let right = "leave calendar out, or write isRolling: false";
            problems.say(
                node.line,
                path,
                "it is rolling and has a calendar".to_owned(),
                right,
            );
            None
        }
        (Some(node), _) => {
            let calendar = Fields::of(node, &fields.path_of("calendar"), problems);
            let found = calendar_window(period, &calendar, problems);
            calendar.finish(problems);
            found
        }
        (None, Some(false)) => {
            let right = "write calendar: {startTime: …, timeZone: …}, or isRolling: true";
            problems.say(
                node.line,
                path,
                "it says neither rolling nor which calendar".to_owned(),
                right,
            );
            None
        }
        (None, _) if period.fixed_seconds().is_none() => {
            let what = format!("{period} is not always equally long");
            let right = "write days or weeks, such as 28d, or give it a calendar";
            problems.say(line, &fields.path_of("duration"), what, right);
            None
        }
        (None, _) => Some(Window::Rolling(period)),
    }
}

fn calendar_window(period: Period, fields: &Fields<'_>, problems: &mut Problems) -> Option<Window> {
    let right = "write date and time without zone, such as 2026-01-01 00:00:00";
    let start = fields
        .required("startTime", right, problems)
        .and_then(|(text, line)| {
            let found = text
                .parse::<DateTime>()
                .ok()
                .filter(|_| !text.ends_with(['Z', 'z']));
            if found.is_none() {
                problems.say(
                    line,
                    &fields.path_of("startTime"),
                    format!("{text:?} is no date"),
                    right,
                );
            }
            found
        });
    let right = "write a name of the IANA database, such as Europe/Berlin";
    let zone = fields
        .required("timeZone", right, problems)
        .and_then(|(text, line)| {
            let found = TimeZone::get(text).ok();
            if found.is_none() {
                problems.say(
                    line,
                    &fields.path_of("timeZone"),
                    format!("{text:?} is no time zone"),
                    right,
                );
            }
            found
        });
    Some(Window::Calendar {
        period,
        start: start?,
        zone: zone?,
    })
}
