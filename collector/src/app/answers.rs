//! The question for indicators and its answer: the browsers' figures, the servers' own beside them, and
//! how much of the truth both cover.

use super::App;
use crate::compare::{CoverageFigures, Documents, ServerFigures, Twin, coverage};
use crate::config::AppConfig;
use crate::sli::{
    FailureGroup, Figures, PageFigures, Reachability, Report, Series, Split, SplitBy, split,
};
use crate::store::{RawKept, ReadError, Window};
use anyhow::Context;
use serde::Serialize;
use std::collections::BTreeMap;

/// A question for indicators.
#[derive(Debug)]
pub struct SliQuestion {
    /// The application.
    pub app: String,
    /// Event time.
    pub window: Window,
    /// Only this release.
    pub release: Option<String>,
    /// Only this pod.
    pub deployment: Option<String>,
    /// Only this backend origin.
    pub backend_origin: Option<String>,
    /// The same again by one dimension.
    pub split: Option<SplitBy>,
}

/// The answer: client-side figures beside the servers' own, and how much of the truth they cover.
#[derive(Debug, Serialize)]
pub struct SliAnswer {
    app: String,
    from_ms: u64,
    to_ms: u64,
    pages: PageFigures,
    journeys: BTreeMap<String, JourneyComparison>,
    reachability: Vec<Reachability>,
    failures: Vec<FailureGroup>,
    coverage: CoverageFigures,
    raw: RawKept,
    #[serde(skip_serializing_if = "Option::is_none")]
    split: Option<Vec<Split>>,
}

#[derive(Debug, Serialize)]
struct JourneyComparison {
    client: Figures,
    threshold_ms: Option<u32>,
    server: Option<ServerFigures>,
}

/// What an application is compared with.
pub(super) struct Comparison {
    pub(super) journeys: Vec<(String, Option<Twin>)>,
    pub(super) documents: Option<Documents>,
}

impl App {
    /// Indicators over a window.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn slis(&self, question: SliQuestion) -> Result<SliAnswer, ReadError> {
        let (app, window) = (&question.app, question.window);
        let mut counts = self.store.series_counts(app.clone(), window).await?;
        counts.retain(|(series, _)| question.selects(series));
        let settings = self.settings();
        let comparison = settings.comparisons.get(app);
        let journeys = comparison.map_or(&[][..], |comparison| &comparison.journeys);
        let names = journeys.iter().map(|(name, _)| name.as_str());
        let report = Report::from_counts(&counts, names);
        let mut compared = BTreeMap::new();
        for (name, figures) in report.journeys {
            let twin = journeys.iter().find(|(known, _)| *known == name);
            let server = match twin.and_then(|(_, twin)| twin.as_ref()) {
                Some(twin) => Some(self.server_figures(twin, window).await?),
                None => None,
            };
            let threshold_ms = self.threshold_ms(app, &name);
            let client = figures.client;
            compared.insert(
                name,
                JourneyComparison {
                    client,
                    threshold_ms,
                    server,
                },
            );
        }
        Ok(SliAnswer {
            from_ms: window.from_ms,
            to_ms: window.to_ms,
            pages: report.pages,
            journeys: compared,
            reachability: report.reachability,
            failures: report.failures,
            coverage: self.coverage(app, window).await?,
            raw: self.store.raw_kept().await?,
            split: question.split.map(|by| split(&counts, by)),
            app: question.app,
        })
    }

    pub(super) async fn server_figures(
        &self,
        twin: &Twin,
        window: Window,
    ) -> Result<ServerFigures, ReadError> {
        let delta = self
            .store
            .server_deltas(twin.target.clone(), window)
            .await?;
        Ok(twin.figures(&delta, window, self.now_ms(), self.every_ms(&twin.target)))
    }

    pub(super) async fn coverage(
        &self,
        app: &str,
        window: Window,
    ) -> Result<CoverageFigures, ReadError> {
        let arrived = self.store.coverage(app.to_owned(), window).await?;
        let settings = self.settings();
        let documents = settings
            .comparisons
            .get(app)
            .and_then(|app| app.documents.as_ref());
        let served = match documents {
            Some(documents) => {
                let delta = self
                    .store
                    .server_deltas(documents.target.clone(), window)
                    .await?;
                let every_ms = self.every_ms(&documents.target);
                documents.served(&delta, window, self.now_ms(), every_ms)
            }
            None => None,
        };
        Ok(coverage(&arrived, served.as_ref()))
    }

    pub(super) fn every_ms(&self, target: &str) -> u64 {
        let settings = self.settings();
        let scrape = settings
            .config
            .scrape
            .iter()
            .find(|scrape| scrape.name == target);
        scrape.map_or(0, |scrape| scrape.every_ms)
    }

    fn threshold_ms(&self, app: &str, journey: &str) -> Option<u32> {
        let settings = self.settings();
        let app = settings
            .config
            .apps
            .iter()
            .find(|known| known.name == app)?;
        let journey = app.journeys.iter().find(|known| known.name == journey)?;
        Some(journey.threshold_ms)
    }
}

impl SliQuestion {
    fn selects(&self, series: &Series) -> bool {
        let fits = |wanted: &Option<String>, value: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == value)
        };
        fits(&self.release, &series.release)
            && fits(&self.deployment, &series.deployment)
            && fits(&self.backend_origin, &series.backend_origin)
    }
}

pub(super) fn comparison(app: &AppConfig) -> anyhow::Result<Comparison> {
    let journeys = app.journeys.iter().map(|journey| {
        let twin = journey.server.as_ref().map(Twin::new).transpose();
        let place = || format!("apps.{}.journeys.{}.server", app.name, journey.name);
        Ok((journey.name.clone(), twin.with_context(place)?))
    });
    let documents = app.documents.as_ref().map(Documents::new).transpose();
    Ok(Comparison {
        journeys: journeys.collect::<anyhow::Result<_>>()?,
        documents: documents.with_context(|| format!("apps.{}.documents", app.name))?,
    })
}
