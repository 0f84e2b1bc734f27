//! Every objective judged at one instant, from counts that are read together. Judgements are kept for a
//! second: the page, the API and the metrics ask for the same.

use super::measure::ReadDeltas;
use crate::app::App;
use crate::slo::files::ObjectiveSet;
use crate::slo::{Asked, Budgeting, Evaluation, Indicator, Objective, evaluate, sliced};
use crate::store::ReadError;
use std::sync::Arc;
use tokio::sync::Mutex;

const KEPT_MS: u64 = 1000;

/// How an objective stands, and why nothing is known when nothing is.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The judgement.
    pub evaluation: Evaluation,
    /// Why there is no data, where that is known.
    pub no_data: Option<String>,
}

/// The judgements of one instant, in the order of the set.
#[derive(Clone, Debug)]
pub(in crate::app) struct Judgements {
    pub(in crate::app) at_ms: u64,
    pub(in crate::app) set: Arc<ObjectiveSet>,
    pub(in crate::app) judgements: Vec<Judgement>,
}

/// The latest of them.
#[derive(Debug, Default)]
pub(in crate::app) struct Latest(Mutex<Option<Arc<Judgements>>>);

impl App {
    /// How all objectives stand.
    ///
    /// # Errors
    /// The database could not be read.
    pub(in crate::app) async fn judgements(&self) -> Result<Arc<Judgements>, ReadError> {
        let mut latest = self.latest_judgements.0.lock().await;
        let (set, _) = self.objectives.in_force();
        let now_ms = self.now_ms();
        if let Some(known) = &*latest
            && Arc::ptr_eq(&known.set, &set)
            && now_ms.abs_diff(known.at_ms) < KEPT_MS
        {
            return Ok(Arc::clone(known));
        }
        let judgements = self.judge(&set, now_ms).await?;
        let judged = Arc::new(Judgements {
            at_ms: now_ms,
            set,
            judgements,
        });
        *latest = Some(Arc::clone(&judged));
        Ok(judged)
    }

    /// Judges a set at an instant.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn judge(
        &self,
        set: &ObjectiveSet,
        now_ms: u64,
    ) -> Result<Vec<Judgement>, ReadError> {
        let asked = |objective: &Objective| Asked::by(objective, &set.exclusions, now_ms);
        let by_events = set.objectives.iter().filter(|objective| {
            matches!(objective.indicator, Indicator::Events(_))
                && objective.budgeting == Budgeting::Occurrences
        });
        let asked_of_events: Vec<_> = by_events.map(asked).collect();
        let sums = self.measure_events(&asked_of_events, now_ms).await?;
        let mut read = ReadDeltas::default();
        let mut found = Vec::with_capacity(set.objectives.len());
        for objective in &set.objectives {
            let asked = asked(objective);
            let judged = |history: &dyn crate::slo::History| {
                evaluate(objective, history, &set.exclusions, now_ms)
            };
            let (evaluation, no_data) = match (&objective.indicator, objective.budgeting) {
                (Indicator::Events(indicator), Budgeting::Occurrences) => {
                    (judged(&sums.answers(indicator, &asked)), None)
                }
                (Indicator::Events(indicator), Budgeting::Timeslices { minutes, slicing }) => {
                    let timeline = self.timeline(indicator, &asked).await?;
                    (judged(&sliced(&timeline, minutes, slicing)), None)
                }
                (Indicator::Coverage(coverage), _) => {
                    let measured = self.measure_coverage(coverage, &asked).await?;
                    (judged(&measured.answered), measured.no_data)
                }
                (Indicator::Scrape(indicator), _) => {
                    let measured = self
                        .measure_scrape(indicator, &asked, now_ms, &mut read)
                        .await?;
                    (judged(&measured.answered), measured.no_data)
                }
                (Indicator::Prometheus(indicator), _) => {
                    let measured = self.ready_made.measure(indicator, &asked, now_ms).await;
                    (judged(&measured.answered), measured.no_data)
                }
            };
            found.push(Judgement {
                evaluation,
                no_data,
            });
        }
        Ok(found)
    }
}
