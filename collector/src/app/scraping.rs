//! The reading of the servers' counters: one loop per target, from the scraper into the store.

use super::App;
use super::answers::Comparison;
use crate::compare::Scraper;
use crate::config::{Config, ScrapeConfig};
use crate::export::ScrapeGauges;
use crate::slo::Indicator;
use crate::slo::files::ObjectiveSet;
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

    async fn scrape_target(&self, first: &Scraper, gauges: &ScrapeGauges) {
        let mut ticks = tokio::time::interval(first.every());
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let target = first.target();
        let mut reachable = true;
        let mut reader: Option<(Scraper, Arc<ObjectiveSet>)> = None;
        loop {
            ticks.tick().await;
            let (objectives, _) = self.objective_book().in_force();
            // Other objectives may need other counters.
            let fresh = !matches!(&reader, Some((_, set)) if Arc::ptr_eq(set, &objectives));
            if fresh {
                let settings = self.settings();
                let config = settings
                    .config
                    .scrape
                    .iter()
                    .find(|config| config.name == target);
                let Some(config) = config else { continue };
                match scraper(config, &settings.comparisons, &objectives) {
                    Ok(scraper) => reader = Some((scraper, objectives)),
                    Err(error) => tracing::error!(target, "cannot be read: {error:#}"),
                }
            }
            let Some((scraper, _)) = &reader else {
                continue;
            };
            match self.scrape_once(scraper, fresh).await {
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
    async fn scrape_once(&self, scraper: &Scraper, fresh: bool) -> anyhow::Result<()> {
        let last = self.store.last_values(scraper.target().to_owned()).await?;
        let mut deltas = scraper.read(&last, &*self.clock).await?;
        if let (true, Some(last)) = (fresh, &last) {
            // A metric that was not read so far has not counted all it ever has since the last read.
            let metric = |series: &str| series.split('{').next().unwrap_or_default().to_owned();
            let read: HashSet<_> = last.keys().map(|series| metric(series)).collect();
            deltas
                .increases
                .retain(|series, _| read.contains(&metric(series)));
        }
        Ok(self.store.append_scrape(deltas).await?)
    }
}

/// One scraper per target, for what the comparisons and the objectives need of it.
pub(super) fn scrapers(
    config: &Config,
    comparisons: &HashMap<String, Comparison>,
) -> anyhow::Result<Vec<(Scraper, Arc<ScrapeGauges>)>> {
    let none = ObjectiveSet::default();
    let targets = config.scrape.iter();
    let scrapers = targets.map(|target| Ok((scraper(target, comparisons, &none)?, Arc::default())));
    scrapers.collect()
}

fn scraper(
    target: &ScrapeConfig,
    comparisons: &HashMap<String, Comparison>,
    objectives: &ObjectiveSet,
) -> anyhow::Result<Scraper> {
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
        let documents = documents.filter(|documents| documents.target == target.name);
        wanted.extend(documents.map(|documents| documents.metric().to_owned()));
    }
    for objective in &objectives.objectives {
        if let Indicator::Scrape(indicator) = &objective.indicator
            && indicator.target == target.name
        {
            wanted.extend(indicator.metrics().map(str::to_owned));
        }
    }
    Scraper::new(target.clone(), wanted)
}
