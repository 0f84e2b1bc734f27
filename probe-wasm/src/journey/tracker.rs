//! The attempts under way and the rules that start and end them.

use super::attempt::{Attempt, NONE, PAGE, REQUEST, UNDECLARED};
use super::rule::{Rule, SIGNALS, Signals, StepRule};
use crate::deliver::{Outlet, SOON, word};
use crate::page::Verdict;
use crate::request::Call;
use crate::{Millis, Text};
use beacon::{Finality, JourneyOutcome, PageOutcome, RequestOutcome};

/// Event number of the attempt that a failed document load stands for.
const PAGE_WORD: u32 = 1;
/// Journeys and steps that can be declared.
const RULES: usize = 32;
const STEP_RULES: usize = 64;
/// No limit is longer, so that no moment overflows.
const LONGEST: Millis = beacon::limits::DURATION_MS.cast_signed();
/// Attempts followed at once.
const RUNNING: usize = 64;

/// Follows attempts within one view.
#[derive(Debug)]
pub struct Tracker {
    /// The signals that are painted selectors.
    pub paints: Signals,
    /// The signals that are calls.
    pub calls: Signals,
    /// The one written into the page's build.
    pub backend_origin: Text,
    /// Revision of the next word under [`PAGE_WORD`], and whether one may stand with the collector. The early
    /// hook may have spoken for a failed page.
    pub page_rev: u32,
    /// See there.
    pub page_word_sent: bool,
    /// Attempts ever started.
    attempts: u32,
    /// Of each rule, whether one was: one bit each.
    started: u32,
    declared: usize,
    declared_steps: usize,
    rules: [Rule; RULES],
    steps: [StepRule; STEP_RULES],
    page_word: Attempt,
    running: [Attempt; RUNNING],
}

impl Tracker {
    /// One without rules.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a default is no constant")]
    pub const fn new() -> Self {
        Self {
            paints: 0,
            calls: 0,
            backend_origin: 0,
            page_rev: 0,
            page_word_sent: false,
            attempts: 0,
            started: 0,
            declared: 0,
            declared_steps: 0,
            rules: [Rule::NONE; RULES],
            steps: [StepRule::NONE; STEP_RULES],
            page_word: Attempt::EMPTY,
            running: [Attempt::EMPTY; RUNNING],
        }
    }

    /// Declares a journey; past the room it is left out, and the shell, which counts as well, says so.
    pub fn declare(&mut self, rule: Rule) {
        if let Some(room) = self.rules.get_mut(self.declared) {
            *room = rule;
            self.declared += 1;
        }
    }

    /// Declares a step.
    pub fn declare_step(&mut self, step: StepRule) {
        if let Some(room) = self.steps.get_mut(self.declared_steps) {
            *room = step;
            self.declared_steps += 1;
        }
    }

    /// Another view begins, one that loads no document: no attempt can have begun with it.
    pub fn forget_load(&mut self) {
        self.running = const { [Attempt::EMPTY; RUNNING] };
        self.started = u32::MAX;
        self.page_rev = 0;
        self.page_word_sent = false;
    }

    /// Signals came that are no calls: a click, a route, an event of the application, a new match. Where a
    /// frame was `painted`, each attempt looks for matches it has not had at its start.
    pub fn signal(&mut self, signals: Signals, painted: bool, at: Millis, out: &mut Outlet) {
        for attempt in &mut self.running {
            if attempt.n == 0 {
                continue;
            }
            // What came before it began may enter after it.
            let mut came = if at < attempt.started_at {
                0
            } else {
                signals & !self.paints
            };
            if painted {
                came |= self.paints & attempt.painted(out.words.split_at(word::PAINTED).1);
            }
            attempt.meet(came, at);
            attempt.take_steps(&self.steps, came, came, at);
            succeed(attempt, out);
        }
        // What comes while an attempt is under way belongs to that one.
        for index in 0..RULES {
            let starts = self.rules.get(index).map_or(0, |rule| rule.starts);
            let mut running = self.running.iter();
            if starts & signals != 0
                && !running.any(|attempt| attempt.n > 0 && attempt.rule == index)
            {
                let started = self.start(index, at, out);
                let Some(attempt) = self.running.get_mut(started) else {
                    continue;
                };
                attempt.take_steps(&self.steps, signals, 0, at);
            }
        }
    }

