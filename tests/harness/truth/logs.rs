//! The servers' own logs, held against what the driver saw: which pods served a document, and whether
//! the backend had each call that the page got an answer to. A contradiction is a fault of the truth.

use super::PageTruth;
use super::journey::{Attempt, JourneyOutcome};
use super::record::{Document, Request};
use super::rules::Rules;
use serde::Deserialize;
use std::collections::BTreeSet;

/// A line of the pods' access log.
#[derive(Clone, Debug, Deserialize)]
pub struct PodEntry {
    /// The pod that answered.
    pub pod: String,
    /// The release it serves.
    pub release: String,
    /// The method asked for.
    pub method: String,
    /// The path asked for.
    pub path: String,
    /// The browser, which names its visitor.
    #[serde(default)]
    pub user_agent: Option<String>,
}

/// A line of the backend's log.
#[derive(Clone, Debug, Deserialize)]
pub struct BackendEntry {
    /// The method asked for.
    pub method: String,
    /// The path asked for.
    pub path: String,
    /// The status answered.
    pub status: u16,
    /// The `user` header.
    #[serde(default)]
    pub user: Option<String>,
    /// `result` of the answer, for chats.
    #[serde(default)]
    pub result: Option<String>,
}

/// A pod with its release.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Server {
    /// Release, such as `2`.
    pub release: String,
    /// Pod, such as `frontend-2`.
    pub pod: String,
}

/// The pods that served each document of one visitor and its scripts, by the pods' own account.
///
/// # Errors
/// When pods and browser do not agree how many documents there were.
pub fn touched(
    documents: &[Document],
    visitor: &str,
    pods: &[PodEntry],
    rules: &Rules,
) -> Result<Vec<BTreeSet<Server>>, String> {
    let mut touched: Vec<BTreeSet<Server>> = Vec::new();
    let named = |entry: &&PodEntry| {
        entry
            .user_agent
            .as_deref()
            .is_some_and(|agent| agent.ends_with(visitor))
    };
    for entry in pods.iter().filter(named) {
        if rules
            .not_ours
            .iter()
            .any(|prefix| entry.path.starts_with(prefix.as_str()))
        {
            continue;
        }
        let server = Server {
            release: entry.release.clone(),
            pod: entry.pod.clone(),
        };
        // Routes have no file name; everything a document loads has one.
        let file = entry.path.rsplit('/').next().unwrap_or_default();
        if !file.contains('.') {
            touched.push(BTreeSet::from([server]));
        } else if let Some(current) = touched.last_mut()
            && file.ends_with(".js")
        {
            current.insert(server);
        }
    }
    if touched.len() == documents.len() {
        Ok(touched)
    } else {
        Err(format!(
            "{visitor}: the pods served {} documents, the browser loaded {}",
            touched.len(),
            documents.len()
        ))
    }
}

/// Holds one visitor's calls against the backend's log and notes on each bad attempt whether the
/// backend knows of the failure; returns what contradicts.
pub fn confirm(
    documents: &[Document],
    truths: &mut [Option<PageTruth>],
    backend: &[BackendEntry],
) -> Vec<String> {
    let calls = documents.iter().flat_map(|document| &document.requests);
    let users: BTreeSet<&str> = calls
        .filter_map(|request| request.user.as_deref())
        .collect();
    let mut unseen: Vec<&BackendEntry> = backend
        .iter()
        .filter(|entry| {
            entry
                .user
                .as_deref()
                .is_some_and(|user| users.contains(user))
        })
        .filter(|entry| entry.method != "OPTIONS")
        .collect();
    let mut contradictions = Vec::new();
    // Requests left without an answer come last: they may have an entry, and must take nobody else's.
    for answered in [true, false] {
        for (document, truth) in documents.iter().zip(truths.iter_mut()) {
            let requests = document.requests.iter().enumerate();
            for (index, request) in requests.filter(|(_, one)| one.status.is_some() == answered) {
                let entry = find(&mut unseen, request);
                let whole = request.ended.is_some() && request.error.is_none();
                let expected = whole && request.call().is_some() && !request.mime.contains("html");
                if answered && expected && entry.is_none() {
                    contradictions.push(format!(
                        "the page got {:?} ({:?}) from {} {}, the backend's log has no such answer",
                        request.status, request.result, request.method, request.url
                    ));
                }
                let attempts = truth.iter_mut().flat_map(|truth| &mut truth.attempts);
                for attempt in attempts.filter(|attempt| attempt.decider == Some(index)) {
                    attempt.failed_at_backend =
                        Some(entry.is_some_and(|entry| failed(attempt, entry)));
                }
            }
        }
    }
    contradictions
}

fn failed(attempt: &Attempt, entry: &BackendEntry) -> bool {
    let answered_badly = entry.status >= 400
        || entry
            .result
            .as_deref()
            .is_some_and(|result| !matches!(result, "SUCCESS" | "UNSAFE"));
    attempt.outcome == JourneyOutcome::Failed && answered_badly
}

