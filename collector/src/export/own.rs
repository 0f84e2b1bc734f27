//! What the collector says of itself, through an OpenTelemetry meter provider of its own. Every
//! instrument observes a counter that is kept where the thing happens; nothing is counted twice.

use super::ConnectionGauges;
use super::storage::Storage;
use crate::app::{BlindSpots, GapGauge, ReloadBook, SpotGauges};
use crate::http::BodyMemory;
use crate::ingest::{Counts, Tally};
use crate::store::{SeriesTotal, StoreGauges};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use prometheus::{Encoder, Registry, TextEncoder};
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How the reading of one target goes.
#[derive(Debug, Default)]
pub struct ScrapeGauges {
    /// Reads that came through and were stored.
    pub reads: AtomicU64,
    /// Reads that failed.
    pub failures: AtomicU64,
}

/// Where things are counted that the metrics show.
#[derive(Debug)]
pub struct Observed<'a> {
    /// Beacons and events.
    pub tally: Arc<Tally>,
    /// The writer.
    pub store: Arc<StoreGauges>,
    /// Connections.
    pub connections: Arc<ConnectionGauges>,
    /// Bodies in memory.
    pub bodies: Arc<BodyMemory>,
    /// Configurations.
    pub reloads: Arc<ReloadBook>,
    /// Detectors.
    pub blind_spots: Arc<BlindSpots>,
    /// Server-side targets.
    pub scrapes: Vec<(String, Arc<ScrapeGauges>)>,
    /// The database's file.
    pub database: &'a Path,
    /// Bytes free where it lies.
    pub free_bytes: Arc<AtomicU64>,
}

/// The collector's own metrics.
#[derive(Debug)]
pub struct OwnMetrics {
    registry: Registry,
    storage: Storage,
    /// Keeps the instruments alive.
    _provider: SdkMeterProvider,
}

impl OwnMetrics {
    /// Registers every instrument.
    ///
    /// # Errors
    /// The exporter cannot be built.
    pub fn new(observed: &Observed<'_>) -> anyhow::Result<Self> {
        let registry = Registry::new();
        let exporter = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .without_target_info()
            .scope_info_enabled(false)
            .build()?;
        let provider = SdkMeterProvider::builder().with_reader(exporter).build();
        let meter = provider.meter("sightline-collector");
        observe_tally(&meter, "beacons", &observed.tally, Tally::beacons);
        observe_tally(&meter, "events", &observed.tally, Tally::events);
        observe_store(&meter, &observed.store);
        observe_connections(&meter, &observed.connections, &observed.bodies);
        observe_reloads(&meter, &observed.reloads);
        observe_blind_spots(&meter, &observed.blind_spots);
        observe_scrapes(&meter, &observed.scrapes);
        Ok(Self {
            registry,
            storage: Storage::new(
                &meter,
                &observed.store,
                observed.database,
                &observed.free_bytes,
            ),
            _provider: provider,
        })
    }

    /// A beacon is durable so long after it was accepted.
    pub fn note_durable(&self, after: Duration) {
        self.storage.note_durable(after);
    }

    pub(super) fn note_series(&self, totals: &[SeriesTotal]) {
        self.storage.note_series(totals);
    }

    /// As OpenMetrics text without the closing line.
    pub(super) fn render(&self) -> anyhow::Result<String> {
        let mut classic = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut classic)?;
        Ok(open_metrics(&String::from_utf8(classic)?))
    }
}

/// The classic format names a counter's family with `_total`, OpenMetrics without; the samples are
/// the same (<https://prometheus.io/docs/specs/om/open_metrics_spec/#counter>).
fn open_metrics(classic: &str) -> String {
    let mut text = String::with_capacity(classic.len());
    let mut counters = Vec::new();
    for line in classic.lines() {
        if let Some(family) = line
            .strip_prefix("# TYPE ")
            .and_then(|rest| rest.split(' ').next())
        {
            counters.extend(line.ends_with(" counter").then_some(family));
        }
    }
    for line in classic.lines() {
        let described = line
            .strip_prefix("# ")
            .and_then(|rest| rest.split(' ').nth(1));
        match described.filter(|family| counters.contains(family)) {
            Some(family) => {
                let short = family.strip_suffix("_total").unwrap_or(family);
                let _ = writeln!(text, "{}", line.replacen(family, short, 1));
            }
            None => {
                let _ = writeln!(text, "{line}");
            }
        }
    }
    text
}

