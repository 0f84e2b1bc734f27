//! What is written down of one document load: what was seen in it, and what it asked the network for.
//! Facts only; what they mean is decided by `page` and `journey`.

use super::rules::Call;
use std::time::Duration;

/// One document load. Times count from the start of the watch.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// The browser's id of this load.
    pub loader: String,
    /// The address loaded.
    pub url: String,
    /// The opaque label found in the page.
    pub label: Option<String>,
    /// When the load began.
    pub started: Duration,
    /// When its `load` event fired.
    pub loaded: Option<Duration>,
    /// When and how it was left.
    pub left: Option<(Duration, Ending)>,
    /// What was seen in it, unchanged looks left out.
    pub looks: Vec<Look>,
    /// Its requests, in the order in which they were sent.
    pub requests: Vec<Request>,
    /// When the driver clicked the sign-in button.
    pub sign_in_clicks: Vec<Duration>,
    /// Errors nobody caught.
    pub uncaught: Vec<String>,
}

/// How a document was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By another load in the same tab.
    Replaced,
    /// The tab was closed in an orderly way.
    Closed,
    /// Its process was killed.
    Killed,
}

/// One look at the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// When.
    pub at: Duration,
    /// Path of the address bar.
    pub path: String,
    /// Whether anything is mounted.
    pub mounted: bool,
    /// Whether the route's ready selector is attached.
    pub ready: bool,
    /// Whether two frames were painted since that was so.
    pub painted: bool,
    /// Featured films.
    pub films: u64,
    /// Answers of the agent, those of the history included.
    pub answers: u64,
    /// Whether the chat shows its error.
    pub oops: bool,
    /// Whether the login form shows its error.
    pub login_error: bool,
    /// Preference chips.
    pub chips: u64,
}

/// One request as the browser's network log has it.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The browser's id of this request.
    pub id: String,
    /// When it was sent.
    pub sent: Duration,
    /// When it ended, well or badly.
    pub ended: Option<Duration>,
    /// The method.
    pub method: String,
    /// The whole address.
    pub url: String,
    /// What the browser wanted it for: `Document`, `Script`, `XHR`, …
    pub kind: String,
    /// The `user` header.
    pub user: Option<String>,
    /// Status, once the page was given an answer.
    pub status: Option<u16>,
    /// Media type of the answer.
    pub mime: String,
    /// Why there was no answer, as the browser names it.
    pub error: Option<String>,
    /// `result` of the body, for chats.
    pub result: Option<String>,
}

impl Request {
    /// The path of the address.
    #[must_use]
    pub fn path(&self) -> &str {
        let after_scheme = self
            .url
            .split_once("://")
            .map_or(self.url.as_str(), |split| split.1);
        let path = after_scheme.find('/').map_or("/", |at| &after_scheme[at..]);
        path.split(['?', '#']).next().unwrap_or("/")
    }

    /// Scheme and authority of the address.
    #[must_use]
    pub fn origin(&self) -> String {
        match self.url.split_once("://") {
            Some((scheme, rest)) => {
                format!("{scheme}://{}", rest.split('/').next().unwrap_or_default())
            }
            None => String::new(),
        }
    }

    /// The application's call that this is, if it is one.
    #[must_use]
    pub fn call(&self) -> Option<Call> {
        matches!(self.kind.as_str(), "XHR" | "Fetch")
            .then(|| Call::of(&self.method, self.path()))
            .flatten()
    }

    /// Whether the page got an answer it can use, `result` not considered.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        let fits = !self.call().is_some_and(Call::wants_json) || self.mime.contains("json");
        self.ended.is_some()
            && self.error.is_none()
            && self
                .status
                .is_some_and(|status| (200..300).contains(&status))
            && fits
    }

    /// Whether it ended without an answer the page can use.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        self.ended.is_some() && !self.is_ok()
    }
}
