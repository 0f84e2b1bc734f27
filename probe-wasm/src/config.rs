//! What an application declares about itself: plain data, read once from the hook's configuration.
//! How it is written down is described in `npm/index.d.ts`.

use crate::text::path_fits;

/// Everything the core needs to know of the application.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Where beacons go, key included: `{collector}/v1/beacons/{app}`.
    pub endpoint: String,
    /// Release of this build.
    pub release: String,
    /// Backend origin this build calls.
    pub backend_origin: String,
    /// Origins a call is expected to go to; empty: all.
    pub expected_origins: Vec<String>,
    /// Selector of the element the application mounts into.
    pub mount: String,
    /// Rules for calls whose answer must be looked at, or whose limit differs.
    pub requests: Vec<RequestRule>,
    /// Declared journeys.
    pub journeys: Vec<JourneyRule>,
}

/// `"POST /chat"`: a method and a path template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallPattern {
    /// Upper case.
    pub method: String,
    /// Path template, see [`path_fits`].
    pub path: String,
}

impl CallPattern {
    /// Reads `"POST /chat"`; a missing method means `GET`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        let (method, path) = text.split_once(' ').unwrap_or(("GET", text));
        Self {
            method: method.to_ascii_uppercase(),
            path: path.trim().to_owned(),
        }
    }

    /// Whether a call is meant.
    #[must_use]
    pub fn fits(&self, method: &str, path: &str) -> bool {
        self.method == method && path_fits(&self.path, path)
    }
}

/// What is known of a kind of call.
#[derive(Clone, Debug)]
pub struct RequestRule {
    /// Which calls.
    pub call: CallPattern,
    /// Whether the answer must be JSON: HTML is then `wrong_content`.
    pub json: bool,
    /// The body's field that tells success; the only part of a body ever read.
    pub field: Option<String>,
    /// Values of the field that mean success.
    pub good: Vec<String>,
    /// Pending longer than this is `hung`.
    pub limit_ms: f64,
}

/// Requests without a rule, and rules without a limit.
pub const DEFAULT_LIMIT_MS: f64 = 30_000.0;

/// A declared journey.
#[derive(Clone, Debug)]
pub struct JourneyRule {
    /// Its name.
    pub name: String,
    /// What starts an attempt.
    pub starts: Vec<JourneyStart>,
    /// The call that must end well.
    pub end: CallPattern,
    /// What must be painted after it, newly since the start.
    pub painted: Option<String>,
    /// Calls whose failure fails the attempt as well.
    pub needs: Vec<CallPattern>,
    /// Not ended by then: `hung`.
    pub limit_ms: f64,
    /// Whether a document load that fails is a failed attempt.
    pub failed_page: bool,
}

/// What starts an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JourneyStart {
    /// A click on an element that matches the selector, or on something inside it.
    Click(String),
    /// The first such call of a document in which no attempt was made; the attempt then began with
    /// the document load.
    Load(CallPattern),
    /// Each such call.
    Request(CallPattern),
}
