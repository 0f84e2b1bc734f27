//! The figures of the ground truth, and the report that sets them beside the collector's.

use crate::truth::{PageOutcome, PageTruth};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The journeys that are always reported, attempted or not.
pub const JOURNEYS: [&str; 3] = ["access_app", "chat", "update_preferences"];

/// Counts over all documents of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Page loads by outcome.
    pub pages: BTreeMap<&'static str, u64>,
    /// Good attempts and all that count, by journey.
    pub journeys: BTreeMap<&'static str, (u64, u64)>,
    /// Attempts that went wrong without the backend's log having a failure.
    pub unseen_by_backend: u64,
}

impl Tally {
    /// Counts what the truth decided.
    #[must_use]
    pub fn of<'a>(truths: impl IntoIterator<Item = &'a PageTruth>) -> Self {
        let mut tally = Self::default();
        for truth in truths {
            *tally.pages.entry(truth.outcome.word()).or_default() += 1;
            for attempt in &truth.attempts {
                let Some(good) = attempt.is_good() else {
                    continue;
                };
                let count = tally.journeys.entry(attempt.name).or_default();
                count.0 += u64::from(good);
                count.1 += 1;
                if !good && attempt.failed_at_backend != Some(true) {
                    tally.unseen_by_backend += 1;
                }
            }
        }
        tally
    }
}

/// What a run has to say, besides the figures of both sides.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// The scenarios seen, in their order, each once per switch.
    pub scenarios: Vec<String>,
    /// Visits that came to their end.
    pub visits: u64,
    /// Seed of the visits.
    pub seed: u64,
    /// Differences between truth and collector, one line each.
    pub mismatches: Vec<String>,
    /// Documents whose fate the definitions leave open (killed browsers).
    pub undecided: u64,
    /// What the collector found in this time, with the seconds since the fault was switched on.
    pub finding: Option<Value>,
    /// What kept the driver from doing its part, one line each.
    pub trouble: Vec<String>,
}

/// The report file: the collector's SLIs and the truth's tally side by side.
#[must_use]
pub fn report(run: &Run, tally: &Tally, slis: &Value) -> Value {
    let mut pages = json!({ "client": {}, "ground_truth": {} });
    for outcome in PageOutcome::ALL.map(PageOutcome::word) {
        pages["client"][outcome] = slis["pages"]["outcomes"][outcome]
            .as_u64()
            .unwrap_or(0)
            .into();
        pages["ground_truth"][outcome] = tally.pages.get(outcome).copied().unwrap_or(0).into();
    }
    let journeys: Map<String, Value> = JOURNEYS
        .into_iter()
        .map(|name| {
            let (good, total) = tally.journeys.get(name).copied().unwrap_or_default();
            let sides = &slis["journeys"][name];
            let figures = json!({
                "client": ratio(&sides["client"]),
                "server": ratio(&sides["server"]),
                "ground_truth": { "good": good, "total": total },
            });
            (name.to_owned(), figures)
        })
        .collect();
    json!({
        "scenario": run.scenarios.last().cloned().unwrap_or_default(),
        "scenarios": run.scenarios,
        "seed": run.seed,
        "visits": run.visits,
        "pages": pages,
        "journeys": journeys,
        "failures": slis["failures"].as_array().cloned().unwrap_or_default(),
        "coverage": slis["coverage"],
        "finding": run.finding,
        "failed_without_the_backend": tally.unseen_by_backend,
        "mismatches": run.mismatches,
        "undecided": run.undecided,
        "trouble": run.trouble,
    })
}

fn ratio(side: &Value) -> Value {
    json!({ "good": side["good"].as_u64().unwrap_or(0), "total": side["total"].as_u64().unwrap_or(0) })
}

/// A finding as the report has it; `fault_ms` is when the fault was switched on, or met its first visitor.
#[must_use]
pub fn finding(found: &Value, fault_ms: u64) -> Value {
    let after_ms = found["found_ms"]
        .as_u64()
        .map(|at| at.saturating_sub(fault_ms));
    json!({
        "after_s": after_ms.map(|ms| ms as f64 / 1000.0),
        "sentence": found["sentence"],
        "test": found["test"],
        "loads": found["loads"],
        "failed": found["failed"],
        "causes": found["causes"],
        "mechanisms": found["mechanisms"],
    })
}

/// One line per journey: client SLI, server SLI, visits so far.
#[must_use]
pub fn live_lines(slis: &Value, scenario: &str, visits: u64) -> Vec<String> {
    JOURNEYS
        .into_iter()
        .map(|name| {
            let client = &slis["journeys"][name]["client"];
            let server = &slis["journeys"][name]["server"];
            format!(
                "{scenario:<10} {name:<19} client {} of {:<4} server {}   visits {visits}",
                percent(client),
                client["total"].as_u64().unwrap_or(0),
                percent(server),
            )
        })
        .collect()
}

/// A ratio for people; no data is said, never shown as a number.
fn percent(side: &Value) -> String {
    match (side["good"].as_u64(), side["total"].as_u64()) {
        (Some(good), Some(total)) if total > 0 => {
            // Rounded down, so that 100.0% means all.
            let tenths = good.saturating_mul(1000) / total;
            format!("{:>5}.{}%", tenths / 10, tenths % 10)
        }
        _ => "no data".to_owned() + " ",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_has_every_field_even_of_an_empty_run() {
        let report = report(&Run::default(), &Tally::default(), &json!({}));
        for outcome in ["ready", "blank", "broken", "incomplete", "abandoned"] {
            assert_eq!(report["pages"]["client"][outcome], 0);
            assert_eq!(report["pages"]["ground_truth"][outcome], 0);
        }
        for journey in JOURNEYS {
            for side in ["client", "server", "ground_truth"] {
                let expected = json!({ "good": 0, "total": 0 });
                assert_eq!(
                    report["journeys"][journey][side], expected,
                    "{journey} {side}"
                );
            }
        }
        assert_eq!(
            report["finding"],
            Value::Null,
            "present, and nothing was found"
        );
    }

    #[test]
    fn a_ratio_is_rounded_down_and_no_data_is_no_number() {
        assert_eq!(
            percent(&json!({ "good": 9_999, "total": 10_000 })).trim(),
            "99.9%"
        );
        assert_eq!(percent(&json!({ "good": 0, "total": 0 })).trim(), "no data");
    }
}
