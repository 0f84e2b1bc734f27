//! End to end, in real Chromium: one promise per test, each with a demo, a collector and a browser of its own.
//! Needs the binaries and the front-end builds beforehand; `cargo xtask test` makes them.

mod api;
mod before_send;
mod calls;
mod chats;
mod clicks;
mod collector_away;
mod consent;
mod core_away;
mod diagnosis;
mod errors;
mod ground_truth;
mod hiding;
mod hook_alone;
mod journeys;
mod loading;
mod pages;
mod plain_script;
mod privacy;
mod put_away;
mod requests;
mod retries;
mod route_views;
mod sampling;
mod sockets;
mod streams;
mod support;
mod tabs;
mod time;
mod trace_context;
mod upkeep;
mod visitors;
