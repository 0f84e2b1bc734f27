//! Reads one target: an HTTP answer of bounded size enters, increases leave.

use super::deltas::increases;
use super::exposition::read_counters;
use crate::clock::Clock;
use crate::config::ScrapeConfig;
use crate::store::{LastValues, ServerDeltas};
use anyhow::{Context, bail};
use std::collections::HashSet;
use std::time::Duration;

/// Bytes of an exposition at most: a hundred thousand series are not the demo's backend.
const EXPOSITION_BYTES: usize = 8 * 1024 * 1024;

/// A target and what is wanted of it.
#[derive(Clone, Debug)]
pub struct Scraper {
    config: ScrapeConfig,
    wanted: HashSet<String>,
    client: reqwest::Client,
}

impl Scraper {
    /// A scraper that has not read yet.
    ///
    /// # Errors
    /// The HTTP client cannot be built.
    pub fn new(config: ScrapeConfig, wanted: HashSet<String>) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .timeout(Duration::from_millis(config.every_ms))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self {
            config,
            wanted,
            client,
        })
    }

    /// What the other tables call it.
    pub fn target(&self) -> &str {
        &self.config.name
    }

    /// Time between two reads.
    pub fn every(&self) -> Duration {
        Duration::from_millis(self.config.every_ms)
    }

    /// Reads once; `last` are the values of the read before.
    ///
    /// # Errors
    /// The target did not answer in time, or with something else than an exposition.
    pub async fn read(&self, last: &LastValues, clock: &dyn Clock) -> anyhow::Result<ServerDeltas> {
        let mut response = self
            .client
            .get(&self.config.url)
            .send()
            .await?
            .error_for_status()?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > EXPOSITION_BYTES {
                bail!(
                    "{} answers with more than {EXPOSITION_BYTES} bytes",
                    self.config.url
                );
            }
        }
        let text = std::str::from_utf8(&body).context("the answer is no text")?;
        let values = read_counters(text, &self.wanted);
        Ok(ServerDeltas {
            target: self.config.name.clone(),
            at_ms: clock.now_ms(),
            increases: increases(last, &values),
            values,
        })
    }
}
