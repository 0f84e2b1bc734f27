//! Joins the stations: what the shell tells goes to `page`, `request`, `journey` and `vitals`, and what
//! those decide is written to `deliver`. One core per document; `js/core.js` decides when it runs.

#[cfg(target_arch = "wasm32")]
mod exports;

use crate::deliver::{LATER, Outlet, SOON, word};
use crate::page::{PageWatch, Verdict};
use crate::request::{self, Counts, Evidence, Stage, diagnose, flag};
use crate::vitals::{Moment, PageStart, Vitals};
use crate::{Millis, journey, whole_ms};
use beacon::{DropReason, Finality, RequestOutcome};

/// Failed requests sent singly in one view; more are counted.
const SINGLES: u32 = 100;

/// What the shell must do about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Wait.
    Open,
    /// Nothing more: it was decided, or is not known.
    Made,
    /// The same, and whether anybody is there at its origin may be checked.
    NobodyThere,
    /// Read the declared field of its answer.
    Reading,
}

/// All state of the probe that is not the browser's.
#[derive(Debug)]
// In this order: what is used often stands in front, where addresses are short.
#[repr(C)]
pub struct Core {
    page: PageWatch,
    /// Revision of the next word about the page.
    page_rev: u32,
    /// Calls told singly.
    singles: u32,
    /// Whether an origin that gave no answer may be checked.
    checks: bool,
    loaded: bool,
    /// Not prerendered, or shown since.
    activated: bool,
    hidden: bool,
    /// When the view began: 0, or its restore from the back/forward cache.
    began_at: Millis,
    response_start: Moment,
    /// Event numbers of the vitals told, 0 for none.
    vital_events: [u32; 5],
    /// The web vitals.
    pub vitals: Vitals,
    /// Where events leave, and what the shell shares.
    pub out: Outlet,
    counts: Counts,
    /// The calls under way.
    pub requests: request::Tracker,
    /// Attempts at journeys.
    pub journeys: journey::Tracker,
}

impl Core {
    /// Before the early hook has handed over.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a default is no constant")]
    pub const fn new() -> Self {
        Self {
            page: PageWatch::new(),
            page_rev: 0,
            singles: 0,
            checks: false,
            loaded: false,
            activated: false,
            hidden: false,
            began_at: 0,
            response_start: 0.0,
            vital_events: [0; 5],
            vitals: Vitals::new(),
            counts: Counts::new(),
            requests: request::Tracker::new(),
            journeys: journey::Tracker::new(),
            out: Outlet::new(),
        }
    }

    /// Takes over from the hook, which has sent `hook_rev` beacons of its own. `hidden_at` is below 0
    /// when the page is visible.
    pub fn begin(&mut self, hook_rev: u32, hidden_at: Millis, checks: bool) {
        self.page_rev = hook_rev;
        self.journeys.page_rev = hook_rev;
        self.journeys.page_word_sent = hook_rev > 0;
        self.checks = checks;
        if hidden_at >= 0 {
            self.page.hidden(hidden_at);
            self.hidden = true;
        }
    }

    /// Makes this the view of a page restored from the back/forward cache: it loads no document, so it
    /// has neither a navigation nor an outcome; its user came back, so its vitals begin anew.
    pub fn restore(&mut self, at: Millis) {
        self.began_at = at;
        self.loaded = true;
        self.activated = false;
        self.hidden = false;
        self.page_rev = 0;
        self.singles = 0;
        self.page.forget_load();
        self.journeys.forget_load();
        self.requests.clear();
        self.counts.clear();
        self.vital_events = [0; 5];
        self.out.forget_vitals();
        self.vitals.restore();
        self.out.queue.resume(at);
    }

    /// The load event fired.
    pub fn loaded(&mut self, at: Millis, response_start: Moment) {
        self.loaded = true;
        self.response_start = response_start;
        self.page.loaded(at);
    }

    /// The page is shown, or will have been once it was prerendered. `first_hidden` is below 0 when it
    /// was never hidden.
    pub fn activated(&mut self, activated_at: Moment, first_hidden: Moment) {
        self.activated = true;
        self.vitals.begin(PageStart {
            activated_at,
            first_hidden: (first_hidden >= 0.0).then_some(first_hidden),
        });
    }

    /// The mount element has children.
    pub fn mounted(&mut self) {
        self.page.mounted();
    }

    /// A script, module or chunk failed.
    pub fn script_failed(&mut self, at: Millis) {
        self.page.script_failed(at);
    }

