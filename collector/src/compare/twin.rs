//! A journey's twin: what the servers counted of it, as the product of its factors' success ratios.
//! Pure: increases enter, figures or "no data" leave.

use super::exposition::SeriesName;
use super::latency::ServerLatency;
use crate::config::TwinConfig;
use crate::sli::ratio_ppm;
use crate::store::{ServerDelta, Window};
use serde::Serialize;

/// Reads that may be missing at the end of a window before it has no data.
const MISSED_READS: u64 = 3;
/// The store keeps increases to this step.
const STEP_MS: u64 = 5_000;

/// How the servers count a journey.
#[derive(Clone, Debug)]
pub struct Twin {
    /// The target to read.
    pub target: String,
    /// Whether nobody but the pages uses what it counts.
    pub complete: bool,
    /// How long the servers take.
    pub latency: Option<ServerLatency>,
    approximate: bool,
    factors: Vec<Factor>,
}

#[derive(Clone, Debug)]
struct Factor {
    name: String,
    good: SeriesName,
    total: SeriesName,
}

/// Whether there is something to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TwinState {
    /// Read up to the end of the window, with attempts.
    Ok,
    /// Not read up to the end of the window, or no attempts in it.
    NoData,
}

/// Why there is nothing to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoData {
    /// The target was not read up to the window's end.
    Unread,
    /// One of the factors was not tried within the window.
    NoAttempts,
}

/// The servers' own figures of a journey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServerFigures {
    /// Of the attempts that reached the last factor: those expected to have passed all factors.
    pub good: u64,
    /// Attempts that reached the last factor.
    pub total: u64,
    /// The product of the factors' ratios.
    pub ratio_ppm: Option<u32>,
    /// Whether the product only approximates the journey.
    pub approximate: bool,
    /// Whether there is data at all.
    pub state: TwinState,
    /// Why there is none.
    pub no_data: Option<NoData>,
    /// Each factor as it was counted.
    pub factors: Vec<FactorFigures>,
}

/// Two counters' increases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FactorFigures {
    /// As configured.
    pub name: String,
    /// Successes.
    pub good: u64,
    /// Attempts.
    pub total: u64,
    /// Successes over attempts.
    pub ratio_ppm: Option<u32>,
}

impl Twin {
    /// Reads the selectors.
    ///
    /// # Errors
    /// One of them is no series name.
    pub fn new(config: &TwinConfig) -> anyhow::Result<Self> {
        let factors = config.factors.iter().map(|factor| {
            Ok(Factor {
                name: factor.name.clone(),
                good: factor.good.parse()?,
                total: factor.total.parse()?,
            })
        });
        Ok(Self {
            target: config.target.clone(),
            complete: config.complete,
            latency: config
                .latency
                .as_ref()
                .map(ServerLatency::new)
                .transpose()?,
            approximate: config.approximate,
            factors: factors.collect::<anyhow::Result<_>>()?,
        })
    }

    /// The metrics it needs of its target.
    pub fn metrics(&self) -> impl Iterator<Item = &str> {
        let names = self
            .factors
            .iter()
            .flat_map(|factor| [&factor.good, &factor.total]);
        let latency = self.latency.iter().map(ServerLatency::metric);
        names.map(|name| name.metric.as_str()).chain(latency)
    }

    /// The figures of a window that ends at its own end or now.
    pub fn figures(
        &self,
        delta: &ServerDelta,
        window: Window,
        now_ms: u64,
        every_ms: u64,
    ) -> ServerFigures {
        let factors: Vec<_> = self
            .factors
            .iter()
            .map(|factor| factor.figures(delta))
            .collect();
        let fresh = is_fresh(delta, window, now_ms, every_ms);
        let found = if fresh {
            product(&factors).ok_or(NoData::NoAttempts)
        } else {
            Err(NoData::Unread)
        };
        let (good, total) = found.map_or((0, 0), |product| product.of_last);
        ServerFigures {
            good,
            total,
            ratio_ppm: found.ok().and_then(|product| product.ratio_ppm),
            approximate: self.approximate,
            state: if found.is_ok() {
                TwinState::Ok
            } else {
                TwinState::NoData
            },
            no_data: found.err(),
            factors,
        }
    }
}

impl Factor {
    fn figures(&self, delta: &ServerDelta) -> FactorFigures {
        let total = sum(delta, &self.total);
        // Read between two increments of the server, successes may be one ahead.
        let good = sum(delta, &self.good).min(total);
        FactorFigures {
            name: self.name.clone(),
            good,
            total,
            ratio_ppm: ratio_ppm(good, total),
        }
    }
}

