//! Counts for objectives: the browsers' from the store's sums, the servers' from what was read of their
//! counters, coverage from the views.

use crate::app::App;
use crate::slo::{
    Answered, Asked, Counts, Coverage, CoverageOf, EventIndicator, Part, ScrapeIndicator, Stretch,
    Timeline, instant,
};
use crate::store::{ReadError, SeriesSums, ServerDelta, Stretches, Window};
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

/// So long ago the store knows when something was received to the step; what is older it knows by event.
const RECEIPTS_KEPT_MS: u64 = 2 * 60 * 60 * 1000;

/// Answers, and why there are none.
#[derive(Clone, Debug, Default)]
pub(super) struct Measured {
    pub(super) answered: Answered,
    pub(super) no_data: Option<String>,
}

/// What targets counted in stretches that more than one objective asks for.
pub(super) type ReadDeltas = HashMap<(String, Stretch), ServerDelta>;

/// Counts of all series in all stretches that any objective asks for.
pub(super) struct EventSums {
    by_event: HashMap<Stretch, usize>,
    by_receipt: HashMap<Stretch, usize>,
    sums: Vec<SeriesSums>,
}

fn window(stretch: Stretch) -> Window {
    Window {
        from_ms: stretch.from_ms,
        to_ms: stretch.to_ms,
    }
}

impl App {
    pub(super) async fn measure_events(
        &self,
        asked: &[Asked],
        now_ms: u64,
    ) -> Result<EventSums, ReadError> {
        let kept_from_ms = now_ms.saturating_sub(RECEIPTS_KEPT_MS);
        let (mut by_event, mut by_receipt) = (BTreeSet::new(), BTreeSet::new());
        for asked in asked {
            by_event.extend(asked.by_event.iter().copied());
            for stretch in &asked.by_receipt {
                if stretch.from_ms >= kept_from_ms {
                    by_receipt.insert(*stretch);
                } else {
                    by_event.insert(*stretch);
                }
            }
        }
        let windows = |of: &BTreeSet<Stretch>| of.iter().map(|of| window(*of)).collect();
        let stretches = Stretches {
            by_event: windows(&by_event),
            by_receipt: windows(&by_receipt),
        };
        let sums = self.store.sums(stretches).await?;
        let placed = |of: BTreeSet<Stretch>| of.into_iter().zip(0..).collect();
        Ok(EventSums {
            by_event: placed(by_event),
            by_receipt: placed(by_receipt),
            sums,
        })
    }

    /// The indicator by the minute, over all that is asked for.
    pub(super) async fn timeline(
        &self,
        indicator: &EventIndicator,
        asked: &Asked,
    ) -> Result<Timeline, ReadError> {
        let all = asked.by_event.iter().chain(&asked.by_receipt);
        let from_ms = all.clone().map(|of| of.from_ms).min().unwrap_or(0);
        let to_ms = all.map(|of| of.to_ms).max().unwrap_or(0);
        self.timeline_over(indicator, Stretch::new(from_ms, to_ms))
            .await
    }

