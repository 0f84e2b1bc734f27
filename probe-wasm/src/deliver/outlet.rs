//! Where the stations write their events: texts, numbering and clock are at hand here, and the words that
//! the shell shares with the core.

use super::Queue;
use crate::{Millis, Text, whole_ms};

/// Bad outcomes and verdicts leave after this long, gathering what comes at the same moment.
pub const SOON: Millis = 300;
/// Everything else leaves at least this often.
pub const LATER: Millis = 10_000;

/// The shared words, by position.
pub mod word {
    /// The next event's number; the hook draws from it as well.
    pub const NEXT_EVENT: usize = 0;
    /// The next beacon's number.
    pub const NEXT_SEQ: usize = 1;
    /// Route of the page, a text.
    pub const ROUTE: usize = 2;
    /// Whether the browser is online.
    pub const ONLINE: usize = 3;
    /// `effectiveType` of the connection, a text.
    pub const CONNECTION: usize = 4;
    /// Where in memory the bytes are that were just asked for.
    pub const PLACE: usize = 5;
    /// Milliseconds since the start of the navigation.
    pub const NOW: usize = 6;
    /// Whether single events leave, not only outcomes of pages and journeys and counts.
    pub const DETAILS: usize = 7;
    /// Per vital, in the order of `beacon::VitalName`: times told, value and difference in millionths.
    pub const VITALS: usize = 8;
    /// Matches of each painted signal when the current batch of entries began.
    pub const BEFORE: usize = 32;
    /// The same, attached when the frame just painted began.
    pub const PAINTED: usize = 64;
    /// All of them.
    pub const ALL: usize = 96;
}

/// Writes events.
#[derive(Debug)]
#[repr(C)]
pub struct Outlet {
    /// What the shell sees, at the positions in [`word`].
    pub words: [u32; word::ALL],
    /// Unix milliseconds of the start of the navigation, by today's clock.
    pub navigation_start: f64,
    /// Where events go.
    pub queue: Queue,
}

impl Outlet {
    /// Nothing written yet.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a default is no constant")]
    pub const fn new() -> Self {
        Self {
            words: [0; word::ALL],
            navigation_start: 0.0,
            queue: Queue::new(),
        }
    }

    /// What time it is, as the shell has written it.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.words[word::NOW].cast_signed()
    }

    /// Those of the view before are no vitals of this one.
    pub fn forget_vitals(&mut self) {
        self.words[word::VITALS..word::BEFORE].fill(0);
    }

    /// Whether single events leave.
    #[must_use]
    pub fn details(&self) -> bool {
        self.words[word::DETAILS] > 0
    }

    /// A number for a new event.
    pub fn draw(&mut self) -> u32 {
        let n = self.words[word::NEXT_EVENT];
        self.words[word::NEXT_EVENT] = n + 1;
        n
    }

    /// The current route of the page.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the shell writes a handle there"
    )]
    pub fn route(&self) -> Text {
        self.words[word::ROUTE] as Text
    }

    /// An event begins; what follows is its kind, in the order of `beacon::EventKind`, and its payload.
    pub fn begin(&mut self, n: u32, rev: u32, at: Millis) {
        // Saturating: a clock before 1970 reads 0.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let at_ms = (self.navigation_start + f64::from(whole_ms(at))) as u64;
        self.queue.begin();
        self.number(n);
        self.number(rev);
        self.queue.memory.long_number(at_ms);
    }

    /// A number of its payload: also an enum's tag, a bool, the presence of an option, a length.
    pub fn number(&mut self, number: u32) {
        self.queue.memory.number(number);
    }

    /// A text of its payload.
    pub fn text(&mut self, text: Text) {
        self.queue.memory.text(text);
    }

    /// A text of its payload that may be absent.
    pub fn some_text(&mut self, text: Text) {
        self.number(u32::from(text > 0));
        if text > 0 {
            self.text(text);
        }
    }

    /// The trace id of a call.
    pub fn trace(&mut self, call: usize) {
        self.queue.memory.trace(call);
    }

    /// The first bytes lent, as they are.
    pub fn lent(&mut self, length: usize) {
        self.queue.memory.again(0, length);
    }

    /// The event is written, and must leave within that time.
    pub fn end(&mut self, within: Millis) {
        let due = self.now() + within;
        self.queue.end(due);
    }

    /// Something will be written when the next beacon is due, and that must be within that time.
    pub fn expect(&mut self, within: Millis) {
        let due = self.now() + within;
        self.queue.expect(due);
    }

    /// An event whose bytes are lent, number and time included, is written; it leaves with the others.
    pub fn put_back(&mut self, length: usize) {
        self.queue.begin();
        self.lent(length);
        self.queue.end(Millis::MAX);
    }

    /// Closes what is gathered; the heads are lent, see [`Queue::seal`].
    pub fn seal(&mut self, tail: usize, length: usize) {
        let next_seq = &mut self.words[word::NEXT_SEQ];
        self.queue.seal(tail, length, next_seq);
    }
}

