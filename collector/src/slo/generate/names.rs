//! What rules are called: our own names, or those of Sloth, so that its dashboards work.

use crate::slo::objective::Objective;

/// Which names and labels the recorded series carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// `objective:…`, with the label `objective`.
    Own,
    /// `slo:…`, with the labels `sloth_id`, `sloth_service`, `sloth_slo` (<https://sloth.dev>).
    Sloth,
}

impl Naming {
    /// The error ratio over a window.
    pub(super) fn ratio(self, window: &str) -> String {
        match self {
            Self::Own => format!("objective:error:ratio_rate{window}"),
            Self::Sloth => format!("slo:sli_error:ratio_rate{window}"),
        }
    }

    /// Events over a window, all of them or the bad ones. Sloth has no such series.
    pub(super) fn events(self, which: Events, window: &str) -> String {
        let which = match which {
            Events::All => "events",
            Events::Bad => "bad_events",
        };
        match self {
            Self::Own => format!("objective:{which}:increase{window}"),
            Self::Sloth => format!("slo:{which}:increase{window}"),
        }
    }

    /// One of the figures that stand beside.
    pub(super) fn figure(self, figure: Figure) -> &'static str {
        match (self, figure) {
            (Self::Own, Figure::Target) => "objective:target:ratio",
            (Self::Own, Figure::Budget) => "objective:error_budget:ratio",
            (Self::Own, Figure::Days) => "objective:time_period:days",
            (Self::Own, Figure::CurrentBurn) => "objective:current_burn_rate:ratio",
            (Self::Own, Figure::PeriodBurn) => "objective:period_burn_rate:ratio",
            (Self::Own, Figure::Remaining) => "objective:error_budget_remaining:ratio",
            (Self::Own, Figure::Info) => "objective_info",
            (Self::Sloth, Figure::Target) => "slo:objective:ratio",
            (Self::Sloth, Figure::Budget) => "slo:error_budget:ratio",
            (Self::Sloth, Figure::Days) => "slo:time_period:days",
            (Self::Sloth, Figure::CurrentBurn) => "slo:current_burn_rate:ratio",
            (Self::Sloth, Figure::PeriodBurn) => "slo:period_burn_rate:ratio",
            (Self::Sloth, Figure::Remaining) => "slo:period_error_budget_remaining:ratio",
            (Self::Sloth, Figure::Info) => "sloth_slo_info",
        }
    }

    /// The labels that say whose series it is.
    pub(super) fn labels(self, objective: &Objective) -> Vec<(&'static str, String)> {
        let (name, service) = (objective.name.clone(), objective.service.clone());
        match self {
            Self::Own => vec![("objective", name), ("service", service)],
            Self::Sloth => {
                let prefix = format!("{service}-");
                let short = name.strip_prefix(&prefix).unwrap_or(&name).to_owned();
                vec![
                    ("sloth_id", format!("{service}-{short}")),
                    ("sloth_service", service),
                    ("sloth_slo", short),
                ]
            }
        }
    }

    /// The label of the window, which Sloth sets on its ratios.
    pub(super) fn window_label(self) -> &'static str {
        match self {
            Self::Own => "window",
            Self::Sloth => "sloth_window",
        }
    }

    /// A recorded series of one objective.
    pub(super) fn selector(self, metric: &str, objective: &Objective) -> String {
        let labels = self.labels(objective);
        let label =
            |(name, value): &(&str, String)| format!("{name}={}", super::yaml::quoted(value));
        let labels: Vec<_> = labels.iter().map(label).collect();
        format!("{metric}{{{}}}", labels.join(","))
    }
}

/// Which events a series counts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Events {
    All,
    Bad,
}

/// The figures that stand beside the ratios.
#[derive(Clone, Copy, Debug)]
pub(super) enum Figure {
    Target,
    Budget,
    Days,
    CurrentBurn,
    PeriodBurn,
    Remaining,
    Info,
}

/// A length as Prometheus writes it: `1h`, `70s`.
pub(super) fn range(seconds: u64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")];
    let whole = units
        .into_iter()
        .find(|(of_one, _)| seconds.is_multiple_of(*of_one));
    whole.map_or_else(
        || format!("{seconds}s"),
        |(of_one, unit)| format!("{}{unit}", seconds / of_one),
    )
}