    /// A call was sent: it may start attempts and bind the end of others.
    pub fn sent(&mut self, call: &Call, out: &mut Outlet) {
        for index in 0..RULES {
            let Some(rule) = self.rules.get(index) else {
                continue;
            };
            let ends = call.signals & rule.ends != 0;
            let begins = call.signals & rule.calls != 0;
            let loads = call.signals & rule.loads != 0 && self.started & 1 << index == 0;
            let mut open = RUNNING;
            if begins {
                open = self.start(index, call.started_at, out);
            } else if loads {
                open = self.start(index, 0, out);
                // With the document nothing was painted yet.
                if let Some(attempt) = self.running.get_mut(open) {
                    attempt.painted_before = [0; SIGNALS];
                }
            } else if ends {
                let mut oldest = u32::MAX;
                for (position, attempt) in self.running.iter().enumerate() {
                    if 0 < attempt.n
                        && attempt.n < oldest
                        && attempt.rule == index
                        && attempt.call == 0
                        && attempt.started_at <= call.started_at
                    {
                        oldest = attempt.n;
                        open = position;
                    }
                }
            }
            if ends && let Some(attempt) = self.running.get_mut(open) {
                attempt.call = call.id;
            }
        }
        for attempt in &mut self.running {
            if attempt.n > 0 && attempt.started_at <= call.started_at {
                let calls = call.signals & self.calls;
                attempt.take_steps(&self.steps, calls, 0, call.started_at);
            }
        }
    }

    /// The first piece of a good answer is there: the signals of the call that are no calls. Told again it
    /// changes nothing.
    pub fn answering(&mut self, call: &Call, out: &mut Outlet) {
        let came = call.signals & !self.calls;
        let at = call.first_piece_at();
        for attempt in &mut self.running {
            let awaited = attempt.call == call.id;
            if attempt.n > 0 && (awaited || attempt.started_at <= call.started_at) {
                attempt.take_steps(&self.steps, came, came, at);
                if awaited {
                    attempt.meet(came, at);
                    succeed(attempt, out);
                }
            }
        }
    }

    /// A call ended for good.
    pub fn ended(&mut self, call: &Call, out: &mut Outlet) {
        if call.outcome == RequestOutcome::Ok {
            self.answering(call, out);
        }
        for attempt in &mut self.running {
            if attempt.n == 0 {
                continue;
            }
            let awaited = attempt.call == call.id;
            let since = attempt.started_at <= call.started_at;
            if awaited || since {
                let calls = call.signals & self.calls;
                attempt.take_steps(&self.steps, 0, calls, call.ended_at);
            }
            if !(awaited || since && attempt.needs & call.signals != 0) {
                continue;
            }
            attempt.backend_origin = call.origin;
            let (outcome, reason) = match call.outcome {
                RequestOutcome::Ok => {
                    if awaited {
                        attempt.result = call.result;
                        attempt.meet(call.signals & self.calls, call.ended_at);
                        succeed(attempt, out);
                    }
                    continue;
                }
                RequestOutcome::Hung => (JourneyOutcome::Hung, NONE),
                bad => {
                    attempt.result = call.result;
                    (JourneyOutcome::Failed, REQUEST + bad as u32)
                }
            };
            attempt.tell(outcome, Finality::Final, reason, call.ended_at, out);
        }
    }

    /// A number that grows with each attempt, because what a new one awaits may be there already; 0 where no
    /// attempt waits for something to be painted.
    #[must_use]
    pub fn awaits_paint(&self) -> u32 {
        for attempt in &self.running {
            if attempt.n == 0 {
                continue;
            }
            let mut awaited = attempt.ends & !attempt.met;
            for step in &self.steps {
                if step.name > 0 && step.rule == attempt.rule {
                    awaited |= step.start | step.end;
                }
            }
            if awaited & self.paints != 0 {
                return self.attempts;
            }
        }
        0
    }

    /// Attempts ever started.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The page's verdict. A failed load is a failed attempt at the journey that says so, unless an attempt
    /// was made in this view: then a running one fails with it and an ended one stands.
    pub fn page(&mut self, verdict: Verdict, finality: Finality, out: &mut Outlet) {
        let bad = match verdict.outcome {
            PageOutcome::Blank | PageOutcome::Broken | PageOutcome::Incomplete => true,
            PageOutcome::Ready | PageOutcome::Abandoned => false,
        };
        let Some(index) = self.rules.iter().position(|rule| rule.failed_page) else {
            return;
        };
        if bad && finality == Finality::Final {
            for attempt in &mut self.running {
                if attempt.n > 0 && attempt.rule == index {
                    attempt.tell(JourneyOutcome::Failed, finality, PAGE, verdict.at, out);
                }
            }
        }
        if bad && self.started & 1 << index == 0 {
            let word = &mut self.page_word;
            word.n = PAGE_WORD;
            word.rev = self.page_rev;
            word.name = self.rules.get(index).map_or(0, |rule| rule.name);
            word.backend_origin = self.backend_origin;
            word.tell(JourneyOutcome::Failed, finality, PAGE, verdict.at, out);
            self.page_word_sent = true;
        } else if self.page_word_sent {
            // Withdrawn.
            out.begin(PAGE_WORD, self.page_rev, 0);
            out.number(7);
            out.end(SOON);
            self.page_word_sent = false;
        } else {
            return;
        }
        self.page_rev += 1;
    }