/// Takes the entry that a request made out of those not yet taken.
fn find<'a>(unseen: &mut Vec<&'a BackendEntry>, request: &Request) -> Option<&'a BackendEntry> {
    let (method, path) = request.call()?.name();
    let fits = |entry: &&BackendEntry| {
        let status_fits = match (request.status, &request.error) {
            (Some(status), _) => entry.status == status,
            // Hidden from the page by missing CORS headers: only a failure can be.
            (None, Some(error)) => error != "net::ERR_NAME_NOT_RESOLVED" && entry.status >= 400,
            (None, None) => true,
        };
        entry.method == method
            && entry.path == path
            && entry.user == request.user
            && status_fits
            && (request.result.is_none() || entry.result == request.result)
    };
    let at = unseen.iter().position(fits)?;
    Some(unseen.remove(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::truth::{Ending, Look};
    use crate::truth::{PageOutcome, decide};
    use std::time::Duration;

    fn pod_entry(pod: &str, path: &str) -> PodEntry {
        PodEntry {
            pod: format!("frontend-{pod}"),
            release: pod.to_owned(),
            method: "GET".to_owned(),
            path: path.to_owned(),
            user_agent: Some("Chromium visitor-7".to_owned()),
        }
    }

    fn save(status: u16) -> Request {
        Request {
            sent: Duration::from_secs(1),
            ended: Some(Duration::from_secs(2)),
            method: "POST".to_owned(),
            url: "http://api.movieguru.test/preferences".to_owned(),
            kind: "XHR".to_owned(),
            user: Some("v7@visitors.test".to_owned()),
            status: Some(status),
            mime: "application/json".to_owned(),
            ..Request::default()
        }
    }

    fn logged(status: u16) -> BackendEntry {
        BackendEntry {
            method: "POST".to_owned(),
            path: "/preferences".to_owned(),
            status,
            user: Some("v7@visitors.test".to_owned()),
            result: None,
        }
    }

    fn page_with(request: Request) -> Document {
        Document {
            url: "http://movieguru.test/".to_owned(),
            requests: vec![request],
            looks: vec![Look {
                ready: true,
                painted: true,
                ..Look::default()
            }],
            left: Some((Duration::from_secs(9), Ending::Closed)),
            ..Document::default()
        }
    }

    #[test]
    fn a_document_is_charged_to_the_pods_of_its_own_scripts() {
        let log = [
            pod_entry("1", "/"),
            pod_entry("2", "/assets/index-a.js"),
            pod_entry("2", "/assets/index-a.css"),
            pod_entry("2", "/"),
            pod_entry("2", "/assets/index-b.js"),
        ];
        let documents = [Document::default(), Document::default()];
        let rules = Rules::movie_guru("null");
        let touched = touched(&documents, "visitor-7", &log, &rules).expect("two documents");
        assert_eq!(
            touched.iter().map(BTreeSet::len).collect::<Vec<_>>(),
            [2, 1]
        );
        let other = super::touched(&documents, "visitor-8", &log, &rules);
        assert!(other.is_err(), "another visitor's lines are not this one's");
    }

    #[test]
    fn an_answer_the_backend_never_gave_is_a_contradiction() {
        let documents = [page_with(save(200))];
        let contradictions = confirm(&documents, &mut [None], &[logged(500)]);
        assert_eq!(contradictions.len(), 1, "{contradictions:?}");
        assert!(confirm(&documents, &mut [None], &[logged(200)]).is_empty());
    }

    #[test]
    fn a_request_without_answer_takes_no_other_ones_entry() {
        let mut cut_off = save(200);
        (cut_off.status, cut_off.ended) = (None, None);
        let documents = [page_with(cut_off), page_with(save(200))];
        let contradictions = confirm(&documents, &mut [None, None], &[logged(200)]);
        assert!(contradictions.is_empty(), "{contradictions:?}");
    }

    #[test]
    fn a_failure_is_laid_at_the_backend_only_where_its_log_has_it() {
        let failed_at_backend = |request: Request, log: &[BackendEntry]| {
            let documents = [page_with(request)];
            let truth = decide(&documents[0], &Rules::movie_guru("null")).expect("decided");
            assert_eq!(truth.outcome, PageOutcome::Ready);
            let mut truths = [Some(truth)];
            confirm(&documents, &mut truths, log);
            truths[0]
                .as_ref()
                .and_then(|truth| truth.attempts[0].failed_at_backend)
        };
        assert_eq!(failed_at_backend(save(500), &[logged(500)]), Some(true));
        let mut unresolved = save(0);
        unresolved.status = None;
        unresolved.error = Some("net::ERR_NAME_NOT_RESOLVED".to_owned());
        assert_eq!(failed_at_backend(unresolved, &[logged(500)]), Some(false));
    }
}
