//! The driver's own eyes: browser events and looks at the page go in, one record per document load comes
//! out. Records only; what they mean is decided elsewhere.

use super::record::{Document, Ending, Look, Request};
use super::rules::{Call, Rules};
use crate::cdp::{Listener, Tab};
use anyhow::Result;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Watches one tab.
#[derive(Clone)]
pub struct Watch {
    begun: Instant,
    rules: Arc<Rules>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    documents: Vec<Document>,
    /// Requests of a load that the tab has not switched to yet.
    early: Vec<(String, Request)>,
    crashes: usize,
}

impl Watch {
    /// A watch that has seen nothing yet.
    #[must_use]
    pub fn new(rules: &Rules) -> Self {
        Self {
            begun: Instant::now(),
            rules: Arc::new(rules.clone()),
            state: Arc::default(),
        }
    }

    /// The listener to give to the tab.
    #[must_use]
    pub fn listener(&self) -> Listener {
        let watch = self.clone();
        Box::new(move |method, params| watch.hear(method, params))
    }

    /// The document the tab shows now.
    #[must_use]
    pub fn current(&self) -> Option<Document> {
        self.lock().documents.last().cloned()
    }

    /// How many documents have been loaded so far.
    #[must_use]
    pub fn document_count(&self) -> usize {
        self.lock().documents.len()
    }

    /// How often the page's process has crashed.
    #[must_use]
    pub fn crashes(&self) -> usize {
        self.lock().crashes
    }

    /// All documents, the last one still open unless [`Watch::leave`] was called.
    #[must_use]
    pub fn documents(&self) -> Vec<Document> {
        self.lock().documents.clone()
    }

    /// Time since the watch began.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Notes that the driver clicks the sign-in button now.
    pub fn note_sign_in_click(&self) {
        let now = self.now();
        if let Some(document) = self.lock().documents.last_mut() {
            document.sign_in_clicks.push(now);
        }
    }

    /// Notes that the document is left now.
    pub fn leave(&self, ending: Ending) {
        let now = self.now();
        if let Some(document) = self.lock().documents.last_mut() {
            document.left.get_or_insert((now, ending));
        }
    }

    /// Looks at the page; where it is ready, waits for two frames and notes that they were painted.
    ///
    /// # Errors
    /// When the tab has gone, or the document changed meanwhile.
    pub async fn look(&self, tab: &Tab) -> Result<Look> {
        let look = self.look_once(tab, &self.look_expression(false)).await?;
        let painted = self
            .lock()
            .documents
            .last()
            .is_some_and(|document| document.looks.iter().any(|look| look.painted));
        if look.ready && !painted {
            return self.look_once(tab, &self.look_expression(true)).await;
        }
        Ok(look)
    }

    async fn look_once(&self, tab: &Tab, expression: &str) -> Result<Look> {
        let before = self.loader();
        let seen = tab.evaluate(expression).await?;
        let at = self.now();
        let look = Look {
            at,
            path: seen["path"].as_str().unwrap_or_default().to_owned(),
            mounted: seen["mounted"] == true,
            ready: seen["ready"] == true,
            painted: seen["painted"] == true,
            films: seen["films"].as_u64().unwrap_or(0),
            answers: seen["answers"].as_u64().unwrap_or(0),
            oops: seen["oops"] == true,
            login_error: seen["loginError"] == true,
            chips: seen["chips"].as_u64().unwrap_or(0),
        };
        let mut state = self.lock();
        if let Some(document) = state.documents.last_mut()
            && Some(&document.loader) == before.as_ref()
        {
            if let Some(label) = seen["label"].as_str() {
                document.label = Some(label.to_owned());
            }
            let unchanged = document.looks.last().is_some_and(|last| {
                Look {
                    at: last.at,
                    ..look.clone()
                } == *last
            });
            if !unchanged {
                document.looks.push(look.clone());
            }
        }
        Ok(look)
    }

    /// Reads `result` from the bodies of chats that have ended; must be done before the document goes.
    pub async fn read_results(&self, tab: &Tab) {
        let unread: Vec<String> = self
            .current()
            .iter()
            .flat_map(|document| &document.requests)
            .filter(|request| request.call() == Some(Call::Chat))
            .filter(|request| request.is_ok() && request.result.is_none())
            .map(|request| request.id.clone())
            .collect();
        for id in unread {
            let body = tab
                .call("Network.getResponseBody", json!({ "requestId": id }))
                .await;
            let body = body
                .ok()
                .and_then(|body| body["body"].as_str().map(str::to_owned));
            let body = body.and_then(|body| serde_json::from_str::<Value>(&body).ok());
            let result = body.as_ref().and_then(|body| body["result"].as_str());
            if let Some(result) = result {
                self.with_request(&id, |request| request.result = Some(result.to_owned()));
            }
        }
    }

    fn look_expression(&self, after_two_frames: bool) -> String {
        let ready: serde_json::Map<String, Value> = self
            .rules
            .ready
            .iter()
            .map(|(path, css)| (path.clone(), css.clone().into()))
            .collect();
        let look = format!(
            "({{ label: ({label}) ?? null, path: location.pathname, \
             mounted: (document.querySelector({mount})?.childElementCount ?? 0) > 0, \
             ready: !!document.querySelector({ready}[location.pathname] ?? ':not(*)'), \
             painted: {after_two_frames}, \
             films: document.querySelectorAll('.featured-film').length, \
             answers: document.querySelectorAll('.bubble-agent').length, \
             oops: !!document.querySelector('.bubble-error'), \
             loginError: !!document.querySelector('.login-error'), \
             chips: document.querySelectorAll('.preference-chip').length }})",
            label = self.rules.label,
            mount = Value::from(self.rules.mount.as_str()),
            ready = Value::from(ready),
        );
        if !after_two_frames {
            return look;
        }
        format!(
            "new Promise(seen => requestAnimationFrame(() => requestAnimationFrame(() => seen({look}))))"
        )
    }

