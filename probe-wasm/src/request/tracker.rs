//! The calls under way.

use super::classify::{self, Answer, Field};
use crate::config::{CallPattern, DEFAULT_LIMIT_MS, RequestRule};
use crate::text::{bounded, split_address, template_of};
use crate::{Millis, whole_ms};
use beacon::{Diagnosis, Finality, RequestAttempt, RequestOutcome, limits};

/// Origins remembered as answering.
const ANSWERED: usize = 16;
/// Calls followed at once; a page with more open than this loses the newest.
const PENDING: usize = 256;

/// Follows calls from sending to their end.
#[derive(Debug)]
pub struct Tracker {
    rules: Vec<RequestRule>,
    expected_origins: Vec<String>,
    /// Origins that answered a call of this view.
    answered: Vec<String>,
    pending: Vec<Pending>,
}

/// A call that was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// Its event number.
    pub id: u32,
    /// When.
    pub at: Millis,
    /// Upper case.
    pub method: String,
    /// Path as called; never leaves the browser.
    pub path: String,
}

#[derive(Debug)]
struct Pending {
    sent: Sent,
    backend_origin: String,
    route: String,
    rule: Option<usize>,
    /// Set once the end is known and only the body is awaited.
    ended: Option<(Millis, u16)>,
    /// Revision of the next word about this call; above 0 when it was reported as pending.
    rev: u32,
}

/// A call and how it ended, or stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// Its event number.
    pub id: u32,
    /// Revision of this word about it.
    pub rev: u32,
    /// When it was sent.
    pub started_at: Millis,
    /// When it ended or was decided.
    pub ended_at: Millis,
    /// Upper case.
    pub method: String,
    /// Path as called; never leaves the browser.
    pub path: String,
    /// Origin called.
    pub backend_origin: String,
    /// Route template.
    pub route: String,
    /// Whether the origin is an expected one.
    pub expected_origin: bool,
    /// How it ended.
    pub outcome: RequestOutcome,
    /// Whether a later word may follow.
    pub finality: Finality,
    /// 0 where the browser tells none.
    pub status: u16,
    /// Value of the configured body field.
    pub result: Option<String>,
    /// Why there was no answer, once somebody has thought about it.
    pub diagnosis: Option<Diagnosis>,
}

impl Ended {
    /// From sending to the end.
    #[must_use]
    pub fn duration_ms(&self) -> u32 {
        whole_ms(self.ended_at - self.started_at)
    }

    /// As it travels when sent singly.
    #[must_use]
    pub fn attempt(self) -> RequestAttempt {
        RequestAttempt {
            duration_ms: self.duration_ms(),
            method: self.method,
            backend_origin: self.backend_origin,
            route: self.route,
            expected_origin: self.expected_origin,
            outcome: self.outcome,
            finality: self.finality,
            status: self.status,
            result: self.result,
            diagnosis: self.diagnosis,
        }
    }
}

impl Tracker {
    /// A tracker without calls.
    #[must_use]
    pub fn new(rules: Vec<RequestRule>, expected_origins: Vec<String>) -> Self {
        Self {
            rules,
            expected_origins,
            answered: Vec::new(),
            pending: Vec::new(),
        }
    }

    /// A call was sent. `rev` is the revision of the next word about it: 0 unless the early hook
    /// has already reported it. `None` when it is not followed.
    pub fn sent(
        &mut self,
        id: u32,
        rev: u32,
        at: Millis,
        method: String,
        url: &str,
    ) -> Option<Sent> {
        let (origin, path) = split_address(url)?;
        if self.pending.len() >= PENDING {
            return None;
        }
        let method = bounded(method, limits::NAME_BYTES);
        let rule = self
            .rules
            .iter()
            .position(|rule| rule.call.fits(&method, path));
        let route = match rule.and_then(|index| self.rules.get(index)) {
            Some(rule) if !rule.call.path.starts_with('*') => rule.call.path.clone(),
            _ => template_of(path),
        };
        let sent = Sent {
            id,
            at,
            method,
            path: path.to_owned(),
        };
        self.pending.push(Pending {
            sent: sent.clone(),
            backend_origin: bounded(origin.to_owned(), limits::ROUTE_BYTES),
            route,
            rule,
            ended: None,
            rev,
        });
        Some(sent)
    }

    /// A call ended. `None` when it is unknown, or when its body must be read first (then
    /// [`Tracker::awaited_field`] names the field).
    pub fn ended(&mut self, id: u32, at: Millis, answer: Answer<'_>) -> Option<Ended> {
        let index = self.position(id)?;
        let pending = self.pending.get_mut(index)?;
        let rule = pending.rule.and_then(|rule| self.rules.get(rule));
        match classify::without_body(answer, rule) {
            Some(outcome) => Some(self.finish(index, at, outcome, answer.status, None)),
            None => {
                pending.ended = Some((at, answer.status));
                None
            }
        }
    }

    /// The field awaited of a call's body, if any.
    #[must_use]
    pub fn awaited_field(&self, id: u32) -> Option<&str> {
        let pending = self.pending.get(self.position(id)?)?;
        pending.ended?;
        self.rules.get(pending.rule?)?.field.as_deref()
    }

