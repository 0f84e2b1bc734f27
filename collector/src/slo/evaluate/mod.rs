//! An objective judged at an instant: its indicator, its budget, its burn rates, the alerts that burn,
//! and one word for all of it. Counts come from a history that is asked for stretches of time; live,
//! in a backtest and in a test the judgement is this one.

use crate::slo::budget::{ErrorBudget, exhausted_in_s};
use crate::slo::counts::{Counts, Factor};
use crate::slo::exclusion::{Exclusion, without};
use crate::slo::guard;
use crate::slo::objective::{Objective, Role};
use crate::slo::policy::BurnAlert;
use crate::slo::window::{Current, Stretch, Window};
use serde::Serialize;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

/// What was counted.
pub trait History {
    /// In a stretch, on the clocks of the events: for budgets. Late data changes the past.
    fn by_event(&self, stretch: Stretch) -> Counts;

    /// In a stretch, by when the collector learnt of it: for alerts, which cannot know more.
    fn by_receipt(&self, stretch: Stretch) -> Counts;
}

/// How an objective stands, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Below the target, with a tenth of the budget left or less.
    Violated,
    /// Below the target, with more than a tenth of the budget left.
    AtRisk,
    /// At the target, but nothing is left of the budget.
    BudgetSpent,
    /// Nothing was counted: not known, and so not met.
    NoData,
    /// At or above the target.
    Healthy,
}

impl State {
    /// Every state, the most urgent first.
    pub const ALL: [Self; 5] = [
        Self::Violated,
        Self::AtRisk,
        Self::BudgetSpent,
        Self::NoData,
        Self::Healthy,
    ];

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Violated => "violated",
            Self::AtRisk => "at risk",
            Self::BudgetSpent => "budget spent",
            Self::NoData => "no data",
            Self::Healthy => "healthy",
        }
    }
}

/// How an objective stands at an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evaluation {
    /// When.
    pub at_ms: u64,
    /// In one word.
    pub state: State,
    /// The window of the objective.
    pub window: Current,
    /// What counts in it.
    pub counts: Counts,
    /// The indicator over it, rounded down; `None` without data.
    pub sli_ppm: Option<u32>,
    /// The last stretch of it by which the state is judged.
    pub present: Burn,
    /// The budget of the window.
    pub budget: ErrorBudget,
    /// Seconds until it is gone at the present rate; `None` when it will not be.
    pub exhausted_in_s: Option<u64>,
    /// How each alert stands.
    pub alerts: Vec<AlertState>,
    /// Events that did not count, by the list of maintenance.
    pub excluded: Counts,
    /// The entries of that list that fall into the window.
    pub exclusions: Vec<Exclusion>,
}

/// How fast a budget burns over some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Burn {
    /// Over so many seconds.
    pub window_s: u64,
    /// What counts in them.
    pub counts: Counts,
    /// How many times faster than the budget allows; `None` without data.
    pub rate: Option<Factor>,
}

/// How an alert stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AlertState {
    /// The alert.
    #[serde(flatten)]
    pub alert: BurnAlert,
    /// Whether it burns.
    pub burning: bool,
    /// Over the long window.
    pub long: Burn,
    /// Over the short one.
    pub short: Burn,
    /// Too few failures to be more than chance, and so quiet.
    pub held_back: bool,
}

