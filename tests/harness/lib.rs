//! The harness: real processes, real browsers, and a ground truth that trusts neither probe nor collector.
//!
//! [`process`] starts the programs under test, [`cdp`] drives Chromium, [`visit`] is what a user can do
//! and [`stroll`] what one does on the demo's site, [`site`] is a site that does what a test asks,
//! [`truth`] decides from pods' logs, backend's log and the driver's own eyes what really happened, and
//! [`compare`] holds the collector's account against it, view by view. Nothing here imports `beacon`:
//! this crate sees HTTP and pages only.

pub mod api;
pub mod cdp;
pub mod collector;
pub mod compare;
pub mod draw;
pub mod process;
pub mod report;
pub mod site;
pub mod site_stage;
pub mod stage;
pub mod stroll;
pub mod truth;
pub mod visit;
pub mod wait;
