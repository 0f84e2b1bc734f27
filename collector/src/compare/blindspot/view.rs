//! One load as far as the detector cares: which values it has, and whether it failed in a way that no
//! server can have counted. Revisions replace what was told before.

use super::heard::{HeardEvent, Surroundings};
use super::values::{Dimension, ValueId, Values};
use crate::sli::is_expected;
use beacon::{EventKind, FailureCause, Head, PageLoad, PageOutcome, RequestOutcome, ViewId};
use std::collections::HashSet;

/// Failed calls remembered singly per view.
const CALLS: usize = 8;

#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) id: ViewId,
    pub(super) session: u64,
    pub(super) first_heard_ms: u64,
    /// Ascending, each once.
    pub(super) values: Vec<ValueId>,
    /// Those of them that have sums of their own, in the order they came.
    pub(super) watched: Vec<ValueId>,
    /// Releases that touched it, the document's own included.
    pub(super) releases: Vec<ValueId>,
    /// Of the document.
    pub(super) release: Option<ValueId>,
    page: Option<(u32, PageLoadState)>,
    calls: Vec<Call>,
    answered: bool,
    /// When it first failed.
    pub(super) failed_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PageLoadState {
    Ready,
    Failed(PageFailure),
    Undecided,
}

/// A load that never became usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PageFailure {
    pub(super) outcome: PageOutcome,
    pub(super) scripts_failed: bool,
    pub(super) two_releases: bool,
}

/// A call of which no server knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CallFailure {
    pub(super) origin: ValueId,
    pub(super) expected: bool,
    pub(super) outcome: RequestOutcome,
}

#[derive(Clone, Debug)]
struct Call {
    n: u32,
    rev: u32,
    /// `None` once a revision took it back.
    failure: Option<CallFailure>,
}

/// What a view comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Undecided,
    Good,
    Bad,
}

/// An origin gave an answer to a page of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) origin: ValueId,
    pub(super) release: Option<ValueId>,
}

/// What judging an event needs to know besides it.
pub(super) struct Judging<'a> {
    pub(super) values: &'a mut Values,
    /// As configured; empty leaves it to the probe.
    pub(super) expected_origins: &'a HashSet<String>,
    /// Whether this origin has answered anybody lately: then it has a record of what hangs.
    pub(super) answers_lately: &'a dyn Fn(ValueId) -> bool,
    pub(super) now_ms: u64,
}

impl View {
    pub(super) fn new(
        head: &Head,
        session: u64,
        from: &Surroundings,
        values: &mut Values,
        now_ms: u64,
    ) -> Self {
        let mut view = Self {
            id: head.view,
            session,
            first_heard_ms: now_ms,
            values: Vec::with_capacity(12),
            watched: Vec::with_capacity(8),
            releases: Vec::with_capacity(2),
            release: values.id(Dimension::Release, &head.page.release, now_ms),
            page: None,
            calls: Vec::new(),
            answered: false,
            failed_ms: None,
        };
        let page = &head.page;
        let of_page = [
            (Dimension::Release, page.release.as_str()),
            (Dimension::Pod, &page.deployment),
            (Dimension::ConfiguredOrigin, &page.backend_origin),
            (Dimension::Route, &page.route),
            (Dimension::Browser, from.browser.as_deref().unwrap_or("")),
            (Dimension::Country, from.country.as_deref().unwrap_or("")),
            (Dimension::Operator, from.operator.as_deref().unwrap_or("")),
        ];
        for (dimension, text) in of_page {
            let id = values.id(dimension, text, now_ms);
            view.has(id, values);
        }
        view.touched(&page.release, &page.deployment, values, now_ms);
        view
    }

