//! How long a journey takes on both sides: the exact times that users had, beside the servers' own
//! histogram, at the same percentiles. Pure.

use super::exposition::SeriesName;
use crate::config::LatencyConfig;
use crate::store::ServerDelta;
use serde::Serialize;
use std::collections::BTreeMap;

/// The percentiles told.
const PERCENTS: [u64; 3] = [50, 90, 99];

/// The servers' histogram of a journey.
#[derive(Clone, Debug)]
pub struct ServerLatency {
    buckets: SeriesName,
    unit_ms: f64,
}

/// Percentiles of one side, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Percentiles {
    /// Attempts they are of.
    pub count: u64,
    /// Half took no longer.
    pub p50_ms: u64,
    /// Nine in ten took no longer.
    pub p90_ms: u64,
    /// All but one in a hundred took no longer.
    pub p99_ms: u64,
}

/// Both sides, and client minus server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LatencyGap {
    /// Successful attempts as users had them; `null` without any, or for windows over an hour, whose
    /// single attempts are not looked at.
    pub client: Option<Percentiles>,
    /// As the servers counted; within a bucket as Prometheus reckons. `null` without data.
    pub server: Option<Percentiles>,
    /// Client minus server at the median.
    pub p50_ms: Option<i64>,
    /// The same at nine in ten.
    pub p90_ms: Option<i64>,
    /// The same at all but one in a hundred.
    pub p99_ms: Option<i64>,
}

impl ServerLatency {
    /// Reads the selector.
    ///
    /// # Errors
    /// It is no series name.
    pub fn new(config: &LatencyConfig) -> anyhow::Result<Self> {
        let mut buckets: SeriesName = config.histogram.parse()?;
        buckets.metric.push_str("_bucket");
        Ok(Self {
            buckets,
            unit_ms: f64::from(config.unit_ms),
        })
    }

    /// The metric it needs of its target.
    pub fn metric(&self) -> &str {
        &self.buckets.metric
    }

    /// Percentiles of what was counted in a window; `None` when nothing was.
    pub fn percentiles(&self, delta: &ServerDelta) -> Option<Percentiles> {
        // Upper edges in microseconds of the unit, so that they can be keys.
        let mut upto: BTreeMap<u64, (f64, u64)> = BTreeMap::new();
        for (series, increase) in &delta.increases {
            let Ok(series) = series.parse::<SeriesName>() else {
                continue;
            };
            let edge = series.labels.get("le").and_then(|le| le.parse().ok());
            if let Some(edge) = edge.filter(|_| self.buckets.selects(&series)) {
                let edge: f64 = edge;
                upto.entry(edge.to_bits()).or_insert((edge, 0)).1 += increase;
            }
        }
        // Edges are not below zero, so their bits are in their order, infinity last.
        let upto: Vec<(f64, u64)> = upto.into_values().collect();
        let count = upto.last()?.1;
        (count > 0).then(|| {
            let at = |percent| (quantile(&upto, percent) * self.unit_ms).round() as u64;
            Percentiles {
                count,
                p50_ms: at(PERCENTS[0]),
                p90_ms: at(PERCENTS[1]),
                p99_ms: at(PERCENTS[2]),
            }
        })
    }
}

/// As `histogram_quantile` of Prometheus: linear within a bucket, the last finite edge for what lies
/// above it (<https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile>).
fn quantile(upto: &[(f64, u64)], percent: u64) -> f64 {
    let count = upto.last().map_or(0, |(_, count)| *count);
    let rank = count as f64 * percent as f64 / 100.0;
    let at = upto.partition_point(|(_, upto)| (*upto as f64) < rank);
    let (lower, below) = match at {
        0 => (0.0, 0),
        at => upto[at - 1],
    };
    match upto.get(at) {
        Some((edge, within)) if edge.is_finite() && *within > below => {
            lower + (edge - lower) * (rank - below as f64) / (within - below) as f64
        }
        Some((edge, _)) if edge.is_finite() => *edge,
        Some(_) | None => lower,
    }
}

/// Percentiles of exact times by nearest rank; `None` when there are none.
pub fn exact_percentiles(mut times_ms: Vec<u32>) -> Option<Percentiles> {
    times_ms.sort_unstable();
    let count = times_ms.len() as u64;
    let at = |percent: u64| {
        let rank = (count * percent).div_ceil(100).max(1);
        let index = usize::try_from(rank - 1).unwrap_or(usize::MAX);
        times_ms.get(index).map(|ms| u64::from(*ms))
    };
    Some(Percentiles {
        count,
        p50_ms: at(PERCENTS[0])?,
        p90_ms: at(PERCENTS[1])?,
        p99_ms: at(PERCENTS[2])?,
    })
}

/// Sets both sides beside each other.
pub fn latency_gap(client: Option<Percentiles>, server: Option<Percentiles>) -> LatencyGap {
    let difference = |of: fn(&Percentiles) -> u64| {
        let (client, server) = (client.as_ref()?, server.as_ref()?);
        Some(of(client).cast_signed() - of(server).cast_signed())
    };
    LatencyGap {
        client,
        server,
        p50_ms: difference(|side| side.p50_ms),
        p90_ms: difference(|side| side.p90_ms),
        p99_ms: difference(|side| side.p99_ms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(unit_ms: u32) -> ServerLatency {
        ServerLatency::new(&LatencyConfig {
            histogram: "chat_latency".to_owned(),
            unit_ms,
        })
        .unwrap()
    }

    fn delta(upto: &[(&str, u64)]) -> ServerDelta {
        let series = |le: &str| format!("chat_latency_bucket{{le=\"{le}\"}}");
        ServerDelta {
            increases: upto.iter().map(|(le, n)| (series(le), *n)).collect(),
            ..ServerDelta::default()
        }
    }

    #[test]
    fn within_a_bucket_times_are_taken_for_evenly_spread() {
        let counted = delta(&[("100", 50), ("200", 90), ("1000", 100), ("+Inf", 100)]);
        let found = histogram(1).percentiles(&counted).unwrap();
        assert_eq!((found.p50_ms, found.p90_ms, found.p99_ms), (100, 200, 920));
        let counted = delta(&[("0.1", 50), ("0.2", 90), ("1", 100), ("+Inf", 100)]);
        assert_eq!(histogram(1000).percentiles(&counted), Some(found));
    }

    #[test]
    fn above_the_last_edge_that_edge_is_told() {
        let counted = delta(&[("100", 1), ("+Inf", 100)]);
        assert_eq!(histogram(1).percentiles(&counted).unwrap().p50_ms, 100);
    }

    #[test]
    fn nothing_counted_is_no_latency_and_no_difference() {
        assert_eq!(histogram(1).percentiles(&delta(&[])), None);
        let client = exact_percentiles(vec![5]);
        assert_eq!(latency_gap(client, None).p50_ms, None);
        assert_eq!(exact_percentiles(Vec::new()), None);
    }

    #[test]
    fn exact_times_are_told_exactly() {
        let found = exact_percentiles((1..=100).rev().collect()).unwrap();
        assert_eq!((found.p50_ms, found.p90_ms, found.p99_ms), (50, 90, 99));
        let few = exact_percentiles(vec![30, 10, 20]).unwrap();
        assert_eq!((few.p50_ms, few.p90_ms, few.p99_ms), (20, 30, 30));
        let server = Percentiles {
            count: 9,
            p50_ms: 60,
            p90_ms: 60,
            p99_ms: 60,
        };
        assert_eq!(latency_gap(Some(found), Some(server)).p50_ms, Some(-10));
    }
}
