//! The detector of one application: it hears what was committed, keeps views, votes and signs, and after
//! each beacon knows whether there is a finding.

use super::answers::Answers;
use super::cause::{self, Fault, Ranking};
use super::cusum::{BadVote, Weights, Witnesses, threshold};
use super::finding::{Finding, Test};
use super::heard::Heard;
use super::mechanism::mechanisms;
use super::sentence::sentence;
use super::signature::{Sign, Signs};
use super::usual::{Recent, Usual};
use super::values::{Dimension, ValueId, Values};
use super::view::{Judging, Verdict, View};
use super::votes::{Scales, Turn, Votes, WINDOW_MS};
use beacon::ViewId;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

/// An event this old at its receipt tells nothing of now; it enters the budgets only.
const TOO_OLD_MS: u64 = WINDOW_MS;
/// Views are remembered so long.
const VIEW_MS: u64 = 2 * 3_600_000;
/// And so many of them.
const VIEWS: usize = 100_000;
/// The share that has become bad, as the sum over all and those of values fear it.
const FEARED: f64 = 0.5;
const FEARED_OF_VALUE: f64 = 0.9;
/// Below so many settled sessions the unsettled ones say what is usual, too.
const FEW: u64 = 200;
/// Up to so many unsettled votes are counted for every beacon, more of them once a second.
const COUNTED_EACH_TIME: usize = 500;
const COUNTED_EVERY_MS: u64 = 1000;
/// A sum stands at most this far above its threshold, so that it comes down once the fault is over.
const HEADROOM: f64 = 10.0;
/// A finding without a bad vote for so long is over, whatever its sums say.
const SILENT_MS: u64 = 3_600_000;
/// A finding lasts at least so long.
const SHORTEST_MS: u64 = 120_000;
/// Loads looked at for the cause.
const LOOKED_AT_MS: u64 = 1_800_000;
/// Loads named as examples.
const EXAMPLES: usize = 5;

/// What an operator may set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// Sessions that must have failed before anything is found.
    pub sessions: usize,
    /// Networks they must have come from.
    pub networks: usize,
    /// Votes a network has in ten minutes.
    pub votes_per_network: usize,
    /// Backend origins the pages ought to call; empty leaves the judgement to the probe.
    pub expected_origins: HashSet<String>,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            sessions: 3,
            networks: 2,
            votes_per_network: 2,
            expected_origins: HashSet::new(),
        }
    }
}

/// Where the tests stand.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Figures {
    /// The sum over all sessions.
    pub sum: f64,
    /// The highest sum of a value.
    pub value_sum: f64,
    /// From which on they fire.
    pub threshold: f64,
    /// The share of failing sessions that is taken for usual.
    pub usual: f64,
    /// Sessions of the trailing day, and those of them that failed unseen.
    pub sessions: u64,
    /// Those that failed unseen.
    pub failed: u64,
}

/// A release as its sessions fared: those that a page or script of it reached.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ReleaseHealth {
    /// Its name.
    pub release: Arc<str>,
    /// When it was first seen, as far back as a day.
    pub first_seen_ms: u64,
    /// Sessions of the trailing day that it touched.
    pub sessions: u64,
    /// Those without an unseen failure.
    pub failure_free: u64,
    /// Their share, parts per million.
    pub failure_free_ppm: u64,
}

/// Hears beacons of one application, finds what they have in common.
#[derive(Clone, Debug, Default)]
pub struct Detector {
    tuning: Tuning,
    values: Values,
    views: HashMap<ViewId, View>,
    /// By the time they were decided; an entry whose time is not the view's is outdated.
    by_time: VecDeque<(u64, ViewId)>,
    votes: Votes,
    signs: Signs,
    usual: Usual,
    answers: Answers,
    /// When the votes that are not settled were counted, and what they came to.
    recent_known: Option<(u64, Recent)>,
    since_ms: Option<u64>,
    now_ms: u64,
    open: Option<Open>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    onset_ms: u64,
    found_ms: u64,
    test: Test,
}

