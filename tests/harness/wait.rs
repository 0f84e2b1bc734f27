//! Waiting for a condition with a deadline, saying at the end what came instead.

use anyhow::{Result, bail};
use std::time::{Duration, Instant};

const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Looks again and again until the condition holds; `look` answers what it saw instead.
///
/// # Errors
/// After the deadline, with what was seen last.
pub async fn until<T>(
    what: &str,
    within: Duration,
    mut look: impl AsyncFnMut() -> Result<T, String>,
) -> Result<T> {
    let deadline = Instant::now() + within;
    loop {
        match look().await {
            Ok(found) => return Ok(found),
            Err(instead) if Instant::now() >= deadline => {
                bail!("waited {within:?} for {what}; instead: {instead}")
            }
            Err(_) => tokio::time::sleep(BETWEEN_LOOKS).await,
        }
    }
}