/// Judges an objective.
pub fn evaluate(
    objective: &Objective,
    history: &dyn History,
    exclusions: &[Exclusion],
    now_ms: u64,
) -> Evaluation {
    let (target, window) = (objective.target, objective.window.at(now_ms));
    let concerning: Vec<_> = exclusions
        .iter()
        .filter(|exclusion| exclusion.concerns(objective))
        .collect();
    let gaps: Vec<_> = concerning
        .iter()
        .map(|exclusion| exclusion.stretch)
        .collect();
    let by_event = |stretch| counted(stretch, &gaps, |part| history.by_event(part));
    let by_receipt = |stretch| counted(stretch, &gaps, |part| history.by_receipt(part));
    let burn = |window_s: u64, counts: Counts| Burn {
        window_s,
        counts,
        rate: counts.burn_rate(target),
    };
    let counts = by_event(window.passed);
    let present_s = objective.present_s();
    let present = burn(present_s, by_event(Stretch::before(now_ms, present_s)));
    let budget = ErrorBudget::new(counts, target, window);
    let alerts = objective.alerts.iter().map(|alert| {
        let over = |seconds| burn(seconds, by_receipt(Stretch::before(now_ms, seconds)));
        let (long, short) = (over(alert.long_s), over(alert.short_s));
        let fast = |over: Burn| over.counts.burns_faster_than(alert.factor, target);
        AlertState {
            burning: alert.is_burning(long.counts, short.counts, target),
            held_back: fast(long) && fast(short) && !guard::is_surprising(long.counts, target),
            alert: alert.clone(),
            long,
            short,
        }
    });
    let excluded = gaps.iter().filter_map(|gap| gap.common(window.passed));
    let is_calendar = matches!(objective.window, Window::Calendar { .. });
    Evaluation {
        at_ms: now_ms,
        state: state(counts, present.counts, objective, &budget),
        window,
        counts,
        sli_ppm: counts.ratio_ppm(),
        present,
        budget,
        exhausted_in_s: budget.remaining_ppm.and_then(|left| {
            exhausted_in_s(left, present.rate.unwrap_or(Factor(0)), window, is_calendar)
        }),
        alerts: alerts.collect(),
        excluded: excluded.map(|gap| history.by_event(gap)).sum(),
        exclusions: concerning
            .into_iter()
            .filter(|exclusion| exclusion.stretch.common(window.passed).is_some())
            .cloned()
            .collect(),
    }
}

/// Whether an alert of the objective may be told to anybody now.
pub fn tells(objective: &Objective, alert: &AlertState) -> bool {
    alert.burning && objective.role == Role::Alerting
}

/// At or below the target now, against what is left of the budget. An hour in which nobody came says
/// nothing, and the whole window speaks for it.
fn state(whole: Counts, present: Counts, objective: &Objective, budget: &ErrorBudget) -> State {
    let judged = if present.is_empty() { whole } else { present };
    let (Some(left), Some(meets)) = (budget.remaining_ppm, judged.meets(objective.target)) else {
        return State::NoData;
    };
    match (meets, left) {
        (false, 100_001..) => State::AtRisk,
        (false, _) => State::Violated,
        (true, ..=0) => State::BudgetSpent,
        (true, _) => State::Healthy,
    }
}

fn counted(stretch: Stretch, gaps: &[Stretch], of: impl Fn(Stretch) -> Counts) -> Counts {
    without(stretch, gaps).into_iter().map(of).sum()
}

/// The stretches a judgement will ask for, so that they can be read together beforehand.
#[derive(Debug, Default)]
pub struct Asked {
    /// On the clocks of the events.
    pub by_event: BTreeSet<Stretch>,
    /// By receipt.
    pub by_receipt: BTreeSet<Stretch>,
}

impl Asked {
    /// What evaluating an objective asks for.
    pub fn by(objective: &Objective, exclusions: &[Exclusion], now_ms: u64) -> Self {
        let note = RefCell::<Self>::default();
        evaluate(objective, &note, exclusions, now_ms);
        note.into_inner()
    }
}

/// Which stretches are asked for does not depend on the counts.
impl History for RefCell<Asked> {
    fn by_event(&self, stretch: Stretch) -> Counts {
        self.borrow_mut().by_event.insert(stretch);
        Counts::default()
    }

    fn by_receipt(&self, stretch: Stretch) -> Counts {
        self.borrow_mut().by_receipt.insert(stretch);
        Counts::default()
    }
}

/// The answers to what was asked; nothing for what was not.
#[derive(Clone, Debug, Default)]
pub struct Answered {
    /// On the clocks of the events.
    pub by_event: HashMap<Stretch, Counts>,
    /// By receipt.
    pub by_receipt: HashMap<Stretch, Counts>,
}

impl History for Answered {
    fn by_event(&self, stretch: Stretch) -> Counts {
        self.by_event.get(&stretch).copied().unwrap_or_default()
    }

    fn by_receipt(&self, stretch: Stretch) -> Counts {
        self.by_receipt.get(&stretch).copied().unwrap_or_default()
    }
}

/// The past alone: what was received when is no longer known to the second.
impl History for crate::slo::timeline::Timeline {
    fn by_event(&self, stretch: Stretch) -> Counts {
        self.counts(stretch)
    }

    fn by_receipt(&self, stretch: Stretch) -> Counts {
        self.counts(stretch)
    }
}

#[cfg(test)]
mod tests;
