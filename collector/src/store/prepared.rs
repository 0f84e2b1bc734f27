//! A beacon made ready outside the writer's thread, on whatever task brought it: classified, its series
//! looked up, its body encoded. What depends on what came before it is left to the writer.

use super::Classify;
use super::series_table::KnownSeries;
use crate::ingest::AcceptedBeacon;
use crate::sli::{Class, Contribution, Series};
use beacon::{
    Attribute, CoreStatus, Detail, DropCount, Event, EventKind, Head, Page, PreviousView, SessionId,
};
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct PreparedBeacon {
    pub(super) app: Arc<str>,
    pub(super) view: [u8; 16],
    pub(super) seq: u32,
    pub(super) session: Option<SessionId>,
    pub(super) core: CoreStatus,
    pub(super) page: Page,
    pub(super) previous_view: Option<PreviousView>,
    pub(super) detail: Detail,
    pub(super) attributes: Vec<Attribute>,
    pub(super) dropped: Vec<DropCount>,
    pub(super) received_ms: u64,
    pub(super) events: Vec<PreparedEvent>,
    pub(super) body: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct PreparedEvent {
    pub(super) n: u32,
    pub(super) rev: u32,
    pub(super) event_ms: u64,
    /// Whether its raw row is worth keeping longer than a good one's.
    pub(super) bad: bool,
    /// Calls counted in the browser count under a series for each latency.
    pub(super) counted: Vec<(SeriesRef, i64)>,
}

/// A series by its number, or by its labels where it has none yet.
#[derive(Debug)]
pub(super) enum SeriesRef {
    Known(i64),
    New(Box<Series>),
}

impl PreparedBeacon {
    /// `None` when the beacon cannot be encoded, which no beacon that was decoded can do.
    pub(super) fn new(
        beacon: AcceptedBeacon,
        classify: &Classify,
        known: &KnownSeries,
    ) -> Option<Self> {
        let (app, head, accepted, received_ms) = beacon.into_parts();
        let contributions: Vec<_> = accepted
            .iter()
            .map(|accepted| classify(&app, &head, &accepted.event))
            .collect();
        let known = known.read();
        let mut prepared = Vec::with_capacity(accepted.len());
        let mut events = Vec::with_capacity(accepted.len());
        for (accepted, contributions) in accepted.into_iter().zip(contributions) {
            let event = accepted.event;
            prepared.push(PreparedEvent {
                n: event.n,
                rev: event.rev,
                event_ms: accepted.event_ms,
                bad: is_bad(&event, &contributions),
                counted: contributions
                    .into_iter()
                    .map(|contribution| {
                        let weight = i64::try_from(contribution.weight).unwrap_or(i64::MAX);
                        let series = match known.get(&contribution.series) {
                            Some(id) => SeriesRef::Known(*id),
                            None => SeriesRef::New(Box::new(contribution.series)),
                        };
                        (series, weight)
                    })
                    .collect(),
            });
            events.push(event);
        }
        drop(known);
        let body = beacon::encode_parts(&head, &events)?;
        let Head {
            view,
            seq,
            session,
            core,
            page,
            previous_view,
            detail,
            attributes,
            dropped,
            sent_at_ms: _,
        } = head;
        Some(Self {
            app,
            view: view.0,
            seq,
            session,
            core,
            page,
            previous_view,
            detail,
            attributes,
            dropped,
            received_ms,
            events: prepared,
            body,
        })
    }
}

/// A slow paint is no failure: its raw row is kept no longer than others.
fn is_bad(event: &Event, contributions: &[Contribution]) -> bool {
    let failed = |of: &Contribution| of.series.class == Class::Bad;
    match event.kind {
        EventKind::Error(_) => true,
        EventKind::Vital(_) => false,
        _ => contributions.iter().any(failed),
    }
}
