//! An indicator's document: a ratio of two sources, a ratio ready made, or a metric compared with a
//! threshold that the objective names.

use super::events::edge;
use super::fields::Fields;
use super::problem::Problems;
use super::read::Known;
use super::source::{DataSource, Source, source};
use crate::sli::Outcome;
use crate::slo::indicator::{
    Coverage, EventFilter, EventIndicator, Indicator, Part, PrometheusIndicator, ScrapeFactor,
    ScrapeIndicator, Subject,
};
use beacon::VitalRating;
use std::collections::HashMap;

/// What an indicator measures.
#[derive(Clone, Debug)]
pub(super) enum Metric {
    Ratio {
        part: Source,
        part_is: Part,
        total: Source,
    },
    Raw(Source, Part),
    Threshold(Source),
}

/// The threshold of an objective: its text, and where it stands.
pub(super) struct Threshold<'a> {
    pub(super) value: &'a str,
    pub(super) line: usize,
    pub(super) path: String,
}

/// Reads the `spec` of an indicator.
pub(super) fn metric(
    spec: &Fields<'_>,
    sources: &HashMap<String, DataSource>,
    known: &Known,
    problems: &mut Problems,
) -> Option<Metric> {
    spec.string("description", problems);
    let ratio = spec.get("ratioMetric");
    let threshold = spec.get("thresholdMetric");
    spec.finish(problems);
    match (ratio, threshold) {
        (Some(ratio), None) => {
            let fields = Fields::of(ratio, &spec.path_of("ratioMetric"), problems);
            let found = ratio_of(&fields, sources, known, problems);
            fields.finish(problems);
            found
        }
        (None, Some(threshold)) => {
            let fields = Fields::of(threshold, &spec.path_of("thresholdMetric"), problems);
            let found = source(&fields, sources, known, problems).map(Metric::Threshold);
            fields.finish(problems);
            found
        }
        (both, _) => {
            let what = if both.is_some() {
                "it has two metrics"
            } else {
                "it has no metric"
            };
            let right = "write either ratioMetric or thresholdMetric";
            problems.say(spec.line, &spec.path, what.to_owned(), right);
            None
        }
    }
}

fn ratio_of(
    fields: &Fields<'_>,
    sources: &HashMap<String, DataSource>,
    known: &Known,
    problems: &mut Problems,
) -> Option<Metric> {
    if fields.boolean("counter", problems) == Some(false) && !fields.has("raw") {
        let what = "gauges are not counted".to_owned();
        let right = "write counter: true, and sources that only ever grow";
        problems.say(fields.line, &fields.path_of("counter"), what, right);
    }
    let mut read = |key: &'static str| {
        let node = fields.get(key)?;
        let holder = Fields::of(node, &fields.path_of(key), problems);
        let found = source(&holder, sources, known, problems);
        holder.finish(problems);
        Some(found)
    };
    let (good, bad, total, raw) = (read("good"), read("bad"), read("total"), read("raw"));
    let raw_types = [("success", Part::Good), ("failure", Part::Bad)];
    let raw_type = fields.word("rawType", &raw_types, problems);
    match (good, bad, total, raw) {
        (Some(part), None, Some(total), None) => Some(Metric::Ratio {
            part: part?,
            part_is: Part::Good,
            total: total?,
        }),
        (None, Some(part), Some(total), None) => Some(Metric::Ratio {
            part: part?,
            part_is: Part::Bad,
            total: total?,
        }),
        (None, None, None, Some(raw)) => {
            if raw_type.is_none() && !fields.has("rawType") {
                let path = fields.path_of("rawType");
                problems.say(
                    fields.line,
                    &path,
                    "it is missing".to_owned(),
                    "write success or failure",
                );
            }
            Some(Metric::Raw(raw?, raw_type?))
        }
        _ => {
            let right = "write good and total, bad and total, or raw and rawType";
            problems.say(
                fields.line,
                &fields.path,
                "this makes no ratio".to_owned(),
                right,
            );
            None
        }
    }
}