    /// Takes one event in. Tells when a backend has answered.
    pub(super) fn take(
        &mut self,
        heard: HeardEvent<'_>,
        judging: &mut Judging<'_>,
    ) -> Option<Answer> {
        let (n, rev) = (heard.event.n, heard.event.rev);
        let (origin, expected, outcome) = match &heard.event.kind {
            EventKind::Page(load) => {
                self.take_page(rev, load, judging);
                return None;
            }
            EventKind::Withdrawn => {
                self.set_call(n, rev, None);
                return None;
            }
            EventKind::Request(call) => {
                let offline = !call.online
                    || call
                        .diagnosis
                        .is_some_and(|diagnosis| diagnosis.cause == FailureCause::Offline);
                if offline {
                    // A browser without a network is no fault of ours, and nobody else's evidence.
                    self.set_call(n, rev, None);
                    return None;
                }
                (&call.backend_origin, call.expected_origin, call.outcome)
            }
            EventKind::Requests(calls) => {
                (&calls.backend_origin, calls.expected_origin, calls.outcome)
            }
            EventKind::Navigation(_)
            | EventKind::Vital(_)
            | EventKind::Journey(_)
            | EventKind::Error(_)
            | EventKind::VitalCause(_)
            | EventKind::Route(_)
            | EventKind::Resources(_)
            | EventKind::Resource(_)
            | EventKind::LongTasks(_)
            | EventKind::Socket(_)
            | EventKind::Clicks(_)
            | EventKind::Frustration(_)
            | EventKind::Measurement(_)
            | EventKind::Probe(_) => return None,
        };
        let id = judging
            .values
            .id(Dimension::UsedOrigin, origin, judging.now_ms)?;
        self.has(Some(id), judging.values);
        let expected = is_expected(judging.expected_origins, origin, expected);
        let failure = CallFailure {
            origin: id,
            expected,
            outcome,
        };
        match outcome {
            RequestOutcome::Ok | RequestOutcome::HttpError | RequestOutcome::AppError => {
                self.set_call(n, rev, None);
                self.answered |= expected;
                Some(Answer {
                    origin: id,
                    release: self.release,
                })
            }
            // Whether the server had it is for the server to say: a backend that answers others has
            // a record of what it lets hang.
            RequestOutcome::Hung if (judging.answers_lately)(id) => {
                self.set_call(n, rev, None);
                None
            }
            RequestOutcome::Unreachable
            | RequestOutcome::WrongContent
            | RequestOutcome::Blocked
            | RequestOutcome::Hung => {
                self.set_call(n, rev, Some(failure));
                None
            }
            RequestOutcome::Timeout | RequestOutcome::Aborted => {
                self.set_call(n, rev, None);
                None
            }
        }
    }

    fn take_page(&mut self, rev: u32, load: &PageLoad, judging: &mut Judging<'_>) {
        for server in &load.touched {
            self.touched(
                &server.release,
                &server.deployment,
                judging.values,
                judging.now_ms,
            );
        }
        if self.page.is_some_and(|(known, _)| known > rev) {
            return;
        }
        let state = match load.outcome {
            PageOutcome::Ready => PageLoadState::Ready,
            PageOutcome::Abandoned => PageLoadState::Undecided,
            PageOutcome::Blank | PageOutcome::Broken | PageOutcome::Incomplete => {
                PageLoadState::Failed(PageFailure {
                    outcome: load.outcome,
                    scripts_failed: load.failed_scripts > 0,
                    two_releases: self.releases.len() > 1,
                })
            }
        };
        self.page = Some((rev, state));
    }

    /// Whatever was told under this number, this revision replaces.
    fn set_call(&mut self, n: u32, rev: u32, failure: Option<CallFailure>) {
        if let Some(call) = self.calls.iter_mut().find(|call| call.n == n) {
            if call.rev <= rev {
                (call.rev, call.failure) = (rev, failure);
            }
        } else if failure.is_some() && self.calls.len() < CALLS {
            self.calls.push(Call { n, rev, failure });
        }
    }

    fn touched(&mut self, release: &str, pod: &str, values: &mut Values, now_ms: u64) {
        let release = values.id(Dimension::TouchedRelease, release, now_ms);
        self.has(release, values);
        let pod = values.id(Dimension::TouchedPod, pod, now_ms);
        self.has(pod, values);
        if let Some(release) = release
            && !self.releases.contains(&release)
        {
            self.releases.push(release);
        }
    }

    fn has(&mut self, value: Option<ValueId>, values: &Values) {
        if let Some(id) = value
            && let Err(at) = self.values.binary_search(&id)
        {
            self.values.insert(at, id);
            if values.is_watched(id) {
                self.watched.push(id);
            }
        }
    }

    /// When it failed; when it was first heard of, if it has not.
    pub(super) fn decided_ms(&self) -> u64 {
        self.failed_ms.unwrap_or(self.first_heard_ms)
    }

    /// The route may change while the document stays.
    pub(super) fn shows(&mut self, route: &str, values: &mut Values, now_ms: u64) {
        let route = values.id(Dimension::Route, route, now_ms);
        self.has(route, values);
    }

    pub(super) fn verdict(&self) -> Verdict {
        let ready = matches!(self.page, Some((_, PageLoadState::Ready)));
        if self.page_failure().is_some() || self.call_failures().next().is_some() {
            Verdict::Bad
        } else if ready || self.answered {
            Verdict::Good
        } else {
            Verdict::Undecided
        }
    }

    pub(super) fn page_failure(&self) -> Option<PageFailure> {
        match self.page {
            Some((_, PageLoadState::Failed(failure))) => Some(failure),
            Some((_, PageLoadState::Ready | PageLoadState::Undecided)) | None => None,
        }
    }

    pub(super) fn call_failures(&self) -> impl Iterator<Item = CallFailure> {
        self.calls.iter().filter_map(|call| call.failure)
    }
}
