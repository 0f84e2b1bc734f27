//! The site under test: pages as a test writes them, with the probe inline, and a backend that does what
//! its addresses ask and logs what arrived and when it answered. One axum server on a free loopback port
//! plays both; browsers know it as [`PAGES`] and [`API`].

mod backend;
mod log;
mod page;
mod sockets;
mod tunnel;

pub use log::Arrival;
pub use page::Page;

use crate::process::workspace;
use anyhow::Result;
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt;
use log::Log;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The pages' origin, as browsers under test know it.
pub const PAGES: &str = "http://pages.test";
/// The backend's origin.
pub const API: &str = "http://api.test";
/// The same backend under a name of its own.
pub const OTHER_API: &str = "http://other.test";
/// The collector's origin.
pub const COLLECTOR: &str = "http://collector.test";
/// The application at the collector, and its key.
pub const KEY: &str = "pages";

/// A running site; dropped, it is gone.
pub struct Site {
    /// Its loopback address.
    pub address: String,
    log: Arc<Log>,
    shelf: Arc<Shelf>,
    server: JoinHandle<()>,
}

/// What the test has put up.
#[derive(Default)]
struct Shelf {
    things: Mutex<HashMap<String, Thing>>,
    probe_files: Mutex<Vec<String>>,
}

#[derive(Clone)]
enum Thing {
    Page(String, Vec<(String, String)>),
    File(&'static str, Vec<u8>),
    /// Everything below leads to another server.
    Tunnel(String),
}

impl Site {
    /// Starts the site, empty but for its backend and the probe's files.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let (log, shelf) = (Log::begin(), Arc::<Shelf>::default());
        let pages = Router::new()
            .route("/sightline/{file}", get(probe))
            .route("/late/{ms}/sightline/{file}", get(late_core))
            .route("/late/{ms}/{late}/sightline/{file}", get(late_file))
            .fallback(from_shelf)
            .with_state(Arc::clone(&shelf));
        let router = backend::routes(&log).merge(pages);
        // Small pieces must leave when they are written, not when the one before was acknowledged.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let server = tokio::spawn(async move {
            // The task is ended from outside; what a single connection does wrong ends that one only.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self {
            address,
            log,
            shelf,
            server,
        })
    }

    /// Puts a page up, or another in its place; answers its address in the browser.
    ///
    /// # Errors
    /// When the probe is not built.
    pub fn put(&self, path: &str, page: Page) -> Result<String> {
        let thing = Thing::Page(page.html()?, page.headers);
        lock(&self.shelf.things).insert(path.to_owned(), thing);
        Ok(format!("{PAGES}{path}"))
    }

    /// Puts a file up.
    pub fn put_file(&self, path: &str, kind: &'static str, bytes: Vec<u8>) {
        let thing = Thing::File(kind, bytes);
        lock(&self.shelf.things).insert(path.to_owned(), thing);
    }

    /// Puts another server up under a path of the pages' own origin, as those do whose users block
    /// collectors by name.
    pub fn put_tunnel(&self, path: &str, to: &str) {
        let thing = Thing::Tunnel(to.to_owned());
        lock(&self.shelf.things).insert(path.to_owned(), thing);
    }

    /// Everything that has reached the backend whose path begins so, in order.
    #[must_use]
    pub fn arrivals(&self, path: &str) -> Vec<Arrival> {
        let mut arrivals = self.log.arrivals();
        arrivals.retain(|arrival| arrival.path().starts_with(path));
        arrivals
    }

    /// The probe's files that were asked for, in order.
    #[must_use]
    pub fn probe_files(&self) -> Vec<String> {
        lock(&self.shelf.probe_files).clone()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn from_shelf(State(shelf): State<Arc<Shelf>>, request: Request) -> Response {
    let path = request.uri().path();
    let thing = {
        let things = lock(&shelf.things);
        let below = path.match_indices('/').map(|(at, _)| path.split_at(at).0);
        let mut above = below.filter(|above| matches!(things.get(*above), Some(Thing::Tunnel(_))));
        let thing = things.get(above.next().unwrap_or(path));
        thing.cloned()
    };
    match thing {
        Some(Thing::Tunnel(to)) => tunnel::through(&to, request).await,
        None => (StatusCode::NOT_FOUND, "nothing here").into_response(),
        Some(Thing::File(kind, bytes)) => ([(header::CONTENT_TYPE, kind)], bytes).into_response(),
        Some(Thing::Page(html, headers)) => with_headers(Html(html).into_response(), &headers),
    }
}

fn with_headers(mut answer: Response, headers: &[(String, String)]) -> Response {
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            answer.headers_mut().append(name, value);
        }
    }
    answer
}

/// The files of the probe as a bundle ships them.
async fn probe(State(shelf): State<Arc<Shelf>>, Path(file): Path<String>) -> Response {
    lock(&shelf.probe_files).push(file.clone());
    let kind = match file.rsplit_once('.').map(|(_, ending)| ending) {
        Some("wasm") => "application/wasm",
        Some("js") => "text/javascript",
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    match tokio::fs::read(workspace().join("probe-wasm/pkg").join(file)).await {
        Ok(bytes) => ([(header::CONTENT_TYPE, kind)], bytes).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The same, their entry late.
async fn late_core(shelf: State<Arc<Shelf>>, Path((ms, file)): Path<(u64, String)>) -> Response {
    late_file(shelf, Path((ms, "core.js".to_owned(), file))).await
}

/// The same, one of them late.
async fn late_file(
    shelf: State<Arc<Shelf>>,
    Path((ms, late, file)): Path<(u64, String, String)>,
) -> Response {
    if file == late {
        backend::pass(ms).await;
    }
    probe(shelf, Path(file)).await
}
