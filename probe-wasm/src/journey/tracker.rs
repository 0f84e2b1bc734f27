//! The attempts under way and the rules that start and end them.

use super::attempt::{Attempt, Word};
use crate::config::{JourneyRule, JourneyStart};
use crate::page::Verdict;
use crate::request::{self, Ended, Sent};
use crate::{Millis, whole_ms};
use beacon::{EventKind, Finality, JourneyAttempt, JourneyOutcome, JourneyReason, PageOutcome};

/// Event number of the attempt that a failed document load stands for.
const PAGE_WORD: u32 = 1;
/// Attempts followed at once.
const RUNNING: usize = 64;

/// Matches of each rule's painted selector, by the rule's position.
pub type Painted<'a> = &'a [u32];

/// Follows attempts at the declared journeys within one view.
#[derive(Debug)]
pub struct Tracker {
    rules: Vec<JourneyRule>,
    running: Vec<Attempt>,
    /// Attempts ever started, by rule.
    started: Vec<u32>,
    backend_origin: String,
    /// Revision of the next word under [`PAGE_WORD`], and whether one may stand with the collector.
    page_rev: u32,
    page_word_sent: bool,
}

impl Tracker {
    /// `page_rev` is the number of beacons the early hook sent before: it may have spoken for a
    /// failed page.
    #[must_use]
    pub fn new(rules: Vec<JourneyRule>, backend_origin: String, page_rev: u32) -> Self {
        let started = vec![0; rules.len()];
        Self {
            rules,
            running: Vec::new(),
            started,
            backend_origin,
            page_rev,
            page_word_sent: page_rev > 0,
        }
    }

    /// This view loaded no document, so no attempt can have begun with it.
    pub fn forget_load(&mut self) {
        for started in &mut self.started {
            *started += 1;
        }
    }

    /// The declared journeys.
    #[must_use]
    pub fn rules(&self) -> &[JourneyRule] {
        &self.rules
    }

    /// A click on an element that fits a start of the rule at `rule`. A click while an attempt is
    /// under way belongs to that attempt.
    pub fn clicked(&mut self, rule: usize, n: u32, at: Millis, route: &str, painted: Painted<'_>) {
        if !self.running.iter().any(|attempt| attempt.rule == rule) {
            self.start(
                rule,
                n,
                at,
                route,
                painted.get(rule).copied().unwrap_or(0),
                None,
            );
        }
    }

    /// A call was sent: it may start attempts (each draws a number) and bind the end of others.
    pub fn sent(
        &mut self,
        call: &Sent,
        draw: &mut dyn FnMut() -> u32,
        route: &str,
        painted: Painted<'_>,
    ) {
        for index in 0..self.rules.len() {
            let Some(rule) = self.rules.get(index) else {
                continue;
            };
            let ends = rule.end.fits(&call.method, &call.path);
            let mut by_load = false;
            let mut by_request = false;
            for start in &rule.starts {
                match start {
                    JourneyStart::Load(pattern) => {
                        by_load |= pattern.fits(&call.method, &call.path);
                    }
                    JourneyStart::Request(pattern) => {
                        by_request |= pattern.fits(&call.method, &call.path);
                    }
                    JourneyStart::Click(_) => {}
                }
            }
            let bound = ends.then_some(call.id);
            if by_request {
                let before = painted.get(index).copied().unwrap_or(0);
                self.start(index, draw(), call.at, route, before, bound);
                continue;
            }
            if by_load && self.started.get(index) == Some(&0) {
                self.start(index, draw(), 0.0, route, 0, bound);
                continue;
            }
            if ends {
                let open = |attempt: &&mut Attempt| {
                    attempt.rule == index && attempt.call.is_none() && attempt.started_at <= call.at
                };
                if let Some(attempt) = self.running.iter_mut().find(open) {
                    attempt.call = bound;
                }
            }
        }
    }

    /// A call ended for good.
    pub fn ended(&mut self, call: &Ended) -> Vec<Word> {
        let rules = &self.rules;
        let mut words = Vec::new();
        self.running.retain_mut(|attempt| {
            let Some(rule) = rules.get(attempt.rule) else {
                return false;
            };
            let needed = request::Tracker::fits_any(&rule.needs, &call.method, &call.path)
                && attempt.started_at <= call.started_at;
            if attempt.call != Some(call.id) && !needed {
                return true;
            }
            let word = attempt.call_ended(call, rule);
            let ends = word.is_some();
            words.extend(word);
            !ends
        });
        words
    }

