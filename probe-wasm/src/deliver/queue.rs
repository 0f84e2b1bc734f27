//! Events wait here, encoded, until the collector has acknowledged them. A beacon keeps its number
//! through every retry, so a second arrival is recognised; what must be given up is counted by reason.

use super::memory::{EVENTS_AT, Memory};
use super::{Answer, LENT};
use crate::Millis;
use beacon::{DropReason, limits};

/// Events in one beacon; with [`BEACON_BYTES`] well below the 64 KiB that the browser grants all
/// keepalive requests of a page.
const BATCH: u32 = 100;
/// Bytes of the events in one beacon.
const BEACON_BYTES: usize = 20_000;
/// Bytes of events not sealed yet.
const OPEN_BYTES: usize = 32 * 1024;
/// Bytes kept while the collector cannot be reached; above is room for what is being sealed.
const KEPT_BYTES: usize = 160 * 1024;
/// Beacons kept, and room above for those being sealed.
const KEPT_BEACONS: usize = 400;
const ALL_BEACONS: usize = 480;
const FIRST_RETRY: Millis = 1_000;
const LAST_RETRY: Millis = 60_000;
/// Retries in a row, each success giving one back; past it they are this far apart.
const RETRIES: u32 = 12;
const PAST_BUDGET: Millis = 300_000;
/// A collector that asks for more is asked again after a day.
const LONGEST_PAUSE: Millis = 86_400_000;
/// Room for one count per [`DropReason`].
const REASONS: usize = 8;

type Drops = [u32; REASONS];

/// What is known of a sealed beacon besides its bytes.
#[derive(Clone, Copy, Debug)]
struct Sealed {
    length: usize,
    events: u32,
    /// Drops it reports.
    told: Drops,
}

/// Where a beacon's bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Of the first byte.
    pub at: usize,
    /// How many.
    pub length: usize,
}

/// Gathers, numbers, keeps and retries. Of moments, 0 says that there is none.
#[derive(Debug)]
#[repr(C)]
pub struct Queue {
    due_at: Millis,
    /// Bytes of the sealed beacons, which stand end to end before the open events; each of these has its
    /// length in front.
    sealed_bytes: usize,
    event_at: usize,
    /// How many of `all` are sealed.
    sealed: usize,
    /// The first one is under way.
    in_flight: bool,
    /// How many of the first beacons were handed over since the page was hidden, and are kept.
    handed: usize,
    retry_at: Millis,
    /// The end of the pause that the collector asked for.
    not_before: Millis,
    retry_delay: Millis,
    retries: u32,
    dropped: Drops,
    /// Whether the last beacon was answered, once one was sent. Not an option of a bool: its bytes would
    /// not begin as zeros.
    answered_once: bool,
    reached: bool,
    /// Where everything stands.
    pub memory: Memory,
    all: [Sealed; ALL_BEACONS],
}

impl Queue {
    /// One without events.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a default is no constant")]
    pub const fn new() -> Self {
        Self {
            due_at: 0,
            sealed_bytes: 0,
            event_at: 0,
            sealed: 0,
            in_flight: false,
            handed: 0,
            retry_at: 0,
            not_before: 0,
            retry_delay: 0,
            retries: 0,
            dropped: [0; REASONS],
            answered_once: false,
            reached: false,
            all: [Sealed {
                length: 0,
                events: 0,
                told: [0; REASONS],
            }; ALL_BEACONS],
            memory: Memory::new(),
        }
    }

    /// Whether the last beacon sent was answered, however; `None` before the first.
    #[must_use]
    pub fn collector_reached(&self) -> Option<bool> {
        self.answered_once.then_some(self.reached)
    }

    /// An event begins: what is written from here to [`Queue::end`] is its content.
    pub(super) fn begin(&mut self) {
        self.event_at = self.memory.at();
        // Its length, two bytes whatever it is.
        self.memory.again(0, 2);
    }

    /// It is written, and must leave by then.
    pub(super) fn end(&mut self, due: Millis) {
        let end = self.memory.at();
        let length = end - self.event_at - 2;
        if self.memory.take_overflow()
            || length > limits::EVENT_BYTES
            || end - self.open_at() > OPEN_BYTES
        {
            self.memory.cut(self.event_at, end);
            self.drop_events(DropReason::QueueFull as usize, 1);
            return;
        }
        self.memory.set_length(self.event_at, length);
        self.expect(due);
    }