fn observe_tally(
    meter: &Meter,
    side: &'static str,
    tally: &Arc<Tally>,
    read: fn(&Tally) -> Counts,
) {
    let counter = |verdict: &str, of: fn(&Counts) -> u64, description: String| {
        let tally = Arc::clone(tally);
        meter
            .u64_observable_counter(format!("sightline.collector.{side}.{verdict}"))
            .with_description(description)
            .with_callback(move |observer| observer.observe(of(&read(&tally)), &[]))
            .build();
    };
    counter(
        "received",
        |counts| counts.received,
        format!("{side} that came"),
    );
    counter(
        "accepted",
        |counts| counts.accepted,
        format!("{side} stored"),
    );
    counter(
        "duplicate",
        |counts| counts.duplicate,
        format!("{side} known already"),
    );
    let tally = Arc::clone(tally);
    meter
        .u64_observable_counter(format!("sightline.collector.{side}.rejected"))
        .with_description(format!("{side} refused, by reason"))
        .with_callback(move |observer| {
            for (reason, count) in read(&tally).rejected {
                observer.observe(count, &[KeyValue::new("reason", reason)]);
            }
        })
        .build();
}

fn observe_store(meter: &Meter, store: &Arc<StoreGauges>) {
    let counter = |name: &'static str, of: fn(&StoreGauges) -> &AtomicU64, description| {
        let store = Arc::clone(store);
        meter
            .u64_observable_counter(name)
            .with_description(description)
            .with_callback(move |observer| {
                observer.observe(of(&store).load(Ordering::Relaxed), &[]);
            })
            .build();
    };
    counter(
        "sightline.collector.store.commits",
        |s| &s.commits,
        "transactions committed",
    );
    counter(
        "sightline.collector.store.committed",
        |s| &s.committed_jobs,
        "beacons and reads committed in them",
    );
    counter(
        "sightline.collector.store.commit_micros",
        |s| &s.commit_micros,
        "microseconds spent committing",
    );
    counter(
        "sightline.collector.store.folded_labels",
        |s| &s.folded_labels,
        "series counted under _other because a label's budget was spent",
    );
    let store = Arc::clone(store);
    meter
        .u64_observable_gauge("sightline.collector.store.pending")
        .with_description("beacons and reads waiting for the writer or being written")
        .with_callback(move |observer| {
            observer.observe(store.pending.load(Ordering::Relaxed), &[]);
        })
        .build();
}

fn observe_connections(
    meter: &Meter,
    connections: &Arc<ConnectionGauges>,
    bodies: &Arc<BodyMemory>,
) {
    let gauges = Arc::clone(connections);
    meter
        .u64_observable_gauge("sightline.collector.connections.open")
        .with_description("connections open on both listeners")
        .with_callback(move |observer| observer.observe(gauges.open(), &[]))
        .build();
    let gauges = Arc::clone(connections);
    meter
        .u64_observable_counter("sightline.collector.connections.turned_away")
        .with_description("connections not taken, by reason")
        .with_callback(move |observer| {
            for (reason, count) in gauges.turned_away() {
                observer.observe(count, &[KeyValue::new("reason", reason)]);
            }
        })
        .build();
    let gauges = Arc::clone(connections);
    meter
        .u64_observable_counter("sightline.collector.requests.broken")
        .with_description("what came over connections and never became a request, by reason")
        .with_callback(move |observer| {
            for (reason, count) in gauges.broken() {
                observer.observe(count, &[KeyValue::new("reason", reason)]);
            }
        })
        .build();
    let bodies = Arc::clone(bodies);
    meter
        .u64_observable_gauge("sightline.collector.bodies.memory")
        .with_unit("By")
        .with_description("bytes of bodies in memory")
        .with_callback(move |observer| {
            observer.observe(u64::try_from(bodies.bytes()).unwrap_or(u64::MAX), &[]);
        })
        .build();
}

fn observe_reloads(meter: &Meter, reloads: &Arc<ReloadBook>) {
    let reloads = Arc::clone(reloads);
    meter
        .u64_observable_counter("sightline.collector.config.reloads")
        .with_description("configurations read while running, by what became of them")
        .with_callback(move |observer| {
            let reloads = reloads.read();
            observer.observe(reloads.applied, &[KeyValue::new("outcome", "applied")]);
            observer.observe(reloads.refused, &[KeyValue::new("outcome", "refused")]);
        })
        .build();
}

