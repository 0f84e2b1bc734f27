//! Decides how a document load ended for the user. Load, failures, mounts and paints enter; one
//! verdict leaves, after the table of outcomes in the wire format. Knows no DOM and no clock.

use crate::Millis;
use beacon::PageOutcome;

/// A failed script decides this long after load: time enough for an application that copes.
const AFTER_FAILURE: Millis = 2_000;
/// A page that shows nothing wrong and nothing ready is given this long after load.
const AFTER_LOAD: Millis = 8_000;
/// A page left within this time after load was not given a chance.
const PATIENCE: Millis = 3_000;

/// Watches one document load until it is decided.
/// Of moments, 0 says that there is none: what happened then is told as a millisecond later.
#[derive(Clone, Debug)]
pub struct PageWatch {
    load_at: Millis,
    failed_scripts: u32,
    last_failure: Millis,
    mounted: bool,
    ready_at: Millis,
    hidden_since: Millis,
    /// Time spent hidden after load, which the deadlines do not count.
    hidden_for: Millis,
    decided: bool,
}

/// The end of a document load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How it ended.
    pub outcome: PageOutcome,
    /// When it was decided, or painted for `ready`.
    pub at: Millis,
    /// Scripts and chunks that failed before.
    pub failed_scripts: u32,
}

impl PageWatch {
    /// Nothing seen yet.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a default is no constant")]
    pub const fn new() -> Self {
        Self {
            load_at: 0,
            failed_scripts: 0,
            last_failure: 0,
            mounted: false,
            ready_at: 0,
            hidden_since: 0,
            hidden_for: 0,
            decided: false,
        }
    }

    /// The view became one that loads no document: there is nothing to decide.
    pub fn forget_load(&mut self) {
        *self = const { Self::new() };
        self.decided = true;
    }

    /// The load event fired.
    pub fn loaded(&mut self, at: Millis) {
        note(&mut self.load_at, at);
    }

    /// A script, module or chunk failed. Returns whether this was before the page was decided.
    pub fn script_failed(&mut self, at: Millis) -> bool {
        if self.decided || self.ready_at > 0 {
            return false;
        }
        self.failed_scripts += 1;
        self.last_failure = at;
        true
    }

    /// The mount element has children. Once mounted, always mounted.
    pub fn mounted(&mut self) {
        self.mounted = true;
    }

    /// The route's selector was attached and a frame painted after it.
    pub fn ready(&mut self, painted_at: Millis) {
        note(&mut self.ready_at, painted_at);
    }

    /// The page was hidden.
    pub fn hidden(&mut self, at: Millis) {
        note(&mut self.hidden_since, at);
    }

    /// The page is visible again.
    pub fn shown(&mut self, at: Millis) {
        let since = core::mem::take(&mut self.hidden_since);
        if since > 0 && self.load_at > 0 {
            self.hidden_for += (at - since.max(self.load_at)).max(0);
        }
    }

    /// Whether the verdict is out.
    #[must_use]
    pub fn is_decided(&self) -> bool {
        self.decided
    }

    /// The final verdict, once, as soon as there is one.
    #[inline(always)]
    pub fn decide(&mut self, now: Millis) -> Option<Verdict> {
        let outcome = self.outcome(now)?;
        Some(self.verdict(outcome, now))
    }

    #[inline(never)]
    fn outcome(&mut self, now: Millis) -> Option<PageOutcome> {
        let ready = self.ready_at > 0;
        if self.decided || !ready && now < self.deadline() {
            return None;
        }
        self.decided = true;
        Some(if ready {
            PageOutcome::Ready
        } else {
            self.unready()
        })
    }

    /// What holds if the hidden page never comes back; `None` once decided.
    #[must_use]
    pub fn provisional(&self, now: Millis) -> Option<Verdict> {
        if self.decided {
            return None;
        }
        let impatient = self.load_at == 0 || now < self.load_at + PATIENCE + self.hidden_for;
        let outcome = if self.failed_scripts == 0 && impatient {
            PageOutcome::Abandoned
        } else {
            self.unready()
        };
        Some(self.verdict(outcome, now))
    }

    /// When to ask again, `Millis::MAX` while only an event can decide.
    #[must_use]
    #[inline(never)]
    pub fn deadline(&self) -> Millis {
        let load = self.load_at;
        if load == 0 || self.decided || self.hidden_since > 0 {
            return Millis::MAX;
        }
        let mut deadline = load + AFTER_LOAD;
        if self.failed_scripts > 0 {
            deadline = deadline.min(load.max(self.last_failure) + AFTER_FAILURE);
        }
        deadline + self.hidden_for
    }

    fn unready(&self) -> PageOutcome {
        match (self.mounted, self.failed_scripts) {
            (false, _) => PageOutcome::Blank,
            (true, 0) => PageOutcome::Incomplete,
            (true, _) => PageOutcome::Broken,
        }
    }

    #[inline(always)]
    fn verdict(&self, outcome: PageOutcome, now: Millis) -> Verdict {
        Verdict {
            outcome,
            at: if outcome == PageOutcome::Ready {
                self.ready_at
            } else {
                now
            },
            failed_scripts: self.failed_scripts,
        }
    }
}

/// The first time counts.
fn note(moment: &mut Millis, at: Millis) {
    if *moment == 0 {
        *moment = at.max(1);
    }
}

#[cfg(test)]
mod tests;
