//! One tab: where it goes, what is typed and clicked in it, how it is hidden, crashed and closed.
//! Clicks and keys are real input events; scripts are only evaluated to look.

use super::connection::{Connection, Listener};
use crate::wait::until;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const DOMAINS: [&str; 4] = [
    "Inspector.enable",
    "Page.enable",
    "Runtime.enable",
    "Network.enable",
];

/// Builds the listener of a tab's events; `()` hears nothing.
pub trait TabEvents {
    /// The listener, called for every event of the tab.
    fn listener(self) -> Option<Listener>;
}

impl TabEvents for () {
    fn listener(self) -> Option<Listener> {
        None
    }
}

impl TabEvents for Listener {
    fn listener(self) -> Option<Listener> {
        Some(self)
    }
}

/// A tab under our control.
pub struct Tab {
    connection: Arc<Connection>,
    context: String,
    target: String,
    session: String,
}

impl Tab {
    pub(super) async fn open(
        connection: &Arc<Connection>,
        context: &str,
        events: impl TabEvents,
    ) -> Result<Self> {
        let target = connection
            .call(
                None,
                "Target.createTarget",
                json!({ "url": "about:blank", "browserContextId": context }),
            )
            .await?;
        let target = target["targetId"].as_str().context("no targetId")?;
        Self::attach(connection, context, target, events).await
    }

    pub(super) async fn attach(
        connection: &Arc<Connection>,
        context: &str,
        target: &str,
        events: impl TabEvents,
    ) -> Result<Self> {
        let session = connection
            .call(
                None,
                "Target.attachToTarget",
                json!({ "targetId": target, "flatten": true }),
            )
            .await?;
        let session = session["sessionId"]
            .as_str()
            .context("no sessionId")?
            .to_owned();
        if let Some(listener) = events.listener() {
            connection.listen(&session, listener);
        }
        let tab = Self {
            connection: Arc::clone(connection),
            context: context.to_owned(),
            target: target.to_owned(),
            session,
        };
        for domain in DOMAINS {
            tab.call(domain, json!({})).await?;
        }
        tab.call("Page.setLifecycleEventsEnabled", json!({ "enabled": true }))
            .await?;
        Ok(tab)
    }

    /// Sends any command of the protocol to this tab.
    ///
    /// # Errors
    /// When the browser refuses it or the tab has gone.
    pub async fn call(&self, method: &str, params: Value) -> Result<Value> {
        self.connection
            .call(Some(&self.session), method, params)
            .await
    }

    pub(super) fn context(&self) -> &str {
        &self.context
    }

    pub(super) fn target(&self) -> &str {
        &self.target
    }

    /// Starts loading an address; does not wait for anything but the start.
    ///
    /// # Errors
    /// When the tab has gone.
    pub async fn go(&self, url: &str) -> Result<()> {
        self.call("Page.navigate", json!({ "url": url }))
            .await
            .map(drop)
    }

    /// Reloads the page as the user's reload button does.
    ///
    /// # Errors
    /// When the tab has gone.
    pub async fn reload(&self) -> Result<()> {
        self.call("Page.reload", json!({})).await.map(drop)
    }

    /// The value of an expression, awaited when it is a promise.
    ///
    /// # Errors
    /// When it throws, or when the document goes away meanwhile.
    pub async fn evaluate(&self, expression: &str) -> Result<Value> {
        let answer = self
            .call(
                "Runtime.evaluate",
                json!({ "expression": expression, "returnByValue": true, "awaitPromise": true }),
            )
            .await?;
        if let Some(thrown) = answer.get("exceptionDetails") {
            let text = thrown["exception"]["description"]
                .as_str()
                .or(thrown["text"].as_str());
            bail!("{expression} threw {}", text.unwrap_or("something"));
        }
        Ok(answer["result"]["value"].clone())
    }