    /// A frame was painted with these matches attached.
    pub fn painted(&mut self, painted: Painted<'_>, at: Millis) -> Vec<Word> {
        let rules = &self.rules;
        let mut words = Vec::new();
        self.running.retain_mut(|attempt| {
            let Some(rule) = rules.get(attempt.rule) else {
                return false;
            };
            let matches = painted.get(attempt.rule).copied().unwrap_or(0);
            if attempt.painted_at.is_none() && matches > attempt.painted_before {
                attempt.painted_at = Some(at);
            }
            let word = attempt.success(rule);
            let ends = word.is_some();
            words.extend(word);
            !ends
        });
        words
    }

    /// Attempts ever started.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.started.iter().sum()
    }

    /// Whether an attempt waits for something to be painted.
    #[must_use]
    pub fn awaits_paint(&self) -> bool {
        self.running.iter().any(|attempt| {
            attempt.painted_at.is_none()
                && self
                    .rules
                    .get(attempt.rule)
                    .is_some_and(|rule| rule.painted.is_some())
        })
    }

    /// The page's verdict. A failed load is a failed attempt at the journeys that say so, unless an
    /// attempt was made in this view: then a running one fails with it and an ended one stands.
    pub fn page(&mut self, verdict: Verdict, finality: Finality) -> Vec<Word> {
        let bad = match verdict.outcome {
            PageOutcome::Blank | PageOutcome::Broken | PageOutcome::Incomplete => true,
            PageOutcome::Ready | PageOutcome::Abandoned => false,
        };
        let mut words = Vec::new();
        for (index, rule) in self
            .rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| rule.failed_page)
        {
            if bad && finality == Finality::Final {
                let reason = Some(JourneyReason::Page);
                self.running.retain_mut(|attempt| {
                    let fails = attempt.rule == index;
                    if fails {
                        let failed = JourneyOutcome::Failed;
                        words.push(attempt.final_word(rule, failed, verdict.at, reason));
                    }
                    !fails
                });
            }
            let kind = if bad && self.started.get(index) == Some(&0) {
                EventKind::Journey(JourneyAttempt {
                    name: rule.name.clone(),
                    outcome: JourneyOutcome::Failed,
                    finality,
                    reason: Some(JourneyReason::Page),
                    duration_ms: whole_ms(verdict.at),
                    backend_origin: self.backend_origin.clone(),
                    route: String::new(),
                    result: None,
                })
            } else if self.page_word_sent {
                EventKind::Withdrawn
            } else {
                continue;
            };
            self.page_word_sent = kind != EventKind::Withdrawn;
            words.push(Word {
                n: PAGE_WORD,
                rev: self.page_rev,
                at_ms: 0,
                kind,
            });
            self.page_rev += 1;
        }
        words
    }

    /// Attempts past their limit.
    pub fn hung(&mut self, now: Millis) -> Vec<Word> {
        let rules = &self.rules;
        let mut words = Vec::new();
        self.running.retain_mut(|attempt| {
            let Some(rule) = rules.get(attempt.rule) else {
                return false;
            };
            let hung = attempt.started_at + rule.limit_ms <= now;
            if hung {
                words.push(attempt.final_word(rule, JourneyOutcome::Hung, now, None));
            }
            !hung
        });
        words
    }

    /// What holds of the running attempts if the hidden page never comes back.
    pub fn provisional(&mut self, now: Millis) -> Vec<Word> {
        let rules = &self.rules;
        self.running
            .iter_mut()
            .filter_map(|attempt| {
                rules
                    .get(attempt.rule)
                    .map(|rule| attempt.provisional(rule, now))
            })
            .collect()
    }

    /// When the next attempt passes its limit.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        let limit = |attempt: &Attempt| {
            self.rules
                .get(attempt.rule)
                .map(|rule| attempt.started_at + rule.limit_ms)
        };
        self.running.iter().filter_map(limit).reduce(f64::min)
    }

    fn start(
        &mut self,
        rule: usize,
        n: u32,
        at: Millis,
        route: &str,
        painted_before: u32,
        call: Option<u32>,
    ) {
        if self.running.len() >= RUNNING {
            return;
        }
        if let Some(started) = self.started.get_mut(rule) {
            *started += 1;
        }
        self.running.push(Attempt {
            rule,
            n,
            rev: 0,
            started_at: at,
            route: route.to_owned(),
            backend_origin: self.backend_origin.clone(),
            painted_before,
            painted_at: None,
            call,
            answered: None,
        });
    }
}

#[cfg(test)]
mod tests;
