//! Truth against collector, view by view: every difference becomes one line.

use crate::api::Collector;
use crate::truth::logs::{BackendEntry, PodEntry, Server, confirm, touched};
use crate::truth::{Document, PageOutcome, PageTruth, Rules, decide};
use crate::visit::VisitRecord;
use anyhow::Result;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// The truth about one document, with the pods it touched.
#[derive(Clone, Debug)]
pub struct Settled {
    /// What happened.
    pub page: PageTruth,
    /// Which pods served it.
    pub touched: BTreeSet<Server>,
    /// The scripts its network log has, for the eyes of who looks into a difference.
    pub scripts: Vec<String>,
}

/// The truth about a run.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Every document whose fate is decided.
    pub settled: Vec<Settled>,
    /// Documents the definitions leave open, one line each.
    pub undecided: Vec<String>,
    /// Contradictions between the driver's eyes and the servers' logs, one line each.
    pub contradictions: Vec<String>,
}

/// Decides all documents of a run and holds them against the servers' logs.
#[must_use]
pub fn settle(
    visits: &[VisitRecord],
    pods: &[PodEntry],
    backend: &[BackendEntry],
    rules: &Rules,
) -> Verdict {
    let mut verdict = Verdict::default();
    for visit in visits {
        let mut truths: Vec<Option<PageTruth>> = Vec::new();
        for document in &visit.documents {
            match decide(document, rules) {
                Ok(truth) => truths.push(Some(truth)),
                Err(undecided) => {
                    verdict
                        .undecided
                        .push(format!("{}: {undecided}", visit.visitor));
                    truths.push(None);
                }
            }
        }
        verdict
            .contradictions
            .extend(confirm(&visit.documents, &mut truths, backend));
        match touched(&visit.documents, &visit.visitor, pods, rules) {
            Ok(touched) => {
                let documents = visit.documents.iter().map(scripts);
                let parts = truths.into_iter().zip(touched).zip(documents);
                verdict
                    .settled
                    .extend(parts.filter_map(|((page, touched), scripts)| {
                        Some(Settled {
                            page: page?,
                            touched,
                            scripts,
                        })
                    }));
            }
            Err(contradiction) => verdict.contradictions.push(contradiction),
        }
    }
    verdict
}

fn scripts(document: &Document) -> Vec<String> {
    let scripts = document
        .requests
        .iter()
        .filter(|request| request.kind == "Script");
    scripts
        .map(|script| format!("{} ({:?} {})", script.url, script.status, script.mime))
        .collect()
}

