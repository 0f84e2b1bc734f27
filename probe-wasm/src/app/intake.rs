//! What enters: entries of the hook, paints, hiding and showing. Each is handed to the station that
//! knows what it means; what those say goes to the outlet.

use super::{Attached, Core, SINGLES};
use crate::Millis;
use crate::deliver::Urgency;
use crate::observe::{self, Entry};
use crate::page::Verdict;
use crate::request::{Answer, Ended, Evidence, diagnose};
use crate::text::{bounded, without_query};
use beacon::{
    Diagnosis, DropReason, ErrorKind, ErrorReport, EventKind, Finality, NavigationKind,
    RequestOutcome, limits,
};

/// Calls that wait for the check of their origin.
const UNCHECKED: usize = 8;

impl Core {
    pub(super) fn batch_begins(&mut self) {
        self.painted_before = self.count_painted();
    }

    /// 0 when no change of the DOM is awaited; else a number that grows with each attempt, because what
    /// a new attempt awaits may be there already.
    pub(super) fn watching(&self) -> u32 {
        if !self.hidden && (!self.page.is_decided() || self.journeys.awaits_paint()) {
            1 + self.journeys.attempts()
        } else {
            0
        }
    }

    pub(super) fn before_paint(&mut self) {
        let ready = !self.page.is_decided() && self.is_ready();
        self.attached = Some(Attached {
            ready,
            painted: self.count_painted(),
        });
    }

    pub(super) fn after_paint(&mut self, now: Millis) {
        let Some(attached) = self.attached.take() else {
            return;
        };
        let at = self.first_frame_at.take().unwrap_or(now);
        if attached.ready {
            self.page.ready(at);
        }
        let words = self.journeys.painted(&attached.painted, at);
        self.tell(words, now);
    }

    pub(super) fn hide(&mut self, now: Millis) {
        self.take_in(now);
        // Closing a tab tells twice: pagehide, then visibilitychange.
        if !self.hidden {
            self.say_what_holds(now);
        }
        self.hidden = true;
        self.seal(now);
        self.remember();
        self.hand_back();
    }

    /// What holds if the page never comes back.
    fn say_what_holds(&mut self, now: Millis) {
        self.page.hidden(now);
        if let Some(verdict) = self.page.provisional(now) {
            // A selector that is attached when the page goes has been painted, or would have been.
            if self.is_ready() {
                self.page.ready(now);
                self.decide_page(now);
            } else {
                self.tell_page(verdict, Finality::Provisional, now);
            }
        }
        self.vitals.hidden(now);
        if self.details {
            for pending in self.requests.provisional(now) {
                self.tell_call(pending, now);
            }
        }
        // As with pages: what is attached when the page goes has been painted, or would have been.
        let attached = self.count_painted();
        let words = self.journeys.painted(&attached, now);
        self.tell(words, now);
        let words = self.journeys.provisional(now);
        self.tell(words, now);
    }

    pub(super) fn show(&mut self, now: Millis) {
        self.hidden = false;
        self.user_is_there();
        self.page.shown(now);
        self.queue.resume(now);
        if let Some(before) = &mut self.before {
            before.queue.resume(now);
        }
    }

    /// Drains the hook and hands each entry on.
    pub(super) fn take_in(&mut self, now: Millis) {
        self.next_event = super::count(self.hook.number("n"));
        self.next_beacon = super::count(self.hook.number("seq"));
        self.navigation_start =
            observe::unix_now_ms().saturating_sub(u64::from(crate::whole_ms(now)));
        let lost = super::count(self.hook.number("dropped"));
        if lost > 0 {
            self.queue.drop_events(DropReason::HookFull, lost);
            self.hook.set("dropped", 0);
        }
        self.take_in_navigation(now);
        if !self.page.is_decided() && observe::has_children(&self.mount) {
            self.page.mounted();
        }
        for entry in self.hook.drain(self.journeys.rules()) {
            self.take_in_entry(entry, now);
        }
        if self.loaded && self.activated {
            let first = self.vitals.first_byte(self.response_start, now);
            self.say_vitals(first, now);
        }
        let last = self.vitals.batch_ends();
        self.say_vitals(last, now);
    }

