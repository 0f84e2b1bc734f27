//! A finding as one sentence for people, the change first, then how it shows.

use super::cause::{Cause, Ranking};
use super::mechanism::Mechanism;
use super::values::Dimension;
use std::fmt::Write;

/// Mechanisms that are told; the rest is in the list.
const TOLD: usize = 3;

/// What happened, and to how many.
pub(super) fn sentence(ranking: &Ranking, mechanisms: &[Mechanism], found_ms: u64) -> String {
    let cause = ranking.causes.first().filter(|cause| cause.named);
    let mut text = match cause {
        Some(cause) => of_cause(cause, found_ms),
        None => format!(
            "No single cause: {} of {} loads failed, all alike.",
            ranking.failed, ranking.loads
        ),
    };
    let told: Vec<String> = mechanisms
        .iter()
        .take(TOLD)
        .map(|mechanism| format!("{} {}", mechanism.loads, mechanism.words))
        .collect();
    if !told.is_empty() {
        // Writing into a String cannot fail.
        let _ = write!(text, " {}.", told.join(", "));
    }
    text
}

fn of_cause(cause: &Cause, found_ms: u64) -> String {
    let mut text = name(cause);
    if let Some(first_seen_ms) = cause.first_seen_ms {
        let _ = write!(
            text,
            ", first seen {} earlier",
            duration(found_ms.saturating_sub(first_seen_ms))
        );
    }
    let having = cause
        .values
        .first()
        .map_or("", |value| loads_with(value.dimension));
    let others = match cause.others_before {
        true => "before it",
        false => "others",
    };
    let _ = write!(
        text,
        ": {} of {} loads {having} failed, {} of {} {others}.",
        cause.failed, cause.loads, cause.others_failed, cause.others
    );
    text
}

/// The first value, and what is the same to all appearance: the pod that runs a release, the origin a
/// build was made for.
fn name(cause: &Cause) -> String {
    let Some(lead) = cause.values.first() else {
        return String::new();
    };
    let mut text = format!("{} {}", kind(lead.dimension), lead.value);
    let mut beside: Vec<&str> = Vec::new();
    for value in cause.values.iter().skip(1) {
        let says_more = kind(value.dimension) != kind(lead.dimension)
            && matches!(
                value.dimension,
                Dimension::TouchedRelease
                    | Dimension::Release
                    | Dimension::TouchedPod
                    | Dimension::Pod
                    | Dimension::Browser
                    | Dimension::Country
                    | Dimension::Operator
                    | Dimension::Route
            );
        if says_more && !beside.contains(&&*value.value) {
            beside.push(&value.value);
        }
    }
    if !beside.is_empty() {
        let _ = write!(text, " ({})", beside.join(", "));
    }
    text
}

fn kind(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::TouchedRelease | Dimension::Release => "Release",
        Dimension::TouchedPod | Dimension::Pod => "Pod",
        Dimension::ConfiguredOrigin | Dimension::UsedOrigin => "Backend origin",
        Dimension::Browser => "Browser",
        Dimension::Route => "Route",
        Dimension::Country => "Country",
        Dimension::Operator => "Network",
    }
}

fn loads_with(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::TouchedRelease | Dimension::TouchedPod => "that touched it",
        Dimension::Release | Dimension::Pod | Dimension::Route => "of it",
        Dimension::ConfiguredOrigin => "built for it",
        Dimension::UsedOrigin => "that called it",
        Dimension::Browser => "in it",
        Dimension::Country | Dimension::Operator => "from there",
    }
}

/// `41 s`, `12 min`, `1 h 5 min`.
fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    match (seconds / 3600, seconds / 60, seconds) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, _) => format!("{minutes} min"),
        (hours, minutes, _) => format!("{hours} h {} min", minutes % 60),
    }
}