/// Compares until truth and collector agree twice in a row, or the time is up.
/// Returns the differences that remain.
///
/// # Errors
/// When the collector does not answer.
pub async fn compare(
    settled: &[Settled],
    collector: &Collector,
    from_ms: u64,
    within: Duration,
) -> Result<Vec<String>> {
    let deadline = Instant::now() + within;
    let mut agreed_before = false;
    loop {
        let views = collector.views(from_ms).await?;
        let mismatches = mismatches(settled, &views);
        let agree = mismatches.is_empty();
        if (agree && agreed_before) || Instant::now() >= deadline {
            return Ok(mismatches);
        }
        agreed_before = agree;
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
}

/// The differences between the truth and the collector's views.
#[must_use]
pub fn mismatches(settled: &[Settled], views: &[Value]) -> Vec<String> {
    let known: BTreeMap<&str, &Value> = views
        .iter()
        .filter_map(|view| Some((view["view"].as_str()?, view)))
        .collect();
    let mut lines = Vec::new();
    let mut met = BTreeSet::new();
    for truth in settled {
        let Some(label) = truth.page.label.as_deref() else {
            lines.push(format!(
                "a page that ended {} carried no view id",
                truth.page.outcome
            ));
            continue;
        };
        // Two documents under one id would each find the other's account and look right.
        if !met.insert(label) {
            lines.push(format!("view {label}: two documents carried this id"));
        }
        match known.get(label) {
            Some(view) => lines.extend(
                differences(truth, view)
                    .into_iter()
                    .map(|line| format!("view {label}: {line}")),
            ),
            None => lines.push(format!(
                "view {label}: the collector has nothing; truth: {}, {}",
                truth.page.outcome,
                words(&expected(&truth.page)),
            )),
        }
    }
    let strangers = known.keys().filter(|view| !met.contains(*view));
    lines.extend(strangers.map(|view| format!("view {view}: only the collector knows it")));
    lines
}

type Attempts = BTreeMap<String, Vec<String>>;

fn differences(truth: &Settled, view: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    let outcome = view["page"]["outcome"].as_str().unwrap_or("none");
    if outcome != truth.page.outcome.word() {
        lines.push(format!("page {outcome}, truth {}", truth.page.outcome));
    }
    let (reported, expected) = (reported(view), expected(&truth.page));
    if reported != expected {
        lines.push(format!(
            "journeys {}, truth {}",
            words(&reported),
            words(&expected)
        ));
    }
    // The early hook alone does not name them.
    if view["core"] != "loaded" {
        return lines;
    }
    let reported = reported_servers(view);
    // Chunks loaded after ready touch further pods; before, both sides saw the same ones.
    let fits = match truth.page.outcome {
        PageOutcome::Ready | PageOutcome::Abandoned => reported.is_subset(&truth.touched),
        PageOutcome::Blank | PageOutcome::Broken | PageOutcome::Incomplete => {
            reported == truth.touched
        }
    };
    if !fits {
        let scripts = truth.scripts.join(", ");
        lines.push(format!(
            "touched {reported:?}, truth {:?}; loaded {scripts}",
            truth.touched
        ));
    }
    lines
}

fn expected(page: &PageTruth) -> Attempts {
    let mut attempts = Attempts::new();
    for attempt in &page.attempts {
        let outcomes = attempts.entry(attempt.name.to_owned()).or_default();
        outcomes.push(attempt.outcome.word().to_owned());
    }
    attempts
}

fn reported(view: &Value) -> Attempts {
    let mut journeys: Vec<&Value> = view["journeys"].as_array().into_iter().flatten().collect();
    journeys.sort_by_key(|journey| (journey["at_ms"].as_u64(), journey["n"].as_u64()));
    let mut attempts = Attempts::new();
    for journey in journeys {
        let name = journey["name"].as_str().unwrap_or("?");
        let outcome = journey["outcome"].as_str().unwrap_or("?");
        attempts
            .entry(name.to_owned())
            .or_default()
            .push(outcome.to_owned());
    }
    attempts
}

fn reported_servers(view: &Value) -> BTreeSet<Server> {
    let touched = view["page"]["touched"].as_array().into_iter().flatten();
    touched
        .map(|server| Server {
            release: server["release"].as_str().unwrap_or_default().to_owned(),
            pod: server["deployment"].as_str().unwrap_or_default().to_owned(),
        })
        .collect()
}

fn words(attempts: &Attempts) -> String {
    if attempts.is_empty() {
        return "no journeys".to_owned();
    }
    let words = attempts
        .iter()
        .map(|(name, outcomes)| format!("{name} {}", outcomes.join("+")));
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::truth::{Attempt, JourneyOutcome};
    use serde_json::json;

    fn truth() -> Settled {
        let attempt = Attempt {
            name: "chat",
            outcome: JourneyOutcome::Success,
            began: Duration::ZERO,
            lasted: Duration::from_secs(1),
            backend_origin: None,
            status: Some(200),
            result: Some("SUCCESS".to_owned()),
            failed_at_backend: None,
            decider: None,
        };
        let page = PageTruth {
            label: Some("aa".to_owned()),
            outcome: PageOutcome::Blank,
            attempts: vec![attempt],
        };
        let server = Server {
            release: "1".to_owned(),
            pod: "frontend-1".to_owned(),
        };
        Settled {
            page,
            touched: BTreeSet::from([server]),
            scripts: Vec::new(),
        }
    }

    fn view() -> Value {
        json!({
            "view": "aa",
            "core": "loaded",
            "page": { "outcome": "blank",
                      "touched": [{ "release": "1", "deployment": "frontend-1" }] },
            "journeys": [{ "n": 1, "at_ms": 5, "name": "chat", "outcome": "success" }],
        })
    }

    #[test]
    fn equal_accounts_agree() {
        assert_eq!(mismatches(&[truth()], &[view()]), Vec::<String>::new());
    }

    #[test]
    fn every_kind_of_difference_is_named() {
        let changed = |change: fn(&mut Value)| {
            let mut view = view();
            change(&mut view);
            mismatches(&[truth()], &[view]).join("; ")
        };
        let page = changed(|view| view["page"]["outcome"] = "broken".into());
        assert!(page.contains("page broken, truth blank"), "{page}");
        let twice = changed(|view| {
            let copy = view["journeys"][0].clone();
            view["journeys"] = json!([copy, copy]);
        });
        assert!(
            twice.contains("chat success+success, truth chat success"),
            "{twice}"
        );
        let pods = changed(|view| view["page"]["touched"][0]["deployment"] = "frontend-2".into());
        assert!(pods.contains("touched"), "{pods}");
    }

    #[test]
    fn two_documents_under_one_id_are_a_difference() {
        assert_eq!(mismatches(&[truth(), truth()], &[view()]).len(), 1);
    }

    #[test]
    fn a_view_that_only_one_side_knows_is_a_difference() {
        assert_eq!(mismatches(&[truth()], &[]).len(), 1);
        assert_eq!(mismatches(&[], &[view()]).len(), 1);
    }
}
