//! The web vitals of one view, one file per metric, with the semantics of Chrome's `web-vitals` 6.2.3
//! (<https://github.com/GoogleChrome/web-vitals>). Entries of the browser enter, vitals with their
//! event number's revision leave. A metric the browser does not support stays silent.

mod cls;
mod fcp;
mod inp;
mod lcp;
mod ttfb;

use crate::Millis;
use beacon::{Vital, VitalName};
use cls::Cls;
use inp::Inp;
use lcp::Lcp;

/// When the view began for its user.
#[derive(Clone, Copy, Debug, Default)]
pub struct PageStart {
    /// `activationStart`: when a prerendered page was first shown; else 0.
    pub activated_at: Millis,
    /// When the page was first hidden since; 0 when it was loaded in the background.
    pub first_hidden: Option<Millis>,
}

impl PageStart {
    fn since_activation(&self, at: Millis) -> Millis {
        (at - self.activated_at).max(0.0)
    }

    /// Paints after the page was hidden say nothing of its load.
    fn was_seen(&self, at: Millis) -> bool {
        self.first_hidden.is_none_or(|hidden| at < hidden)
    }
}

/// A vital to be told, and the revision it is told as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What is told.
    pub vital: Vital,
    /// 0 the first time.
    pub rev: u32,
}

/// Follows the vitals of one view.
#[derive(Clone, Debug, Default)]
pub struct Vitals {
    start: PageStart,
    /// Restored from the back/forward cache.
    restored: bool,
    /// A user's input came; what it ends is told with the batch it came in.
    used: bool,
    lcp: Lcp,
    cls: Cls,
    inp: Inp,
    told: Vec<Told>,
}

#[derive(Clone, Debug)]
struct Told {
    name: VitalName,
    value_micros: u32,
    rev: u32,
}

impl Vitals {
    /// The vitals of a view restored from the back/forward cache.
    #[must_use]
    pub fn restored() -> Self {
        Self {
            restored: true,
            ..Self::default()
        }
    }

    /// The page was loaded visibly, in the background, or activated after it was prerendered.
    pub fn begin(&mut self, start: PageStart) {
        self.start = start;
    }

    /// The page was hidden. Only the first time matters.
    pub fn hidden(&mut self, at: Millis) {
        self.start.first_hidden.get_or_insert(at);
    }

    /// The navigation is complete.
    pub fn first_byte(&mut self, response_start: Millis, now: Millis) -> Option<Report> {
        let value = ttfb::first_byte(response_start, &self.start, now)?;
        self.once(VitalName::Ttfb, value)
    }

    /// First contentful paint.
    pub fn first_paint(&mut self, at: Millis) -> Option<Report> {
        let value = fcp::first_paint(at, &self.start)?;
        self.once(VitalName::Fcp, value)
    }

    /// A candidate for the largest contentful paint.
    pub fn candidate(&mut self, at: Millis) {
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
    pub fn batch_ends(&mut self) -> Option<Report> {
        if !self.used {
            return None;
        }
        self.used = false;
        let value = self.lcp.finish()?;
        self.once(VitalName::Lcp, value)
    }

    /// The layout shifted unexpectedly.
    pub fn shift(&mut self, at: Millis, score: f64) {
        self.cls.shift(at, score);
    }

    /// An event of an interaction ended.
    pub fn interaction(&mut self, id: f64, duration: Millis) {
        self.inp.event(id, duration);
    }

    /// The restored page was painted this long after its restore.
    pub fn restore_painted(&mut self, after: Millis, largest: bool) -> Vec<Report> {
        let mut reports: Vec<Report> = self.once(VitalName::Fcp, after).into_iter().collect();
        if largest {
            reports.extend(self.once(VitalName::Lcp, after));
        }
        reports
    }

    /// Whether a time to first byte was told; a restored view has one only then.
    #[must_use]
    pub fn has_answered(&self) -> bool {
        self.was_told(VitalName::Ttfb)
    }

    /// A restored page waits for no response.
    pub fn restore_answered(&mut self) -> Option<Report> {
        self.once(VitalName::Ttfb, 0.0)
    }

    /// The page is being hidden and may never come back: what has changed since the last time.
    /// `interactions` happened in this view; `shifts` says whether the browser tells of them.
    pub fn leaving(&mut self, interactions: u32, shifts: bool) -> Vec<Report> {
        self.used = true;
        let mut reports: Vec<Report> = self.batch_ends().into_iter().collect();
        // Chrome's own field data has layout shifts only of pages that were painted.
        let painted = self.restored || self.was_told(VitalName::Fcp);
        if shifts && painted {
            reports.extend(self.anew(VitalName::Cls, self.cls.score() * 1_000.0));
        }
        if let Some(latency) = self.inp.latency(interactions, self.restored) {
            reports.extend(self.anew(VitalName::Inp, latency));
        }
        reports
    }

    fn was_told(&self, name: VitalName) -> bool {
        self.told.iter().any(|told| told.name == name)
    }

    fn once(&mut self, name: VitalName, value: Millis) -> Option<Report> {
        if self.was_told(name) {
            return None;
        }
        self.anew(name, value)
    }

    /// Tells the value unless it was told last; `value` in thousandths of the wire's unit.
    fn anew(&mut self, name: VitalName, value: f64) -> Option<Report> {
        // Saturating, NaN becomes 0.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let value_micros = (value * 1_000.0).round() as u32;
        let report = |before: u32, rev| Report {
            vital: Vital {
                name,
                value_micros,
                delta_micros: value_micros.wrapping_sub(before).cast_signed(),
            },
            rev,
        };
        if let Some(told) = self.told.iter_mut().find(|told| told.name == name) {
            if told.value_micros == value_micros {
                return None;
            }
            told.rev += 1;
            let report = report(told.value_micros, told.rev);
            told.value_micros = value_micros;
            return Some(report);
        }
        self.told.push(Told {
            name,
            value_micros,
            rev: 0,
        });
        Some(report(0, 0))
    }
}

#[cfg(test)]
mod tests;
