//! Events wait here until the collector has acknowledged them. A beacon keeps its number through
//! every retry, so a second arrival is recognised; what must be given up is counted by reason.

use crate::Millis;
use beacon::{DropCount, DropReason, Event};

/// Bad outcomes and verdicts leave after this long, gathering what comes at the same moment.
const SOON: Millis = 300.0;
/// Everything else leaves at least this often.
const LATER: Millis = 10_000.0;
/// Events in one beacon: some 10 kB, well below the 64 KiB the browser grants keepalive requests.
const BATCH: usize = 100;
/// Events kept while the collector cannot be reached.
const KEPT: usize = 2_000;
const FIRST_RETRY: Millis = 1_000.0;
const LAST_RETRY: Millis = 60_000.0;
/// Retries in a row, each success giving one back; past it they are this far apart.
const RETRIES: u32 = 12;
const PAST_BUDGET: Millis = 300_000.0;

/// How soon an event must leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Within a second.
    Soon,
    /// With the next batch.
    Later,
}

/// A beacon's number and content, kept until acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Its number within the view.
    pub seq: u32,
    /// Its events.
    pub events: Vec<Event>,
    /// Drops it reports.
    pub dropped: Vec<DropCount>,
}

impl Batch {
    /// Events lost if it never arrives, those included that it says were lost before.
    fn size(&self) -> u32 {
        let told: u32 = self.dropped.iter().map(|dropped| dropped.count).sum();
        u32::try_from(self.events.len())
            .unwrap_or(u32::MAX)
            .saturating_add(told)
            .max(1)
    }
}

/// What became of a sent beacon.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer {
    /// Stored, wholly or but for events that will never be taken.
    Taken,
    /// Not now; the collector may say how long to wait.
    Later(Option<Millis>),
    /// Never: sending it again is useless.
    Refused,
    /// Nobody answered.
    None,
}

impl Answer {
    /// From an HTTP status, 0 for none at all, and the milliseconds of `Retry-After`, 0 for none.
    #[must_use]
    pub fn from_status(status: u32, retry_after_ms: Millis) -> Self {
        match status {
            200..=299 => Answer::Taken,
            0 => Answer::None,
            408 | 429 | 500.. => Answer::Later((retry_after_ms > 0.0).then_some(retry_after_ms)),
            _ => Answer::Refused,
        }
    }
}

/// Gathers, numbers, keeps and retries.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    open: Vec<Event>,
    due_at: Option<Millis>,
    sealed: Vec<Batch>,
    in_flight: Option<u32>,
    /// How many of the first beacons were handed over since the page was hidden, and are kept.
    handed: usize,
    retry_at: Option<Millis>,
    /// The end of the pause that the collector asked for.
    not_before: Millis,
    retry_delay: Millis,
    retries: u32,
    dropped: Vec<DropCount>,
    collector_reached: Option<bool>,
}

impl Queue {
    /// Whether the last beacon sent was answered, however; `None` before the first.
    #[must_use]
    pub fn collector_reached(&self) -> Option<bool> {
        self.collector_reached
    }

    /// Takes an event.
    pub fn push(&mut self, event: Event, urgency: Urgency, now: Millis) {
        self.expect(urgency, now);
        self.open.push(event);
    }

    /// Something will be pushed when the next beacon is due, and wants it due by then.
    pub fn expect(&mut self, urgency: Urgency, now: Millis) {
        let due = now
            + match urgency {
                Urgency::Soon => SOON,
                Urgency::Later => LATER,
            };
        self.due_at = Some(self.due_at.map_or(due, |at| at.min(due)));
    }

    /// Whether anything waits to be sealed.
    #[must_use]
    pub fn is_gathering(&self) -> bool {
        self.due_at.is_some()
    }

    /// Whether it is time to close what is gathered.
    #[must_use]
    pub fn is_due(&self, now: Millis) -> bool {
        self.due_at.is_some_and(|at| at <= now)
    }

    /// Counts events given up.
    pub fn drop_events(&mut self, reason: DropReason, count: u32) {
        if count == 0 {
            return;
        }
        match self
            .dropped
            .iter_mut()
            .find(|dropped| dropped.reason == reason)
        {
            Some(dropped) => dropped.count = dropped.count.saturating_add(count),
            None => self.dropped.push(DropCount { reason, count }),
        }
    }

    /// Closes what is gathered into beacons, drawing a number for each. Drops are told even when there
    /// is nothing else to tell.
    pub fn seal(&mut self, draw_seq: &mut dyn FnMut() -> u32) {
        self.due_at = None;
        while !self.open.is_empty() || !self.dropped.is_empty() {
            let rest = self.open.split_off(self.open.len().min(BATCH));
            let events = core::mem::replace(&mut self.open, rest);
            let dropped = core::mem::take(&mut self.dropped);
            self.sealed.push(Batch {
                seq: draw_seq(),
                events,
                dropped,
            });
        }
        while self.kept() > KEPT {
            let oldest = usize::from(self.in_flight.is_some());
            if oldest >= self.sealed.len() {
                break;
            }
            let batch = self.sealed.remove(oldest);
            self.handed = self.handed.saturating_sub(1);
            self.give_up(batch, DropReason::QueueFull);
        }
    }