    fn take_in_navigation(&mut self, now: Millis) {
        if self.loaded {
            return;
        }
        let Some(navigation) = observe::navigation() else {
            return;
        };
        self.head.navigation = navigation.kind;
        let Some(load_at) = navigation.load_at else {
            return;
        };
        self.loaded = true;
        self.page.loaded(load_at);
        self.say(
            0.0,
            EventKind::Navigation(navigation.timing),
            Urgency::Later,
            now,
        );
        self.response_start = navigation.response_start;
    }

    fn take_in_entry(&mut self, entry: Entry, now: Millis) {
        match entry {
            Entry::Sent {
                id,
                at,
                method,
                url,
            } => {
                let rev = if id < self.hook_reported {
                    self.hook_rev
                } else {
                    0
                };
                let Some(call) = self.requests.sent(id, rev, at, method, &url) else {
                    return;
                };
                let route = self.route();
                let next = &mut self.next_event;
                let mut draw = || {
                    *next += 1;
                    *next - 1
                };
                self.journeys
                    .sent(&call, &mut draw, &route, &self.painted_before);
            }
            Entry::Ended {
                id,
                at,
                how,
                status,
                content_type,
            } => {
                let answer = Answer {
                    how,
                    status,
                    content_type: &content_type,
                };
                match self.requests.ended(id, at, answer) {
                    Some(ended) => self.end_call(ended, now),
                    None => self.read_body(id, at),
                }
            }
            Entry::Read { id, at } => self.read_body(id, at),
            Entry::Field { id, at, value } => {
                let value = value.as_ref().map(|value| value.as_deref());
                if let Some(ended) = self.requests.field_read(id, at, value) {
                    self.end_call(ended, now);
                }
            }
            Entry::Checked { id, answered } => self.checked(id, answered, now),
            Entry::ScriptFailed { at, url } => {
                self.page.script_failed(at);
                self.error(at, ErrorKind::Script, String::new(), &url, now);
            }
            Entry::ChunkFailed { at, message } => {
                self.page.script_failed(at);
                self.error(at, ErrorKind::Chunk, message, "", now);
            }
            Entry::Uncaught {
                at,
                message,
                source,
            } => self.error(at, ErrorKind::Uncaught, message, &source, now),
            Entry::Rejected { at, message } => {
                self.error(at, ErrorKind::Rejection, message, "", now);
            }
            Entry::Violation { at, directive, url } => {
                if directive == "connect-src" {
                    for ended in self.requests.refused(at, &url) {
                        self.end_call(ended, now);
                    }
                }
                self.error(at, ErrorKind::Csp, directive, &url, now);
            }
            Entry::Click { at, starts } => {
                self.user_is_there();
                let route = self.route();
                for rule in starts {
                    let n = self.draw();
                    self.journeys
                        .clicked(rule, n, at, &route, &self.painted_before);
                }
            }
            Entry::Activated(start) => {
                if start.activated_at > 0.0 {
                    self.head.navigation = NavigationKind::Prerender;
                }
                self.vitals.begin(start);
                self.activated = true;
            }
            Entry::Input => self.vitals.input(),
            Entry::FirstPaint { at } => {
                let report = self.vitals.first_paint(at);
                self.say_vitals(report, now);
            }
            Entry::LargestPaint { at } => self.vitals.candidate(at),
            Entry::Shift { at, score } => self.vitals.shift(at, score),
            Entry::Interaction { id, duration } => self.vitals.interaction(id, duration),
            Entry::Leaving {
                interactions,
                shifts,
            } => {
                let reports = self.vitals.leaving(interactions, shifts);
                self.say_vitals(reports, now);
            }
            Entry::RestorePainted { after, largest } => {
                let reports = self.vitals.restore_painted(after, largest);
                self.say_vitals(reports, now);
            }
        }
    }

