//! The document: what it is, and how its load ended for the user.

use super::Finality;
use serde::{Deserialize, Serialize};

/// What the document says of itself. The same for all beacons of a view but for the route.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Page {
    /// Route template at the moment of sending, such as `/movies/:id`; never a query or fragment.
    pub route: String,
    /// Release of the front end that served the document, from the probe's configuration.
    pub release: String,
    /// Pod that served the document, from `Server-Timing: deployment;desc=…` or the script's
    /// attribute; empty when unknown.
    pub deployment: String,
    /// Origin of the document.
    pub origin: String,
    /// Backend origin written into the document's build; empty when not configured.
    pub backend_origin: String,
    /// How the user came here.
    pub navigation: NavigationKind,
}

/// `type` of the navigation timing entry, and the bfcache restore that has no entry of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NavigationKind {
    /// A link, an address, a form.
    #[default]
    Navigate,
    /// Reload.
    Reload,
    /// Back or forward, loaded anew.
    BackForward,
    /// Back or forward, restored from memory.
    BackForwardCache,
    /// Loaded before it was shown.
    Prerender,
}

/// How one document load ended for the user. Exactly one final one per load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageLoad {
    /// In order of precedence.
    pub outcome: PageOutcome,
    /// Provisional while the page may still come back.
    #[serde(default)]
    pub finality: Finality,
    /// Milliseconds from the start of the navigation to the decision; for `ready`, to the moment the
    /// route's selector was attached and painted.
    pub decided_after_ms: u32,
    /// Pods and releases that served the document, its scripts and its chunks, each pair once.
    #[serde(default)]
    pub touched: Vec<Touched>,
    /// Scripts, modules and chunks that failed to load before ready.
    #[serde(default)]
    pub failed_scripts: u32,
}

/// How a document load ended, in order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageOutcome {
    /// The route's configured selector is attached and one frame was painted after it.
    Ready,
    /// Nothing was ever mounted.
    Blank,
    /// Something mounted, but a script or chunk failed before ready.
    Broken,
    /// Mounted, no failure seen, selector still missing 8 s after load.
    Incomplete,
    /// Hidden before load + 3 s with no failure seen.
    Abandoned,
}

/// One server that a page load touched. Empty where the server did not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Touched {
    /// From `Server-Timing: release;desc=…`.
    pub release: String,
    /// From `Server-Timing: deployment;desc=…`.
    pub deployment: String,
}
