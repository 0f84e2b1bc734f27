//! What a pod changes in the files of its build while serving them: its own name in the document and, for
//! browsers that reach it under another name than the site's, the addresses of backend and collector.

use axum::http::{HeaderMap, header};

/// Stands in the built `index.html` for the name of the pod that serves it.
const DEPLOYMENT_PLACEHOLDER: &str = "__SIGHTLINE_DEPLOYMENT__";

/// The site's name in the demo; the builds' literal URLs work for browsers that map such names.
const SITE_HOST: &str = "movieguru.test";
const BACKEND_URL: &str = "http://api.movieguru.test";
const COLLECTOR_URL: &str = "http://collector.sightline.test";

/// Where a browser without mapped names finds backend and collector.
pub(crate) struct LoopbackUrls {
    pub(crate) backend: String,
    pub(crate) collector: String,
}

pub(super) fn name_deployment(html: String, name: &str) -> String {
    html.replace(DEPLOYMENT_PLACEHOLDER, name)
}

impl LoopbackUrls {
    /// Leaves the text alone for a browser that knows the site's name: release 2's own wrong URL always stays.
    pub(super) fn rewrite(&self, text: String, headers: &HeaderMap) -> String {
        if asked_for_site(headers) {
            return text;
        }
        text.replace(BACKEND_URL, &self.backend)
            .replace(COLLECTOR_URL, &self.collector)
    }
}

fn asked_for_site(headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    host.split(':').next() == Some(SITE_HOST)
}
