//! End to end, in real Chromium: one promise per test, each with a demo, a collector and a browser of its own.
//! Needs the binaries and the front-end builds beforehand; `cargo xtask test` makes them.

mod ground_truth;
mod support;
