//! The calls under way. What ends one marks it as ended; `app` tells those that are marked.

use super::{Call, Field, How, Stage, classify, flag};
use crate::deliver::{Outlet, TRACES};
use crate::{Millis, Text};
use beacon::{Finality, RequestOutcome};

/// Calls followed at once; a page with more open than this loses the newest.
const PENDING: usize = TRACES;
/// Origins remembered as answering.
const ANSWERED: usize = 16;
/// A violation of the policy speaks of calls that were sent this shortly before.
const JUST_SENT: Millis = 1_000;

/// Follows calls from sending to their end.
#[derive(Debug)]
pub struct Tracker {
    /// Those under way, with room between them.
    pub calls: [Call; PENDING],
    /// Origins that answered a call of this view.
    pub answered: [Text; ANSWERED],
}

impl Tracker {
    /// A tracker without calls.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a default is no constant")]
    pub const fn new() -> Self {
        Self {
            calls: [Call::NONE; PENDING],
            answered: [0; ANSWERED],
        }
    }

    /// Forgets everything: another view begins.
    pub fn clear(&mut self) {
        *self = const { Self::new() };
    }

    /// Where the call of this number is; of number 0, where there is room for another.
    #[must_use]
    pub fn index(&self, id: u32) -> usize {
        let found = self.calls.iter().position(|call| call.id == id);
        found.unwrap_or(PENDING)
    }

    /// The call of this number.
    pub fn call(&mut self, id: u32) -> Option<&mut Call> {
        let index = self.index(id);
        self.calls.get_mut(index)
    }

    /// A call ended, or its answer's headers are there.
    pub fn ended(&mut self, id: u32, at: Millis, how: How, status: u16, bits: u32) {
        let Some(call) = self.call(id).filter(|call| call.is_pending()) else {
            return;
        };
        call.status = status;
        call.ended_at = at;
        let headers = how == How::Headers;
        if headers {
            call.headers_at = at;
        }
        if let Some(outcome) = classify::without_body(how, status, bits) {
            call.end(outcome);
        } else if headers {
            call.stage = Stage::Answered;
        } else {
            complete(call);
        }
        let origin = call.origin;
        if status > 0
            && !self.answered.contains(&origin)
            && let Some(room) = self.answered.iter_mut().find(|answered| **answered == 0)
        {
            *room = origin;
        }
    }

    /// The body of an answer ended.
    pub fn body_ended(&mut self, id: u32, at: Millis, how: How) {
        let Some(call) = self.call(id).filter(|call| call.stage == Stage::Answered) else {
            return;
        };
        call.ended_at = at;
        match classify::without_body(how, 0, 0) {
            Some(outcome) if how != How::Load => call.end(outcome),
            _ => complete(call),
        }
    }

    /// A body's field was read, `value` if it is there.
    pub fn field_read(&mut self, id: u32, field: Field, value: Text) {
        if let Some(call) = self.call(id).filter(|call| call.stage == Stage::Reading) {
            call.result = value;
            call.end(field.outcome());
        }
    }

    /// The content security policy refused calls to an origin: those just sent there.
    pub fn refused(&mut self, at: Millis, origin: Text) {
        for call in &mut self.calls {
            if call.is_pending() && call.origin == origin && at - call.started_at < JUST_SENT {
                call.ended_at = at;
                call.end(RequestOutcome::Blocked);
            }
        }
    }

    /// Ends calls pending past their limit, and, where the page is `hidden` and may not live to see it, those
    /// whose answer is there but for the end of a body that nobody awaits. Forgets checks that never came back.
    pub fn give_up(&mut self, hidden: bool, now: Millis) {
        for call in &mut self.calls {
            let late = call.limit_at() <= now;
            if call.stage == Stage::Checking && late {
                *call = Call::NONE;
            }
            let whole =
                call.stage == Stage::Answered && call.alive_at == 0 && !call.has(flag::FIELD);
            if !(call.is_pending() && (late || hidden && whole)) {
                continue;
            }
            // An answer whose body nobody reads has arrived all the same; one that stopped midway has not.
            if call.stage == Stage::Sent || call.alive_at > 0 {
                call.ended_at = now;
                call.end(RequestOutcome::Hung);
            } else {
                call.end(RequestOutcome::Ok);
            }
        }
    }

    /// Tells what holds of the pending calls if the hidden page never comes back: leaving ended them.
    pub fn provisional(&mut self, out: &mut Outlet) {
        for (index, call) in self.calls.iter_mut().enumerate() {
            if call.is_pending() {
                call.tell(Finality::Provisional, index, out);
            }
        }
    }

    /// When the next pending call passes its limit, `Millis::MAX` for never.
    #[must_use]
    #[inline(never)]
    pub fn deadline(&self) -> Millis {
        let mut at = Millis::MAX;
        for call in &self.calls {
            if call.is_pending() {
                at = at.min(call.limit_at());
            }
        }
        at
    }
}

/// The whole answer is there and nothing is wrong with it but, perhaps, its field.
fn complete(call: &mut Call) {
    if call.has(flag::FIELD) {
        call.stage = Stage::Reading;
    } else {
        call.end(RequestOutcome::Ok);
    }
}

#[cfg(test)]
mod tests;