impl Detector {
    /// One that has heard nothing.
    pub fn new(tuning: Tuning) -> Self {
        Self {
            tuning,
            ..Self::default()
        }
    }

    /// Replaces what an operator may set; what was heard stays.
    pub fn tune(&mut self, tuning: Tuning) {
        self.tuning = tuning;
    }

    /// Takes a finding up again that was open when the process before ended. What is heard since its
    /// onset, also when it is read again, becomes nobody's usual.
    pub fn resume(&mut self, onset_ms: u64, found_ms: u64, test: Test) {
        self.open = Some(Open {
            onset_ms,
            found_ms,
            test,
        });
    }

    /// Takes a beacon in. Whether a finding is open afterwards, [`Self::is_open`] tells.
    pub fn hear(&mut self, heard: &Heard<'_>) {
        self.pass(heard.received_ms);
        self.note_recent();
        let now_ms = self.now_ms;
        let mut events = heard
            .events
            .iter()
            .filter(|event| event.event_ms + TOO_OLD_MS > heard.received_ms)
            .peekable();
        if events.peek().is_none() && !self.views.contains_key(&heard.head.view) {
            return;
        }
        let (values, by_time) = (&mut self.values, &mut self.by_time);
        let view = self.views.entry(heard.head.view).or_insert_with(|| {
            by_time.push_back((now_ms, heard.head.view));
            View::new(heard.head, session_of(heard), &heard.from, values, now_ms)
        });
        let before = (view.verdict(), view.watched.len());
        view.shows(&heard.head.page.route, values, now_ms);
        let answers = &mut self.answers;
        for event in events {
            let by_origin = &answers.by_origin;
            let lately = |origin: ValueId| {
                by_origin
                    .get(&origin)
                    .is_some_and(|at_ms| at_ms + WINDOW_MS > now_ms)
            };
            let mut judging = Judging {
                values,
                expected_origins: &self.tuning.expected_origins,
                answers_lately: &lately,
                now_ms,
            };
            if let Some(answer) = view.take(*event, &mut judging)
                && answers.note(answer, now_ms)
            {
                // Until now nobody knew that it answers this release at all.
                self.signs.forget(Sign::Origin(answer.origin));
                if let Some(release) = answer.release {
                    self.signs.forget(Sign::Release(release));
                }
            }
        }
        let verdict = view.verdict();
        let newly_bad = verdict == Verdict::Bad && before.0 != Verdict::Bad;
        if newly_bad && view.failed_ms.is_none() {
            view.failed_ms = Some(now_ms);
            if view.first_heard_ms != now_ms {
                by_time.push_back((now_ms, view.id));
            }
        }
        let scales = self.scales();
        let Some(view) = self.views.get(&heard.head.view) else {
            return;
        };
        let turn = Turn {
            session: view.session,
            network: heard.from.network,
            before,
            after: (verdict, &view.watched),
        };
        let has_voice = self.votes.count(turn, &scales, now_ms);
        if has_voice && verdict == Verdict::Bad {
            let vote = BadVote {
                at_ms: now_ms,
                session: view.session,
                network: heard.from.network,
            };
            for sign in self.answers.signs_of(view, now_ms) {
                self.signs.note(sign, vote);
            }
        }
        self.judge();
    }

    /// Time passes without a beacon.
    pub fn pass(&mut self, now_ms: u64) {
        self.now_ms = self.now_ms.max(now_ms);
        let now_ms = self.now_ms;
        self.since_ms.get_or_insert(now_ms);
        self.signs.watch_from(now_ms);
        let fault_ms = self.open.map_or(u64::MAX, |open| open.onset_ms);
        self.votes.settle(&mut self.usual, fault_ms, now_ms);
        self.votes.forget(now_ms);
        self.forget_views(now_ms);
        self.close_if_over(now_ms);
    }

    /// Whether there is a finding.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// When the open finding was found; its number.
    pub fn found_ms(&self) -> Option<u64> {
        self.open.map(|open| open.found_ms)
    }