    /// Clicks the middle of the first element that the selector finds, as a mouse does.
    ///
    /// # Errors
    /// When there is no such element in sight.
    pub async fn click(&self, selector: &str) -> Result<()> {
        let quoted = Value::from(selector).to_string();
        let middle = self
            .evaluate(&format!(
                "(() => {{ const element = document.querySelector({quoted}); if (!element) return null; \
                 element.scrollIntoView({{ block: 'center', behavior: 'instant' }}); \
                 const box = element.getBoundingClientRect(); \
                 return [box.x + box.width / 2, box.y + box.height / 2] }})()"
            ))
            .await?;
        let (Some(x), Some(y)) = (middle[0].as_f64(), middle[1].as_f64()) else {
            bail!("nothing to click at {selector}");
        };
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
            let button = if kind == "mouseMoved" { "none" } else { "left" };
            self.call(
                "Input.dispatchMouseEvent",
                json!({ "type": kind, "x": x, "y": y, "button": button, "clickCount": 1 }),
            )
            .await?;
        }
        Ok(())
    }

    /// Clicks into a field and types a text into it.
    ///
    /// # Errors
    /// When there is no such field in sight.
    pub async fn type_into(&self, selector: &str, text: &str) -> Result<()> {
        self.click(selector).await?;
        self.call("Input.insertText", json!({ "text": text }))
            .await
            .map(drop)
    }

    /// Presses and releases Enter.
    ///
    /// # Errors
    /// When the tab has gone.
    pub async fn press_enter(&self) -> Result<()> {
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" { "\r" } else { "" };
            self.call(
                "Input.dispatchKeyEvent",
                json!({ "type": kind, "key": "Enter", "code": "Enter",
                        "windowsVirtualKeyCode": 13, "text": text }),
            )
            .await?;
        }
        Ok(())
    }

    /// Waits until an expression is true.
    ///
    /// # Errors
    /// Says what the page held instead.
    pub async fn wait_for(&self, expression: &str, within: Duration) -> Result<()> {
        until(
            &format!("the page to hold {expression}"),
            within,
            async || match self.evaluate(expression).await {
                Ok(Value::Bool(true)) => Ok(()),
                Ok(other) => Err(other.to_string()),
                Err(error) => Err(format!("{error:#}")),
            },
        )
        .await
    }

    /// Lets the page come to rest after what it just received: painted, idle, and painted again.
    ///
    /// # Errors
    /// When the document goes away meanwhile, or is hidden and never paints.
    pub async fn rest(&self) -> Result<()> {
        const RESTED: &str = "(async () => { \
            const frame = () => new Promise(requestAnimationFrame); \
            await frame(); await frame(); \
            await new Promise(idle => requestIdleCallback(idle, { timeout: 1000 })); \
            await frame(); await frame(); return true })()";
        self.evaluate(RESTED).await.map(drop)
    }

    /// Puts this tab in front of its window: it becomes visible, the others there hidden.
    ///
    /// # Errors
    /// When the tab has gone.
    pub async fn bring_to_front(&self) -> Result<()> {
        self.call("Page.bringToFront", json!({})).await.map(drop)
    }

    /// Lets every request fail whose address matches one of the patterns (`*` is a wildcard).
    ///
    /// # Errors
    /// When the tab has gone.
    pub async fn block(&self, patterns: &[&str]) -> Result<()> {
        self.call("Network.setBlockedURLs", json!({ "urls": patterns }))
            .await
            .map(drop)
    }

    /// Names the visitor at the end of the `User-Agent` header, as ` visit/NAME`, which is how the pods'
    /// logs can be joined.
    ///
    /// # Errors
    /// When the tab has gone.
    pub async fn name_visitor(&self, name: &str) -> Result<()> {
        let version = self
            .connection
            .call(None, "Browser.getVersion", json!({}))
            .await?;
        let agent = version["userAgent"].as_str().unwrap_or("Chromium");
        self.call(
            "Emulation.setUserAgentOverride",
            json!({ "userAgent": format!("{agent} visit/{name}") }),
        )
        .await
        .map(drop)
    }

    /// Runs a script in every document from now on, before any of its own.
    ///
    /// # Errors
    /// When the tab has gone.
    pub async fn prepend(&self, script: &str) -> Result<()> {
        self.call(
            "Page.addScriptToEvaluateOnNewDocument",
            json!({ "source": script }),
        )
        .await
        .map(drop)
    }

    /// Lets go of the tab, which goes on by itself: what a browser does only for pages nobody debugs.
    ///
    /// # Errors
    /// When the browser has gone.
    pub async fn detach(&self) -> Result<()> {
        let session = json!({ "sessionId": self.session });
        self.connection
            .call(None, "Target.detachFromTarget", session)
            .await?;
        self.connection.stop_listening(&self.session);
        Ok(())
    }

    /// Crashes the page's process; the tab stays and can load again once `Inspector.targetCrashed` came.
    pub async fn crash(&self) {
        // The crashed page never answers.
        let crash = self.call("Page.crash", json!({}));
        let _ = tokio::time::timeout(Duration::from_millis(500), crash).await;
    }

    /// Closes the tab as its user does and waits until it is gone; its context stays.
    ///
    /// # Errors
    /// When it does not go away.
    pub async fn close(&self) -> Result<()> {
        self.call("Page.close", json!({})).await?;
        until("the tab to be gone", Duration::from_secs(20), async || {
            let targets = self
                .connection
                .call(None, "Target.getTargets", json!({}))
                .await
                .map_err(|error| format!("{error:#}"))?;
            let open = targets["targetInfos"].as_array().is_some_and(|targets| {
                targets
                    .iter()
                    .any(|target| target["targetId"].as_str() == Some(&self.target))
            });
            if open {
                Err("still open".to_owned())
            } else {
                Ok(())
            }
        })
        .await?;
        self.connection.stop_listening(&self.session);
        Ok(())
    }

    /// Throws the tab's context away with everything in it.
    ///
    /// # Errors
    /// When the browser has gone.
    pub async fn dispose_context(&self) -> Result<()> {
        self.connection
            .call(
                None,
                "Target.disposeBrowserContext",
                json!({ "browserContextId": self.context }),
            )
            .await
            .map(drop)
    }
}
