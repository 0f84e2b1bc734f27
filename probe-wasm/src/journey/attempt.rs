//! One attempt under way, and what is said about it.

use crate::config::JourneyRule;
use crate::request::Ended;
use crate::{Millis, whole_ms};
use beacon::{
    Event, EventKind, Finality, JourneyAttempt, JourneyOutcome, JourneyReason, RequestOutcome,
};

/// What is to be sent about an attempt: an event but for the wall clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Event number.
    pub n: u32,
    /// Revision.
    pub rev: u32,
    /// Start of the attempt.
    pub at_ms: u32,
    /// The attempt, or the withdrawal of what was said before.
    pub kind: EventKind,
}

impl Word {
    /// As an event, with the wall clock of the start of the navigation.
    #[must_use]
    pub fn event(self, navigation_start_unix_ms: u64) -> Event {
        let at_ms = navigation_start_unix_ms + u64::from(self.at_ms);
        Event {
            n: self.n,
            rev: self.rev,
            at_ms,
            kind: self.kind,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) rule: usize,
    pub(super) n: u32,
    pub(super) rev: u32,
    pub(super) started_at: Millis,
    pub(super) route: String,
    pub(super) backend_origin: String,
    /// Matches of the painted selector at the start: more are needed.
    pub(super) painted_before: u32,
    pub(super) painted_at: Option<Millis>,
    /// The call whose end ends the attempt.
    pub(super) call: Option<u32>,
    pub(super) answered: Option<(Millis, Option<String>)>,
}

impl Attempt {
    /// The call that ends the attempt ended, or one it needs failed.
    pub(super) fn call_ended(&mut self, call: &Ended, rule: &JourneyRule) -> Option<Word> {
        self.backend_origin.clone_from(&call.backend_origin);
        match call.outcome {
            RequestOutcome::Ok if self.call == Some(call.id) => {
                self.answered = Some((call.ended_at, call.result.clone()));
                self.success(rule)
            }
            RequestOutcome::Ok => None,
            RequestOutcome::Hung => {
                Some(self.word(rule, JourneyOutcome::Hung, call.ended_at, None, None))
            }
            bad @ (RequestOutcome::HttpError
            | RequestOutcome::Unreachable
            | RequestOutcome::Timeout
            | RequestOutcome::Aborted
            | RequestOutcome::WrongContent
            | RequestOutcome::AppError
            | RequestOutcome::Blocked) => {
                let reason = Some(JourneyReason::Request(bad));
                Some(self.word(
                    rule,
                    JourneyOutcome::Failed,
                    call.ended_at,
                    reason,
                    call.result.clone(),
                ))
            }
        }
    }

    /// Answered and painted.
    pub(super) fn success(&mut self, rule: &JourneyRule) -> Option<Word> {
        let (answered_at, result) = self.answered.clone()?;
        let ended_at = match (&rule.painted, self.painted_at) {
            (None, _) => answered_at,
            (Some(_), Some(painted_at)) => painted_at.max(answered_at),
            (Some(_), None) => return None,
        };
        Some(self.word(rule, JourneyOutcome::Success, ended_at, None, result))
    }

    pub(super) fn final_word(
        &mut self,
        rule: &JourneyRule,
        outcome: JourneyOutcome,
        at: Millis,
        reason: Option<JourneyReason>,
    ) -> Word {
        self.word(rule, outcome, at, reason, None)
    }

    /// What holds if the hidden page never comes back.
    pub(super) fn provisional(&mut self, rule: &JourneyRule, now: Millis) -> Word {
        let mut word = self.word(rule, JourneyOutcome::Abandoned, now, None, None);
        if let EventKind::Journey(attempt) = &mut word.kind {
            attempt.finality = Finality::Provisional;
        }
        word
    }

    fn word(
        &mut self,
        rule: &JourneyRule,
        outcome: JourneyOutcome,
        at: Millis,
        reason: Option<JourneyReason>,
        result: Option<String>,
    ) -> Word {
        let rev = self.rev;
        self.rev += 1;
        Word {
            n: self.n,
            rev,
            at_ms: whole_ms(self.started_at),
            kind: EventKind::Journey(JourneyAttempt {
                name: rule.name.clone(),
                outcome,
                finality: Finality::Final,
                reason,
                duration_ms: whole_ms(at - self.started_at),
                backend_origin: self.backend_origin.clone(),
                route: self.route.clone(),
                result,
            }),
        }
    }
}