/// What tests see of an outlet: the events written, decoded by the crate that defines them.
#[cfg(test)]
pub(crate) mod told {
    use super::{Outlet, word};
    use beacon::{DecodedBeacon, Detail, Event, Head, NavigationKind, Page};

    /// What a shell would say of a view, cut where the core wants it.
    pub(crate) fn head(out: &mut Outlet) -> (usize, usize) {
        let head = Head {
            view: beacon::ViewId([7; 16]),
            seq: 0,
            session: Some(beacon::SessionId([3; 8])),
            sent_at_ms: 1_800_000_000_000,
            core: beacon::CoreStatus::Loaded,
            detail: Detail::Full,
            page: Page {
                route: "/films/:id".into(),
                release: "2".into(),
                deployment: "pod-7".into(),
                origin: "http://shop.test".into(),
                backend_origin: "http://api.test".into(),
                navigation: NavigationKind::Reload,
            },
            previous_view: None,
            dropped: Vec::new(),
            attributes: vec![beacon::Attribute {
                key: "plan".into(),
                value: "free".into(),
            }],
        };
        let bytes = beacon::encode_parts(&head, &[]).expect("a head");
        // Version, view, number; and at the end: drops, attributes, number of events.
        let attributes = b"\x01\x04plan\x04free";
        let tail = bytes.len() - 2 - attributes.len();
        let mut lent = bytes[1..17].to_vec();
        lent.extend(&bytes[18..tail]);
        let tail = lent.len();
        lent.extend(attributes);
        (tail, out.queue.memory.lend(&lent))
    }

    /// Seals what was written, and decodes all beacons not taken yet.
    pub(crate) fn beacons(out: &mut Outlet) -> Vec<DecodedBeacon> {
        let (tail, length) = head(out);
        out.seal(tail, length);
        let mut beacons = Vec::new();
        while let Some(place) = out.queue.leaving() {
            let bytes = out.queue.memory.part(place.at, place.at + place.length);
            beacons.push(beacon::decode(bytes).expect("a beacon"));
            out.queue.handed(true);
        }
        beacons
    }

    /// The events written since the last time.
    pub(crate) fn events(out: &mut Outlet) -> Vec<Event> {
        let beacons = beacons(out);
        let events = beacons.into_iter().flat_map(|beacon| beacon.events);
        events.map(|event| event.expect("an event")).collect()
    }

    /// An outlet that tells details.
    pub(crate) fn outlet() -> Box<Outlet> {
        let mut out = Box::new(Outlet::new());
        out.words[word::DETAILS] = 1;
        out.words[word::NEXT_EVENT] = 2;
        out.words[word::ONLINE] = 1;
        out
    }

    /// Lends a text for good.
    pub(crate) fn text(out: &mut Outlet, text: &str) -> crate::Text {
        let length = out.queue.memory.lend(text.as_bytes());
        out.queue.memory.keep(length)
    }
}
