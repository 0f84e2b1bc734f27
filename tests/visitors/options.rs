//! What the visitors can be told, one field per option.

use clap::Parser;
use std::path::PathBuf;
use std::time::Duration;

/// Visits the demo with real browsers and compares what the collector says with what happened.
#[derive(Parser, Clone, Debug)]
#[command(name = "visitors", about)]
pub(crate) struct Options {
    /// Loopback address of the site.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub(crate) site: String,
    /// Loopback address of the backend.
    #[arg(long, default_value = "http://127.0.0.1:8081")]
    pub(crate) backend: String,
    /// Loopback address of the demo's admin API.
    #[arg(long, default_value = "http://127.0.0.1:8082")]
    pub(crate) admin: String,
    /// Loopback address of the collector's public listener.
    #[arg(long, default_value = "http://127.0.0.1:8090")]
    pub(crate) collector_public: String,
    /// Loopback address of the collector's private listener.
    #[arg(long, default_value = "http://127.0.0.1:8091")]
    pub(crate) collector_private: String,
    /// How many visit at once; 0 leaves the site to you and prints the live lines only.
    #[arg(long, default_value_t = 4)]
    pub(crate) visitors: u64,
    /// How long to visit, such as 90s, 5m or 1h; without it until stopped.
    #[arg(long = "for", value_parser = duration)]
    pub(crate) run_for: Option<Duration>,
    /// How many visits to make, whatever time they take; without it as many as fit.
    #[arg(long)]
    pub(crate) visits: Option<u64>,
    /// Where to write the report.
    #[arg(long)]
    pub(crate) report: Option<PathBuf>,
    /// Kill browsers in the middle of visits instead of closing them.
    #[arg(long)]
    pub(crate) kill_browsers: bool,
    /// Seed of what the visitors do.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Time between two live lines.
    #[arg(long, default_value = "5s", value_parser = duration)]
    pub(crate) every: Duration,
    /// Stop when stdin closes.
    #[arg(long)]
    pub(crate) stop_with_stdin: bool,
}

fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.find(|c: char| !c.is_ascii_digit()) {
        Some(at) => text.split_at(at),
        None => (text, "s"),
    };
    let number: u64 = number
        .parse()
        .map_err(|_| format!("`{text}` is no duration such as 90s"))?;
    let seconds = match unit {
        "ms" => return Ok(Duration::from_millis(number.max(1))),
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(format!("`{unit}` is none of ms, s, m, h")),
    };
    Ok(Duration::from_secs(number.max(1).saturating_mul(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_people_write_them() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert!(duration("soon").is_err());
        assert!(duration("3d").is_err());
    }
}
