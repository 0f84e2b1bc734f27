//! Everything the demo can be told at its start, one field per option.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use crate::backend::{ChatFailure, DrawKind};
use crate::scenario::Scenario;

/// The demo's settings; the defaults are a healthy Movie Guru on its usual ports.
#[derive(Args, Clone, Debug)]
pub struct Settings {
    /// Port of the site; 0 means a free one. Unset: 8080, or a free one when 8080 is taken.
    #[arg(long)]
    pub site_port: Option<u16>,
    /// Port of the backend; 0 means a free one. Unset: 8081, or a free one when 8081 is taken.
    #[arg(long)]
    pub backend_port: Option<u16>,
    /// Port of the admin API; 0 means a free one. Unset: 8082, or a free one when 8082 is taken.
    #[arg(long)]
    pub admin_port: Option<u16>,
    /// What goes on at the start; switched later with `POST /scenario`.
    #[arg(long, value_enum, default_value_t = Scenario::Healthy)]
    pub scenario: Scenario,
    /// How the balancer picks a pod: `random`, `sequence:1,2,2`, `path:/assets/=2,/=1` or `pod:1`.
    /// Only `random` heeds the scenario.
    #[arg(long, default_value = "random")]
    pub pick: String,
    /// Seed of the balancer's picks and of the backend's draws.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// How the backend draws: `low-discrepancy` meets every rate within a short run, `random` is plain chance.
    #[arg(long, value_enum, default_value_t = DrawKind::LowDiscrepancy)]
    pub draws: DrawKind,
    /// What a failed chat answers: HTTP 500, HTTP 200 with result ERROR, or the two in turn.
    #[arg(long, value_enum, default_value_t = ChatFailure::Mix)]
    pub chat_failure: ChatFailure,
    /// Number of simulated in-cluster users.
    #[arg(long, default_value_t = 3)]
    pub crowd: usize,
    /// Folder that holds the front-end builds.
    #[arg(long, default_value = "demo-frontend/web/dist")]
    pub dist: PathBuf,
    /// Which builds the pods serve: with the probe (`release-1`, …) or without (`bare-1`, …).
    #[arg(long, value_enum, default_value_t = Builds::Release)]
    pub builds: Builds,
    /// A front-end pod as NAME=RELEASE, repeatable; the first one's release is the one known to work.
    #[arg(long = "pod", default_values = ["frontend-1=1", "frontend-2=2"])]
    pub pods: Vec<PodSettings>,
    /// Where a browser without mapped names finds the collector.
    #[arg(long, default_value = "http://127.0.0.1:8090")]
    pub collector: String,
}

/// Which family of builds the pods serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Builds {
    /// With the probe: `release-<release>`.
    Release,
    /// Without the probe: `bare-<release>`.
    Bare,
}

impl Builds {
    /// Name of the folder that holds the build of `release`.
    pub fn folder(self, release: &str) -> String {
        match self {
            Self::Release => format!("release-{release}"),
            Self::Bare => format!("bare-{release}"),
        }
    }
}

/// A pod's name and the release it serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodSettings {
    pub name: String,
    pub release: String,
}

impl FromStr for PodSettings {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Both end up in a quoted header value and in HTML: only what needs no escaping in either.
        let plain = |part: &str| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        };
        match text.split_once('=') {
            Some((name, release)) if plain(name) && plain(release) => Ok(Self {
                name: name.to_owned(),
                release: release.to_owned(),
            }),
            _ => Err(format!(
                "`{text}` is not NAME=RELEASE (letters, digits, `-`, `_`, `.`)"
            )),
        }
    }
}
