//! When would it have fired? Every minute of a history is judged as if it were now.

use super::evaluate::{History, State, evaluate};
use super::exclusion::Exclusion;
use super::objective::Objective;
use super::policy::BurnAlert;
use super::timeline::{MINUTE_MS, Timeline};
use super::window::Stretch;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a stretch of the past would have seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Backtest {
    /// The minutes judged.
    pub stretch: Stretch,
    /// Each time an alert would have burnt, in order of time.
    pub firings: Vec<Firing>,
    /// Minutes spent in each state.
    pub minutes: BTreeMap<&'static str, u64>,
}

/// From when to when an alert would have burnt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Firing {
    /// Which.
    pub alert: BurnAlert,
    /// From its first minute to its last.
    #[serde(flatten)]
    pub stretch: Stretch,
}

/// Judges every minute of a stretch. The history must reach back further than the stretch by the
/// objective's window, or its beginning is judged by less than a window.
pub fn backtest(
    objective: &Objective,
    history: &Timeline,
    exclusions: &[Exclusion],
    stretch: Stretch,
) -> Backtest {
    let mut minutes: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut open: Vec<Option<Firing>> = objective.alerts.iter().map(|_| None).collect();
    let mut held_ms = vec![0; objective.alerts.len()];
    let mut firings = Vec::new();
    let mut now_ms = stretch.from_ms.div_ceil(MINUTE_MS) * MINUTE_MS;
    while now_ms <= stretch.to_ms {
        let found = evaluate(objective, history as &dyn History, exclusions, now_ms);
        *minutes.entry(found.state.words()).or_default() += 1;
        for (index, state) in found.alerts.into_iter().enumerate() {
            held_ms[index] = if state.burning {
                held_ms[index] + MINUTE_MS
            } else {
                0
            };
            let fires = held_ms[index] > state.alert.after_s * 1000;
            match (&mut open[index], fires) {
                (Some(firing), true) => firing.stretch.to_ms = now_ms,
                (slot @ None, true) => {
                    *slot = Some(Firing {
                        alert: state.alert,
                        stretch: Stretch::new(now_ms, now_ms),
                    });
                }
                (slot, false) => firings.extend(slot.take()),
            }
        }
        now_ms += MINUTE_MS;
    }
    firings.extend(open.into_iter().flatten());
    firings.sort_by_key(|firing| firing.stretch.from_ms);
    for state in State::ALL {
        minutes.entry(state.words()).or_default();
    }
    Backtest {
        stretch,
        firings,
        minutes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slo::Counts;
    use crate::slo::files::{File, Known, read};

    const FILE: &str = "
version: prometheus/v1
service: shop
slos:
  - name: orders
    objective: 99.9
    sli: {raw: {error_ratio_query: 'x[{{.window}}]'}}
";
    const DAY: u64 = 24 * 60;

    fn objective() -> Objective {
        let file = File {
            name: "sloth.yaml".into(),
            text: FILE.into(),
        };
        read(&[file], &Known::default())
            .unwrap()
            .objectives
            .remove(0)
    }

    #[test]
    fn an_incident_of_the_past_would_have_paged_once_from_its_sixth_minute_on() {
        let (begin, end) = (3 * DAY, 3 * DAY + 30);
        let of = |minute| {
            if (begin..end).contains(&minute) {
                Counts::new(850, 150)
            } else {
                Counts::new(1000, 0)
            }
        };
        let history = Timeline::new((0..4 * DAY).map(|minute| (minute, of(minute))));
        let whole = Stretch::new(DAY * MINUTE_MS, 4 * DAY * MINUTE_MS);
        let found = backtest(&objective(), &history, &[], whole);
        let pages: Vec<_> = found
            .firings
            .iter()
            .filter(|firing| firing.alert.factor.0 == 14_400)
            .collect();
        let minutes: Vec<_> = pages
            .iter()
            .map(|firing| {
                (
                    firing.stretch.from_ms / MINUTE_MS - begin,
                    firing.stretch.to_ms / MINUTE_MS - begin,
                )
            })
            .collect();
        assert_eq!(minutes, [(6, 34)]);
        assert_eq!(found.minutes.values().sum::<u64>(), 3 * DAY + 1);
        assert!(found.minutes["healthy"] > 0 && found.minutes["no data"] == 0);
    }

    #[test]
    fn an_alert_that_must_hold_is_told_that_much_later() {
        let of = |minute| {
            if minute >= 600 {
                Counts::new(0, 100)
            } else {
                Counts::new(100, 0)
            }
        };
        let history = Timeline::new((0..DAY).map(|minute| (minute, of(minute))));
        let mut objective = objective();
        objective.alerts.truncate(1);
        let whole = Stretch::new(0, DAY * MINUTE_MS);
        let first = |objective: &Objective| {
            backtest(objective, &history, &[], whole).firings[0]
                .stretch
                .from_ms
        };
        let at_once = first(&objective);
        objective.alerts[0].after_s = 600;
        assert_eq!(first(&objective) - at_once, 10 * MINUTE_MS);
    }
}