    /// What is gathered, or will be, must leave by then.
    pub fn expect(&mut self, due: Millis) {
        if self.due_at == 0 || due < self.due_at {
            self.due_at = due;
        }
    }

    /// Whether anything waits to be sealed.
    #[must_use]
    pub fn is_gathering(&self) -> bool {
        self.due_at > 0
    }

    /// Whether it is time to close what is gathered.
    #[must_use]
    pub fn is_due(&self, now: Millis) -> bool {
        self.due_at > 0 && self.due_at <= now || self.open().length > BEACON_BYTES
    }

    /// Counts events given up for a reason, given as [`DropReason`]'s tag.
    pub fn drop_events(&mut self, reason: usize, count: u32) {
        if let Some(dropped) = self.dropped.get_mut(reason) {
            *dropped += count;
        }
    }

    /// Closes what is gathered into beacons. What the shell says of the view is lent, as postcard has it:
    /// its id, then what stands between the beacon's number and its drops, then, from `tail` to `length`,
    /// what stands after them. Drops are told even when there is nothing else to tell.
    pub fn seal(&mut self, tail: usize, length: usize, next_seq: &mut u32) {
        self.due_at = 0;
        let (open_at, until) = (self.open_at(), self.memory.at());
        let mut from = open_at;
        // There always is room: it is made for more than the open events can fill.
        while let Some(sealed) = self.all.get_mut(self.sealed) {
            let start = self.memory.at();
            sealed.told = self.dropped;
            let mut reasons = 0;
            for count in &sealed.told {
                reasons += u32::from(*count > 0);
            }
            let (mut events, mut end) = (0, from);
            while end < until && events < BATCH {
                let next = end + 2 + self.memory.length(end);
                if events > 0 && next - from > BEACON_BYTES {
                    break;
                }
                end = next;
                events += 1;
            }
            if events == 0 && reasons == 0 {
                break;
            }
            self.dropped = [0; REASONS];
            let memory = &mut self.memory;
            memory.number(1);
            memory.again(0, 16);
            memory.number(*next_seq);
            memory.again(16, tail.min(LENT));
            memory.number(reasons);
            for (reason, count) in (0..).zip(&sealed.told) {
                if *count > 0 {
                    memory.number(reason);
                    memory.number(*count);
                }
            }
            memory.again(tail, length.min(LENT));
            memory.number(events);
            memory.again(from, end);
            from = end;
            sealed.length = memory.at() - start;
            sealed.events = events;
            if memory.take_overflow() {
                memory.cut(start, memory.at());
                self.give_up(self.sealed, DropReason::QueueFull as usize);
                // What cannot be told now is told with a later beacon.
                if from == until {
                    break;
                }
            } else {
                self.sealed += 1;
                *next_seq += 1;
            }
        }
        self.memory.cut(open_at, until);
        self.sealed_bytes = self.memory.at() - EVENTS_AT;
        while self.sealed_bytes > KEPT_BYTES || self.sealed > KEPT_BEACONS {
            self.remove(usize::from(self.in_flight), DropReason::QueueFull as usize);
        }
    }

    fn open_at(&self) -> usize {
        EVENTS_AT + self.sealed_bytes
    }

    /// The open events, each with its length in front: what the shell may show and take back.
    #[must_use]
    pub fn open(&self) -> Place {
        let at = self.open_at();
        Place {
            at,
            length: self.memory.at() - at,
        }
    }

    /// Takes back open events from there on.
    pub fn withhold(&mut self, from: usize) {
        self.memory.cut(from, self.memory.at());
    }

    /// The next beacon to send, one at a time; marks it as under way.
    pub fn next(&mut self, now: Millis) -> Option<Place> {
        if self.in_flight || self.sealed == 0 || now < self.retry_at {
            return None;
        }
        self.in_flight = true;
        Some(self.place(0))
    }

    /// Earlier pages had to put beacons away: the collector is in doubt until it answers.
    pub fn distrust(&mut self, now: Millis) {
        if self.retry_at == 0 {
            self.retry_at = now.max(1);
        }
    }

