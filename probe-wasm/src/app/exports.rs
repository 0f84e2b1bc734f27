//! The doors the shell calls, all with numbers. Times are milliseconds since the start of the navigation,
//! which arrive cut to whole ones where they are `i32`; what time it is now stands among the shared words.
//! Only the first door is bound by wasm-bindgen: each one so bound costs some eighty bytes more.
#![expect(unreachable_pub, reason = "JavaScript reaches them")]
#![expect(
    unsafe_code,
    reason = "names that the shell calls, and state that only it reaches"
)]

use super::Core;
use crate::deliver::{Answer, word};
use crate::journey::{Rule, StepRule};
use crate::request::{Call, Field, How, Stage, flag};
use crate::session::Visit;
use crate::{Millis, Text};
use beacon::{JourneyOutcome, Stream};
use core::cell::UnsafeCell;
use wasm_bindgen::prelude::wasm_bindgen;

struct Instance(UnsafeCell<Core>);

// SAFETY: an instance without shared memory has one thread.
unsafe impl Sync for Instance {}

static CORE: Instance = Instance(UnsafeCell::new(Core::new()));

#[inline(always)]
fn the_core() -> &'static mut Core {
    // SAFETY: each door takes it once, and the module imports no function that could call back.
    unsafe { &mut *CORE.0.get() }
}

/// Where the shared words are, at the positions of [`word`].
#[wasm_bindgen]
pub fn words() -> usize {
    the_core().out.words.as_ptr() as usize
}

/// Where the bytes are that the shell lends.
#[unsafe(no_mangle)]
pub extern "C" fn lent() -> usize {
    the_core().out.queue.memory.address(0)
}

/// Keeps the text of that length that is lent; its handle.
#[unsafe(no_mangle)]
pub extern "C" fn text(length: usize) -> u32 {
    the_core().out.queue.memory.keep(length).into()
}

/// Takes over from the early hook, see [`Core::begin`]; which signals are painted selectors and which are
/// calls.
#[unsafe(no_mangle)]
pub extern "C" fn begin(
    hook_rev: u32,
    hidden_at: Millis,
    checks: bool,
    backend_origin: Text,
    paints: u32,
    calls: u32,
) {
    let core = the_core();
    core.begin(hook_rev, hidden_at, checks);
    core.journeys.backend_origin = backend_origin;
    core.journeys.paints = paints;
    core.journeys.calls = calls;
}

/// Declares a journey, see [`Rule`].
#[unsafe(no_mangle)]
pub extern "C" fn rule(
    name: Text,
    limit: Millis,
    starts: u32,
    loads: u32,
    calls: u32,
    ends: u32,
    needs: u32,
    failed_page: bool,
) {
    the_core().journeys.declare(Rule {
        name,
        limit,
        starts,
        loads,
        calls,
        ends,
        needs,
        failed_page,
    });
}

/// Declares a step, see [`StepRule`].
#[unsafe(no_mangle)]
pub extern "C" fn step_rule(rule: usize, name: Text, start: u32, end: u32, parent: usize) {
    the_core().journeys.declare_step(StepRule {
        rule,
        name,
        start,
        end,
        parent,
    });
}

/// Begins the new view of a page restored from the back/forward cache.
#[unsafe(no_mangle)]
pub extern "C" fn restore(at: Millis) {
    the_core().restore(at);
}

/// Unix milliseconds of the start of the navigation, by today's clock.
#[unsafe(no_mangle)]
pub extern "C" fn clock(navigation_start: f64) {
    the_core().out.navigation_start = navigation_start;
}

/// The load event fired.
#[unsafe(no_mangle)]
pub extern "C" fn loaded(at: Millis, response_start: f64) {
    the_core().loaded(at, response_start);
}

/// The mount element has children.
#[unsafe(no_mangle)]
pub extern "C" fn mounted() {
    the_core().mounted();
}

/// A script, module or chunk failed.
#[unsafe(no_mangle)]
pub extern "C" fn script_failed(at: Millis) {
    the_core().script_failed(at);
}

/// A frame was painted, see [`Core::painted`].
#[unsafe(no_mangle)]
pub extern "C" fn painted(ready: bool, risen: u32, at: Millis) {
    the_core().painted(ready, risen, at);
}

/// Conditions of journeys came to hold.
#[unsafe(no_mangle)]
pub extern "C" fn signal(signals: u32, at: Millis) {
    let core = the_core();
    core.journeys.signal(signals, false, at, &mut core.out);
}

/// A call was sent, see [`Call`]; its trace id is lent if it has one.
#[unsafe(no_mangle)]
pub extern "C" fn sent(
    id: u32,
    rev: u32,
    at: Millis,
    method: Text,
    origin: Text,
    route: Text,
    flags: u32,
    limit: Millis,
    signals: u32,
) {
    let core = the_core();
    let index = core.requests.index(0);
    if let Some(call) = core.requests.calls.get_mut(index) {
        *call = Call::NONE;
        call.id = id;
        call.rev = rev;
        call.started_at = at;
        call.method = method;
        call.origin = origin;
        call.route = route;
        call.flags = flags;
        call.limit = limit.min(beacon::limits::DURATION_MS.cast_signed());
        call.signals = signals;
        call.stage = Stage::Sent;
        if call.has(flag::TRACED) {
            core.out.queue.memory.keep_trace(index);
        }
        core.sent(index);
    }
}