    /// Has the awaited field of a body read; it comes back as an entry.
    fn read_body(&self, id: u32, at: Millis) {
        if let (Some(field), Some(body)) = (self.requests.awaited_field(id), self.hook.body(id)) {
            observe::read_field(&body, id, at, field);
        }
    }

    /// A call ended for good: journeys hear of it, the collector gets it singly or counted.
    pub(super) fn end_call(&mut self, mut ended: Ended, now: Millis) {
        if ended.outcome == RequestOutcome::Unreachable {
            ended.diagnosis = Some(self.diagnose(&ended, None));
            if self.check_unreachable && self.unchecked.len() < UNCHECKED {
                observe::check(&ended.backend_origin, ended.id);
                self.unchecked.push(ended.clone());
            }
        }
        let words = self.journeys.ended(&ended);
        self.tell(words, now);
        let counted = !self.details
            || ended.rev == 0 && (ended.outcome == RequestOutcome::Ok || self.singles >= SINGLES);
        if counted {
            if !self.counts.add(&ended) {
                self.queue.drop_events(DropReason::Capped, 1);
            }
        } else {
            self.singles += 1;
            self.tell_call(ended, now);
        }
    }

    /// The no-cors check of an origin came back: the call is told again, with a surer diagnosis.
    fn checked(&mut self, id: u32, answered: bool, now: Millis) {
        let Some(index) = self.unchecked.iter().position(|call| call.id == id) else {
            return;
        };
        let mut ended = self.unchecked.swap_remove(index);
        ended.rev += 1;
        ended.diagnosis = Some(self.diagnose(&ended, Some(answered)));
        self.tell_call(ended, now);
    }

    fn diagnose(&self, ended: &Ended, checked: Option<bool>) -> Diagnosis {
        diagnose(Evidence {
            online: observe::is_online(),
            expected_origin: ended.expected_origin,
            origin_answered: self.requests.has_answered(&ended.backend_origin),
            collector_reached: self.queue.collector_reached(),
            duration_ms: ended.ended_at - ended.started_at,
            checked,
        })
    }

    fn error(&mut self, at: Millis, kind: ErrorKind, message: String, source: &str, now: Millis) {
        if !self.details {
            return;
        }
        if self.singles >= SINGLES {
            self.queue.drop_events(DropReason::Capped, 1);
            return;
        }
        self.singles += 1;
        let report = ErrorReport {
            kind,
            message: bounded(message, limits::MESSAGE_BYTES),
            source: bounded(without_query(source).to_owned(), limits::MESSAGE_BYTES),
        };
        self.say(at, EventKind::Error(report), Urgency::Soon, now);
    }

    pub(super) fn decide_page(&mut self, now: Millis) {
        // Consent, or the core itself, may come when the page has long been ready.
        if self.page.deadline().is_some_and(|at| at <= now)
            && self.is_ready()
            && let Some(at) = self.first_frame_at
        {
            self.page.ready(at);
        }
        if let Some(verdict) = self.page.decide(now) {
            self.tell_page(verdict, Finality::Final, now);
        }
    }

    fn tell_page(&mut self, verdict: Verdict, finality: Finality, now: Millis) {
        self.say_page(verdict, finality, now);
        let words = self.journeys.page(verdict, finality);
        self.tell(words, now);
    }

    /// Whether the route's selector is attached; without one, whether anything is mounted.
    fn is_ready(&self) -> bool {
        match self.ready_selector() {
            Some(selector) => observe::count(&selector) > 0,
            None => observe::has_children(&self.mount),
        }
    }

    fn count_painted(&self) -> Vec<u32> {
        let matches = |selector: &Option<String>| selector.as_deref().map_or(0, observe::count);
        self.journeys
            .rules()
            .iter()
            .map(|rule| matches(&rule.painted))
            .collect()
    }
}
