//! The probe's wasm core. What the early hook noted enters as tuples; beacons leave.
//!
//! The way of a measurement through this crate:
//! 1. `observe` reads the hook's queue and the browser's own entries into plain values;
//! 2. `page`, `request`, `journey` and `vitals` (pure) decide outcomes from them;
//! 3. `deliver` gathers the events into beacons and keeps them until they are acknowledged; sending
//!    them is the shell's, `js/transport.js`;
//! 4. `app` joins these and is the only module that knows them all.
//!
//! Whatever fails here loses one measurement; nothing reaches the host page.

// A probe that panics takes a part of its host page with it.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unreachable
)]

pub mod config;
pub mod deliver;
pub mod journey;
pub mod page;
pub mod request;
pub mod session;
pub mod text;
pub mod vitals;

#[cfg(target_arch = "wasm32")]
mod app;
#[cfg(target_arch = "wasm32")]
mod observe;

/// Smaller by 4 kB than the standard one.
#[cfg(all(target_arch = "wasm32", not(target_feature = "atomics")))]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// Milliseconds since the start of the navigation, as `performance.now()` gives them.
pub type Millis = f64;

/// A duration as beacons carry it: whole milliseconds, never negative, never above a day.
#[must_use]
pub fn whole_ms(duration: Millis) -> u32 {
    let limit = f64::from(beacon::limits::DURATION_MS);
    // `as` saturates and turns NaN into 0, which is what a broken clock deserves.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let whole = duration.clamp(0.0, limit).round() as u32;
    whole
}
