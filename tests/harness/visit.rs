//! What one user can do on the site, each step waited out; the watch records what came of it.
//! A document is left only in states that probe and truth decide alike, unless its process is killed.

use crate::cdp::{Browser, Tab};
use crate::truth::{Call, Document, Ending, Look, Rules, Watch, has_failed_script};
use crate::wait::until;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::time::Duration;

/// Longer than any limit: a journey that hangs is waited out.
const LONGEST: Duration = Duration::from_secs(40);
/// A page that can still become ready is given a second more than its definition asks for.
const GIVE_UP: Duration = Duration::from_secs(9);
const GIVE_UP_AFTER_FAILURE: Duration = Duration::from_secs(4);

/// What a visit left behind.
#[derive(Clone, Debug)]
pub struct VisitRecord {
    /// The visitor's name, which ends its `User-Agent`.
    pub visitor: String,
    /// The documents it loaded.
    pub documents: Vec<Document>,
    /// What kept the driver from doing its part; such a visit proves nothing.
    pub trouble: Option<String>,
}

/// One visitor's tab, with eyes.
pub struct Visitor {
    name: String,
    site: String,
    tab: Tab,
    watch: Watch,
    rules: Rules,
}

/// What became of a page load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Ready, at this path.
    Ready(String),
    /// Given up after the time the definitions ask for.
    Failed,
}

impl Visitor {
    /// Opens a tab in a fresh context.
    ///
    /// # Errors
    /// When the browser has gone.
    pub async fn enter(browser: &Browser, site: &str, name: &str, rules: &Rules) -> Result<Self> {
        let watch = Watch::new(rules);
        let tab = browser.open(watch.listener()).await?;
        tab.name_visitor(name).await?;
        Ok(Self {
            name: name.to_owned(),
            site: site.to_owned(),
            tab,
            watch,
            rules: rules.clone(),
        })
    }

    /// Opens a second tab in the context of another visitor, hiding the first.
    ///
    /// # Errors
    /// When the browser has gone.
    pub async fn enter_beside(browser: &Browser, other: &Self, name: &str) -> Result<Self> {
        let watch = Watch::new(&other.rules);
        let tab = browser.open_beside(&other.tab, watch.listener()).await?;
        tab.name_visitor(name).await?;
        let (site, rules) = (other.site.clone(), other.rules.clone());
        Ok(Self {
            name: name.to_owned(),
            site,
            tab,
            watch,
            rules,
        })
    }

    /// The tab, for what no ordinary user does.
    #[must_use]
    pub fn tab(&self) -> &Tab {
        &self.tab
    }

    /// What was seen so far.
    #[must_use]
    pub fn watch(&self) -> &Watch {
        &self.watch
    }

    /// The address the visitor signs in with.
    #[must_use]
    pub fn email(&self) -> String {
        format!("{}@visitors.test", self.name)
    }

    /// The label of the document shown now.
    ///
    /// # Errors
    /// When it has none, as without a probe.
    pub fn view(&self) -> Result<String> {
        self.watch
            .current()
            .and_then(|document| document.label)
            .context("the page has no view id")
    }

    /// Opens a path of the site and waits until its fate is decided.
    ///
    /// # Errors
    /// When the tab has gone.
    pub async fn open(&self, path: &str) -> Result<Arrival> {
        let before = self.watch.document_count();
        self.tab.go(&format!("{}{path}", self.site)).await?;
        self.arrive(before).await
    }

    /// Reloads and waits until the new load's fate is decided.
    ///
    /// # Errors
    /// When the tab has gone.
    pub async fn reload(&self) -> Result<Arrival> {
        let before = self.watch.document_count();
        self.tab.reload().await?;
        self.arrive(before).await
    }

    async fn arrive(&self, documents_before: usize) -> Result<Arrival> {
        until("a page load to be decided", LONGEST, async || {
            if self.watch.document_count() <= documents_before {
                return Err("no new document".to_owned());
            }
            let look = self.look().await?;
            if look.ready && look.painted {
                return Ok(Arrival::Ready(look.path));
            }
            let document = self.watch.current().unwrap_or_default();
            let failed = has_failed_script(&document, &self.rules);
            let patience = if failed {
                GIVE_UP_AFTER_FAILURE
            } else {
                GIVE_UP
            };
            match document.loaded {
                Some(loaded) if self.watch.now() >= loaded + patience => Ok(Arrival::Failed),
                loaded => Err(format!(
                    "{look:?}, loaded {loaded:?}, failed script: {failed}"
                )),
            }
        })
        .await
    }

