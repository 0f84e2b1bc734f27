//! Joins the stations: entries from `observe` go to `page`, `request`, `journey` and `vitals`, their
//! events to `deliver`. One core per document; `js/core.js` decides when it runs.

mod exports;
mod intake;
mod outlet;

use crate::config::Config;
use crate::deliver::{Queue, Urgency};
use crate::journey;
use crate::observe::{self, Hook, Tab};
use crate::page::PageWatch;
use crate::request::{self, Counts, Ended};
use crate::session::Visit;
use crate::vitals::Vitals;
use crate::{Millis, whole_ms};
use beacon::{Event, EventKind, NavigationKind, Page, PreviousView, SessionId, ViewId, VitalName};

/// Failed requests and errors sent singly in one view; more are counted.
const SINGLES: u32 = 100;

pub(crate) struct Core {
    hook: Hook,
    /// Selector of the element the application mounts into.
    mount: String,
    /// Where the probe's own files may come from, one to a line.
    bases: String,
    view: ViewId,
    session: Option<(SessionId, Visit)>,
    /// Sessions begun in the midst of this view.
    sessions: u8,
    /// Whether single events leave, not only outcomes and counts.
    details: bool,
    previous: Option<PreviousView>,
    /// Beacons the tab's storage says this view has, and its times of the visit.
    remembered: (u32, Visit),
    head: Page,
    /// Next event and next beacon, mirrored from the hook while we run.
    next_event: u32,
    next_beacon: u32,
    /// Unix milliseconds of the start of the navigation, by today's clock.
    navigation_start: u64,
    page: PageWatch,
    /// Revision of the next word about the page.
    page_rev: u32,
    requests: request::Tracker,
    /// Events below this number may have been reported by the early hook.
    hook_reported: u32,
    hook_rev: u32,
    counts: Counts,
    singles: u32,
    /// Whether an origin that gave no answer may be checked, and the calls waiting for that.
    check_unreachable: bool,
    unchecked: Vec<Ended>,
    journeys: journey::Tracker,
    vitals: Vitals,
    /// Event numbers of the vitals told.
    vital_events: Vec<(VitalName, u32)>,
    response_start: Millis,
    /// Not prerendered, or shown since.
    activated: bool,
    /// When the view began: 0, or its restore from the back/forward cache.
    began_at: Millis,
    /// The view before the restore, as long as beacons of it wait to be sent.
    before: Option<Box<Core>>,
    /// Whether the beacon being handed to the browser is of that view.
    leaving_before: bool,
    loaded: bool,
    hidden: bool,
    /// Matches of the journeys' painted selectors when the current batch of entries began.
    painted_before: Vec<u32>,
    /// What was attached when the frame now being painted began.
    attached: Option<Attached>,
    /// Until the first frame is confirmed, what is attached was attached by the hook's last mutation.
    first_frame_at: Option<Millis>,
    queue: Queue,
}

struct Attached {
    ready: bool,
    painted: Vec<u32>,
}

impl Core {
    /// Takes over from the hook. `None` when its view id is not one.
    pub(crate) fn begin(hook: Hook, bases: String, config: Config) -> Option<Self> {
        let view: ViewId = hook.text("view").parse().ok()?;
        let hook_rev = count(hook.number("rev"));
        let tab = if config.remembers {
            Tab::read(session_from(view, 0), observe::unix_now_s())
        } else {
            Tab::default()
        };
        let head = Page {
            route: String::new(),
            release: config.release,
            deployment: hook.call("deployment").as_string().unwrap_or_default(),
            origin: observe::page_origin(),
            backend_origin: config.backend_origin.clone(),
            navigation: NavigationKind::Navigate,
        };
        let mut core = Self {
            painted_before: vec![0; config.journeys.len()],
            requests: request::Tracker::new(config.requests, config.expected_origins),
            journeys: journey::Tracker::new(config.journeys, config.backend_origin, hook_rev),
            first_frame_at: Some(hook.number("mutatedAt")),
            hook_reported: count(hook.number("reported")),
            mount: config.mount,
            check_unreachable: config.check_unreachable,
            unchecked: Vec::new(),
            bases,
            view,
            session: tab.session,
            sessions: 0,
            details: config.details,
            remembered: (0, Visit::begin(0)),
            previous: tab.previous.filter(|previous| previous.view != view),
            head,
            next_event: 0,
            next_beacon: 0,
            navigation_start: 0,
            page: PageWatch::default(),
            page_rev: hook_rev,
            hook_rev,
            counts: Counts::default(),
            singles: 0,
            vitals: Vitals::default(),
            vital_events: Vec::new(),
            response_start: 0.0,
            activated: false,
            began_at: 0.0,
            before: None,
            leaving_before: false,
            loaded: false,
            hidden: false,
            attached: None,
            queue: Queue::default(),
            hook,
        };
        let hidden_at = core.hook.number("hiddenAt");
        if observe::is_hidden() {
            core.page.hidden(hidden_at);
            core.hidden = true;
        }
        Some(core)
    }

    /// Makes this the view of a page restored from the back/forward cache: it loads no document, so it
    /// has neither a navigation nor an outcome; its user came back, so its vitals begin anew.
    pub(crate) fn restore(&mut self, at: Millis, before: Option<Self>) {
        self.head.navigation = NavigationKind::BackForwardCache;
        self.began_at = at;
        self.loaded = true;
        self.first_frame_at = None;
        self.page = PageWatch::without_load();
        self.journeys.forget_load();
        self.vitals = Vitals::restored();
        self.take_in(at);
        if let Some(mut before) = before {
            if before.vitals.has_answered() {
                let first_byte = self.vitals.restore_answered();
                self.say_vitals(first_byte, at);
            }
            before.queue.resume(at);
            self.before = Some(Box::new(before));
        }
        // The next run reads the numbering from the hook.
        self.hand_back();
    }

    fn draw(&mut self) -> u32 {
        let n = self.next_event;
        self.next_event += 1;
        n
    }

    /// Puts an event of a new number into the queue.
    fn say(&mut self, at: Millis, kind: EventKind, urgency: Urgency, now: Millis) {
        if !self.details && !matches!(kind, EventKind::Requests(_)) {
            return;
        }
        let n = self.draw();
        let at_ms = self.wall(at);
        self.queue.push(
            Event {
                n,
                rev: 0,
                at_ms,
                kind,
            },
            urgency,
            now,
        );
    }

    fn wall(&self, at: Millis) -> u64 {
        self.navigation_start + u64::from(whole_ms(at))
    }
}

/// A count the hook keeps; `as` saturates.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn count(number: f64) -> u32 {
    number as u32
}

/// A new session borrows its bits from the random view in which it begins, which may see several.
fn session_from(view: ViewId, number: u8) -> SessionId {
    let mut bits = [0; 8];
    for (bit, drawn) in bits.iter_mut().zip(view.0) {
        *bit = drawn ^ number;
    }
    SessionId(bits)
}
