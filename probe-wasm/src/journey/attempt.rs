//! One attempt under way, its steps, and how it is written.

use super::rule::{SIGNALS, Signals, StepRule};
use crate::deliver::{Outlet, SOON};
use crate::{Millis, Text, whole_ms};
use beacon::{Finality, JourneyOutcome, limits};

/// Why an attempt failed: nothing that the wire format knows, the page, or, from [`REQUEST`] on, a call
/// whose outcome has the tag that is left.
pub(super) type Reason = u32;
pub(super) const NONE: Reason = 0;
pub(super) const PAGE: Reason = 1;
pub(super) const REQUEST: Reason = 2;

/// The position of the rule of an attempt that code made of an undeclared journey.
pub(super) const UNDECLARED: usize = usize::MAX;

#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Position plus one of its declaration, 0 for one that code made.
    declared: usize,
    name: Text,
    started_at: Millis,
    ended_at: Option<Millis>,
    /// Position plus one of the step it is a part of, 0 for none.
    parent: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    /// Its event number; 0: there is room for one.
    pub(super) n: u32,
    pub(super) rev: u32,
    pub(super) rule: usize,
    pub(super) started_at: Millis,
    pub(super) limit_at: Millis,
    pub(super) ends: Signals,
    pub(super) needs: Signals,
    /// Of the ends, those that have come, and when the last did.
    pub(super) met: Signals,
    pub(super) met_at: Millis,
    /// The call whose end is among the ends; 0 before it is sent.
    pub(super) call: u32,
    pub(super) name: Text,
    pub(super) route: Text,
    pub(super) backend_origin: Text,
    pub(super) result: Text,
    /// Matches of painted signals at the start: more are needed.
    pub(super) painted_before: [u32; SIGNALS],
    steps: [Step; limits::STEPS],
    stepped: usize,
}

impl Attempt {
    /// Room for one.
    pub(super) const EMPTY: Self = Self {
        n: 0,
        rev: 0,
        rule: 0,
        started_at: 0,
        limit_at: 0,
        ends: 0,
        needs: 0,
        met: 0,
        met_at: 0,
        call: 0,
        name: 0,
        route: 0,
        backend_origin: 0,
        result: 0,
        painted_before: [0; SIGNALS],
        steps: [Step {
            declared: 0,
            name: 0,
            started_at: 0,
            ended_at: None,
            parent: 0,
        }; limits::STEPS],
        stepped: 0,
    };

    /// Some of its ends have come.
    pub(super) fn meet(&mut self, signals: Signals, at: Millis) {
        let new = signals & self.ends & !self.met;
        if new != 0 {
            self.met |= new;
            self.met_at = self.met_at.max(at);
        }
    }

    /// The painted signals that have more matches than at the start.
    pub(super) fn painted(&self, matches: &[u32]) -> Signals {
        let mut signals = 0;
        for (index, before) in self.painted_before.iter().enumerate() {
            if matches.get(index).is_some_and(|now| now > before) {
                signals |= 1 << index;
            }
        }
        signals
    }

    /// A step begins; its position plus one, 0 when there is no room.
    pub(super) fn step(&mut self, declared: usize, name: Text, at: Millis, parent: usize) -> usize {
        let Some(room) = self.steps.get_mut(self.stepped) else {
            return 0;
        };
        *room = Step {
            declared,
            name,
            started_at: at,
            ended_at: None,
            parent,
        };
        self.stepped += 1;
        self.stepped
    }

    /// A step ends, by its position plus one.
    pub(super) fn end_step(&mut self, position: usize, at: Millis) {
        if let Some(step) = self.steps.get_mut(position.wrapping_sub(1))
            && step.ended_at.is_none()
        {
            step.ended_at = Some(at);
        }
    }

    /// Position plus one of the step made by a declaration, 0 for none.
    fn declared_step(&self, declared: usize) -> usize {
        let mut position = 0;
        for step in &self.steps {
            position += 1;
            // Those past the last have none.
            if step.declared == declared && declared > 0 {
                return position;
            }
        }
        0
    }

    /// Declared steps begin and end by what came.
    pub(super) fn take_steps(
        &mut self,
        steps: &[StepRule],
        started: Signals,
        ended: Signals,
        at: Millis,
    ) {
        let mut declared = 0;
        for rule in steps {
            declared += 1;
            if rule.name == 0 || rule.rule != self.rule {
                continue;
            }
            let position = self.declared_step(declared);
            if position > 0 {
                if rule.end & ended != 0 {
                    self.end_step(position, at);
                }
            } else if rule.start & started != 0 {
                let parent = self.declared_step(rule.parent);
                self.step(declared, rule.name, at, parent);
            }
        }
    }

    /// Writes what holds of it, `beacon::JourneyAttempt`, and forgets it when that is final.
    pub(super) fn tell(
        &mut self,
        outcome: JourneyOutcome,
        finality: Finality,
        reason: Reason,
        at: Millis,
        out: &mut Outlet,
    ) {
        out.begin(self.n, self.rev, self.started_at);
        self.rev += 1;
        out.number(5);
        out.text(self.name);
        out.number(outcome as u32);
        out.number(finality as u32);
        out.number(u32::from(reason != NONE));
        if reason != NONE {
            out.number(u32::from(reason != PAGE));
            if reason != PAGE {
                out.number(reason - REQUEST);
            }
        }
        out.number(whole_ms(at - self.started_at));
        out.text(self.backend_origin);
        out.text(self.route);
        out.some_text(match outcome {
            JourneyOutcome::Success | JourneyOutcome::Failed => self.result,
            JourneyOutcome::Hung | JourneyOutcome::Abandoned => 0,
        });
        #[expect(clippy::cast_possible_truncation, reason = "at most 16")]
        out.number(self.stepped as u32);
        for step in self.steps.iter().take(self.stepped) {
            out.text(step.name);
            out.number(whole_ms(step.started_at - self.started_at));
            out.number(whole_ms(step.ended_at.unwrap_or(at) - step.started_at));
            #[expect(clippy::cast_possible_truncation, reason = "at most 16")]
            out.number(step.parent as u32);
            out.number(u32::from(step.ended_at.is_some()));
        }
        out.end(SOON);
        if finality == Finality::Final {
            self.n = 0;
        }
    }
}
