//! The two figures of coverage: beacons received against those proven to have been sent, and views
//! reported against documents served. The difference of the second is the dark visits, per release.

use super::exposition::SeriesName;
use super::twin::is_fresh;
use crate::config::DocumentsConfig;
use crate::sli::ratio_ppm;
use crate::store::{Coverage, ServerDelta, Window};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The counter of documents served.
#[derive(Clone, Debug)]
pub struct Documents {
    /// The target to read.
    pub target: String,
    selector: SeriesName,
    release_label: String,
}

/// Coverage of one application over one window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CoverageFigures {
    /// Views of which at least one beacon has arrived.
    pub views: u64,
    /// Their beacons.
    pub beacons_received: u64,
    /// Beacons that later ones, or the next view, prove to have been sent.
    pub beacons_known_lost: u64,
    /// Received over received and known lost: an upper bound.
    pub received_ppm: Option<u32>,
    /// Documents the servers counted; `null` when nothing counts them or they could not be read.
    pub documents_served: Option<u64>,
    /// Document loads reported over documents served. Above a million while the servers' counter,
    /// read every few seconds, lags behind.
    pub documents_ppm: Option<u64>,
    /// The same per release.
    pub documents: Vec<DocumentFigures>,
    /// Views whose core never came up, other than for want of time.
    pub probe_degraded: u64,
    /// Events the probes themselves gave up.
    pub client_drops: u64,
    /// The same by reason, as far as reasons were told.
    pub client_drops_by_reason: BTreeMap<String, u64>,
}

/// Documents of one release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DocumentFigures {
    /// As the servers and the pages call it.
    pub release: String,
    /// Documents the servers counted.
    pub served: u64,
    /// Document loads reported.
    pub reported: u64,
    /// Served and never heard of again.
    pub dark: u64,
}

impl Documents {
    /// Reads the selector.
    ///
    /// # Errors
    /// It is no series name.
    pub fn new(config: &DocumentsConfig) -> anyhow::Result<Self> {
        Ok(Self {
            target: config.target.clone(),
            selector: config.metric.parse()?,
            release_label: config.release_label.clone(),
        })
    }

    /// The metric it needs of its target.
    pub fn metric(&self) -> &str {
        &self.selector.metric
    }

    /// Documents served by release; `None` when they could not be read up to the window's end.
    pub fn served(
        &self,
        delta: &ServerDelta,
        window: Window,
        now_ms: u64,
        every_ms: u64,
    ) -> Option<BTreeMap<String, u64>> {
        if !is_fresh(delta, window, now_ms, every_ms) {
            return None;
        }
        let mut served = BTreeMap::new();
        for (series, increase) in &delta.increases {
            if let Ok(series) = series.parse::<SeriesName>()
                && self.selector.selects(&series)
            {
                let release = series
                    .labels
                    .get(&self.release_label)
                    .cloned()
                    .unwrap_or_default();
                *served.entry(release).or_default() += increase;
            }
        }
        Some(served)
    }
}

/// Sets what arrived beside what was served.
pub fn coverage(arrived: &Coverage, served: Option<&BTreeMap<String, u64>>) -> CoverageFigures {
    let sent = arrived.beacons_received + arrived.beacons_known_lost;
    let reported: u64 = arrived.documents_reported.values().sum();
    let total = served.map(|served| served.values().sum::<u64>());
    CoverageFigures {
        views: arrived.views,
        beacons_received: arrived.beacons_received,
        beacons_known_lost: arrived.beacons_known_lost,
        received_ppm: ratio_ppm(arrived.beacons_received, sent),
        documents_served: total,
        documents_ppm: total
            .filter(|total| *total > 0)
            .map(|total| reported.saturating_mul(1_000_000) / total),
        documents: served.map_or_else(Vec::new, |served| by_release(arrived, served)),
        probe_degraded: arrived.probe_degraded,
        client_drops: arrived.client_drops,
        client_drops_by_reason: arrived.client_drops_by_reason.clone(),
    }
}

fn by_release(arrived: &Coverage, served: &BTreeMap<String, u64>) -> Vec<DocumentFigures> {
    let count = |of: &BTreeMap<String, u64>, release| of.get(release).copied().unwrap_or(0);
    let releases: BTreeSet<&String> = served
        .keys()
        .chain(arrived.documents_reported.keys())
        .collect();
    let figures = releases.into_iter().map(|release| {
        let (served, reported) = (
            count(served, release),
            count(&arrived.documents_reported, release),
        );
        let dark = served.saturating_sub(reported);
        DocumentFigures {
            release: release.clone(),
            served,
            reported,
            dark,
        }
    });
    figures.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrived(reported: &[(&str, u64)]) -> Coverage {
        Coverage {
            views: 10,
            beacons_received: 30,
            beacons_known_lost: 10,
            documents_reported: reported
                .iter()
                .map(|(r, n)| ((*r).to_owned(), *n))
                .collect(),
            ..Coverage::default()
        }
    }

    #[test]
    fn dark_visits_are_named_per_release() {
        let served = [("1".to_owned(), 6), ("2".to_owned(), 6)].into();
        let figures = coverage(&arrived(&[("1", 6), ("2", 3)]), Some(&served));
        assert_eq!(figures.received_ppm, Some(750_000));
        assert_eq!(figures.documents_ppm, Some(750_000));
        let dark: Vec<_> = figures
            .documents
            .iter()
            .map(|d| (d.release.as_str(), d.dark))
            .collect();
        assert_eq!(dark, [("1", 0), ("2", 3)]);
    }

    #[test]
    fn documents_nobody_counts_are_no_data_and_not_full_coverage() {
        let figures = coverage(&arrived(&[("1", 6)]), None);
        assert_eq!(
            (figures.documents_served, figures.documents_ppm),
            (None, None)
        );
    }
}
