//! Movie Guru re-created: the application Sightline watches in its demo, its tests and its drills.
//!
//! A browser's connection meets, in this order, the [`balancer`] (which picks a pod), one of the [`pods`]
//! (which serves one of two builds of `web/`) and, for the page's calls, the [`backend`]. The [`crowd`]
//! lives inside the cluster and never meets a pod; [`admin`] is for tests and people. Nothing here knows
//! the probe or the collector: they are watched over HTTP like any other application's.

pub mod admin;
pub mod backend;
pub mod balancer;
pub mod crowd;
mod demo;
mod listen;
mod log;
pub mod pods;
mod random;
mod scenario;
mod settings;

pub use demo::{Addresses, Demo};
pub use scenario::Scenario;
pub use settings::{Builds, PodSettings, Settings};
