//! End to end, in real Chromium: one promise per test, each with a demo, a collector and a browser of its own.
//! Needs the binaries and the front-end builds beforehand; `cargo xtask test` makes them.

mod chats;
mod collector_away;
mod consent;
mod core_away;
mod diagnosis;
mod ground_truth;
mod hiding;
mod pages;
mod plain_script;
mod privacy;
mod put_away;
mod requests;
mod retries;
mod support;
mod tabs;
mod visitors;
