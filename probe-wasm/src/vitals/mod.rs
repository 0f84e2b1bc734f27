//! The web vitals of one view, one file per metric, with the semantics of Chrome's `web-vitals` 6.2.3
//! (<https://github.com/GoogleChrome/web-vitals>). Entries of the browser enter, vitals with their
//! event number's revision leave. A metric the browser does not support stays silent.

mod cls;
mod fcp;
mod inp;
mod lcp;
mod ttfb;

use beacon::VitalName;
use cls::Cls;
use inp::Inp;
use lcp::Lcp;

/// Milliseconds since the start of the navigation with their fractions, which vitals are told in.
pub type Moment = f64;

/// In the order of their tags.
const NAMES: [VitalName; 5] = [
    VitalName::Ttfb,
    VitalName::Fcp,
    VitalName::Lcp,
    VitalName::Cls,
    VitalName::Inp,
];

/// When the view began for its user.
#[derive(Clone, Copy, Debug)]
pub struct PageStart {
    /// `activationStart`: when a prerendered page was first shown; else 0.
    pub activated_at: Moment,
    /// When the page was first hidden since; 0 when it was loaded in the background.
    pub first_hidden: Option<Moment>,
}

impl PageStart {
    const fn new() -> Self {
        Self {
            activated_at: 0.0,
            first_hidden: None,
        }
    }

    fn since_activation(&self, at: Moment) -> Moment {
        let since = at - self.activated_at;
        if since > 0.0 { since } else { 0.0 }
    }

    /// Paints after the page was hidden say nothing of its load.
    fn was_seen(&self, at: Moment) -> bool {
        self.first_hidden.is_none_or(|hidden| at < hidden)
    }
}

/// A vital to be told, and the revision it is told as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Which.
    pub name: VitalName,
    /// Microseconds for times, millionths for a score.
    pub value_micros: u32,
    /// What this revision adds to the one before.
    pub delta_micros: i32,
    /// 0 the first time.
    pub rev: u32,
}

/// Follows the vitals of one view. What is to be told waits until [`Vitals::next_report`] takes it.
#[derive(Clone, Debug)]
pub struct Vitals {
    start: PageStart,
    /// Restored from the back/forward cache.
    restored: bool,
    /// A user's input came; what it ends is told with the batch it came in.
    used: bool,
    lcp: Lcp,
    cls: Cls,
    inp: Inp,
    /// By tag.
    told: [Told; NAMES.len()],
}

/// How often a vital was told, whether it waits to be, its value, and what that adds.
#[derive(Clone, Copy, Debug)]
struct Told {
    times: u32,
    waits: bool,
    value_micros: u32,
    delta_micros: i32,
}

impl Vitals {
    /// The vitals of a document that is being loaded.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a default is no constant")]
    pub const fn new() -> Self {
        Self {
            start: PageStart::new(),
            restored: false,
            used: false,
            lcp: Lcp::new(),
            cls: Cls::new(),
            inp: Inp::new(),
            told: [Told {
                times: 0,
                waits: false,
                value_micros: 0,
                delta_micros: 0,
            }; NAMES.len()],
        }
    }

    /// The page was restored from the back/forward cache: they begin anew. A restored page waits for no
    /// response; it says so where the view before told its time to first byte.
    pub fn restore(&mut self) {
        let answered = self.was_told(VitalName::Ttfb);
        *self = const { Self::new() };
        self.restored = true;
        if answered {
            self.once(VitalName::Ttfb, 0.0);
        }
    }

    /// The page was loaded visibly, in the background, or activated after it was prerendered.
    pub fn begin(&mut self, start: PageStart) {
        self.start = start;
    }

    /// The page was hidden. Only the first time matters.
    pub fn hidden(&mut self, at: Moment) {
        self.start.first_hidden.get_or_insert(at);
    }

    /// The navigation is complete.
    pub fn first_byte(&mut self, response_start: Moment, now: Moment) {
        if let Some(value) = ttfb::first_byte(response_start, &self.start, now) {
            self.once(VitalName::Ttfb, value);
        }
    }

    /// First contentful paint.
    pub fn first_paint(&mut self, at: Moment) {
        if let Some(value) = fcp::first_paint(at, &self.start) {
            self.once(VitalName::Fcp, value);
        }
    }

    /// A candidate for the largest contentful paint.
    pub fn candidate(&mut self, at: Moment) {
        if !self.restored {
            self.lcp.candidate(at, &self.start);
        }
    }

    /// The user clicked or pressed a key.
    pub fn input(&mut self) {
        self.used = true;
    }

    /// All entries of a batch were taken in: after an input the largest paint so far is final.
    /// Candidates painted before the input may have come after it in the same batch.
    pub fn batch_ends(&mut self) {
        if core::mem::take(&mut self.used)
            && let Some(value) = self.lcp.finish()
        {
            self.once(VitalName::Lcp, value);
        }
    }

    /// The layout shifted unexpectedly.
    pub fn shift(&mut self, at: Moment, score: f64) {
        self.cls.shift(at, score);
    }

    /// An event of an interaction ended.
    pub fn interaction(&mut self, id: f64, duration: Moment) {
        self.inp.event(id, duration);
    }

    /// The restored page was painted this long after its restore.
    pub fn restore_painted(&mut self, after: Moment, largest: bool) {
        self.once(VitalName::Fcp, after);
        if largest {
            self.once(VitalName::Lcp, after);
        }
    }

    /// The page is being hidden and may never come back: what has changed since the last time.
    /// `interactions` happened in this view; `shifts` says whether the browser tells of them.
    pub fn leaving(&mut self, interactions: u32, shifts: bool) {
        self.used = true;
        self.batch_ends();
        // Chrome's own field data has layout shifts only of pages that were painted.
        let painted = self.restored || self.was_told(VitalName::Fcp);
        if shifts && painted {
            self.anew(VitalName::Cls, self.cls.score() * 1_000.0);
        }
        if let Some(latency) = self.inp.latency(interactions, self.restored) {
            self.anew(VitalName::Inp, latency);
        }
    }

    /// The next vital to be told.
    pub fn next_report(&mut self) -> Option<Report> {
        let tag = self.told.iter().position(|told| told.waits)?;
        let told = self.told.get_mut(tag)?;
        told.waits = false;
        Some(Report {
            name: *NAMES.get(tag)?,
            value_micros: told.value_micros,
            delta_micros: told.delta_micros,
            rev: told.times - 1,
        })
    }

    fn was_told(&self, name: VitalName) -> bool {
        self.told
            .get(name as usize)
            .is_some_and(|told| told.times > 0)
    }

    fn once(&mut self, name: VitalName, value: Moment) {
        if !self.was_told(name) {
            self.anew(name, value);
        }
    }

    /// Tells the value unless it was told last; `value` in thousandths of the wire's unit.
    fn anew(&mut self, name: VitalName, value: f64) {
        // Saturating, NaN becomes 0; adding a half rounds, for no value is negative.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let value_micros = (value * 1_000.0 + 0.5) as u32;
        if let Some(told) = self.told.get_mut(name as usize)
            && (told.times == 0 || told.value_micros != value_micros)
        {
            told.times += 1;
            told.waits = true;
            told.delta_micros = value_micros.wrapping_sub(told.value_micros).cast_signed();
            told.value_micros = value_micros;
        }
    }
}

#[cfg(test)]
mod tests;