/// A call ended, or its headers are there. What is to be done about it, see [`super::Decision`].
#[unsafe(no_mangle)]
pub extern "C" fn ended(id: u32, at: Millis, how: u32, status: u16, bits: u32) -> u32 {
    let core = the_core();
    core.requests
        .ended(id, at, How::from_number(how), status, bits);
    core.settle(id) as u32
}

/// When the headers of an answer were there that is told as a whole, 0 for not known; when the last piece of
/// one came that is read piece by piece, 0 for none; and how its pieces came, see [`Stream`].
#[unsafe(no_mangle)]
pub extern "C" fn body(
    id: u32,
    headers_at: Millis,
    alive_at: Millis,
    first_chunk_ms: u32,
    longest_gap_ms: u32,
    chunks: u32,
    bytes: u32,
) {
    let core = the_core();
    if let Some(call) = core.requests.call(id) {
        if headers_at > 0 {
            call.headers_at = headers_at;
        }
        call.alive_at = alive_at;
        call.stream = Stream {
            first_chunk_ms,
            longest_gap_ms,
            chunks,
            bytes,
        };
        // What is wrong with an answer's head has ended the call.
        if chunks > 0 && call.stage == Stage::Answered {
            core.journeys.answering(call, &mut core.out);
        }
    }
}

/// The body of an answer ended. What is to be done about the call, see [`super::Decision`].
#[unsafe(no_mangle)]
pub extern "C" fn body_ended(id: u32, at: Millis, how: u32) -> u32 {
    let core = the_core();
    core.requests.body_ended(id, at, How::from_number(how));
    core.settle(id) as u32
}

/// A body's field was read.
#[unsafe(no_mangle)]
pub extern "C" fn field_read(id: u32, field: u32, value: Text) {
    let core = the_core();
    core.requests
        .field_read(id, Field::from_number(field), value);
    core.settle(id);
}

/// The content security policy refused calls to an origin.
#[unsafe(no_mangle)]
pub extern "C" fn refused(at: Millis, origin: Text) {
    let core = the_core();
    core.requests.refused(at, origin);
    core.settle(0);
}

/// The no-cors check of an origin that gave a call no answer came back.
#[unsafe(no_mangle)]
pub extern "C" fn checked(id: u32, answered: bool) {
    the_core().checked(id, answered);
}

/// The page is shown.
#[unsafe(no_mangle)]
pub extern "C" fn activated(at: f64, first_hidden: f64) {
    the_core().activated(at, first_hidden);
}

/// First contentful paint.
#[unsafe(no_mangle)]
pub extern "C" fn first_paint(at: f64) {
    the_core().vitals.first_paint(at);
}

/// A candidate for the largest contentful paint.
#[unsafe(no_mangle)]
pub extern "C" fn candidate(at: f64) {
    the_core().vitals.candidate(at);
}

/// The layout shifted unexpectedly.
#[unsafe(no_mangle)]
pub extern "C" fn shift(at: f64, score: f64) {
    the_core().vitals.shift(at, score);
}

/// The user clicked or pressed a key.
#[unsafe(no_mangle)]
pub extern "C" fn input() {
    the_core().vitals.input();
}

/// An event of an interaction ended.
#[unsafe(no_mangle)]
pub extern "C" fn interaction(id: f64, duration: f64) {
    the_core().vitals.interaction(id, duration);
}

/// The page is being hidden: what the vitals say now.
#[unsafe(no_mangle)]
pub extern "C" fn leaving_vitals(interactions: u32, shifts: bool) {
    the_core().vitals.leaving(interactions, shifts);
}

/// A restored page was painted.
#[unsafe(no_mangle)]
pub extern "C" fn restore_painted(after: f64, largest: bool) {
    the_core().vitals.restore_painted(after, largest);
}

/// Code starts an attempt at a journey; its handle, 0 for none.
#[unsafe(no_mangle)]
pub extern "C" fn journey(rule: usize, name: Text, limit: Millis, at: Millis) -> u32 {
    let core = the_core();
    core.journeys.make(rule, name, limit, at, &mut core.out)
}

/// Code begins a step of an attempt; its handle, 0 for none.
#[unsafe(no_mangle)]
pub extern "C" fn step(attempt: u32, name: Text, parent: usize, at: Millis) -> usize {
    the_core().journeys.make_step(attempt, name, parent, at)
}

/// Code ends a step.
#[unsafe(no_mangle)]
pub extern "C" fn end_step(attempt: u32, step: usize, at: Millis) {
    the_core().journeys.end_step(attempt, step, at);
}

