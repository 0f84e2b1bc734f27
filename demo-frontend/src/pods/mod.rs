//! The front-end pods: each is a static server of one build, behind an address of its own.
//!
//! As in the real deployment a pod knows nothing of the others and answers every unknown path with its
//! `index.html`, so a script of another release comes back as HTML. Connections close after each answer:
//! otherwise document and script share one connection and a page never mixes pods.

mod access_log;
mod mixed;
mod rewrite;
mod site_files;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

pub(crate) use access_log::AccessEntry;
pub use mixed::MixedLoads;
pub(crate) use mixed::mixed_loads;
pub(crate) use rewrite::LoopbackUrls;
use site_files::Found;

use crate::log::{Log, now_ms};

/// One pod: its name, the release it runs and the folder of that release's build.
pub(crate) struct Pod {
    pub(crate) name: String,
    pub(crate) release: String,
    pub(crate) build: PathBuf,
}

/// What all pods write to.
pub(crate) struct PodRecords {
    pub(crate) access: Log<AccessEntry>,
    /// `index.html` sent to a navigation: the denominator of document coverage.
    pub(crate) documents: Family<PodLabels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct PodLabels {
    pub(crate) release: String,
    pub(crate) deployment: String,
}

impl PodRecords {
    pub(crate) fn new() -> Self {
        Self {
            access: Log::new(),
            documents: Family::default(),
        }
    }
}

#[derive(Clone)]
struct Serving {
    pod: Arc<Pod>,
    urls: Arc<LoopbackUrls>,
    records: Arc<PodRecords>,
}

/// The whole HTTP surface of one pod.
pub(crate) fn router(pod: Arc<Pod>, urls: Arc<LoopbackUrls>, records: Arc<PodRecords>) -> Router {
    // The series exists at 0 before its first document.
    drop(records.documents.get_or_create(&labels(&pod)));
    Router::new()
        .fallback(answer)
        .with_state(Serving { pod, urls, records })
}

async fn answer(State(serving): State<Serving>, request: Request<Body>) -> Response {
    let Serving { pod, urls, records } = serving;
    let (path, headers) = (request.uri().path(), request.headers());
    let found = site_files::find(&pod.build, path).await;
    let document = matches!(found, Found::Document(_)) && is_navigation(request.method(), headers);
    if document {
        records.documents.get_or_create(&labels(&pod)).inc();
    }
    let mut response = respond(found, &pod, &urls, headers);
    mark(&mut response, &pod);
    records.access.push(AccessEntry {
        at_ms: now_ms(),
        pod: pod.name.clone(),
        release: pod.release.clone(),
        method: request.method().to_string(),
        path: path.to_owned(),
        status: response.status().as_u16(),
        user_agent: text(headers, header::USER_AGENT),
        referer: text(headers, header::REFERER),
        document,
    });
    response
}

fn respond(found: Found, pod: &Pod, urls: &LoopbackUrls, headers: &HeaderMap) -> Response {
    let (content_type, body) = match found {
        Found::Document(html) => {
            let html = rewrite::name_deployment(html, &pod.name);
            (
                "text/html; charset=utf-8",
                urls.rewrite(html, headers).into_bytes(),
            )
        }
        Found::Script(js) => ("text/javascript", urls.rewrite(js, headers).into_bytes()),
        Found::Other { content_type, body } => (content_type, body),
        Found::Absent => return (StatusCode::NOT_FOUND, "no such file\n").into_response(),
        Found::Unreadable(error) => {
            tracing::error!(pod = pod.name, build = %pod.build.display(), %error, "build not readable");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    ([(header::CONTENT_TYPE, content_type)], body).into_response()
}

/// Every answer says who gave it. It may be stored but not reused unasked: a browser that keeps a script
/// would hide from us that the pods do not agree about it. (`no-store` would forbid the back/forward cache.)
fn mark(response: &mut Response, pod: &Pod) {
    let timing = format!(
        "deployment;desc=\"{}\", release;desc=\"{}\"",
        pod.name, pod.release
    );
    let headers = response.headers_mut();
    if let Ok(timing) = HeaderValue::from_str(&timing) {
        headers.insert("server-timing", timing);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
}

/// A document load, told by what the browser accepts: `Sec-Fetch-Dest` is not sent over plain http.
fn is_navigation(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::GET
        && headers
            .get(header::ACCEPT)
            .and_then(|accept| accept.to_str().ok())
            .is_some_and(|accept| accept.contains("text/html"))
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    headers
        .get(name)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn labels(pod: &Pod) -> PodLabels {
    PodLabels {
        release: pod.release.clone(),
        deployment: pod.name.clone(),
    }
}