/// The increases of every series a selector takes, added up.
pub(super) fn sum(delta: &ServerDelta, selector: &SeriesName) -> u64 {
    let chosen = delta.increases.iter().filter(|(series, _)| {
        series
            .parse::<SeriesName>()
            .is_ok_and(|series| selector.selects(&series))
    });
    chosen.map(|(_, increase)| increase).sum()
}

pub(super) fn is_fresh(delta: &ServerDelta, window: Window, now_ms: u64, every_ms: u64) -> bool {
    let end_ms = window.to_ms.min(now_ms);
    delta
        .last_read_ms
        .is_some_and(|read_ms| read_ms + STEP_MS + MISSED_READS * every_ms >= end_ms)
}

#[derive(Clone, Copy)]
struct Product {
    ratio_ppm: Option<u32>,
    of_last: (u64, u64),
}

/// In integers until the last division. `None` as soon as one factor has no attempts: what was not
/// tried has not succeeded.
fn product(factors: &[FactorFigures]) -> Option<Product> {
    let (last, others) = factors.split_last()?;
    let (mut good, mut total) = (u128::from(last.good), 1u128);
    for factor in others {
        good = good.checked_mul(u128::from(factor.good))?;
        total = total.checked_mul(u128::from(factor.total))?;
    }
    if total == 0 || last.total == 0 {
        return None;
    }
    let ppm = good.checked_mul(1_000_000)? / total.checked_mul(u128::from(last.total))?;
    let good = u64::try_from(good / total).ok()?;
    Some(Product {
        ratio_ppm: u32::try_from(ppm).ok(),
        of_last: (good, last.total),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::FactorConfig;

    const WINDOW: Window = Window {
        from_ms: 0,
        to_ms: 60_000,
    };

    fn twin(names: &[&str]) -> Twin {
        let factors = names.iter().map(|name| FactorConfig {
            name: (*name).to_owned(),
            good: format!("{name}_success_total"),
            total: format!("{name}_attempts_total"),
        });
        let factors = factors.collect();
        Twin::new(&TwinConfig {
            target: "t".into(),
            approximate: true,
            complete: false,
            latency: None,
            factors,
        })
        .unwrap()
    }

    fn delta(increases: &[(&str, u64)]) -> ServerDelta {
        ServerDelta {
            increases: increases
                .iter()
                .map(|(s, n)| ((*s).to_owned(), *n))
                .collect(),
            reads: 30,
            last_read_ms: Some(55_000),
        }
    }

    fn figures(increases: &[(&str, u64)]) -> ServerFigures {
        twin(&["login", "startup"]).figures(&delta(increases), WINDOW, 60_000, 2000)
    }

    #[test]
    fn two_factors_multiply_without_rounding_in_between() {
        let figures = figures(&[
            ("login_success_total", 1),
            ("login_attempts_total", 3),
            ("startup_success_total", 2),
            ("startup_attempts_total", 3),
        ]);
        assert_eq!(figures.ratio_ppm, Some(222_222));
        assert_eq!((figures.good, figures.total), (0, 3));
        assert_eq!(figures.state, TwinState::Ok);
    }

    #[test]
    fn a_factor_that_nobody_tried_leaves_no_data() {
        let figures = figures(&[("startup_success_total", 9), ("startup_attempts_total", 9)]);
        assert_eq!(
            (figures.state, figures.ratio_ppm),
            (TwinState::NoData, None)
        );
    }

    #[test]
    fn a_target_that_stopped_answering_is_no_data_and_not_100_percent() {
        let mut old = delta(&[("a_success_total", 5), ("a_attempts_total", 5)]);
        let at = |old: &ServerDelta, now_ms| twin(&["a"]).figures(old, WINDOW, now_ms, 2000);
        assert_eq!(at(&old, 60_000).ratio_ppm, Some(1_000_000));
        old.last_read_ms = Some(40_000);
        assert_eq!(at(&old, 60_000).ratio_ppm, None);
        assert_eq!(at(&old, 60_000).no_data, Some(NoData::Unread));
        assert_eq!((at(&old, 60_000).good, at(&old, 60_000).total), (0, 0));
    }

    #[test]
    fn labels_of_the_same_counter_are_added_up() {
        let figures = twin(&["a"]).figures(
            &delta(&[
                (r#"a_success_total{pod="1"}"#, 2),
                (r#"a_success_total{pod="2"}"#, 3),
                (r#"a_attempts_total{pod="1"}"#, 10),
            ]),
            WINDOW,
            60_000,
            2000,
        );
        assert_eq!((figures.good, figures.total), (5, 10));
    }
}
