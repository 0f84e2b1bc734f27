//! The doors `js/core.js` calls. Each takes the current time in milliseconds since the start of the
//! navigation; a call that arrives while another is at work does nothing.
#![expect(unreachable_pub, reason = "JavaScript reaches them")]

use super::Core;
use crate::config::Config;
use crate::deliver::Answer;
use crate::observe::Hook;
use beacon::DropReason;
use std::cell::RefCell;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

thread_local! {
    static CORE: RefCell<Option<Core>> = const { RefCell::new(None) };
}

/// Runs with the core, if it is there and not at work.
pub(super) fn with<T: Default>(work: impl FnOnce(&mut Core) -> T) -> T {
    CORE.with(|core| match core.try_borrow_mut() {
        Ok(mut core) => core.as_mut().map(work).unwrap_or_default(),
        Err(_) => T::default(),
    })
}

/// Takes over from the early hook, or, when `restored_at` is not negative, begins the new view of a page
/// restored from the back/forward cache. `bases` says where the probe's files may come from, one to a
/// line, `config` is the lines of [`Config::parse`]. False when the hook is not one.
#[wasm_bindgen]
pub fn begin(hook: JsValue, bases: String, config: &str, restored_at: f64) -> bool {
    CORE.with(|core| {
        let Ok(mut core) = core.try_borrow_mut() else {
            return false;
        };
        let before = core.take();
        *core = Core::begin(Hook::new(hook), bases, Config::parse(config));
        if let Some(begun) = core.as_mut().filter(|_| restored_at >= 0.0) {
            begun.restore(restored_at, before);
        }
        core.is_some()
    })
}

/// Drains the hook's queue, decides and seals what is due. Returns the milliseconds until it wants to
/// be called again, or -1.
#[wasm_bindgen]
pub fn run(now: f64) -> f64 {
    with(|core| Some(core.run(now))).unwrap_or(-1.0)
}

/// A batch of entries begins: what is painted now was painted before them.
#[wasm_bindgen]
pub fn batch_begins() {
    with(Core::batch_begins);
}

/// 0 when no change of the DOM is awaited; when it becomes another number, the next frame is to be looked
/// at even if nothing changes any more.
#[wasm_bindgen]
pub fn watching() -> u32 {
    with(|core| core.watching())
}

/// A frame is about to be painted.
#[wasm_bindgen]
pub fn before_paint() {
    with(Core::before_paint);
}

/// The frame was painted.
#[wasm_bindgen]
pub fn after_paint(now: f64) {
    with(|core| core.after_paint(now));
}

/// The page is being hidden and may never come back.
#[wasm_bindgen]
pub fn hide(now: f64) {
    with(|core| core.hide(now));
}

/// The page is visible again.
#[wasm_bindgen]
pub fn show(now: f64) {
    with(|core| core.show(now));
}

/// The next beacon to send while the page lives; one at a time, until [`answered`].
#[wasm_bindgen]
pub fn next_beacon(now: f64) -> Option<Vec<u8>> {
    with(|core| core.next_beacon(now))
}

/// The collector's answer to it: the HTTP status, 0 for none; `Retry-After` in milliseconds, 0 for
/// none; a random number between 0 and 1.
#[wasm_bindgen]
pub fn answered(status: u32, retry_after_ms: f64, now: f64, jitter: f64) {
    let answer = Answer::from_status(status, retry_after_ms);
    with(|core| core.answered(answer, now, jitter));
}

/// There are beacons that earlier pages put away.
#[wasm_bindgen]
pub fn distrust(now: f64) {
    with(|core| core.queue.distrust(now));
}

/// Events of such beacons that were given up: for want of room, for their age, for the collector.
#[wasm_bindgen]
pub fn lost_stored(full: u32, expired: u32, refused: u32) {
    with(|core| {
        core.queue.drop_events(DropReason::QueueFull, full);
        core.queue.drop_events(DropReason::Expired, expired);
        core.queue.drop_events(DropReason::Refused, refused);
    });
}

/// The next beacon to hand to the browser while the page is being hidden. To be followed by
/// [`handed`].
#[wasm_bindgen]
pub fn leaving() -> Option<Vec<u8>> {
    with(Core::leaving)
}

/// Whether the browser took it. When it is to be put away, its number of events, else 0.
#[wasm_bindgen]
pub fn handed(took: bool) -> u32 {
    with(|core| core.handed(took))
}