    /// The next beacon to send, one at a time; marks it as under way.
    pub fn next(&mut self, now: Millis) -> Option<&Batch> {
        if self.in_flight.is_some() || self.retry_at.is_some_and(|at| now < at) {
            return None;
        }
        let batch = self.sealed.first()?;
        self.in_flight = Some(batch.seq);
        Some(batch)
    }

    /// Earlier pages had to put beacons away: the collector is in doubt until it answers.
    pub fn distrust(&mut self, now: Millis) {
        self.retry_at = self.retry_at.or(Some(now));
    }

    /// The collector answered the beacon under way, or did not. `jitter` is between 0 and 1.
    pub fn answered(&mut self, answer: Answer, now: Millis, jitter: f64) {
        let Some(seq) = self.in_flight.take() else {
            return;
        };
        self.collector_reached = Some(answer != Answer::None);
        match answer {
            Answer::Taken => {
                self.remove(seq);
                self.retry_at = None;
                self.retry_delay = 0.0;
                self.retries = self.retries.saturating_sub(1);
            }
            Answer::Refused => {
                if let Some(batch) = self.remove(seq) {
                    self.give_up(batch, DropReason::Refused);
                }
            }
            Answer::Later(_) | Answer::None => {
                let asked = match answer {
                    Answer::Later(asked) => asked,
                    Answer::None | Answer::Taken | Answer::Refused => None,
                };
                self.retries += 1;
                self.retry_delay = if self.retries > RETRIES {
                    PAST_BUDGET
                } else {
                    (self.retry_delay * 2.0).clamp(FIRST_RETRY, LAST_RETRY)
                };
                let wait = self.retry_delay * (0.5 + jitter / 2.0);
                if self.retry_at.is_none() {
                    // A page that is hidden has more to put away than it thought.
                    self.handed = 0;
                }
                self.not_before = now + asked.unwrap_or(0.0);
                self.retry_at = Some(self.not_before.max(now + wait));
            }
        }
    }

    /// The page is hidden and may die: the next beacon to hand to the browser, of all that are not
    /// acknowledged, the one under way included. Arriving twice is harmless.
    pub fn leaving(&mut self) -> Option<&Batch> {
        self.sealed.get(self.handed)
    }

    /// The browser took what [`Queue::leaving`] gave. It is forgotten, unless the same beacon is under
    /// way or the collector was out of reach before. In the latter case it is to be put away: the number
    /// of events that are lost with it is returned, otherwise 0.
    pub fn browser_took(&mut self) -> u32 {
        if self.retry_at.is_some() {
            return self.browser_declined();
        }
        let seq = self.sealed.get(self.handed).map(|batch| batch.seq);
        if seq == self.in_flight {
            self.handed += 1;
        } else if seq.is_some() {
            self.sealed.remove(self.handed);
        }
        0
    }

    /// The browser did not take it: it is kept, and to be put away. Returns the number of events that
    /// are lost with it.
    pub fn browser_declined(&mut self) -> u32 {
        self.handed += 1;
        self.sealed.get(self.handed - 1).map_or(0, Batch::size)
    }

    /// The page is visible again: try at once what is still here, unless the collector asked for a pause.
    pub fn resume(&mut self, now: Millis) {
        self.handed = 0;
        if self.retry_at.is_some() {
            self.retry_at = Some(now.max(self.not_before));
        }
    }

    /// Whether every sealed beacon has left.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.sealed.is_empty()
    }

    /// Whether an answer is awaited.
    #[must_use]
    pub fn is_sending(&self) -> bool {
        self.in_flight.is_some()
    }

    /// When to look again. What was handed over waits for the page to be visible again.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        let sending = if self.in_flight.is_none() && self.sealed.len() > self.handed {
            Some(self.retry_at.unwrap_or(0.0))
        } else {
            None
        };
        match (self.due_at, sending) {
            (Some(due), Some(send)) => Some(due.min(send)),
            (due, send) => due.or(send),
        }
    }

    fn kept(&self) -> usize {
        self.sealed.iter().map(|batch| batch.events.len()).sum()
    }

    fn remove(&mut self, seq: u32) -> Option<Batch> {
        let index = self.sealed.iter().position(|batch| batch.seq == seq)?;
        if index < self.handed {
            self.handed -= 1;
        }
        Some(self.sealed.remove(index))
    }

    /// Drops a beacon; what it had to report of earlier drops is not lost with it.
    fn give_up(&mut self, batch: Batch, reason: DropReason) {
        for dropped in batch.dropped {
            self.drop_events(dropped.reason, dropped.count);
        }
        self.drop_events(
            reason,
            u32::try_from(batch.events.len()).unwrap_or(u32::MAX),
        );
    }
}

#[cfg(test)]
mod tests;
