//! A page as a test wants it: HTML with the early hook inline and first, configured in any way.

use crate::process::workspace;
use anyhow::{Context, Result};
use serde_json::{Value, json};

/// Where the probe goes in a whole document.
const PLACE: &str = "<!--probe-->";

/// One page of the site.
#[derive(Clone, Debug)]
pub struct Page {
    html: String,
    config: Option<Value>,
    copies: usize,
    pub(super) headers: Vec<(String, String)>,
}

impl Page {
    /// A page with this body, measured by the probe as it is configured by default.
    #[must_use]
    pub fn new(body: &str) -> Self {
        Self::whole(&format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n{PLACE}\n\
             <title>A page</title>\n<link rel=\"icon\" href=\"data:,\">\n</head>\n\
             <body>\n{body}\n</body>\n</html>\n"
        ))
    }

    /// A whole document, in which `<!--probe-->` says where the probe goes.
    #[must_use]
    pub fn whole(html: &str) -> Self {
        Self {
            html: html.to_owned(),
            config: Some(json!({
                "app": super::KEY,
                "collector": super::COLLECTOR,
                "core": "/sightline/",
            })),
            copies: 1,
            headers: Vec::new(),
        }
    }

    /// Adds options to the probe's configuration.
    #[must_use]
    pub fn with(mut self, options: &Value) -> Self {
        let config = self.config.get_or_insert_default();
        for (key, value) in options.as_object().into_iter().flatten() {
            config[key] = value.clone();
        }
        self
    }

    /// The same page without the probe.
    #[must_use]
    pub fn bare(mut self) -> Self {
        self.config = None;
        self
    }

    /// Puts the probe in so many times, as a page does that has two builds of itself in one.
    #[must_use]
    pub fn with_copies(mut self, copies: usize) -> Self {
        self.copies = copies;
        self
    }

    /// Adds a header to the document's answer.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn html(&self) -> Result<String> {
        let probe = match &self.config {
            Some(config) => inline(config)?.repeat(self.copies),
            None => String::new(),
        };
        Ok(self.html.replace(PLACE, &probe))
    }
}

/// The script element that the package's `inlineScript` makes.
fn inline(config: &Value) -> Result<String> {
    let mut early = probe_file("early.js")?;
    if config.get("traceOrigins").is_some() {
        early = format!("{early};{}", probe_file("trace.js")?);
    }
    let config = config.to_string().replace('<', "\\u003c");
    Ok(format!(
        "<script>globalThis.__sightlineConfig={config};{early}</script>"
    ))
}

fn probe_file(name: &str) -> Result<String> {
    let path = workspace().join("probe-wasm/pkg").join(name);
    std::fs::read_to_string(&path).with_context(|| {
        format!(
            "{}: the probe's package is not built (cargo xtask build)",
            path.display()
        )
    })
}