    /// The collector answered the beacon under way, or did not. `jitter` is between 0 and 1,024.
    pub fn answered(&mut self, answer: Answer, now: Millis, jitter: Millis) {
        if !core::mem::take(&mut self.in_flight) {
            return;
        }
        self.answered_once = true;
        self.reached = answer != Answer::None;
        let asked = match answer {
            Answer::Taken => {
                self.remove(0, REASONS);
                self.retry_at = 0;
                self.retry_delay = 0;
                self.retries = self.retries.saturating_sub(1);
                return;
            }
            Answer::Refused => return self.remove(0, DropReason::Refused as usize),
            Answer::Later(asked) => asked,
            Answer::None => 0,
        };
        self.retries += 1;
        self.retry_delay = if self.retries > RETRIES {
            PAST_BUDGET
        } else {
            (self.retry_delay * 2).clamp(FIRST_RETRY, LAST_RETRY)
        };
        if self.retry_at == 0 {
            // A page that is hidden has more to put away than it thought.
            self.handed = 0;
        }
        let half = self.retry_delay / 2;
        self.not_before = now + asked.min(LONGEST_PAUSE);
        self.retry_at = self.not_before.max(now + half + ((half * jitter) >> 10));
    }

    /// The page is hidden and may die: the next beacon to hand to the browser, of all that are not
    /// acknowledged, the one under way included. Arriving twice is harmless.
    #[must_use]
    pub fn leaving(&self) -> Option<Place> {
        (self.handed < self.sealed).then(|| self.place(self.handed))
    }

    /// The browser took what [`Queue::leaving`] gave, or did not. Taken, it is forgotten, unless it is
    /// under way as well. Not taken, or when the collector was out of reach before, it is kept and to be
    /// put away: the number of events that are lost with it is returned, otherwise 0.
    pub fn handed(&mut self, took: bool) -> u32 {
        let doubtful = !took || self.retry_at > 0;
        if !(doubtful || self.in_flight && self.handed == 0) {
            self.remove(self.handed, REASONS);
            return 0;
        }
        let lost = match self.all.get(self.handed) {
            // Those included that it says were lost before.
            Some(sealed) if doubtful => (sealed.events + sealed.told.iter().sum::<u32>()).max(1),
            _ => 0,
        };
        self.handed += 1;
        lost
    }

    /// The page is visible again: try at once what is still here, unless the collector asked for a pause.
    pub fn resume(&mut self, now: Millis) {
        self.handed = 0;
        if self.retry_at > 0 {
            self.retry_at = now.max(self.not_before).max(1);
        }
    }

    /// How many beacons are kept.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.sealed
    }

    /// When to look again, `Millis::MAX` for never. What was handed over waits for the page to be visible
    /// again.
    #[must_use]
    pub fn deadline(&self) -> Millis {
        let mut at = Millis::MAX;
        if self.due_at > 0 {
            at = self.due_at;
        }
        if !self.in_flight && self.sealed > self.handed {
            at = at.min(self.retry_at);
        }
        at
    }

    fn place(&self, index: usize) -> Place {
        let mut place = Place {
            at: EVENTS_AT,
            length: 0,
        };
        for (position, sealed) in self.all.iter().enumerate() {
            place.at += place.length;
            place.length = sealed.length;
            if position == index {
                break;
            }
        }
        place
    }

    /// Forgets a beacon; what one that is given up for a reason had to report is not lost with it.
    fn remove(&mut self, index: usize, reason: usize) {
        let place = self.place(index);
        if reason < REASONS {
            self.give_up(index, reason);
        }
        self.sealed -= 1;
        for at in index..self.sealed {
            if let Some(next) = self.all.get(at + 1).copied()
                && let Some(place) = self.all.get_mut(at)
            {
                *place = next;
            }
        }
        self.memory.cut(place.at, place.at + place.length);
        self.sealed_bytes -= place.length;
        if index < self.handed {
            self.handed -= 1;
        }
    }

    fn give_up(&mut self, index: usize, reason: usize) {
        let Self { all, dropped, .. } = self;
        if let Some(sealed) = all.get_mut(index) {
            // Told anew with those it held.
            if let Some(told) = sealed.told.get_mut(reason) {
                *told += sealed.events;
            }
            for (reason, told) in sealed.told.iter().enumerate() {
                if let Some(dropped) = dropped.get_mut(reason) {
                    *dropped += told;
                }
            }
        }
    }
}

#[cfg(test)]
impl Queue {
    fn kept(&self) -> impl Iterator<Item = &Sealed> {
        self.all.iter().take(self.sealed)
    }
}

#[cfg(test)]
mod tests;