/// Code ends an attempt.
#[unsafe(no_mangle)]
pub extern "C" fn end_journey(attempt: u32, failed: bool, result: Text, at: Millis) {
    let outcome = if failed {
        JourneyOutcome::Failed
    } else {
        JourneyOutcome::Success
    };
    let core = the_core();
    core.journeys
        .end(attempt, outcome, result, at, &mut core.out);
}

/// An event the shell has written, see [`Core::fact`]. Returns its number.
#[unsafe(no_mangle)]
pub extern "C" fn fact(n: u32, rev: u32, at: Millis, length: usize, urgent: bool) -> u32 {
    the_core().fact(n, rev, at, length, urgent)
}

/// Decides everything due, see [`Core::run`].
#[unsafe(no_mangle)]
pub extern "C" fn run(attached_at: Millis, touched: usize) {
    the_core().run(attached_at, touched);
}

/// The page is being hidden and may never come back, see [`Core::hide`].
#[unsafe(no_mangle)]
pub extern "C" fn hide(ready: bool, touched: usize) {
    the_core().hide(ready, touched);
}

/// The page is visible again.
#[unsafe(no_mangle)]
pub extern "C" fn show() {
    the_core().show();
}

/// Whether the page's outcome is still open.
#[unsafe(no_mangle)]
pub extern "C" fn is_undecided() -> bool {
    the_core().is_undecided()
}

/// See [`Core::watching`].
#[unsafe(no_mangle)]
pub extern "C" fn watching() -> u32 {
    the_core().watching()
}

/// See [`Core::owes`].
#[unsafe(no_mangle)]
pub extern "C" fn owes() -> bool {
    the_core().owes()
}

/// See [`Core::wait`].
#[unsafe(no_mangle)]
pub extern "C" fn wait() -> Millis {
    the_core().wait()
}

/// Whether what is gathered is to be sealed, counts included. To be followed by [`seal`].
#[unsafe(no_mangle)]
pub extern "C" fn gather(anyway: bool) -> bool {
    the_core().gather(anyway)
}

/// Takes back the events not sealed yet, each with its length in front, from that many bytes on; says where they
/// stand, and returns how long they are without.
#[unsafe(no_mangle)]
pub extern "C" fn open(from: usize) -> usize {
    let out = &mut the_core().out;
    let place = out.queue.open();
    out.queue.withhold(place.at + from.min(place.length));
    out.words[word::PLACE] = out.queue.memory.address(place.at) as u32;
    out.queue.open().length
}

/// Puts an event back whose bytes are lent, as it was or as it is to be.
#[unsafe(no_mangle)]
pub extern "C" fn put_back(length: usize) {
    the_core().out.put_back(length);
}

/// Closes what is gathered into beacons, whose heads are lent, see [`crate::deliver::Queue::seal`].
#[unsafe(no_mangle)]
pub extern "C" fn seal(tail: usize, length: usize) {
    the_core().out.seal(tail, length);
}

/// The next beacon: to send while the page lives, one at a time until [`answered`]; or, when it is `leaving`, to
/// hand to the browser, to be followed by [`handed`]. Says where it is, and returns its length, 0 for none.
#[unsafe(no_mangle)]
pub extern "C" fn next(leaving: bool) -> usize {
    let out = &mut the_core().out;
    let place = if leaving {
        out.queue.leaving()
    } else {
        out.queue.next(out.now())
    };
    place.map_or(0, |place| {
        out.words[word::PLACE] = out.queue.memory.address(place.at) as u32;
        place.length
    })
}

/// The collector's answer to it: the HTTP status, 0 for none; `Retry-After` in milliseconds, 0 for
/// none; a random number below 1,024.
#[unsafe(no_mangle)]
pub extern "C" fn answered(status: u32, retry_after_ms: Millis, jitter: Millis) {
    let out = &mut the_core().out;
    let answer = Answer::from_status(status, retry_after_ms);
    out.queue.answered(answer, out.now(), jitter);
}

/// Whether the browser took it. When it is to be put away, its number of events, else 0.
#[unsafe(no_mangle)]
pub extern "C" fn handed(took: bool) -> u32 {
    the_core().out.queue.handed(took)
}

/// Beacons not acknowledged.
#[unsafe(no_mangle)]
pub extern "C" fn waiting() -> usize {
    the_core().out.queue.waiting()
}

/// There are beacons that earlier pages put away.
#[unsafe(no_mangle)]
pub extern "C" fn distrust() {
    let out = &mut the_core().out;
    out.queue.distrust(out.now());
}

/// Events were given up, for a reason in the order of `beacon::DropReason`.
#[unsafe(no_mangle)]
pub extern "C" fn dropped(reason: usize, count: u32) {
    the_core().out.queue.drop_events(reason, count);
}

/// When the visit began that a sign of the user at `now` belongs to, in Unix seconds.
#[unsafe(no_mangle)]
pub extern "C" fn visit(since_s: u32, active_s: u32, now_s: u32) -> u32 {
    Visit { since_s, active_s }.at(now_s).since_s
}
