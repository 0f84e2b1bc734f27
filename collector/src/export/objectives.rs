//! Objectives as series: how they stand as gauges, and their events as counters that only grow, from which
//! the generated rules reckon the same.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;

/// What is exported of one objective.
#[derive(Clone, Debug)]
pub struct ObjectiveSeries {
    /// Its name.
    pub objective: String,
    /// What it belongs to.
    pub service: String,
    /// What it is for.
    pub role: &'static str,
    /// The target as a share.
    pub target: f64,
    /// Every state, and whether it is this.
    pub states: Vec<(&'static str, bool)>,
    /// The indicator over the window; `None` without data.
    pub sli: Option<f64>,
    /// The share of the budget that is left; `None` without data.
    pub budget_left: Option<f64>,
    /// The present burn rate; `None` without data.
    pub burn: Option<f64>,
    /// Of objectives on the browsers' events.
    pub events: Option<EventTotals>,
}

/// Running totals of an objective's events.
#[derive(Clone, Debug, Default)]
pub struct EventTotals {
    /// Changes with what the objective counts: its counters begin anew then.
    pub definition: String,
    /// Good and bad, counted.
    pub counted: [u64; 2],
    /// Good and bad, taken back.
    pub withdrawn: [u64; 2],
}

#[derive(Debug)]
pub(super) struct Judged(pub(super) Vec<ObjectiveSeries>);

type Gauge = (
    &'static str,
    &'static str,
    fn(&ObjectiveSeries) -> Option<f64>,
);
type Count = (&'static str, &'static str, fn(&EventTotals) -> [u64; 2]);

const GAUGES: [Gauge; 4] = [
    (
        "sightline_objective_target_ratio",
        "The share that must be good",
        |of| Some(of.target),
    ),
    (
        "sightline_objective_sli_ratio",
        "The share that was good over the window",
        |of| of.sli,
    ),
    (
        "sightline_objective_budget_left_ratio",
        "What is left of the error budget",
        |of| of.budget_left,
    ),
    (
        "sightline_objective_burn_rate",
        "How many times faster than allowed the budget burns now",
        |of| of.burn,
    ),
];
const COUNTERS: [Count; 2] = [
    (
        "sightline_objective_events",
        "Events that an objective counts",
        |of| of.counted,
    ),
    (
        "sightline_objective_events_withdrawn",
        "Such events that a later revision took back",
        |of| of.withdrawn,
    ),
];

impl Collector for Judged {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        for (name, help, value) in GAUGES {
            let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for of in &self.0 {
                // No data is no series, never a number.
                if let Some(value) = value(of) {
                    let labels = labels(of);
                    ConstGauge::new(value).encode(metric.encode_family(&labels.as_slice())?)?;
                }
            }
        }
        let help = "1 for the state an objective is in, 0 for the others";
        let mut metric = encoder.encode_descriptor(
            "sightline_objective_state",
            help,
            None,
            MetricType::Gauge,
        )?;
        for of in &self.0 {
            for (state, is) in &of.states {
                let labels = [&labels(of)[..], &[("state", *state)]].concat();
                ConstGauge::new(i64::from(*is))
                    .encode(metric.encode_family(&labels.as_slice())?)?;
            }
        }
        for (name, help, value) in COUNTERS {
            let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for (of, events) in self
                .0
                .iter()
                .filter_map(|of| Some((of, of.events.as_ref()?)))
            {
                for (class, count) in ["good", "bad"].into_iter().zip(value(events)) {
                    let labels = [
                        ("objective", of.objective.as_str()),
                        ("definition", &events.definition),
                        ("class", class),
                    ];
                    ConstCounter::new(count).encode(metric.encode_family(&labels.as_slice())?)?;
                }
            }
        }
        Ok(())
    }
}

fn labels(of: &ObjectiveSeries) -> [(&'static str, &str); 3] {
    [
        ("objective", &of.objective),
        ("service", &of.service),
        ("role", of.role),
    ]
}
