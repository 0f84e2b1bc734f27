//! A question to the running collector, at the private address of its configuration.

use crate::config::Config;
use anyhow::{Context, bail};
use serde_json::Value;
use std::time::Duration;

/// Long enough for a collector that is busy.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) async fn ask(config: Option<&Config>, path: &str) -> anyhow::Result<Value> {
    let config = config.context("no configuration: give --config or set SIGHTLINE_CONFIG")?;
    let listen = &config.listen;
    let scheme = if listen.private_tls.is_some() {
        "https"
    } else {
        "http"
    };
    let address = format!("{scheme}://{}{path}", listen.private);
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(PATIENCE)
        .build()?;
    let mut asking = client.get(&address);
    if let Some(token) = &listen.private_token {
        asking = asking.header("authorization", token.bearer());
    }
    let answer = asking.send().await;
    let answer =
        answer.with_context(|| format!("no collector answers at {address}; is it running?"))?;
    let status = answer.status();
    let body: Value = answer
        .json()
        .await
        .with_context(|| format!("{address} answers no JSON"))?;
    if !status.is_success() {
        bail!("{address} answers {status}: {body}");
    }
    Ok(body)
}