    fn loader(&self) -> Option<String> {
        self.lock()
            .documents
            .last()
            .map(|document| document.loader.clone())
    }

    fn hear(&self, event: &str, params: &Value) {
        let now = self.now();
        match event {
            "Page.frameNavigated" if params["frame"]["parentId"].is_null() => {
                let frame = &params["frame"];
                if text(&frame["url"]).starts_with("http") {
                    self.lock()
                        .enter(text(&frame["loaderId"]), text(&frame["url"]), now);
                }
            }
            "Page.lifecycleEvent" => {
                let mut state = self.lock();
                state.enter_if_under_way(text(&params["loaderId"]), now);
                if params["name"] == "load"
                    && let Some(document) = state.document(&params["loaderId"])
                {
                    document.loaded.get_or_insert(now);
                }
            }
            "Inspector.targetCrashed" => self.lock().crashes += 1,
            "Runtime.exceptionThrown" => {
                let details = &params["exceptionDetails"];
                let thrown = details["exception"]["description"]
                    .as_str()
                    .unwrap_or("something");
                if let Some(document) = self.lock().documents.last_mut() {
                    document.uncaught.push(thrown.to_owned());
                }
            }
            "Network.requestWillBeSent" => self.begin_request(params, now),
            "Network.responseReceived" => {
                let response = &params["response"];
                self.with_request(text(&params["requestId"]), |request| {
                    request.status = response["status"].as_u64().and_then(|s| s.try_into().ok());
                    response["mimeType"]
                        .as_str()
                        .unwrap_or_default()
                        .clone_into(&mut request.mime);
                });
            }
            "Network.loadingFinished" => {
                self.with_request(text(&params["requestId"]), |request| {
                    request.ended = Some(now);
                });
            }
            "Network.loadingFailed" => {
                self.with_request(text(&params["requestId"]), |request| {
                    request.ended = Some(now);
                    request.error = Some(text(&params["errorText"]).to_owned());
                });
            }
            _ => {}
        }
    }

    fn begin_request(&self, params: &Value, now: Duration) {
        let headers = params["request"]["headers"].as_object();
        let user = headers.and_then(|headers| {
            headers
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case("user"))
                .map(|found| found.1)
        });
        let request = Request {
            id: text(&params["requestId"]).to_owned(),
            sent: now,
            method: text(&params["request"]["method"]).to_owned(),
            url: text(&params["request"]["url"]).to_owned(),
            kind: text(&params["type"]).to_owned(),
            user: user.and_then(Value::as_str).map(str::to_owned),
            ..Request::default()
        };
        let mut state = self.lock();
        if request.kind != "Document" {
            state.enter_if_under_way(text(&params["loaderId"]), now);
        }
        match state.document(&params["loaderId"]) {
            Some(document) => document.requests.push(request),
            None => state
                .early
                .push((text(&params["loaderId"]).to_owned(), request)),
        }
    }

    fn with_request(&self, id: &str, change: impl FnOnce(&mut Request)) {
        let mut state = self.lock();
        let State {
            documents, early, ..
        } = &mut *state;
        let known = documents
            .iter_mut()
            .rev()
            .flat_map(|document| document.requests.iter_mut().rev());
        if let Some(request) = known
            .chain(early.iter_mut().map(|early| &mut early.1))
            .find(|request| request.id == id)
        {
            change(request);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The tab switches to the document of a load.
    fn enter(&mut self, loader: &str, url: &str, now: Duration) {
        if self
            .documents
            .iter()
            .any(|document| document.loader == loader)
        {
            return;
        }
        if let Some(previous) = self.documents.last_mut() {
            previous.left.get_or_insert((now, Ending::Replaced));
        }
        let (own, other): (Vec<_>, Vec<_>) = std::mem::take(&mut self.early)
            .into_iter()
            .partition(|early| early.0 == loader);
        self.early = other;
        let requests: Vec<Request> = own.into_iter().map(|early| early.1).collect();
        self.documents.push(Document {
            loader: loader.to_owned(),
            url: url.to_owned(),
            started: requests.first().map_or(now, |request| request.sent),
            requests,
            ..Document::default()
        });
    }

    /// A load that asks for its scripts or tells of its progress has been switched to, whether or
    /// not `Page.frameNavigated` came: once, on a busy machine, it did not.
    fn enter_if_under_way(&mut self, loader: &str, now: Duration) {
        let of_load = |early: &&(String, Request)| early.0 == loader && early.1.kind == "Document";
        if let Some(url) = self
            .early
            .iter()
            .find(of_load)
            .map(|early| early.1.url.clone())
        {
            self.enter(loader, &url, now);
        }
    }

    fn document(&mut self, loader: &Value) -> Option<&mut Document> {
        self.documents
            .iter_mut()
            .rev()
            .find(|document| Some(document.loader.as_str()) == loader.as_str())
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