    /// A body's field was read: its value, `Some(None)` when the body has no such field, `None` when
    /// it could not be read. `at` is the end of the answer.
    pub fn field_read(
        &mut self,
        id: u32,
        at: Millis,
        value: Option<Option<&str>>,
    ) -> Option<Ended> {
        let index = self.position(id)?;
        let pending = self.pending.get(index)?;
        let (_, status) = pending.ended?;
        let rule = self.rules.get(pending.rule?)?;
        let field = match value {
            Some(Some(value)) => Field::Value(value),
            Some(None) => Field::Absent,
            None => Field::Unreadable,
        };
        let outcome = classify::with_body(&field, rule);
        let result = value
            .flatten()
            .map(|value| bounded(value.to_owned(), limits::NAME_BYTES));
        Some(self.finish(index, at, outcome, status, result))
    }

    /// The content security policy refused calls to an address: those just sent there are `blocked`.
    pub fn refused(&mut self, at: Millis, blocked_url: &str) -> Vec<Ended> {
        let Some((origin, _)) = split_address(blocked_url) else {
            return Vec::new();
        };
        let mut refused = Vec::new();
        while let Some(index) = self
            .pending
            .iter()
            .position(|pending| pending.backend_origin == origin && at - pending.sent.at < 1_000.0)
        {
            refused.push(self.finish(index, at, RequestOutcome::Blocked, 0, None));
        }
        refused
    }

    /// Calls pending past their limit.
    pub fn hung(&mut self, now: Millis) -> Vec<Ended> {
        let mut hung = Vec::new();
        while let Some(index) = self
            .pending
            .iter()
            .position(|pending| self.limit(pending) <= now)
        {
            let ended = self.pending.get(index).and_then(|pending| pending.ended);
            // An answer whose body nobody reads has arrived all the same.
            let (outcome, at, status) = match ended {
                Some((at, status)) => (RequestOutcome::Ok, at, status),
                None => (RequestOutcome::Hung, now, 0),
            };
            hung.push(self.finish(index, at, outcome, status, None));
        }
        hung
    }

    /// What holds of the pending calls if the hidden page never comes back: leaving ended them.
    pub fn provisional(&mut self, now: Millis) -> Vec<Ended> {
        let mut pending = Vec::with_capacity(self.pending.len());
        for index in 0..self.pending.len() {
            let rev = self.pending.get(index).map_or(0, |pending| pending.rev);
            let Some(word) =
                self.describe(index, now, RequestOutcome::Aborted, Finality::Provisional)
            else {
                continue;
            };
            if let Some(pending) = self.pending.get_mut(index) {
                pending.rev = rev + 1;
            }
            pending.push(word);
        }
        pending
    }

    /// When the next pending call passes its limit.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        self.pending
            .iter()
            .map(|pending| self.limit(pending))
            .reduce(f64::min)
    }

    /// Whether any call of this view got an answer from the origin.
    #[must_use]
    pub fn has_answered(&self, origin: &str) -> bool {
        self.answered.iter().any(|answered| answered == origin)
    }

    /// Whether a call is one of `patterns`.
    #[must_use]
    pub fn fits_any(patterns: &[CallPattern], method: &str, path: &str) -> bool {
        patterns.iter().any(|pattern| pattern.fits(method, path))
    }

    fn limit(&self, pending: &Pending) -> Millis {
        let rule = pending.rule.and_then(|rule| self.rules.get(rule));
        pending.sent.at + rule.map_or(DEFAULT_LIMIT_MS, |rule| rule.limit_ms)
    }

    fn position(&self, id: u32) -> Option<usize> {
        self.pending
            .iter()
            .position(|pending| pending.sent.id == id)
    }

    fn finish(
        &mut self,
        index: usize,
        at: Millis,
        outcome: RequestOutcome,
        status: u16,
        result: Option<String>,
    ) -> Ended {
        let pending = self.pending.swap_remove(index);
        if status > 0
            && self.answered.len() < ANSWERED
            && !self.has_answered(&pending.backend_origin)
        {
            self.answered.push(pending.backend_origin.clone());
        }
        let expected_origin = self.expects(&pending.backend_origin);
        let Sent {
            id,
            at: started_at,
            method,
            path,
        } = pending.sent;
        Ended {
            id,
            rev: pending.rev,
            started_at,
            ended_at: at,
            method,
            path,
            backend_origin: pending.backend_origin,
            route: pending.route,
            expected_origin,
            outcome,
            finality: Finality::Final,
            status,
            result,
            diagnosis: None,
        }
    }

    fn describe(
        &self,
        index: usize,
        at: Millis,
        outcome: RequestOutcome,
        finality: Finality,
    ) -> Option<Ended> {
        let pending = self.pending.get(index)?;
        Some(Ended {
            id: pending.sent.id,
            rev: pending.rev,
            started_at: pending.sent.at,
            ended_at: at,
            method: pending.sent.method.clone(),
            path: pending.sent.path.clone(),
            backend_origin: pending.backend_origin.clone(),
            route: pending.route.clone(),
            expected_origin: self.expects(&pending.backend_origin),
            outcome,
            finality,
            status: 0,
            result: None,
            diagnosis: None,
        })
    }

    fn expects(&self, origin: &str) -> bool {
        self.expected_origins.is_empty()
            || self
                .expected_origins
                .iter()
                .any(|expected| expected == origin)
    }
}

#[cfg(test)]
mod tests;