    /// Types the name, clicks the button and waits until films are there or something failed.
    /// Answers whether the home page came up.
    ///
    /// # Errors
    /// When there is no login form, or nothing comes of the click.
    pub async fn sign_in(&self) -> Result<bool> {
        self.tab.type_into(".login-name", &self.email()).await?;
        let logins = self.calls(Call::Login).len();
        self.watch.note_sign_in_click();
        self.tab.click(".sign-in").await?;
        let came_up = until("the sign-in to end", LONGEST, async || {
            let look = self.look().await?;
            match self.calls(Call::Login).get(logins) {
                Some(login) if login.is_bad() && look.login_error => Ok(false),
                Some(login) if login.is_ok() => self.home_is_up(&look).map(|()| true),
                login => Err(format!("{login:?}, {look:?}")),
            }
        })
        .await?;
        self.tab.rest().await?;
        Ok(came_up)
    }

    /// Waits on the home page until films are there or their call failed, and the history too.
    ///
    /// # Errors
    /// When neither comes.
    pub async fn wait_for_home(&self) -> Result<()> {
        until("films and history", LONGEST, async || {
            self.home_is_up(&self.look().await?)
        })
        .await?;
        self.tab.rest().await
    }

    fn home_is_up(&self, look: &Look) -> Result<(), String> {
        let startup = self.calls(Call::Startup).into_iter().next();
        let history = self.calls(Call::History).into_iter().next();
        let shown = startup
            .as_ref()
            .is_some_and(|call| call.is_bad() || (call.is_ok() && look.films > 0));
        let loaded = history.as_ref().is_some_and(|call| call.ended.is_some());
        if shown && loaded {
            return Ok(());
        }
        Err(format!("{startup:?}, {history:?}, {look:?}"))
    }

    /// Sends a message and does not wait.
    ///
    /// # Errors
    /// When there is no chat box.
    pub async fn send_message(&self, text: &str) -> Result<()> {
        self.look().await.map_err(anyhow::Error::msg)?;
        self.tab.type_into(".chat-box", text).await?;
        self.tab.press_enter().await
    }

    /// Sends a message and waits until the page shows what came of it; an answer that shows nothing
    /// is awaited by its request.
    ///
    /// # Errors
    /// When nothing comes within the longest limit.
    pub async fn chat(&self, text: &str) -> Result<()> {
        let before = self.look().await.map_err(anyhow::Error::msg)?;
        let chats = self.calls(Call::Chat).len();
        self.send_message(text).await?;
        self.wait_for_chat(chats, before.answers).await
    }

    /// Waits for the end of the chat with this number (from 0), the answers seen before it given.
    ///
    /// # Errors
    /// When nothing comes within the longest limit.
    pub async fn wait_for_chat(&self, number: usize, answers_before: u64) -> Result<()> {
        until("a chat to end", LONGEST, async || {
            self.watch.read_results(&self.tab).await;
            let look = self.look().await?;
            let chats = self.calls(Call::Chat);
            let Some(chat) = chats.get(number).filter(|chat| chat.ended.is_some()) else {
                return Err(format!("{:?}, {look:?}", chats.get(number)));
            };
            let shown = match chat.result.as_deref() {
                Some("SUCCESS" | "UNSAFE") => look.answers > answers_before,
                Some("ERROR") => look.oops,
                // BAD_QUERY and its kin show nothing.
                Some(_) => true,
                None => chat.is_bad() && look.oops,
            };
            if shown {
                Ok(())
            } else {
                Err(format!("{chat:?}, {look:?}"))
            }
        })
        .await?;
        self.tab.rest().await
    }

    /// Deletes the first preference and waits for the end of its request; answers whether there was one.
    ///
    /// # Errors
    /// When nothing comes within the longest limit.
    pub async fn delete_preference(&self) -> Result<bool> {
        if self.look().await.map_err(anyhow::Error::msg)?.chips == 0 {
            return Ok(false);
        }
        let saves = self.calls(Call::SavePreferences).len();
        self.tab.click(".preference-delete").await?;
        self.wait_for_end_of(Call::SavePreferences, saves).await?;
        Ok(true)
    }

