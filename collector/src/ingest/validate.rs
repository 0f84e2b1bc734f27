//! What a well-behaved probe never sends: strings past the limits, absurd numbers, times that cannot
//! be. Looks at one head or one event, changes nothing.

use super::{EventRejection, Rejection};
use beacon::{Event, EventFault, EventKind, Head, Vital, VitalName, limits};
use std::collections::HashSet;

/// Beacons a view may number: more than a beacon per second for eleven days.
const SEQ_LIMIT: u32 = 1_000_000;
/// 2100-01-01: beyond it a clock is not wrong but the number absurd.
const LAST_PLAUSIBLE_MS: u64 = 4_102_444_800_000;
/// Deduplication lives seven days; what is older than six could be counted twice.
const OLDEST_MS: u64 = 6 * 24 * 60 * 60 * 1000;
/// Room for a client clock that is set back between an event and its sending.
const AHEAD_MS: u64 = 60_000;

pub(super) fn head(head: &Head) -> Result<(), Rejection> {
    let page = &head.page;
    let names = [&page.release, &page.deployment];
    let routes = [&page.route, &page.origin, &page.backend_origin];
    let too_long = names.iter().any(|text| text.len() > limits::NAME_BYTES)
        || routes.iter().any(|text| text.len() > limits::ROUTE_BYTES)
        || head.dropped.len() > limits::DROP_COUNTS;
    if too_long {
        return Err(Rejection::HeadTooLong);
    }
    if head.sent_at_ms > LAST_PLAUSIBLE_MS {
        return Err(Rejection::ImplausibleTime);
    }
    let told = head.previous_view.map_or(0, |previous| previous.last_seq);
    if head.seq >= SEQ_LIMIT || told >= SEQ_LIMIT {
        return Err(Rejection::ImplausibleSequence);
    }
    Ok(())
}

pub(super) fn event(
    event: &Event,
    sent_at_ms: u64,
    journeys: &HashSet<String>,
) -> Result<(), EventRejection> {
    if event.at_ms > sent_at_ms.saturating_add(AHEAD_MS) {
        return Err(EventRejection::InFuture);
    }
    if sent_at_ms.saturating_sub(event.at_ms) > OLDEST_MS {
        return Err(EventRejection::TooOld);
    }
    numbering(event)?;
    let fits = match &event.kind {
        EventKind::Page(page) => {
            let names = page
                .touched
                .iter()
                .flat_map(|pod| [&pod.release, &pod.deployment]);
            within(page.touched.len(), limits::TOUCHED)?;
            short(names, limits::NAME_BYTES)?;
            page.decided_after_ms <= limits::DURATION_MS
        }
        EventKind::Navigation(timing) => {
            short([&timing.protocol], limits::NAME_BYTES)?;
            let phases = [
                timing.redirect_ms,
                timing.dns_ms,
                timing.connect_ms,
                timing.tls_ms,
                timing.request_ms,
                timing.response_ms,
                timing.dom_interactive_ms,
                timing.dom_content_loaded_ms,
                timing.load_ms,
            ];
            phases.iter().all(|phase| *phase <= limits::DURATION_MS)
        }
        EventKind::Vital(vital) => plausible_vital(vital),
        EventKind::Withdrawn => true,
        EventKind::Request(request) => {
            short([&request.method], limits::NAME_BYTES)?;
            short(&request.result, limits::NAME_BYTES)?;
            short(
                [&request.route, &request.backend_origin],
                limits::ROUTE_BYTES,
            )?;
            let percent = request
                .diagnosis
                .map(|diagnosis| diagnosis.confidence_percent);
            request.duration_ms <= limits::DURATION_MS
                && request.status <= 999
                && percent.is_none_or(|percent| percent <= 100)
        }
        EventKind::Requests(counts) => {
            short([&counts.method], limits::NAME_BYTES)?;
            short([&counts.route, &counts.backend_origin], limits::ROUTE_BYTES)?;
            counts.durations.is_well_formed() && plausible_count(counts.durations.total())
        }
        EventKind::Journey(attempt) => {
            short([&attempt.name], limits::NAME_BYTES)?;
            short(&attempt.result, limits::NAME_BYTES)?;
            short(
                [&attempt.route, &attempt.backend_origin],
                limits::ROUTE_BYTES,
            )?;
            if !journeys.contains(&attempt.name) {
                return Err(EventRejection::UnknownJourney);
            }
            attempt.duration_ms <= limits::DURATION_MS
        }
        EventKind::Error(report) => {
            short([&report.message, &report.source], limits::MESSAGE_BYTES)?;
            true
        }
    };
    if fits {
        Ok(())
    } else {
        Err(EventRejection::ImplausibleNumber)
    }
}