    /// The open finding as it stands now.
    pub fn finding(&self) -> Option<Finding> {
        let open = self.open?;
        let from_ms = open.onset_ms.max(self.now_ms.saturating_sub(LOOKED_AT_MS));
        let ranking = self.ranking(open, from_ms);
        let named = ranking.causes.first().filter(|cause| cause.named);
        let lead = named.and_then(|cause| cause.values.first()).map(|v| v.id);
        let of_cause = |view: &&View| {
            view.verdict() == Verdict::Bad
                && lead.is_none_or(|lead| view.values.binary_search(&lead).is_ok())
        };
        let failed = self.views_since(from_ms).filter(of_cause);
        let mechanisms = mechanisms(failed, &self.values);
        let examples = mechanisms.iter().flat_map(|mechanism| &mechanism.examples);
        Some(Finding {
            onset_ms: open.onset_ms,
            found_ms: open.found_ms,
            closed_ms: None,
            test: open.test,
            sentence: sentence(&ranking, &mechanisms, open.found_ms),
            loads: ranking.loads,
            failed: ranking.failed,
            examples: examples.copied().take(EXAMPLES).collect(),
            causes: ranking.causes,
            mechanisms,
        })
    }

    /// Where the tests stand.
    pub fn figures(&self) -> Figures {
        let recent = self.recent();
        let (failed, sessions) = self.usual.counted();
        let sums = self.votes.of_values(self.now_ms);
        Figures {
            sum: self.votes.pooled().sum(),
            value_sum: sums.map(|(_, sum)| sum.sum()).fold(0.0, f64::max),
            threshold: self.threshold(),
            usual: self.usual.presumed(recent),
            sessions,
            failed,
        }
    }

    /// How the sessions of each release fared in the trailing day, newest release first.
    pub fn releases(&self) -> Vec<ReleaseHealth> {
        let mut releases: Vec<_> = self
            .votes
            .lived()
            .filter_map(|(id, (failed, sessions))| {
                let value = self.values.get(id)?;
                (value.dimension == Dimension::TouchedRelease && sessions > 0).then(|| {
                    ReleaseHealth {
                        release: Arc::clone(&value.text),
                        first_seen_ms: value.first_seen_ms,
                        sessions,
                        failure_free: sessions - failed,
                        failure_free_ppm: (sessions - failed) * 1_000_000 / sessions,
                    }
                })
            })
            .collect();
        releases.sort_by(|a, b| (b.first_seen_ms, &b.release).cmp(&(a.first_seen_ms, &a.release)));
        releases
    }

    fn judge(&mut self) {
        if self.open.is_some() {
            return;
        }
        let threshold = self.threshold();
        let witnesses = Witnesses {
            sessions: self.tuning.sessions,
            networks: self.tuning.networks,
        };
        let signature = self.signs.fired(threshold, witnesses, self.now_ms);
        let by_signature = signature.map(|onset| (onset, Test::Signature));
        let by_value = || {
            // So many sums have so many chances to rise; those of releases have the one of all.
            let sums = self.votes.of_values(self.now_ms).count().max(1);
            let fired = self.votes.of_values(self.now_ms).filter_map(|(id, sum)| {
                let dimension = self.values.get(id)?.dimension;
                let chances = match dimension {
                    Dimension::TouchedRelease => 1,
                    _ => sums,
                };
                sum.fired(threshold + (chances as f64).ln(), witnesses)
            });
            fired.min().map(|onset| (onset, Test::Value))
        };
        let by_all = || {
            let fired = self.votes.pooled().fired(threshold, witnesses);
            fired.map(|onset| (onset, Test::Pooled))
        };
        let Some((onset_ms, test)) = by_signature.or_else(by_value).or_else(by_all) else {
            return;
        };
        // The sum over all may have begun to rise before the test that fired first.
        let rising = self.votes.pooled().rising_since_ms();
        let onset_ms = rising
            .filter(|since| since + WINDOW_MS > onset_ms)
            .map_or(onset_ms, |since| since.min(onset_ms));
        self.open = Some(Open {
            onset_ms,
            found_ms: self.now_ms,
            test,
        });
    }