/// The indicator that a metric is, for an objective that may have a threshold.
pub(super) fn indicator(
    metric: &Metric,
    threshold: Option<&Threshold<'_>>,
    line: usize,
    path: &str,
    problems: &mut Problems,
) -> Option<Indicator> {
    let mut say = |what: &str, right: &str| {
        problems.say(line, path, what.to_owned(), right);
        None
    };
    match (metric, threshold) {
        (Metric::Threshold(Source::Events(filter)), Some(threshold)) => {
            events_within(filter, threshold, problems).map(|of| Indicator::Events(Box::new(of)))
        }
        (Metric::Threshold(Source::Events(_)), None) => say(
            "a thresholdMetric is compared with a value",
            "write op: lte and value: …",
        ),
        (Metric::Threshold(_), _) => say(
            "only the browsers' events can be compared one by one",
            "take a sightline source, or a ratioMetric of histogram buckets",
        ),
        (_, Some(_)) => say(
            "a ratio is not compared with a value",
            "leave op and value out",
        ),
        (
            Metric::Ratio {
                part,
                part_is,
                total,
            },
            None,
        ) => match (part, total) {
            (Source::Events(part), Source::Events(total)) => {
                if part.app != total.app || part.subject != total.subject {
                    return say(
                        "part and total count different things",
                        "name the same app and the same page, journey, request or vital in both",
                    );
                }
                Some(Indicator::Events(Box::new(EventIndicator {
                    total: total.clone(),
                    part: part.clone(),
                    part_is: *part_is,
                })))
            }
            (Source::Scrape(one, part), Source::Scrape(other, total)) if one == other => {
                let factor = ScrapeFactor {
                    name: String::new(),
                    part: part.clone(),
                    part_is: *part_is,
                    total: total.clone(),
                };
                Some(Indicator::Scrape(ScrapeIndicator {
                    target: one.clone(),
                    factors: vec![factor],
                }))
            }
            (Source::Prometheus(one, part), Source::Prometheus(other, total)) if one == other => {
                Some(Indicator::Prometheus(PrometheusIndicator {
                    url: one.clone(),
                    part: part.clone(),
                    part_is: *part_is,
                    total: Some(total.clone()),
                }))
            }
            _ => say(
                "part and total come from different places",
                "take both from one application, one target or one Prometheus",
            ),
        },
        (Metric::Raw(source, part_is), None) => match source {
            Source::Prometheus(url, query) => Some(Indicator::Prometheus(PrometheusIndicator {
                url: url.clone(),
                part: query.clone(),
                part_is: *part_is,
                total: None,
            })),
            Source::Product(target, factors) if *part_is == Part::Good => {
                Some(Indicator::Scrape(ScrapeIndicator {
                    target: target.clone(),
                    factors: factors.clone(),
                }))
            }
            Source::Coverage(app, of) if *part_is == Part::Good => {
                Some(Indicator::Coverage(Coverage {
                    app: app.clone(),
                    of: *of,
                }))
            }
            _ => say(
                "this source gives no ratio",
                "take a query of a Prometheus, factors of a scrape or a coverage, the last two with rawType: success",
            ),
        },
    }
}

/// Events at most as slow, or a vital at most as large, as the threshold.
fn events_within(
    filter: &EventFilter,
    threshold: &Threshold<'_>,
    problems: &mut Problems,
) -> Option<EventIndicator> {
    let mut part = filter.clone();
    if let Subject::Vital(name, _) = filter.subject {
        let (good, needs_improvement) = name.thresholds_micros();
        let micros = micros(name, threshold.value);
        let ratings = [(good, 1), (needs_improvement, 2)];
        let Some((_, ratings)) = ratings.into_iter().find(|(edge, _)| Some(*edge) == micros) else {
            let written = |micros: u32| written(name, micros);
            let right = format!(
                "write {} (good) or {} (not poor)",
                written(good),
                written(needs_improvement)
            );
            let what = format!("{:?} is no limit of this vital", threshold.value);
            problems.say(threshold.line, &threshold.path, what, &right);
            return None;
        };
        let all = [VitalRating::Good, VitalRating::NeedsImprovement];
        let ratings = all.into_iter().take(ratings);
        part.outcomes = ratings.map(|rating| Outcome::Vital(name, rating)).collect();
    } else {
        part.within_ms = Some(edge(
            threshold.value,
            threshold.line,
            &threshold.path,
            problems,
        )?);
    }
    Some(EventIndicator {
        total: filter.clone(),
        part,
        part_is: Part::Good,
    })
}

/// Milliseconds as microseconds, a score as millionths; `None` for what is neither.
fn micros(name: beacon::VitalName, value: &str) -> Option<u32> {
    if name == beacon::VitalName::Cls {
        return crate::slo::Ppm::from_share(value)
            .ok()
            .map(crate::slo::Ppm::parts);
    }
    value.parse::<u32>().ok()?.checked_mul(1000)
}

fn written(name: beacon::VitalName, micros: u32) -> String {
    if name == beacon::VitalName::Cls {
        return crate::slo::Ppm::new(micros).map_or_else(String::new, crate::slo::Ppm::share);
    }
    (micros / 1000).to_string()
}
