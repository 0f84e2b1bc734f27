//! What leaves: words of the stations become events, events become beacons, encoded for the shell to
//! send; they are kept until the collector has acknowledged them.

use super::{Core, session_from};
use crate::deliver::{Answer, Batch, Urgency};
use crate::journey::Word;
use crate::observe;
use crate::page::Verdict;
use crate::request::Ended;
use crate::text::template_of;
use crate::vitals::Report;
use crate::{Millis, whole_ms};
use beacon::{CoreStatus, Event, EventKind, Finality, Head, PageLoad};
use wasm_bindgen::JsCast;

impl Core {
    /// Decides and seals everything due at `now`; returns the milliseconds until something is due
    /// again, or -1.
    pub(super) fn run(&mut self, now: Millis) -> f64 {
        self.take_in(now);
        self.decide_page(now);
        for hung in self.requests.hung(now) {
            self.end_call(hung, now);
        }
        let words = self.journeys.hung(now);
        self.tell(words, now);
        if !self.counts.is_empty() {
            self.queue.expect(Urgency::Later, now);
        }
        if self.queue.is_due(now) {
            self.seal(now);
        }
        self.remember();
        self.hand_back();
        let before = self
            .before
            .as_ref()
            .and_then(|before| before.queue.deadline());
        let deadlines = [
            before,
            self.page.deadline(),
            self.requests.deadline(),
            self.journeys.deadline(),
            self.queue.deadline(),
        ];
        let next = deadlines.into_iter().flatten().reduce(f64::min);
        next.map_or(-1.0, |at| (at - now).max(0.0))
    }

    pub(super) fn tell(&mut self, words: Vec<Word>, now: Millis) {
        for word in words {
            self.queue
                .push(word.event(self.navigation_start), Urgency::Soon, now);
        }
    }

    pub(super) fn tell_call(&mut self, call: Ended, now: Millis) {
        let (n, rev, at_ms) = (call.id, call.rev, self.wall(call.started_at));
        let kind = EventKind::Request(call.attempt());
        self.queue.push(
            Event {
                n,
                rev,
                at_ms,
                kind,
            },
            Urgency::Soon,
            now,
        );
    }

    pub(super) fn say_page(&mut self, verdict: Verdict, finality: Finality, now: Millis) {
        let kind = EventKind::Page(PageLoad {
            outcome: verdict.outcome,
            finality,
            decided_after_ms: whole_ms(verdict.at),
            touched: observe::touched(&self.bases),
            failed_scripts: verdict.failed_scripts,
        });
        let event = Event {
            n: 0,
            rev: self.page_rev,
            at_ms: self.wall(0.0),
            kind,
        };
        self.page_rev += 1;
        self.queue.push(event, Urgency::Soon, now);
    }

    /// Each vital has one event number in its view; told again, it has a higher revision.
    pub(super) fn say_vitals(&mut self, reports: impl IntoIterator<Item = Report>, now: Millis) {
        for Report { vital, rev } in reports {
            if !self.details {
                continue;
            }
            let told = self.vital_events.iter().find(|told| told.0 == vital.name);
            let n = match told {
                Some(told) => told.1,
                None => {
                    let n = self.draw();
                    self.vital_events.push((vital.name, n));
                    n
                }
            };
            let event = Event {
                n,
                rev,
                at_ms: self.wall(self.began_at),
                kind: EventKind::Vital(vital),
            };
            self.queue.push(event, Urgency::Later, now);
        }
    }

    /// Closes what is gathered into beacons, the counts with it.
    pub(super) fn seal(&mut self, now: Millis) {
        for counts in self.counts.take() {
            self.say(now, EventKind::Requests(counts), Urgency::Later, now);
        }
        let next = &mut self.next_beacon;
        self.queue.seal(&mut || {
            *next += 1;
            *next - 1
        });
    }

    /// Gives the hook its numbering back.
    pub(super) fn hand_back(&self) {
        self.hook.set("n", self.next_event);
        self.hook.set("seq", self.next_beacon);
    }

