//! The SLI series as counters: what was ever counted, and apart from it what later revisions took
//! back. Both only grow, so that `increase()` of one minus the other is right over any window.

use super::objectives::{Judged, ObjectiveSeries};
use crate::sli::{Latency, Outcome, Series};
use crate::store::SeriesTotal;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::registry::Registry;
use std::collections::HashMap;
use std::fmt;

pub(super) fn render(
    totals: Vec<SeriesTotal>,
    objectives: &[ObjectiveSeries],
) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Totals(whatever_the_latency(totals))));
    registry.register_collector(Box::new(Judged(objectives.to_vec())));
    let mut text = String::new();
    text::encode(&mut text, &registry)?;
    Ok(text)
}

/// Series that differ in nothing but their latency are one here.
fn whatever_the_latency(totals: Vec<SeriesTotal>) -> Vec<SeriesTotal> {
    let mut merged: Vec<SeriesTotal> = Vec::with_capacity(totals.len());
    let mut places: HashMap<Series, usize> = HashMap::with_capacity(totals.len());
    for mut total in totals {
        total.series.latency = Latency::UNKNOWN;
        match places.get(&total.series) {
            Some(at) => {
                merged[*at].added += total.added;
                merged[*at].withdrawn += total.withdrawn;
            }
            None => {
                places.insert(total.series.clone(), merged.len());
                merged.push(total);
            }
        }
    }
    merged
}

#[derive(Debug)]
struct Totals(Vec<SeriesTotal>);

/// A family of counters and which totals belong to it.
struct Family {
    name: &'static str,
    help: &'static str,
    kind: &'static str,
    value: fn(&SeriesTotal) -> u64,
}

const FAMILIES: [Family; 8] = [
    Family {
        name: "sightline_pages",
        help: "Document loads as users saw them end",
        kind: "page",
        value: |total| total.added,
    },
    Family {
        name: "sightline_pages_withdrawn",
        help: "Document loads whose outcome a later revision took back",
        kind: "page",
        value: |total| total.withdrawn,
    },
    Family {
        name: "sightline_journeys",
        help: "Attempts at a journey as users saw them end",
        kind: "journey",
        value: |total| total.added,
    },
    Family {
        name: "sightline_journeys_withdrawn",
        help: "Attempts at a journey whose outcome a later revision took back",
        kind: "journey",
        value: |total| total.withdrawn,
    },
    Family {
        name: "sightline_requests",
        help: "Calls to a backend as browsers saw them end",
        kind: "request",
        value: |total| total.added,
    },
    Family {
        name: "sightline_requests_withdrawn",
        help: "Calls to a backend whose outcome a later revision took back",
        kind: "request",
        value: |total| total.withdrawn,
    },
    Family {
        name: "sightline_vitals",
        help: "Web vitals by how good their value was",
        kind: "vital",
        value: |total| total.added,
    },
    Family {
        name: "sightline_vitals_withdrawn",
        help: "Web vitals whose value a later revision replaced",
        kind: "vital",
        value: |total| total.withdrawn,
    },
];

impl Collector for Totals {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        for family in &FAMILIES {
            let mut metric =
                encoder.encode_descriptor(family.name, family.help, None, MetricType::Counter)?;
            let members = self
                .0
                .iter()
                .filter(|total| total.series.outcome.kind() == family.kind);
            for total in members {
                let labels = labels_of(&total.series);
                let counter = ConstCounter::new((family.value)(total));
                counter.encode(metric.encode_family(&labels.as_slice())?)?;
            }
        }
        Ok(())
    }
}

fn labels_of(series: &Series) -> [(&'static str, &str); 10] {
    let name = match series.outcome {
        Outcome::Page(_) | Outcome::Vital(..) => "route",
        Outcome::Journey(_) => "journey",
        Outcome::Request(_) => "request",
    };
    let flag = |set: bool| if set { "true" } else { "false" };
    [
        ("app", &series.app),
        (name, &series.name),
        ("release", &series.release),
        ("deployment", &series.deployment),
        ("backend_origin", &series.backend_origin),
        ("expected_origin", flag(series.expected_origin)),
        ("outcome", series.outcome.label()),
        ("class", series.class.label()),
        ("provisional", flag(series.provisional)),
        ("mixed", flag(series.mixed)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sli::Class;
    use beacon::PageOutcome;

    #[test]
    fn latencies_of_one_series_are_one_counter() {
        let of = |bucket, added| SeriesTotal {
            series: Series {
                app: "a".into(),
                name: "chat".into(),
                release: "1".into(),
                deployment: "pod".into(),
                backend_origin: "http://b.test".into(),
                expected_origin: true,
                outcome: Outcome::Journey(beacon::JourneyOutcome::Success),
                class: Class::Good,
                provisional: false,
                mixed: false,
                latency: Latency::of_bucket(bucket),
            },
            added,
            withdrawn: 1,
        };
        let text = render(vec![of(3, 7), of(4, 2)], &[]).unwrap();
        let lines: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with("sightline_journeys"))
            .collect();
        assert!(
            lines.len() == 2 && lines[0].ends_with("} 9") && lines[1].ends_with("} 2"),
            "{text}"
        );
    }

    #[test]
    fn what_was_taken_back_is_a_counter_of_its_own() {
        let series = Series {
            app: "a".into(),
            name: "/\"quoted\"\n".into(),
            release: "1".into(),
            deployment: "pod".into(),
            backend_origin: "http://b.test".into(),
            expected_origin: true,
            outcome: Outcome::Page(PageOutcome::Blank),
            class: Class::Bad,
            provisional: false,
            mixed: true,
            latency: Latency::UNKNOWN,
        };
        let text = render(
            vec![SeriesTotal {
                series,
                added: 7,
                withdrawn: 2,
            }],
            &[],
        )
        .unwrap();
        let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap();
        assert!(line("sightline_pages_total{").ends_with("} 7"), "{text}");
        assert!(
            line("sightline_pages_withdrawn_total{").ends_with("} 2"),
            "{text}"
        );
        assert!(text.contains(r#"route="/\"quoted\"\n""#), "{text}");
        assert!(text.ends_with("# EOF\n"), "{text}");
    }
}