/// A time of at most a day; a score is a sum of shifts of at most one page each, at most one a frame
/// for the five seconds of a session window.
fn plausible_vital(vital: &Vital) -> bool {
    const SCORE_MICROS: u32 = 5 * 240 * 1_000_000;
    match vital.name {
        VitalName::Cls => vital.value_micros <= SCORE_MICROS,
        // Microseconds in 32 bits end after 71 minutes, which is plausible.
        VitalName::Ttfb | VitalName::Fcp | VitalName::Lcp | VitalName::Inp => true,
    }
}

/// A page counts its calls per beacon; a million calls in one is not a count but an attack on one.
fn plausible_count(calls: u64) -> bool {
    (1..=1_000_000).contains(&calls)
}

/// One page load per view, and at most one journey attempt that stands for it.
fn numbering(event: &Event) -> Result<(), EventRejection> {
    let right = match &event.kind {
        EventKind::Page(_) => event.n == 0,
        EventKind::Journey(_) => event.n >= 1,
        EventKind::Withdrawn => true,
        EventKind::Navigation(_)
        | EventKind::Vital(_)
        | EventKind::Request(_)
        | EventKind::Requests(_)
        | EventKind::Error(_) => event.n >= 2,
    };
    if right {
        Ok(())
    } else {
        Err(EventRejection::Misnumbered)
    }
}

fn short<'a>(
    texts: impl IntoIterator<Item = &'a String>,
    bytes: usize,
) -> Result<(), EventRejection> {
    texts
        .into_iter()
        .try_for_each(|text| within(text.len(), bytes))
}

fn within(length: usize, limit: usize) -> Result<(), EventRejection> {
    if length <= limit {
        Ok(())
    } else {
        Err(EventRejection::FieldTooLong)
    }
}

impl From<EventFault> for EventRejection {
    fn from(fault: EventFault) -> Self {
        match fault {
            EventFault::Unreadable => EventRejection::Unreadable,
            EventFault::TooLarge => EventRejection::TooLarge,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use beacon::{Histogram, PageLoad, PageOutcome, RequestCounts, RequestOutcome};

    const NOW: u64 = 1_800_000_000_000;

    fn verdict(n: u32, at_ms: u64, kind: EventKind) -> Result<(), EventRejection> {
        event(
            &Event {
                n,
                rev: 0,
                at_ms,
                kind,
            },
            NOW,
            &HashSet::new(),
        )
    }

    fn page(decided_after_ms: u32) -> EventKind {
        EventKind::Page(PageLoad {
            outcome: PageOutcome::Ready,
            finality: beacon::Finality::Final,
            decided_after_ms,
            touched: Vec::new(),
            failed_scripts: 0,
        })
    }

    #[test]
    fn six_days_are_kept_and_more_are_not() {
        assert_eq!(verdict(0, NOW - OLDEST_MS, page(1)), Ok(()));
        assert_eq!(
            verdict(0, NOW - OLDEST_MS - 1, page(1)),
            Err(EventRejection::TooOld)
        );
    }

    #[test]
    fn the_future_is_refused_past_a_minute() {
        assert_eq!(verdict(0, NOW + AHEAD_MS, page(1)), Ok(()));
        assert_eq!(
            verdict(0, NOW + AHEAD_MS + 1, page(1)),
            Err(EventRejection::InFuture)
        );
        assert_eq!(verdict(0, u64::MAX, page(1)), Err(EventRejection::InFuture));
    }

    #[test]
    fn a_view_has_one_page_load_under_its_own_number() {
        assert_eq!(verdict(0, NOW, page(1)), Ok(()));
        assert_eq!(verdict(7, NOW, page(1)), Err(EventRejection::Misnumbered));
    }

    #[test]
    fn a_duration_above_a_day_is_absurd() {
        let day = limits::DURATION_MS;
        assert_eq!(verdict(0, NOW, page(day)), Ok(()));
        assert_eq!(
            verdict(0, NOW, page(day + 1)),
            Err(EventRejection::ImplausibleNumber)
        );
    }

    #[test]
    fn a_histogram_that_does_not_add_up_is_refused() {
        let counts = |histogram| {
            EventKind::Requests(RequestCounts {
                method: "GET".into(),
                backend_origin: String::new(),
                route: String::new(),
                expected_origin: true,
                outcome: RequestOutcome::Ok,
                durations: histogram,
            })
        };
        let mut good = Histogram::default();
        good.record(7);
        assert_eq!(verdict(2, NOW, counts(good)), Ok(()));
        for bad in [
            vec![],
            vec![(1, 1), (1, 1)],
            vec![(99, 1)],
            vec![(1, u32::MAX)],
        ] {
            let histogram = Histogram { counts: bad };
            let refusal = verdict(2, NOW, counts(histogram));
            assert_eq!(refusal, Err(EventRejection::ImplausibleNumber));
        }
    }
}
