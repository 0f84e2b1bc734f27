//! The probe's wasm core. Numbers enter, the bytes of beacons leave; texts are only handles here.
//!
//! The shell in `js/` reads the hook's queue and the DOM, matches patterns and calls the doors of
//! `app` with numbers. The way of a measurement through this crate:
//! 1. `page`, `request`, `journey` and `vitals` decide outcomes;
//! 2. what they decide is written at once as an event of the wire format, by `deliver::Outlet`;
//! 3. `deliver::Queue` seals events into beacons and keeps these until they are acknowledged;
//! 4. `app` joins these and is the only module that knows them all.
//!
//! Nothing is ever allocated: all state is one static of fixed size that begins as zeros. Whatever
//! does not fit, or fails otherwise, loses one measurement; nothing reaches the host page.

// A probe that panics takes a part of its host page with it.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::unreachable
    )
)]

pub mod app;
pub mod deliver;
pub mod journey;
pub mod page;
pub mod request;
pub mod session;
pub mod vitals;

/// Whole milliseconds since the start of the navigation: `performance.now()`, cut.
pub type Millis = i32;

/// The handle of a text that the shell has lent; 0 is the empty one.
pub type Text = u16;

/// A duration as beacons carry it: never negative, never above a day.
#[must_use]
#[inline(never)]
pub fn whole_ms(duration: Millis) -> u32 {
    u32::try_from(duration)
        .unwrap_or(0)
        .min(beacon::limits::DURATION_MS)
}