    pub(super) fn route(&self) -> String {
        let declared = self.hook.call("route").dyn_into::<js_sys::Array>().ok();
        let template = declared
            .and_then(|route| route.get(0).as_string())
            .unwrap_or_default();
        if template.is_empty() {
            template_of(&observe::path())
        } else {
            template
        }
    }

    pub(super) fn ready_selector(&self) -> Option<String> {
        let declared = self.hook.call("route").dyn_into::<js_sys::Array>().ok()?;
        declared.get(1).as_string()
    }

    /// The next beacon to send while the page lives, encoded; those of the view before come first.
    pub(super) fn next_beacon(&mut self, now: Millis) -> Option<Vec<u8>> {
        self.before.take_if(|before| before.is_drained());
        if let Some(before) = &mut self.before {
            return before.next_beacon(now);
        }
        let mut head = self.head();
        encoded(&mut head, self.queue.next(now)?)
    }

    fn is_drained(&self) -> bool {
        self.queue.is_drained()
            && self
                .before
                .as_ref()
                .is_none_or(|before| before.is_drained())
    }

    fn is_sending(&self) -> bool {
        self.queue.is_sending()
            || self
                .before
                .as_ref()
                .is_some_and(|before| before.is_sending())
    }

    /// The collector answered the beacon under way.
    pub(super) fn answered(&mut self, answer: Answer, now: Millis, jitter: f64) {
        match &mut self.before {
            Some(before) if before.is_sending() => before.answered(answer, now, jitter),
            _ => self.queue.answered(answer, now, jitter),
        }
    }

    /// The next beacon to hand to the browser while the page is being hidden, encoded.
    pub(super) fn leaving(&mut self) -> Option<Vec<u8>> {
        let bytes = self.before.as_mut().and_then(|before| before.leaving());
        self.leaving_before = bytes.is_some();
        if self.leaving_before {
            return bytes;
        }
        let mut head = self.head();
        encoded(&mut head, self.queue.leaving()?)
    }

    /// The browser took what [`Core::leaving`] gave, or did not. When it is to be put away, its number
    /// of events, else 0.
    pub(super) fn handed(&mut self, took: bool) -> u32 {
        match &mut self.before {
            Some(before) if self.leaving_before => before.handed(took),
            _ if took => self.queue.browser_took(),
            _ => self.queue.browser_declined(),
        }
    }

    /// Tells the tab's next view how far this one came. While something is still to be said one
    /// more beacon is owed: should the page crash now, the next view's word shows that it is missing.
    pub(super) fn remember(&mut self) {
        let owes = self.queue.is_gathering()
            || !self.page.is_decided() && !self.hidden
            || self.requests.deadline().is_some() && !self.hidden
            || self.journeys.deadline().is_some() && !self.hidden;
        let beacons = self.next_beacon + u32::from(owes);
        if let (Some(session), Some(last)) = (self.session, beacons.checked_sub(1))
            && self.remembered != (beacons, session.1)
        {
            self.remembered = (beacons, session.1);
            observe::remember(session, self.view, last);
        }
    }

    /// The user shows a sign of life. The new id of a visit that begins in the midst of a view goes
    /// with its next beacon.
    pub(super) fn user_is_there(&mut self) {
        let now_s = observe::unix_now_s();
        let Some((session, visit)) = &mut self.session else {
            return;
        };
        let now = visit.at(now_s);
        if now.since_s != visit.since_s {
            self.sessions = self.sessions.wrapping_add(1);
            *session = session_from(self.view, self.sessions);
        }
        *visit = now;
    }

    fn head(&self) -> Head {
        let mut page = self.head.clone();
        page.route = self.route();
        Head {
            view: self.view,
            seq: 0,
            session: self.session.map(|(session, _)| session),
            sent_at_ms: observe::unix_now_ms(),
            core: CoreStatus::Loaded,
            page,
            previous_view: self.previous,
            dropped: Vec::new(),
        }
    }
}

fn encoded(head: &mut Head, batch: &Batch) -> Option<Vec<u8>> {
    head.seq = batch.seq;
    head.dropped.clone_from(&batch.dropped);
    beacon::encode_parts(head, &batch.events)
}
