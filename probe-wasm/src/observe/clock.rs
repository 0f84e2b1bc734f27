//! The page's clocks.

use super::get;
use crate::Millis;
use js_sys::Function;
use wasm_bindgen::JsCast;

/// Milliseconds since the start of the navigation; does not jump when the clock is set.
pub(crate) fn now() -> Millis {
    let performance = get(&js_sys::global(), "performance");
    let now = get(&performance, "now").dyn_into::<Function>();
    now.ok()
        .and_then(|now| now.call0(&performance).ok())
        .and_then(|now| now.as_f64())
        .unwrap_or_default()
}

/// The client's clock, Unix milliseconds.
pub(crate) fn unix_now_ms() -> u64 {
    // Saturating: a clock before 1970 reads 0.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let now = js_sys::Date::now() as u64;
    now
}