    /// A frame was painted: whether the route's selector was attached when it began, the painted signals that
    /// have more matches than in the frame before; all their matches are shared.
    pub fn painted(&mut self, ready: bool, risen: journey::Signals, at: Millis) {
        if ready {
            self.page.ready(at);
        }
        self.journeys.signal(risen, true, at, &mut self.out);
    }

    /// Whether the page's outcome is still open.
    #[must_use]
    pub fn is_undecided(&self) -> bool {
        !self.page.is_decided()
    }

    /// 0 when no change of the DOM is awaited; else a number that grows with each attempt, because what
    /// a new attempt awaits may be there already.
    #[must_use]
    pub fn watching(&self) -> u32 {
        if self.hidden {
            0
        } else if self.is_undecided() {
            1 + self.journeys.attempts()
        } else {
            self.journeys.awaits_paint()
        }
    }

    /// A call was sent whose place among the calls is `index`.
    pub fn sent(&mut self, index: usize) {
        if let Some(call) = self.requests.calls.get(index) {
            self.journeys.sent(call, &mut self.out);
        }
    }

    /// Calls ended: journeys hear of them, the collector gets them singly or counted. Returns what is to be
    /// done about the call `id`.
    pub fn settle(&mut self, id: u32) -> Decision {
        let mut decision = Decision::Made;
        let out = &mut self.out;
        for (index, call) in self.requests.calls.iter_mut().enumerate() {
            if call.stage != Stage::Ended {
                if call.id == id && call.stage != Stage::None {
                    decision = match call.stage {
                        Stage::Reading => Decision::Reading,
                        _ => Decision::Open,
                    };
                }
                continue;
            }
            let nobody_there = call.outcome == RequestOutcome::Unreachable;
            if nobody_there {
                call.diagnosis = diagnose(Evidence {
                    online: out.words[word::ONLINE] > 0,
                    answered: call.headers_at > 0,
                    expected_origin: call.has(flag::EXPECTED),
                    origin_answered: self.requests.answered.contains(&call.origin),
                    collector_reached: out.queue.collector_reached(),
                    duration_ms: call.ended_at - call.started_at,
                    checked: (call.checked > 0).then_some(call.checked > 1),
                });
                if call.id == id {
                    decision = Decision::NobodyThere;
                }
            }
            self.journeys.ended(call, out);
            let good = call.outcome == RequestOutcome::Ok && call.stream.chunks == 0;
            if !out.details() || call.rev == 0 && (good || self.singles >= SINGLES) {
                if !self.counts.add(call) {
                    out.queue.drop_events(DropReason::Capped as usize, 1);
                }
            } else {
                self.singles += 1;
                call.tell(Finality::Final, index, out);
            }
            if nobody_there && self.checks && call.checked == 0 {
                call.stage = Stage::Checking;
            } else {
                call.stage = Stage::None;
                call.id = 0;
            }
        }
        decision
    }

    /// The no-cors check of an origin came back: the call is told again, with a surer diagnosis.
    pub fn checked(&mut self, id: u32, answered: bool) {
        if let Some(call) = self.requests.call(id)
            && call.stage == Stage::Checking
        {
            call.checked = 1 + u8::from(answered);
            call.stage = Stage::Ended;
            self.settle(id);
        }
    }

    /// An event that the shell has written but for its number and time: its kind and payload are lent.
    /// `n` is 0 for a new one. Returns its number. Without bytes it only must leave by then, when it comes.
    pub fn fact(&mut self, n: u32, rev: u32, at: Millis, length: usize, urgent: bool) -> u32 {
        let within = if urgent { SOON } else { LATER };
        if length == 0 {
            self.out.expect(within);
            return 0;
        }
        let n = if n == 0 { self.out.draw() } else { n };
        self.out.begin(n, rev, at);
        self.out.lent(length);
        self.out.end(within);
        n
    }

    /// Decides everything due. `attached_at` is when the route's selector was attached if it is, else below
    /// 0; `touched` bytes are lent that say who served the page, `beacon::Touched` in a list.
    pub fn run(&mut self, attached_at: Millis, touched: usize) {
        let now = self.out.now();
        if self.loaded && self.activated {
            self.vitals.first_byte(self.response_start, now.into());
        }
        self.tell_vitals();
        // Consent, or the core itself, may come when the page has long been ready.
        if attached_at >= 0 && self.page.deadline() <= now {
            self.page.ready(attached_at);
        }
        if let Some(verdict) = self.page.decide(now) {
            self.tell_page(verdict, Finality::Final, touched);
        }
        self.requests.give_up(false, now);
        self.settle(0);
        self.journeys.hung(&mut self.out);
        if !self.counts.is_empty() {
            self.out.expect(LATER);
        }
    }