fn observe_blind_spots(meter: &Meter, spots: &Arc<BlindSpots>) {
    let gauge = |name: &'static str, of: fn(&SpotGauges) -> f64, description| {
        let spots = Arc::clone(spots);
        meter
            .f64_observable_gauge(name)
            .with_description(description)
            .with_callback(move |observer| {
                for spot in spots.gauges() {
                    observer.observe(of(&spot), &[KeyValue::new("app", spot.app.clone())]);
                }
            })
            .build();
    };
    gauge(
        "sightline.blind_spot.open",
        |spot| f64::from(u8::from(spot.open)),
        "1 while failures that no server has counted are too many to be chance",
    );
    gauge(
        "sightline.blind_spot.sum",
        |spot| spot.tests.sum,
        "the sum over all sessions; it fires at the threshold",
    );
    gauge(
        "sightline.blind_spot.value_sum",
        |spot| spot.tests.value_sum,
        "the highest sum of one release, pod, origin, browser, route, country or network",
    );
    gauge(
        "sightline.blind_spot.threshold",
        |spot| spot.tests.threshold,
        "the sum from which on there is a finding",
    );
    gauge(
        "sightline.blind_spot.usual_ratio",
        |spot| spot.tests.usual,
        "the share of sessions with an unseen failure that is taken for usual",
    );
    let found = Arc::clone(spots);
    meter
        .u64_observable_counter("sightline.blind_spot.findings")
        .with_description("findings since the start, by the test that found them")
        .with_callback(move |observer| {
            for spot in found.gauges() {
                for (test, count) in &spot.found {
                    let labels = [
                        KeyValue::new("app", spot.app.clone()),
                        KeyValue::new("test", *test),
                    ];
                    observer.observe(*count, &labels);
                }
            }
        })
        .build();
    let gap = |name: &'static str, of: fn(&GapGauge) -> Option<f64>, description| {
        let spots = Arc::clone(spots);
        meter
            .f64_observable_gauge(name)
            .with_description(description)
            .with_callback(move |observer| {
                for gap in spots.gaps() {
                    // No data is no sample.
                    if let Some(value) = of(&gap) {
                        let labels = [
                            KeyValue::new("app", gap.app.clone()),
                            KeyValue::new("journey", gap.journey.clone()),
                        ];
                        observer.observe(value, &labels);
                    }
                }
            })
            .build();
    };
    gap(
        "sightline.gap.ratio",
        |gap| gap.ratio,
        "client minus server success ratio of a journey over 5 minutes",
    );
    gap(
        "sightline.gap.ratio_low",
        |gap| gap.low,
        "lower end of its 95% confidence interval",
    );
    gap(
        "sightline.gap.ratio_high",
        |gap| gap.high,
        "upper end of its 95% confidence interval",
    );
    let unseen = Arc::clone(spots);
    meter
        .u64_observable_gauge("sightline.gap.unseen_failures")
        .with_description("page loads and calls of 5 minutes that failed without a server knowing")
        .with_callback(move |observer| {
            for (app, count) in unseen.unseen() {
                observer.observe(count, &[KeyValue::new("app", app)]);
            }
        })
        .build();
    let skipped = Arc::clone(spots);
    meter
        .u64_observable_counter("sightline.blind_spot.skipped")
        .with_description("beacons that the detectors were too busy to hear; every count has them")
        .with_callback(move |observer| observer.observe(skipped.skipped(), &[]))
        .build();
}

fn observe_scrapes(meter: &Meter, scrapes: &[(String, Arc<ScrapeGauges>)]) {
    let counter = |name: &'static str, of: fn(&ScrapeGauges) -> &AtomicU64, description| {
        let scrapes = scrapes.to_vec();
        meter
            .u64_observable_counter(name)
            .with_description(description)
            .with_callback(move |observer| {
                for (target, gauges) in &scrapes {
                    let labels = [KeyValue::new("target", target.clone())];
                    observer.observe(of(gauges).load(Ordering::Relaxed), &labels);
                }
            })
            .build();
    };
    counter(
        "sightline.collector.scrapes",
        |s| &s.reads,
        "reads of a server-side target",
    );
    counter(
        "sightline.collector.scrape_failures",
        |s| &s.failures,
        "reads that failed",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_series_is_there_at_zero_before_anything_happens() {
        let own = OwnMetrics::new(&Observed {
            tally: Arc::default(),
            store: Arc::default(),
            connections: Arc::default(),
            bodies: Arc::default(),
            reloads: Arc::default(),
            blind_spots: Arc::new(BlindSpots::new(&[])),
            scrapes: Vec::new(),
            database: Path::new("none.db"),
            free_bytes: Arc::default(),
        })
        .unwrap();
        let text = own.render().unwrap();
        for line in [
            "# TYPE sightline_collector_beacons_received counter",
            "sightline_collector_beacons_received_total 0",
            "sightline_collector_beacons_rejected_total{reason=\"wrong_origin\"} 0",
            "sightline_collector_events_rejected_total{reason=\"too_old\"} 0",
            "sightline_collector_store_pending 0",
            "sightline_collector_store_dedup_entries{state=\"unsaved\"} 0",
            "sightline_collector_requests_broken_total{reason=\"header_timeout\"} 0",
            "sightline_collector_connections_turned_away_total{reason=\"full\"} 0",
            "sightline_collector_config_reloads_total{outcome=\"refused\"} 0",
            "sightline_blind_spot_skipped_total 0",
            "sightline_collector_label_values{label=\"release\"} 0",
            "sightline_collector_store_disk_bytes{file=\"journal\"} 0",
        ] {
            assert!(
                text.lines().any(|found| found == line),
                "{line} is missing in:\n{text}"
            );
        }
    }
}
