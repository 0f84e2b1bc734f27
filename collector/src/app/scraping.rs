//! The reading of the servers' counters: one loop per target, from the scraper into the store.

use super::App;
use super::answers::Comparison;
use crate::compare::Scraper;
use crate::config::Config;
use crate::export::ScrapeGauges;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl App {
    /// Reads all targets until it is dropped.
    pub async fn scrape(self: Arc<Self>) {
        let mut readers = tokio::task::JoinSet::new();
        for (scraper, gauges) in self.scrapes.clone() {
            let app = Arc::clone(&self);
            readers.spawn(async move { app.scrape_target(&scraper, &gauges).await });
        }
        while readers.join_next().await.is_some() {}
    }

    async fn scrape_target(&self, scraper: &Scraper, gauges: &ScrapeGauges) {
        let mut ticks = tokio::time::interval(scraper.every());
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut reachable = true;
        loop {
            ticks.tick().await;
            let target = scraper.target();
            match self.scrape_once(scraper).await {
                Ok(()) => {
                    gauges.reads.fetch_add(1, Ordering::Relaxed);
                    if !reachable {
                        tracing::info!(target, "server-side figures are back");
                    }
                    reachable = true;
                }
                Err(error) => {
                    gauges.failures.fetch_add(1, Ordering::Relaxed);
                    // One line per outage; the counter has the rest.
                    if reachable {
                        tracing::warn!(target, "no server-side figures: {error:#}");
                    }
                    reachable = false;
                }
            }
        }
    }

    /// The last values come from the store, so that what was read and not stored is read again.
    async fn scrape_once(&self, scraper: &Scraper) -> anyhow::Result<()> {
        let last = self.store.last_values(scraper.target().to_owned()).await?;
        let deltas = scraper.read(&last, &*self.clock).await?;
        Ok(self.store.append_scrape(deltas).await?)
    }
}

/// One scraper per target, for what the comparisons need of it.
pub(super) fn scrapers(
    config: &Config,
    comparisons: &HashMap<String, Comparison>,
) -> anyhow::Result<Vec<(Scraper, Arc<ScrapeGauges>)>> {
    let scrapers = config.scrape.iter().map(|target| {
        let mut wanted = HashSet::new();
        for comparison in comparisons.values() {
            let twins = comparison
                .journeys
                .iter()
                .filter_map(|(_, twin)| twin.as_ref());
            for twin in twins.filter(|twin| twin.target == target.name) {
                wanted.extend(twin.metrics().map(str::to_owned));
            }
            let documents = comparison.documents.iter();
            wanted.extend(
                documents
                    .filter(|documents| documents.target == target.name)
                    .map(|documents| documents.metric().to_owned()),
            );
        }
        Ok((Scraper::new(target.clone(), wanted)?, Arc::default()))
    });
    scrapers.collect()
}
