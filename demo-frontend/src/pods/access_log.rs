//! What a pod writes down about a request: the half of the ground truth that browsers cannot get wrong.

use serde::Serialize;

/// One answered request.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AccessEntry {
    pub(crate) at_ms: u64,
    pub(crate) pod: String,
    pub(crate) release: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) user_agent: Option<String>,
    pub(crate) referer: Option<String>,
    /// A navigation that was answered with `index.html`.
    pub(crate) document: bool,
}

impl AccessEntry {
    /// The visit a visitor's user agent names: it ends in ` visit/<id>`.
    pub(crate) fn visit(&self) -> Option<&str> {
        let (_, tag) = self.user_agent.as_deref()?.rsplit_once(" visit/")?;
        (!tag.is_empty() && !tag.contains(' ')).then_some(tag)
    }
}