    /// Signs out; answers whether that worked, which reloads the page.
    ///
    /// # Errors
    /// When nothing comes within the longest limit.
    pub async fn sign_out(&self) -> Result<Option<Arrival>> {
        let (documents, logouts) = (self.watch.document_count(), self.calls(Call::Logout).len());
        self.tab.click(".sign-out").await?;
        let reloads = until("the sign-out to end", LONGEST, async || {
            if self.watch.document_count() > documents {
                return Ok(true);
            }
            match self.calls(Call::Logout).get(logouts) {
                Some(logout) if logout.is_bad() => Ok(false),
                logout => Err(format!("{logout:?}")),
            }
        })
        .await?;
        if reloads {
            self.arrive(documents).await.map(Some)
        } else {
            Ok(None)
        }
    }

    /// Waits until the call with this number (from 0) has ended in the current document.
    ///
    /// # Errors
    /// When it does not.
    pub async fn wait_for_end_of(&self, call: Call, number: usize) -> Result<()> {
        until(&format!("{call:?} to end"), LONGEST, async || {
            match self.calls(call).get(number) {
                Some(request) if request.ended.is_some() => Ok(()),
                request => Err(format!("{request:?}")),
            }
        })
        .await?;
        self.tab.rest().await
    }

    /// Leaves by closing the tab, as users do, and hands over what was seen.
    ///
    /// # Errors
    /// When the tab does not close.
    pub async fn close(self) -> Result<(VisitRecord, Tab)> {
        self.look_a_last_time().await;
        self.watch.leave(Ending::Closed);
        self.tab.close().await?;
        let record = self.record(None);
        Ok((record, self.tab))
    }

    /// Notes that the process is killed now and hands over what was seen.
    #[must_use]
    pub fn killed(self) -> VisitRecord {
        self.watch.leave(Ending::Killed);
        self.record(None)
    }

    /// Crashes the page and loads it again in the same tab.
    ///
    /// # Errors
    /// When the tab has gone.
    pub async fn crash_and_reload(&self) -> Result<Arrival> {
        self.watch.leave(Ending::Killed);
        let crashes = self.watch.crashes();
        self.tab.crash().await;
        until("the page to be gone", LONGEST, async || {
            if self.watch.crashes() > crashes {
                Ok(())
            } else {
                Err("still there".to_owned())
            }
        })
        .await?;
        self.open("/").await
    }

    /// Hands over what was seen, with what went wrong on the driver's side.
    #[must_use]
    pub fn record(&self, trouble: Option<String>) -> VisitRecord {
        let documents = self.watch.documents();
        VisitRecord {
            visitor: self.name.clone(),
            documents,
            trouble,
        }
    }

    /// Holds back every request whose address matches a pattern, until [`Visitor::let_go`].
    ///
    /// # Errors
    /// When the tab has gone.
    pub async fn hold_back(&self, patterns: &[&str]) -> Result<()> {
        let patterns: Vec<Value> = patterns
            .iter()
            .map(|pattern| json!({ "urlPattern": pattern }))
            .collect();
        self.tab
            .call("Fetch.enable", json!({ "patterns": patterns }))
            .await
            .map(drop)
    }

    /// Lets the requests go on that were held back, and holds no more.
    ///
    /// # Errors
    /// When the tab has gone.
    pub async fn let_go(&self) -> Result<()> {
        self.tab.call("Fetch.disable", json!({})).await.map(drop)
    }

    /// The calls of this kind in the document shown now.
    #[must_use]
    pub fn calls(&self, call: Call) -> Vec<crate::truth::Request> {
        let document = self.watch.current().unwrap_or_default();
        document
            .requests
            .into_iter()
            .filter(|request| request.call() == Some(call))
            .collect()
    }

    async fn look(&self) -> Result<Look, String> {
        self.watch
            .look(&self.tab)
            .await
            .map_err(|error| format!("{error:#}"))
    }

    async fn look_a_last_time(&self) {
        self.watch.read_results(&self.tab).await;
        // A page that cannot be looked at any more has been looked at before.
        let _ = self.look().await;
    }
}
