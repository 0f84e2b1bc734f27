//! The objectives' figures for `/metrics`.

use crate::app::App;
use crate::export::{EventTotals, ObjectiveSeries};
use crate::slo::{EventIndicator, Factor, Indicator, Part, State};
use crate::store::SeriesTotal;
use std::hash::{DefaultHasher, Hash, Hasher};

impl App {
    /// Every objective, present from the start with all its counters.
    pub(in crate::app) async fn objective_series(&self) -> anyhow::Result<Vec<ObjectiveSeries>> {
        let judged = self.judgements().await?;
        let totals = self.store.totals().await?;
        let all = judged.set.objectives.iter().zip(&judged.judgements);
        let series = all.map(|(objective, judgement)| {
            let found = &judgement.evaluation;
            let share = |ppm: i64| {
                #[expect(clippy::cast_precision_loss, reason = "shown, not compared")]
                let share = ppm as f64 / 1e6;
                share
            };
            ObjectiveSeries {
                objective: objective.name.clone(),
                service: objective.service.clone(),
                role: objective.role.word(),
                target: share(objective.target.parts().into()),
                states: State::ALL
                    .map(|state| (state.words(), state == found.state))
                    .to_vec(),
                sli: found.sli_ppm.map(|ppm| share(ppm.into())),
                budget_left: found.budget.remaining_ppm.map(share),
                burn: found.present.rate.map(rate),
                events: match &objective.indicator {
                    Indicator::Events(indicator) => Some(event_totals(indicator, &totals)),
                    Indicator::Coverage(_) | Indicator::Scrape(_) | Indicator::Prometheus(_) => {
                        None
                    }
                },
            }
        });
        Ok(series.collect())
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown, not compared")]
fn rate(factor: Factor) -> f64 {
    factor.0 as f64 / 1000.0
}

fn event_totals(indicator: &EventIndicator, totals: &[SeriesTotal]) -> EventTotals {
    let mut hasher = DefaultHasher::new();
    format!("{indicator:?}").hash(&mut hasher);
    let mut found = EventTotals {
        definition: format!("{:08x}", hasher.finish() >> 32),
        ..EventTotals::default()
    };
    for total in totals {
        let place = match indicator.judge(&total.series) {
            Some(Part::Good) => 0,
            Some(Part::Bad) => 1,
            None => continue,
        };
        found.counted[place] += total.added;
        found.withdrawn[place] += total.withdrawn;
    }
    found
}
