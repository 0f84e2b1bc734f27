//! Chromium, driven over its DevTools protocol: a [`Browser`] process, [`Tab`]s in contexts of their own.
//! Knows pages and input, nothing of Movie Guru, of probes or of outcomes.

mod browser;
mod connection;
mod tab;

pub use browser::{Browser, NameMap, find_browser};
pub use connection::{Connection, Listener};
pub use tab::{Tab, TabEvents};