    /// The indicator by the minute over a stretch.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn timeline_over(
        &self,
        indicator: &EventIndicator,
        stretch: Stretch,
    ) -> Result<Timeline, ReadError> {
        let judge = indicator.clone();
        let wanted = move |series: &crate::sli::Series| judge.judge(series).is_some();
        let found = self.store.minutes(window(stretch), wanted).await?;
        let mut minutes = Vec::new();
        for of in found {
            let part = indicator.judge(&of.series);
            minutes.extend(
                of.minutes
                    .into_iter()
                    .map(|(minute, count)| (minute, counted(part, count))),
            );
        }
        Ok(Timeline::new(minutes))
    }

    pub(super) async fn measure_coverage(
        &self,
        of: &Coverage,
        asked: &Asked,
    ) -> Result<Measured, ReadError> {
        let mut measured = Measured::default();
        for stretch in asked.by_event.iter().chain(&asked.by_receipt) {
            let figures = self.coverage(&of.app, window(*stretch)).await?;
            let counts = match of.of {
                CoverageOf::Beacons => {
                    Counts::new(figures.beacons_received, figures.beacons_known_lost)
                }
                CoverageOf::Documents => {
                    let Some(served) = figures.documents_served else {
                        measured.no_data = Some(
                            "nobody counts the documents served, or the count could not be read"
                                .to_owned(),
                        );
                        continue;
                    };
                    // Read every few seconds, the servers' count lags behind what was already reported.
                    let dark: u64 = figures.documents.iter().map(|of| of.dark).sum();
                    Counts::new(served.saturating_sub(dark), dark)
                }
            };
            measured.answered.by_event.insert(*stretch, counts);
            measured.answered.by_receipt.insert(*stretch, counts);
        }
        Ok(measured)
    }

    /// A target that was not read up to now has no data, whatever it said before.
    pub(super) async fn measure_scrape(
        &self,
        of: &ScrapeIndicator,
        asked: &Asked,
        now_ms: u64,
        read: &mut ReadDeltas,
    ) -> Result<Measured, ReadError> {
        let mut measured = Measured::default();
        let every_ms = self.every_ms(&of.target);
        for stretch in asked.by_event.iter().chain(&asked.by_receipt) {
            let key = (of.target.clone(), *stretch);
            let delta = match read.entry(key) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => {
                    let asking = self
                        .store
                        .server_deltas(of.target.clone(), window(*stretch));
                    place.insert(asking.await?)
                }
            };
            let late_ms = every_ms * 3 + 5000;
            let whole = stretch.to_ms == now_ms && stretch.ms() > late_ms;
            if whole
                && delta
                    .last_read_ms
                    .is_none_or(|read_ms| read_ms + late_ms < now_ms)
            {
                let since = match delta.last_read_ms {
                    Some(read_ms) => format!("since {}", instant(read_ms)),
                    None => "at all".to_owned(),
                };
                return Ok(Measured {
                    answered: Answered::default(),
                    no_data: Some(format!(
                        "the target {} has not been read {since}",
                        of.target
                    )),
                });
            }
            let counts = of.counts(&delta.increases);
            measured.answered.by_event.insert(*stretch, counts);
            measured.answered.by_receipt.insert(*stretch, counts);
        }
        Ok(measured)
    }
}

fn counted(part: Option<Part>, count: u64) -> Counts {
    match part {
        Some(Part::Good) => Counts::new(count, 0),
        Some(Part::Bad) => Counts::new(0, count),
        None => Counts::default(),
    }
}

impl EventSums {
    /// What one indicator has to answer.
    pub(super) fn answers(&self, indicator: &EventIndicator, asked: &Asked) -> Answered {
        let mut answered = Answered::default();
        let judged = self
            .sums
            .iter()
            .filter_map(|of| Some((of, indicator.judge(&of.series)?)));
        let judged: Vec<_> = judged.collect();
        let of_event = |at: usize| {
            judged
                .iter()
                .map(|(of, part)| counted(Some(*part), of.by_event[at]))
                .sum()
        };
        let of_receipt = |at: usize| {
            judged
                .iter()
                .map(|(of, part)| counted(Some(*part), of.by_receipt[at]))
                .sum()
        };
        for stretch in &asked.by_event {
            let counts = self.by_event.get(stretch).map(|at| of_event(*at));
            answered
                .by_event
                .insert(*stretch, counts.unwrap_or_default());
        }
        for stretch in &asked.by_receipt {
            let counts = match (self.by_receipt.get(stretch), self.by_event.get(stretch)) {
                (Some(at), _) => of_receipt(*at),
                (None, Some(at)) => of_event(*at),
                (None, None) => Counts::default(),
            };
            answered.by_receipt.insert(*stretch, counts);
        }
        answered
    }
}
