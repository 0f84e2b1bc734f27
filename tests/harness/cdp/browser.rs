//! A browser process of our own: found, started with a fresh profile, closed or killed.
//! Names under test are mapped to loopback ports, because loopback addresses would be secure contexts.

use super::connection::Connection;
use super::tab::{Tab, TabEvents};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::fmt;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

const START_WITHIN: Duration = Duration::from_secs(60);

const FLAGS: [&str; 12] = [
    "--headless",
    // Needed as root, and harmless here: only pages of this machine are ever opened.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // Several visits at once: none may be slowed down for standing behind another.
    "--disable-features=CalculateNativeWinOcclusion",
    "--remote-debugging-port=0",
];

/// Which names lead to which loopback port, and which lead nowhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameMap {
    rules: Vec<String>,
}

impl NameMap {
    /// Maps a name's port 80 to a loopback address such as `http://127.0.0.1:8080`.
    #[must_use]
    pub fn to(mut self, name: &str, address: &str) -> Self {
        let authority = address.trim_start_matches("http://").trim_end_matches('/');
        self.rules.push(format!("MAP {name}:80 {authority}"));
        self
    }

    /// Makes a name unknown: the same fast DNS error on every network.
    #[must_use]
    pub fn nowhere(mut self, name: &str) -> Self {
        self.rules.push(format!("MAP {name} ~NOTFOUND"));
        self
    }
}

impl fmt::Display for NameMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rules.join(", "))
    }
}

/// The installed Chromium or Chrome: `CHROMIUM` when set, else the usual names in `PATH`.
///
/// # Errors
/// Names what was looked for.
pub fn find_browser() -> Result<PathBuf> {
    const NAMES: [&str; 4] = [
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    ];
    const MACOS: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
    if let Some(path) = std::env::var_os("CHROMIUM") {
        return Ok(path.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .flat_map(|folder| NAMES.map(|name| folder.join(name)))
        .chain([PathBuf::from(MACOS)])
        .find(|candidate| candidate.is_file())
        .with_context(|| {
            format!("no browser found: none of {NAMES:?} in PATH; install Chromium or set CHROMIUM")
        })
}

/// One browser process with a profile that is thrown away.
pub struct Browser {
    connection: Arc<Connection>,
    process: Child,
    // Dropped after the process, whose last breath may still write into it.
    _profile: Profile,
}

impl Browser {
    /// Starts a browser that resolves names by the map.
    ///
    /// # Errors
    /// When none is installed or it does not come up.
    pub async fn start(names: &NameMap) -> Result<Self> {
        let executable = find_browser()?;
        let profile = Profile::create()?;
        let mut process = Command::new(&executable)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.0.display()))
            .arg(format!("--host-resolver-rules={names}"))
            .arg("about:blank")
            .env("TMPDIR", &profile.0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            // Ctrl-C at the terminal is ours to handle: visits are closed in an orderly way first.
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", executable.display()))?;
        let stderr = process.stderr.take().context("the browser has no stderr")?;
        let address = tokio::time::timeout(START_WITHIN, debugging_address(stderr))
            .await
            .with_context(|| format!("the browser did not come up within {START_WITHIN:?}"))??;
        let connection = Connection::open(&address).await?;
        Ok(Self {
            connection,
            process,
            _profile: profile,
        })
    }

    /// Opens an empty tab in a context of its own: own storage, own cache, own window.
    ///
    /// # Errors
    /// When the browser has gone.
    pub async fn open(&self, events: impl TabEvents) -> Result<Tab> {
        let context = self
            .connection
            .call(None, "Target.createBrowserContext", json!({}))
            .await?;
        let context = context["browserContextId"]
            .as_str()
            .context("no browserContextId")?;
        Tab::open(&self.connection, context, events).await
    }

    /// Opens a second tab in the context of another; it stands in front and hides the other.
    ///
    /// # Errors
    /// When the browser has gone.
    pub async fn open_beside(&self, tab: &Tab, events: impl TabEvents) -> Result<Tab> {
        let second = Tab::open(&self.connection, tab.context(), events).await?;
        second.bring_to_front().await?;
        Ok(second)
    }

    /// Takes hold of the page that another opened by `window.open`, once it is there.
    ///
    /// # Errors
    /// When the browser has gone.
    pub async fn find_child_of(&self, tab: &Tab, events: impl TabEvents) -> Result<Option<Tab>> {
        self.find(tab, events, |target| {
            target["openerId"].as_str() == Some(tab.target())
        })
        .await
    }

    /// Takes hold of the page at an address in the context of another, once it is there.
    ///
    /// # Errors
    /// When the browser has gone.
    pub async fn find_at(
        &self,
        tab: &Tab,
        url: &str,
        events: impl TabEvents,
    ) -> Result<Option<Tab>> {
        self.find(tab, events, |target| {
            target["url"] == url && target["browserContextId"] == tab.context()
        })
        .await
    }

    async fn find(
        &self,
        tab: &Tab,
        events: impl TabEvents,
        is_meant: impl Fn(&Value) -> bool,
    ) -> Result<Option<Tab>> {
        let targets = self
            .connection
            .call(None, "Target.getTargets", json!({}))
            .await?;
        let found = (targets["targetInfos"].as_array())
            .and_then(|targets| targets.iter().find(|target| is_meant(target)));
        match found.and_then(|found| found["targetId"].as_str()) {
            None => Ok(None),
            Some(target) => Tab::attach(&self.connection, tab.context(), target, events)
                .await
                .map(Some),
        }
    }

    /// Ends the process in an orderly way.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn close(mut self) -> Result<()> {
        // The answer may be lost with the connection; the exit is what counts.
        let _ = self.connection.call(None, "Browser.close", json!({})).await;
        match tokio::time::timeout(Duration::from_secs(20), self.process.wait()).await {
            Ok(status) => status.map(drop).context("waiting for the browser"),
            Err(_) => self.kill().await,
        }
    }

    /// Kills the process as a crash or a pulled plug would: nothing is flushed, nothing delivered.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub async fn kill(mut self) -> Result<()> {
        self.process.kill().await.context("killing the browser")
    }
}

/// A profile folder that is thrown away with everything the browser left in it.
struct Profile(PathBuf);

impl Profile {
    fn create() -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("sightline-browser-")
            .tempdir()?;
        Ok(Self(folder.keep()))
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        // A killed browser's children die a moment later, and put files back meanwhile.
        let mut gone = 0;
        for _ in 0..50 {
            gone = if self.0.exists() { 0 } else { gone + 1 };
            if gone == 3 {
                return;
            }
            let _ = std::fs::remove_dir_all(&self.0);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

async fn debugging_address(stderr: tokio::process::ChildStderr) -> Result<String> {
    let mut lines = BufReader::new(stderr).lines();
    let mut said = Vec::new();
    while let Some(line) = lines.next_line().await? {
        if let Some(address) = line.strip_prefix("DevTools listening on ") {
            let address = address.trim().to_owned();
            // Keep reading, else the browser blocks on a full pipe.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(address);
        }
        said.push(line);
    }
    bail!("the browser ended at once: {}", said.join(" | "))
}
