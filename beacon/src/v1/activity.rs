//! What users and applications do on a page, and what the probe itself costs.

use serde::{Deserialize, Serialize};

/// Clicks since the last event of this kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clicks {
    /// All of them.
    pub count: u32,
    /// The most clicked elements, at most [`crate::limits::CLICK_TARGETS`].
    #[serde(default)]
    pub targets: Vec<ClickTarget>,
}

/// An element that was clicked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClickTarget {
    /// Its selector: tags, ids and classes, never text or values; at most
    /// [`crate::limits::SELECTOR_BYTES`].
    pub selector: String,
    /// How often.
    pub count: u32,
}

/// Clicks that speak of frustration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frustration {
    /// In which way.
    pub kind: FrustrationKind,
    /// The element's selector, as in [`ClickTarget`].
    #[serde(default)]
    pub selector: String,
    /// Clicks that belong to it.
    pub clicks: u32,
}

/// Ways of frustration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrustrationKind {
    /// A click on something that looks clickable, after which nothing happened.
    Dead,
    /// Three or more clicks on the same place within a second.
    Rage,
}

/// A measurement of the application's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measurement {
    /// Its name, at most [`crate::limits::NAME_BYTES`].
    pub name: String,
    /// Millionths of its unit.
    pub value_micros: i64,
    /// At most [`crate::limits::ATTRIBUTES`].
    #[serde(default)]
    pub attributes: Vec<Attribute>,
}

/// A name and a value that the application gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// Its name, at most [`crate::limits::NAME_BYTES`].
    pub key: String,
    /// Its value, at most [`crate::limits::NAME_BYTES`].
    pub value: String,
}

/// What the probe cost its page so far. A later revision replaces it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProbeReport {
    /// Milliseconds from the start of the navigation to the running core.
    pub core_ready_ms: u32,
    /// Main-thread time of the core and its shell, microseconds.
    pub main_thread_micros: u32,
    /// Calls of that time.
    pub runs: u32,
    /// Beacons sent.
    pub beacons: u32,
    /// Bytes of their bodies.
    pub sent_bytes: u32,
    /// Beacons waiting now.
    pub queued: u32,
    /// Tries to send that failed.
    pub failed_sends: u32,
}
