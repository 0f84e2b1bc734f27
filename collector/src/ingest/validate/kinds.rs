//! What each kind of event may hold: strings and lists within the limits, durations of at most a day,
//! counts that can have been counted.

use super::{EventRejection, attributes, short, within};
use beacon::{
    Clicks, ErrorReport, EventKind, JourneyAttempt, LongTasks, NavigationTiming, PageLoad,
    RequestAttempt, RequestCounts, Resource, Resources, RouteView, Socket, Vital, VitalCause,
    VitalName, VitalPartName, limits,
};
use std::collections::HashSet;

/// Whether the numbers are plausible; a string or list that is too long is an error of its own.
type Verdict = Result<bool, EventRejection>;

/// A sum of shifts of at most one page each, at most one a frame for the five seconds of a session
/// window.
const SCORE_MICROS: u32 = 5 * 240 * 1_000_000;
/// The largest close code of a WebSocket that any specification knows (RFC 6455, 7.4.2).
const CLOSE_CODES: u16 = 4999;
/// A page counts per beacon; more than a million in one is not a count but an attack on one.
const COUNTED: u32 = 1_000_000;

pub(super) fn check(kind: &EventKind, journeys: &HashSet<String>) -> Result<(), EventRejection> {
    let plausible = match kind {
        EventKind::Page(page) => self::page(page),
        EventKind::Navigation(timing) => navigation(timing),
        EventKind::Vital(vital) => Ok(plausible_vital(vital)),
        EventKind::Request(request) => self::request(request),
        EventKind::Requests(counts) => requests(counts),
        EventKind::Journey(attempt) => journey(attempt, journeys),
        EventKind::Error(report) => error(report),
        EventKind::Withdrawn => Ok(true),
        EventKind::VitalCause(cause) => vital_cause(cause),
        EventKind::Route(view) => route(view),
        EventKind::Resources(counts) => resources(counts),
        EventKind::Resource(resource) => self::resource(resource),
        EventKind::LongTasks(tasks) => long_tasks(tasks),
        EventKind::Socket(socket) => self::socket(socket),
        EventKind::Clicks(clicks) => self::clicks(clicks),
        EventKind::Frustration(frustration) => {
            short([&frustration.selector], limits::SELECTOR_BYTES)?;
            Ok(counted(frustration.clicks))
        }
        EventKind::Measurement(measurement) => {
            short([&measurement.name], limits::NAME_BYTES)?;
            attributes(&measurement.attributes)?;
            Ok(true)
        }
        EventKind::Probe(report) => Ok(within_a_day([report.core_ready_ms])),
    }?;
    if plausible {
        Ok(())
    } else {
        Err(EventRejection::ImplausibleNumber)
    }
}

fn page(page: &PageLoad) -> Verdict {
    within(page.touched.len(), limits::TOUCHED)?;
    let names = page
        .touched
        .iter()
        .flat_map(|pod| [&pod.release, &pod.deployment]);
    short(names, limits::NAME_BYTES)?;
    Ok(within_a_day([page.decided_after_ms]))
}

fn navigation(timing: &NavigationTiming) -> Verdict {
    within(timing.server_timing.len(), limits::SERVER_TIMINGS)?;
    short([&timing.protocol], limits::NAME_BYTES)?;
    let names = timing.server_timing.iter().map(|metric| &metric.name);
    short(names, limits::NAME_BYTES)?;
    let server = timing.server_timing.iter().map(|metric| metric.duration_ms);
    let phases = [
        timing.redirect_ms,
        timing.dns_ms,
        timing.connect_ms,
        timing.tls_ms,
        timing.request_ms,
        timing.response_ms,
        timing.dom_interactive_ms,
        timing.dom_content_loaded_ms,
        timing.dom_complete_ms,
        timing.load_ms,
    ];
    Ok(within_a_day(phases) && within_a_day(server))
}

fn plausible_vital(vital: &Vital) -> bool {
    match vital.name {
        VitalName::Cls => vital.value_micros <= SCORE_MICROS,
        // Microseconds in 32 bits end after 71 minutes, which is plausible.
        VitalName::Ttfb | VitalName::Fcp | VitalName::Lcp | VitalName::Inp => true,
    }
}

fn vital_cause(cause: &VitalCause) -> Verdict {
    within(cause.parts.len(), limits::VITAL_PARTS)?;
    short([&cause.element], limits::SELECTOR_BYTES)?;
    short([&cause.resource], limits::MESSAGE_BYTES)?;
    short([&cause.interaction], limits::NAME_BYTES)?;
    let names: HashSet<_> = cause.parts.iter().map(|part| part.name).collect();
    let score = cause
        .parts
        .iter()
        .filter(|part| part.name == VitalPartName::LargestShift)
        .all(|part| part.value_micros <= SCORE_MICROS);
    Ok(score && names.len() == cause.parts.len())
}

