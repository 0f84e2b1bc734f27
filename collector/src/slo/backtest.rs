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
