//! What a well-behaved probe never sends: strings past the limits, absurd numbers, times that cannot
//! be. Looks at one head or one event, changes nothing; what a kind may hold is in `kinds`.

mod kinds;

use super::{EventRejection, Rejection};
use beacon::{Attribute, Event, EventFault, EventKind, Head, limits};
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
        || head.dropped.len() > limits::DROP_COUNTS
        || attributes(&head.attributes).is_err();
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
    kinds::check(&event.kind, journeys)
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
        | EventKind::Error(_)
        | EventKind::VitalCause(_)
        | EventKind::Route(_)
        | EventKind::Resources(_)
        | EventKind::Resource(_)
        | EventKind::LongTasks(_)
        | EventKind::Socket(_)
        | EventKind::Clicks(_)
        | EventKind::Frustration(_)
        | EventKind::Measurement(_)
        | EventKind::Probe(_) => event.n >= 2,
    };
    if right {
        Ok(())
    } else {
        Err(EventRejection::Misnumbered)
    }
}

fn attributes(attributes: &[Attribute]) -> Result<(), EventRejection> {
    within(attributes.len(), limits::ATTRIBUTES)?;
    let texts = attributes
        .iter()
        .flat_map(|attribute| [&attribute.key, &attribute.value]);
    short(texts, limits::NAME_BYTES)
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
    use crate::ingest::goldens::{Changed, each_changed};
    use beacon::{Histogram, PageLoad, PageOutcome, RequestCounts, RequestOutcome};
    use serde_json::Value;

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

    /// What becomes of golden beacons in which every value for which there is another is changed in turn.
    fn refusals(change: impl Fn(&Value) -> Option<Value>) -> Vec<(String, Option<String>)> {
        let journeys = HashSet::from(["access_app".to_owned()]);
        let refusal = |changed: &Changed| {
            let of_head = head(&changed.head).err().map(Rejection::label);
            let of_event = event(&changed.event, changed.head.sent_at_ms, &journeys).err();
            of_head
                .or(of_event.map(EventRejection::label))
                .map(str::to_owned)
        };
        let changed = each_changed(change);
        changed
            .iter()
            .map(|changed| (changed.place.clone(), refusal(changed)))
            .collect()
    }

    #[test]
    fn no_string_of_any_kind_is_without_a_bound() {
        let longest = limits::STACK_BYTES + 1;
        for (place, refusal) in
            refusals(|value| value.is_string().then(|| "x".repeat(longest).into()))
        {
            let expected = if place.starts_with("/events") {
                "field_too_long"
            } else {
                "head_too_long"
            };
            assert_eq!(refusal.as_deref(), Some(expected), "{place}");
        }
    }

    #[test]
    fn no_list_of_any_kind_is_without_a_bound() {
        let lengthened = |value: &Value| {
            let first = value.as_array()?.first()?.clone();
            Some(vec![first; 17].into())
        };
        for (place, refusal) in refusals(lengthened) {
            let expected = match place.as_str() {
                "/events" => None,
                place if place.ends_with("/durations/counts") => Some("implausible_number"),
                place if place.ends_with("/counts/0") => continue,
                place if place.starts_with("/events") => Some("field_too_long"),
                _ => Some("head_too_long"),
            };
            assert_eq!(refusal.as_deref(), expected, "{place}");
        }
    }

    #[test]
    fn every_number_is_bounded_but_those_that_only_add_up() {
        let largest = |value: &Value| value.is_number().then(|| u32::MAX.into());
        let mut unbounded: Vec<_> = refusals(largest)
            .into_iter()
            .filter(|(_, refusal)| refusal.is_none())
            .filter_map(|(place, _)| place.strip_prefix("/events/0/kind/").map(str::to_owned))
            .collect();
        unbounded.sort();
        unbounded.dedup();
        assert_eq!(
            unbounded,
            [
                "measurement/value_micros",
                "navigation/decoded_bytes",
                "navigation/encoded_bytes",
                "navigation/transfer_bytes",
                "page/failed_scripts",
                "probe/beacons",
                "probe/failed_sends",
                "probe/main_thread_micros",
                "probe/queued",
                "probe/runs",
                "probe/sent_bytes",
                "request/stream/bytes",
                "request/stream/chunks",
                "resource/transfer_bytes",
                "resources/total_ms",
                "resources/transfer_bytes",
                "socket/received",
                "socket/reconnects",
                "socket/sent",
                "vital/value_micros",
                "vital_cause/parts/0/value_micros",
                "vital_cause/parts/1/value_micros",
                "vital_cause/parts/2/value_micros",
                "vital_cause/parts/3/value_micros",
            ]
        );
    }

    #[test]
    fn the_golden_beacons_themselves_are_taken() {
        for (place, refusal) in refusals(|value| Some(value.clone())) {
            assert_eq!(refusal, None, "{place}");
        }
    }

    #[test]
    fn a_step_is_a_part_of_an_earlier_step_only() {
        let parents = |value: &Value| (value == &Value::from(1)).then(|| 2.into());
        let refused: Vec<_> = refusals(parents)
            .into_iter()
            .filter(|(place, _)| place.ends_with("/steps/1/parent"))
            .collect();
        assert!(!refused.is_empty());
        for (place, refusal) in refused {
            assert_eq!(refusal.as_deref(), Some("implausible_number"), "{place}");
        }
    }

    #[test]
    fn only_the_page_and_the_journey_it_stands_for_have_numbers_below_two() {
        let journeys = HashSet::from(["access_app".to_owned()]);
        for number in [0, 1] {
            let changed = each_changed(|value| value.is_number().then(|| number.into()));
            for changed in changed
                .iter()
                .filter(|changed| changed.place == "/events/0/n")
            {
                let kind = &changed.event.kind;
                let expected = match (kind, number) {
                    (EventKind::Page(_), 0)
                    | (EventKind::Journey(_), 1)
                    | (EventKind::Withdrawn, _) => Ok(()),
                    _ => Err(EventRejection::Misnumbered),
                };
                let verdict = event(&changed.event, changed.head.sent_at_ms, &journeys);
                assert_eq!(verdict, expected, "{kind:?} as {number}");
            }
        }
    }
}
