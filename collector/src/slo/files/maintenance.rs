//! The list of maintenance: when, why, who decided, and what it concerns.

use super::fields::Fields;
use super::metadata::Metadata;
use super::problem::Problems;
use crate::slo::exclusion::Exclusion;
use crate::slo::timeline::MINUTE_MS;
use crate::slo::window::Stretch;
use jiff::Timestamp;

/// The `spec` of a MaintenanceWindow.
pub(super) fn maintenance(
    metadata: &Metadata,
    spec: &Fields<'_>,
    problems: &mut Problems,
) -> Option<Exclusion> {
    let from = whole_minute(spec, "from", problems);
    let to = whole_minute(spec, "to", problems);
    let recorded_ms = instant(spec, "recordedAt", problems).map(|(ms, _)| ms);
    let reason = spec.required("reason", "say why these events do not count", problems);
    let approved_by = spec.required("approvedBy", "say who decided", problems);
    let owned =
        |texts: Vec<(&str, usize)>| texts.into_iter().map(|(text, _)| text.to_owned()).collect();
    let services = owned(spec.texts("services", problems));
    let objectives = owned(spec.texts("objectives", problems));
    spec.finish(problems);
    let stretch = Stretch::new(from?, to?);
    if stretch.ms() == 0 {
        let what = "it ends before it begins".to_owned();
        problems.say(
            spec.line,
            &spec.path_of("to"),
            what,
            "write a later instant",
        );
    }
    let recorded_ms = recorded_ms?;
    Some(Exclusion {
        name: metadata.name.clone(),
        stretch,
        reason: reason?.0.to_owned(),
        approved_by: approved_by?.0.to_owned(),
        recorded_ms,
        retroactive: recorded_ms > stretch.from_ms,
        services,
        objectives,
    })
}

fn instant(
    fields: &Fields<'_>,
    key: &'static str,
    problems: &mut Problems,
) -> Option<(u64, usize)> {
    let right = "write an instant with its offset, such as 2026-11-21T22:00:00Z";
    let (text, line) = fields.required(key, right, problems)?;
    let ms = text
        .parse::<Timestamp>()
        .ok()
        .map(|at| u64::try_from(at.as_millisecond()));
    if let Some(Ok(ms)) = ms {
        return Some((ms, line));
    }
    problems.say(
        line,
        &fields.path_of(key),
        format!("{text:?} is no instant"),
        right,
    );
    None
}

fn whole_minute(fields: &Fields<'_>, key: &'static str, problems: &mut Problems) -> Option<u64> {
    let (ms, line) = instant(fields, key, problems)?;
    if ms % MINUTE_MS != 0 {
        let what = "it is within a minute".to_owned();
        problems.say(
            line,
            &fields.path_of(key),
            what,
            "events are kept by the minute: write a whole one",
        );
    }
    Some(ms)
}