fn request(request: &RequestAttempt) -> Verdict {
    short([&request.method, &request.connection], limits::NAME_BYTES)?;
    short(&request.result, limits::NAME_BYTES)?;
    short(
        [&request.route, &request.backend_origin],
        limits::ROUTE_BYTES,
    )?;
    let stream = request
        .stream
        .map(|stream| [stream.first_chunk_ms, stream.longest_gap_ms]);
    let percent = request
        .diagnosis
        .map(|diagnosis| diagnosis.confidence_percent);
    Ok(within_a_day([request.duration_ms, request.headers_ms])
        && stream.is_none_or(within_a_day)
        && request.status <= 999
        && percent.is_none_or(|percent| percent <= 100))
}

fn requests(counts: &RequestCounts) -> Verdict {
    short([&counts.method], limits::NAME_BYTES)?;
    short([&counts.route, &counts.backend_origin], limits::ROUTE_BYTES)?;
    let calls = u32::try_from(counts.durations.total()).unwrap_or(u32::MAX);
    Ok(counts.durations.is_well_formed() && counted(calls))
}

fn journey(attempt: &JourneyAttempt, journeys: &HashSet<String>) -> Verdict {
    within(attempt.steps.len(), limits::STEPS)?;
    short([&attempt.name], limits::NAME_BYTES)?;
    short(&attempt.result, limits::NAME_BYTES)?;
    short(
        attempt.steps.iter().map(|step| &step.name),
        limits::NAME_BYTES,
    )?;
    short(
        [&attempt.route, &attempt.backend_origin],
        limits::ROUTE_BYTES,
    )?;
    if !journeys.contains(&attempt.name) {
        return Err(EventRejection::UnknownJourney);
    }
    let steps = attempt.steps.iter().enumerate().all(|(index, step)| {
        // A step is a part of an earlier one, so nothing can be a part of itself.
        usize::from(step.parent) <= index && within_a_day([step.started_ms, step.duration_ms])
    });
    Ok(steps && within_a_day([attempt.duration_ms]))
}

fn error(report: &ErrorReport) -> Verdict {
    short([&report.message, &report.source], limits::MESSAGE_BYTES)?;
    short([&report.stack], limits::STACK_BYTES)?;
    Ok(counted(report.count))
}

fn route(view: &RouteView) -> Verdict {
    short([&view.route, &view.from], limits::ROUTE_BYTES)?;
    Ok(within_a_day([view.duration_ms]) && view.requests <= COUNTED)
}

fn resources(counts: &Resources) -> Verdict {
    short([&counts.kind], limits::NAME_BYTES)?;
    short([&counts.origin], limits::ROUTE_BYTES)?;
    Ok(counted(counts.count)
        && counts.failed <= counts.count
        && counts.cached <= counts.count
        && within_a_day([counts.longest_ms]))
}

fn resource(resource: &Resource) -> Verdict {
    short([&resource.kind, &resource.protocol], limits::NAME_BYTES)?;
    short([&resource.address], limits::MESSAGE_BYTES)?;
    Ok(within_a_day([resource.duration_ms, resource.wait_ms]) && resource.status <= 999)
}

fn long_tasks(tasks: &LongTasks) -> Verdict {
    short([&tasks.worst_script], limits::MESSAGE_BYTES)?;
    short([&tasks.worst_invoker], limits::SELECTOR_BYTES)?;
    Ok(counted(tasks.count) && within_a_day([tasks.blocking_ms, tasks.worst_ms]))
}

fn socket(socket: &Socket) -> Verdict {
    short([&socket.route, &socket.backend_origin], limits::ROUTE_BYTES)?;
    let times = [
        socket.connect_ms,
        socket.open_ms,
        socket.first_message_ms,
        socket.longest_gap_ms,
    ];
    Ok(within_a_day(times) && socket.close_code <= CLOSE_CODES)
}

fn clicks(clicks: &Clicks) -> Verdict {
    within(clicks.targets.len(), limits::CLICK_TARGETS)?;
    short(
        clicks.targets.iter().map(|target| &target.selector),
        limits::SELECTOR_BYTES,
    )?;
    let told: u64 = clicks
        .targets
        .iter()
        .map(|target| u64::from(target.count))
        .sum();
    Ok(counted(clicks.count) && told <= u64::from(clicks.count))
}

fn counted(count: u32) -> bool {
    (1..=COUNTED).contains(&count)
}

fn within_a_day(durations_ms: impl IntoIterator<Item = u32>) -> bool {
    durations_ms
        .into_iter()
        .all(|duration| duration <= limits::DURATION_MS)
}