    /// The page is being hidden and may never come back: what holds if it does not. `ready` says whether
    /// the route's selector is attached, `touched` is as in [`Core::run`]; the matches of painted signals
    /// are shared.
    pub fn hide(&mut self, ready: bool, touched: usize) {
        let now = self.out.now();
        self.tell_vitals();
        // Closing a tab tells twice: pagehide, then visibilitychange.
        if core::mem::replace(&mut self.hidden, true) {
            return;
        }
        self.page.hidden(now);
        // A selector that is attached when the page goes has been painted, or would have been.
        if ready {
            self.page.ready(now);
        }
        if let Some(verdict) = self.page.decide(now) {
            self.tell_page(verdict, Finality::Final, touched);
        } else if let Some(verdict) = self.page.provisional(now) {
            self.tell_page(verdict, Finality::Provisional, touched);
        }
        self.vitals.hidden(now.into());
        self.requests.give_up(true, now);
        self.settle(0);
        if self.out.details() {
            self.requests.provisional(&mut self.out);
        }
        // As with pages: what is attached when the page goes has been painted, or would have been.
        self.journeys.signal(0, true, now, &mut self.out);
        self.journeys.provisional(&mut self.out);
    }

    /// The page is visible again.
    pub fn show(&mut self) {
        let now = self.out.now();
        self.hidden = false;
        self.page.shown(now);
        self.out.queue.resume(now);
    }

    /// Writes what was counted, when it is time to close what is gathered or `anyway`. Returns whether it is.
    pub fn gather(&mut self, anyway: bool) -> bool {
        let due = anyway || self.out.queue.is_due(self.out.now());
        if due {
            self.counts.tell(&mut self.out);
        }
        due
    }

    /// Milliseconds until something is due again, or -1.
    #[must_use]
    pub fn wait(&self) -> Millis {
        let next = self
            .page
            .deadline()
            .min(self.requests.deadline())
            .min(self.journeys.deadline())
            .min(self.out.queue.deadline());
        if next == Millis::MAX {
            -1
        } else {
            (next - self.out.now()).max(0)
        }
    }

    /// Whether something is still to be said: should the page crash now, one beacon is missing.
    #[must_use]
    pub fn owes(&self) -> bool {
        let waits = self.is_undecided()
            || self.requests.deadline().min(self.journeys.deadline()) < Millis::MAX;
        self.out.queue.is_gathering() || !self.hidden && waits
    }

    fn tell_page(&mut self, verdict: Verdict, finality: Finality, touched: usize) {
        let out = &mut self.out;
        out.begin(0, self.page_rev, 0);
        self.page_rev += 1;
        out.number(0);
        out.number(verdict.outcome as u32);
        out.number(finality as u32);
        out.number(whole_ms(verdict.at));
        out.lent(touched);
        out.number(verdict.failed_scripts);
        out.end(SOON);
        self.journeys.page(verdict, finality, out);
    }

    /// Each vital has one event number in its view; told again, it has a higher revision.
    fn tell_vitals(&mut self) {
        self.vitals.batch_ends();
        while let Some(vital) = self.vitals.next_report() {
            let tag = vital.name as usize;
            let out = &mut self.out;
            let shared = out.words.get_mut(word::VITALS + 3 * tag..);
            if let Some([times, value, delta]) = shared.and_then(<[u32]>::first_chunk_mut) {
                *times = vital.rev + 1;
                *value = vital.value_micros;
                *delta = vital.delta_micros.cast_unsigned();
            }
            if !out.details() {
                continue;
            }
            let Some(n) = self.vital_events.get_mut(tag) else {
                return;
            };
            if *n == 0 {
                *n = out.draw();
            }
            out.begin(*n, vital.rev, self.began_at);
            out.number(2);
            out.number(vital.name as u32);
            out.number(vital.value_micros);
            // A signed number, as zigzag.
            out.number((vital.delta_micros << 1 ^ vital.delta_micros >> 31).cast_unsigned());
            out.end(LATER);
        }
    }
}

#[cfg(test)]
mod tests;
