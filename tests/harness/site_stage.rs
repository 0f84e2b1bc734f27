//! What a test of the probe alone needs: the site under test, a collector, and a browser that finds them
//! by their names. No demo and no independent truth: the site's own log says what was.

use crate::api::{Collector, now_ms};
use crate::cdp::{Browser, NameMap, Tab};
use crate::collector::CollectorProgram;
use crate::site::{KEY, PAGES, Page, Site};
use crate::stage::VIEW_LABEL;
use anyhow::{Context, Result};
use serde_json::Value;
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(20);
/// How long what a page said when it was left may take to be shown, on two busy cores.
const SHOWN_WITHIN: Duration = Duration::from_secs(15);

/// The running programs of one test.
pub struct SiteStage {
    /// The pages and the backend.
    pub site: Site,
    /// The collector's private API.
    pub collector: Collector,
    collector_program: CollectorProgram,
    browser: Browser,
    /// When the stage was set.
    pub from_ms: u64,
}

impl SiteStage {
    /// Starts everything. `name` says whose logs are whose; the collector accepts attempts at `journeys`.
    ///
    /// # Errors
    /// When a program is missing or does not come up.
    pub async fn set(name: &str, journeys: &[&str]) -> Result<Self> {
        let site = Site::start().await?;
        let collector_program = CollectorProgram::prepare(name, configuration(journeys))?;
        collector_program.start().await?;
        let names = NameMap::default()
            .to("pages.test", &site.address)
            .to("api.test", &site.address)
            .to("other.test", &site.address)
            .to("collector.test", &collector_program.ingest)
            .nowhere("nowhere.test");
        Ok(Self {
            site,
            collector: Collector::at(&collector_program.private, KEY),
            collector_program,
            browser: Browser::start(&names).await?,
            from_ms: now_ms(),
        })
    }

    /// The address of the collector's public listener.
    #[must_use]
    pub fn ingest(&self) -> &str {
        &self.collector_program.ingest
    }

    /// The browser.
    #[must_use]
    pub fn browser(&self) -> &Browser {
        &self.browser
    }

    /// Opens an empty tab in front, in a context of its own.
    ///
    /// # Errors
    /// When the browser has gone.
    pub async fn tab(&self) -> Result<Tab> {
        let tab = self.browser.open(()).await?;
        tab.bring_to_front().await?;
        Ok(tab)
    }

    /// Puts a page up, opens it in a tab of its own and waits until the core is at work.
    ///
    /// # Errors
    /// When the core does not come up.
    pub async fn open(&self, path: &str, page: Page) -> Result<Tab> {
        let address = self.site.put(path, page)?;
        let tab = self.tab().await?;
        self.go(&tab, &address).await?;
        Ok(tab)
    }

    /// Goes to an address and waits until the core is at work there.
    ///
    /// # Errors
    /// When the core does not come up.
    pub async fn go(&self, tab: &Tab, address: &str) -> Result<()> {
        tab.go(address).await?;
        let there = format!(
            "location.href === {} && globalThis.__sightline?.core === 'loaded'",
            Value::from(address)
        );
        tab.wait_for(&there, WITHIN).await
    }

    /// Puts a page up and opens it in a tab of its own, where the core may never come.
    ///
    /// # Errors
    /// When the early hook does not come up.
    pub async fn open_without_core(&self, path: &str, page: Page) -> Result<Tab> {
        let address = self.site.put(path, page)?;
        let tab = self.tab().await?;
        tab.go(&address).await?;
        let there = format!(
            "location.href === {} && !!globalThis.__sightline",
            Value::from(address)
        );
        tab.wait_for(&there, WITHIN).await?;
        Ok(tab)
    }

    /// The label of the document a tab shows.
    ///
    /// # Errors
    /// When it has none, as without a probe.
    pub async fn view_of(&self, tab: &Tab) -> Result<String> {
        let label = tab.evaluate(VIEW_LABEL).await?;
        Ok(label
            .as_str()
            .context("the page has no view id")?
            .to_owned())
    }

    /// Hides a tab behind another, which is returned.
    ///
    /// # Errors
    /// When the browser has gone.
    pub async fn hide(&self, tab: &Tab) -> Result<Tab> {
        let front = self.browser.open_beside(tab, ()).await?;
        tab.wait_for("document.visibilityState === 'hidden'", WITHIN)
            .await?;
        Ok(front)
    }

    /// Brings a hidden tab back and closes what stood before it.
    ///
    /// # Errors
    /// When the browser has gone.
    pub async fn come_back(&self, tab: &Tab, front: Tab) -> Result<()> {
        tab.bring_to_front().await?;
        tab.wait_for("document.visibilityState === 'visible'", WITHIN)
            .await?;
        front.close().await
    }

    /// Leaves a page for another one of its site that has no probe; answers the view that was left.
    ///
    /// # Errors
    /// When the tab has gone.
    pub async fn leave(&self, tab: &Tab) -> Result<String> {
        let view = self.view_of(tab).await?;
        let elsewhere = self.site.put("/elsewhere", Page::new("Elsewhere").bare())?;
        tab.go(&elsewhere).await?;
        tab.wait_for(
            &format!("location.href === '{PAGES}/elsewhere' && !globalThis.__sightline"),
            WITHIN,
        )
        .await?;
        Ok(view)
    }

    /// Lets a page come to rest, leaves it, and waits until its view is shown as it should be; `look` says what
    /// is not yet right.
    ///
    /// # Errors
    /// When the tab has gone, or with the view as it was last.
    pub async fn told(
        &self,
        tab: &Tab,
        look: impl Fn(&Value) -> Result<(), String>,
    ) -> Result<Value> {
        tab.rest().await?;
        let view = self.leave(tab).await?;
        self.collector.until_view(&view, SHOWN_WITHIN, look).await
    }

    /// Starts the collector again after [`SiteStage::stop_collector`].
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start_collector(&self) -> Result<()> {
        self.collector_program.start().await
    }

    /// Stops the collector in an orderly way.
    ///
    /// # Errors
    /// When it does not stop.
    pub async fn stop_collector(&self) -> Result<()> {
        self.collector_program.stop().await
    }

    /// Ends everything in an orderly way.
    ///
    /// # Errors
    /// When a program does not stop as asked.
    pub async fn strike(self) -> Result<()> {
        self.browser.close().await?;
        self.collector_program.strike().await
    }
}

fn configuration(journeys: &[&str]) -> toml::Table {
    let journeys = journeys.iter().map(|name| {
        let mut journey = toml::Table::new();
        journey.insert("name".to_owned(), (*name).into());
        journey.insert("threshold_ms".to_owned(), 1000.into());
        toml::Value::Table(journey)
    });
    let mut app = toml::Table::new();
    app.insert("name".to_owned(), KEY.into());
    app.insert("keys".to_owned(), vec![KEY].into());
    app.insert("origins".to_owned(), vec![PAGES].into());
    app.insert(
        "journeys".to_owned(),
        toml::Value::Array(journeys.collect()),
    );
    let mut config = toml::Table::new();
    config.insert("probe_dir".to_owned(), "probe-wasm/pkg".into());
    config.insert("apps".to_owned(), vec![toml::Value::Table(app)].into());
    config
}
