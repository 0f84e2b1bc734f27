//! Counts asked of a Prometheus by its HTTP API (<https://prometheus.io/docs/prometheus/latest/querying/api/>).
//! One that does not answer is no data, with what it said.

use super::measure::Measured;
use crate::slo::{Asked, Counts, MILLION, Part, PrometheusIndicator, Stretch};
use anyhow::{Context, bail};
use std::collections::HashMap;
use std::fmt;
use std::time::Duration;
use tokio::sync::Mutex;

/// How long an answer is taken for the present one.
const KEPT_MS: u64 = 15_000;
const PATIENCE: Duration = Duration::from_secs(5);

/// A client of Prometheus servers, with their latest answers.
#[derive(Debug, Default)]
pub(in crate::app) struct ReadyMade {
    client: reqwest::Client,
    answers: Mutex<HashMap<String, (u64, Measured)>>,
    /// Servers that did not answer, since when and what was said: who asks ten objectives of one that
    /// hangs waits for it once.
    away: Mutex<HashMap<String, (u64, String)>>,
}

/// The server is not there, whatever is asked.
#[derive(Debug)]
struct Away;

impl fmt::Display for Away {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("does not answer")
    }
}

impl ReadyMade {
    pub(super) async fn measure(
        &self,
        indicator: &PrometheusIndicator,
        asked: &Asked,
        now_ms: u64,
    ) -> Measured {
        let Some(url) = &indicator.url else {
            return Measured {
                no_data: Some(
                    "its DataSource names no url, so only rules can be made of it".to_owned(),
                ),
                ..Measured::default()
            };
        };
        let key = format!("{indicator:?}");
        let mut answers = self.answers.lock().await;
        if let Some((at_ms, known)) = answers.get(&key)
            && now_ms.abs_diff(*at_ms) < KEPT_MS
        {
            return shifted(known, asked, *at_ms, now_ms);
        }
        let mut away = self.away.lock().await;
        if let Some((at_ms, what)) = away.get(url)
            && now_ms.abs_diff(*at_ms) < KEPT_MS
        {
            return Measured {
                no_data: Some(what.clone()),
                ..Measured::default()
            };
        }
        let mut measured = Measured::default();
        for stretch in asked.by_event.iter().chain(&asked.by_receipt) {
            match self.ask(url, indicator, *stretch).await {
                Ok(counts) => {
                    measured.answered.by_event.insert(*stretch, counts);
                    measured.answered.by_receipt.insert(*stretch, counts);
                }
                Err(error) => {
                    let what = format!("{error:#}");
                    if error.is::<Away>() {
                        away.insert(url.clone(), (now_ms, what.clone()));
                    }
                    measured = Measured {
                        no_data: Some(what),
                        ..Measured::default()
                    };
                    break;
                }
            }
        }
        answers.insert(key, (now_ms, measured.clone()));
        measured
    }

    async fn ask(
        &self,
        url: &str,
        indicator: &PrometheusIndicator,
        stretch: Stretch,
    ) -> anyhow::Result<Counts> {
        let seconds = stretch.ms() / 1000;
        let fill = |query: &str| query.replace("{{.window}}", &format!("{seconds}s"));
        let part = self
            .value(url, &fill(&indicator.part), stretch.to_ms)
            .await?;
        let Some(total) = &indicator.total else {
            // A ratio tells nothing of how many events it is made of; it is judged as a million.
            let ratio = part.map(|ratio| ratio.clamp(0.0, 1.0) * f64::from(MILLION));
            let Some(of_part) = ratio.map(whole) else {
                return Ok(Counts::default());
            };
            return Ok(counts(of_part, u64::from(MILLION), indicator.part_is));
        };
        let all = self.value(url, &fill(total), stretch.to_ms).await?;
        #[expect(clippy::cast_precision_loss, reason = "seconds of a window")]
        let scale = if total.contains("rate(") {
            seconds as f64
        } else {
            1.0
        };
        let all = whole(all.unwrap_or(0.0) * scale);
        Ok(counts(
            whole(part.unwrap_or(0.0) * scale).min(all),
            all,
            indicator.part_is,
        ))
    }

    async fn value(&self, url: &str, query: &str, at_ms: u64) -> anyhow::Result<Option<f64>> {
        let address = format!("{}/api/v1/query", url.trim_end_matches('/'));
        let time = format!("{}.{:03}", at_ms / 1000, at_ms % 1000);
        let form: String = [("query", query), ("time", &time)]
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .join("&");
        let asking = self
            .client
            .post(&address)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form)
            .timeout(PATIENCE);
        let answer = asking
            .send()
            .await
            .context(Away)
            .with_context(|| address.clone())?;
        let answer: serde_json::Value = answer
            .json()
            .await
            .with_context(|| format!("{address} answers no JSON"))?;
        if answer["status"] != "success" {
            bail!("{address} refuses the query: {}", answer["error"]);
        }
        let result = answer["data"]["result"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        let text = match result {
            [] => return Ok(None),
            [one] => one["value"][1].as_str(),
            several => bail!("the query has {} series; add them up to one", several.len()),
        };
        let value: f64 = text.context("the query has no value")?.parse()?;
        Ok(value.is_finite().then_some(value))
    }
}

/// An answer of some seconds ago, under the stretches of now.
fn shifted(known: &Measured, asked: &Asked, at_ms: u64, now_ms: u64) -> Measured {
    let mut measured = Measured {
        no_data: known.no_data.clone(),
        ..Measured::default()
    };
    for stretch in asked.by_event.iter().chain(&asked.by_receipt) {
        let back = |ms: u64| ms.saturating_sub(now_ms.saturating_sub(at_ms));
        let then = Stretch::new(back(stretch.from_ms), back(stretch.to_ms));
        let counts = known
            .answered
            .by_event
            .get(&then)
            .copied()
            .unwrap_or_default();
        measured.answered.by_event.insert(*stretch, counts);
        measured.answered.by_receipt.insert(*stretch, counts);
    }
    measured
}

fn counts(part: u64, all: u64, part_is: Part) -> Counts {
    match part_is {
        Part::Good => Counts::new(part, all.saturating_sub(part)),
        Part::Bad => Counts::new(all.saturating_sub(part), part),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of events, and below zero there are none"
)]
fn whole(value: f64) -> u64 {
    value.round().max(0.0) as u64
}

fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded += &format!("%{byte:02X}");
        }
    }
    encoded
}