    fn close_if_over(&mut self, now_ms: u64) {
        let Some(open) = self.open else {
            return;
        };
        if now_ms < open.found_ms + SHORTEST_MS {
            return;
        }
        let after = |at_ms: Option<u64>, wait: u64| at_ms.is_none_or(|at| at + wait < now_ms);
        let calm = self.votes.pooled().sum() == 0.0
            && self
                .votes
                .of_values(now_ms)
                .all(|(_, sum)| sum.sum() == 0.0)
            && after(self.signs.last_ms(), WINDOW_MS);
        if calm || after(self.votes.last_bad_ms(), SILENT_MS) {
            self.open = None;
            self.votes.reset();
            self.signs.forget_since(open.onset_ms);
        }
    }

    fn ranking(&self, open: Open, from_ms: u64) -> Ranking {
        let wanted_ms = cause::wanted_from(open.onset_ms);
        let fault = Fault {
            onset_ms: open.onset_ms,
            from_ms,
            now_ms: self.now_ms,
            watching_since_ms: self.since_ms.unwrap_or(self.now_ms),
            usual: self.usual.rate(self.recent()),
        };
        cause::rank(self.views_since(wanted_ms), &self.values, fault)
    }

    /// Newest first, each once.
    fn views_since(&self, from_ms: u64) -> impl Iterator<Item = &View> {
        self.by_time
            .iter()
            .rev()
            .take_while(move |(at_ms, _)| *at_ms >= from_ms)
            .filter_map(|(at_ms, id)| {
                let view = self.views.get(id)?;
                (view.decided_ms() == *at_ms).then_some(view)
            })
    }

    fn forget_views(&mut self, now_ms: u64) {
        while let Some((at_ms, id)) = self.by_time.front().copied()
            && (at_ms + VIEW_MS < now_ms || self.by_time.len() > VIEWS)
        {
            self.by_time.pop_front();
            if self
                .views
                .get(&id)
                .is_some_and(|view| view.decided_ms() == at_ms)
            {
                self.views.remove(&id);
            }
        }
    }

    /// Votes that are not settled but must do until there are settled ones: those before the rise.
    fn recent(&self) -> Recent {
        if self.usual.counted().1 >= FEW {
            return Recent::default();
        }
        let onset = self.open.map(|open| open.onset_ms);
        let until = onset.or(self.votes.pooled().rising_since_ms());
        if let Some((at_ms, known)) = self.recent_known
            && self.now_ms < at_ms + COUNTED_EVERY_MS
        {
            return known;
        }
        let mut recent = Recent::default();
        for bad in self.votes.fresh_before(until.unwrap_or(u64::MAX)) {
            recent.total += 1;
            recent.bad += u64::from(bad);
        }
        recent
    }

    /// Where they are many, counting them for every beacon would cost more than all the rest.
    fn note_recent(&mut self) {
        if self.votes.fresh() <= COUNTED_EACH_TIME {
            self.recent_known = None;
        } else if self
            .recent_known
            .is_none_or(|(at_ms, _)| self.now_ms >= at_ms + COUNTED_EVERY_MS)
        {
            self.recent_known = Some((self.now_ms, self.recent()));
        }
    }

    fn scales(&self) -> Scales {
        let recent = self.recent();
        let presumed = self.usual.presumed(recent);
        Scales {
            all: Weights::new(presumed, FEARED),
            presumed,
            feared_of_value: FEARED_OF_VALUE,
            most: threshold(self.usual.visits_per_month(self.now_ms, recent)) + HEADROOM,
            per_network: self.tuning.votes_per_network,
        }
    }

    fn threshold(&self) -> f64 {
        threshold(self.usual.visits_per_month(self.now_ms, self.recent()))
    }
}

/// A view without a session is its own.
fn session_of(heard: &Heard<'_>) -> u64 {
    match heard.head.session {
        Some(session) => u64::from_le_bytes(session.0),
        None => {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&heard.head.view.0[8..]);
            u64::from_le_bytes(bytes)
        }
    }
}