    /// Attempts past their limit.
    pub fn hung(&mut self, out: &mut Outlet) {
        let now = out.now();
        for attempt in &mut self.running {
            if attempt.n > 0 && attempt.limit_at <= now {
                attempt.tell(JourneyOutcome::Hung, Finality::Final, NONE, now, out);
            }
        }
    }

    /// What holds of the running attempts if the hidden page never comes back.
    pub fn provisional(&mut self, out: &mut Outlet) {
        let now = out.now();
        for attempt in &mut self.running {
            if attempt.n > 0 {
                let abandoned = JourneyOutcome::Abandoned;
                attempt.tell(abandoned, Finality::Provisional, NONE, now, out);
            }
        }
    }

    /// When the next attempt passes its limit, `Millis::MAX` for never.
    #[must_use]
    #[inline(never)]
    pub fn deadline(&self) -> Millis {
        let mut at = Millis::MAX;
        for attempt in &self.running {
            if attempt.n > 0 {
                at = at.min(attempt.limit_at);
            }
        }
        at
    }

    /// Code starts an attempt at a journey, of the rule at `rule` where it is declared. Its event number
    /// is its handle; 0 when there is no room.
    pub fn make(
        &mut self,
        rule: usize,
        name: Text,
        limit: Millis,
        at: Millis,
        out: &mut Outlet,
    ) -> u32 {
        let index = self.start(rule, at, out);
        let Some(attempt) = self.running.get_mut(index) else {
            return 0;
        };
        if attempt.rule == UNDECLARED {
            attempt.name = name;
            attempt.limit_at = at + limit.min(LONGEST);
        }
        attempt.n
    }

    /// Code begins a step of an attempt; its position plus one, 0 when there is no such attempt.
    pub fn make_step(&mut self, n: u32, name: Text, parent: usize, at: Millis) -> usize {
        self.find(n)
            .map_or(0, |attempt| attempt.step(0, name, at, parent))
    }

    /// Code ends a step.
    pub fn end_step(&mut self, n: u32, position: usize, at: Millis) {
        if let Some(attempt) = self.find(n) {
            attempt.end_step(position, at);
        }
    }

    /// Code ends an attempt, with its result if there is one.
    pub fn end(
        &mut self,
        n: u32,
        outcome: JourneyOutcome,
        result: Text,
        at: Millis,
        out: &mut Outlet,
    ) {
        if let Some(attempt) = self.find(n) {
            attempt.result = result;
            attempt.tell(outcome, Finality::Final, NONE, at, out);
        }
    }

    fn find(&mut self, n: u32) -> Option<&mut Attempt> {
        self.running
            .iter_mut()
            .find(|attempt| attempt.n == n && n > 0)
    }

    /// The position of an attempt that begins; one that does not exist when there is no room.
    fn start(&mut self, rule: usize, at: Millis, out: &mut Outlet) -> usize {
        let room = self.running.iter().position(|attempt| attempt.n == 0);
        let index = room.unwrap_or(RUNNING);
        let Some(attempt) = self.running.get_mut(index) else {
            return index;
        };
        *attempt = Attempt::EMPTY;
        attempt.n = out.draw();
        attempt.rule = UNDECLARED;
        attempt.started_at = at;
        attempt.met_at = at;
        attempt.route = out.route();
        attempt.backend_origin = self.backend_origin;
        if let Some(before) = out.words.get(word::BEFORE..word::PAINTED) {
            attempt.painted_before.copy_from_slice(before);
        }
        if let Some(declared) = self.rules.get(rule)
            && declared.name > 0
        {
            attempt.rule = rule;
            attempt.name = declared.name;
            attempt.limit_at = at + declared.limit.min(LONGEST);
            attempt.ends = declared.ends;
            attempt.needs = declared.needs;
        }
        if rule < RULES {
            self.started |= 1 << rule;
        }
        self.attempts += 1;
        index
    }
}

/// All its ends have come: it has succeeded.
fn succeed(attempt: &mut Attempt, out: &mut Outlet) {
    if attempt.ends != 0 && attempt.met == attempt.ends {
        let at = attempt.met_at;
        attempt.tell(JourneyOutcome::Success, Finality::Final, NONE, at, out);
    }
}

#[cfg(test)]
mod tests;
