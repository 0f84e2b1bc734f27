//! The programs under test as child processes: found beside this test's own binary, started on free
//! ports, read for their one line of JSON, stopped by closing their stdin.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};

const READY_WITHIN: Duration = Duration::from_secs(30);
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// The workspace's root folder.
#[must_use]
pub fn workspace() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

/// Where cargo put a binary of this workspace.
///
/// # Errors
/// Says how to build it when it is missing.
pub fn binary(name: &str, package: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("the path of this executable")?;
    own.ancestors()
        .skip(1)
        .map(|folder| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
        .take(3)
        .find(|candidate| candidate.is_file())
        .with_context(|| {
            format!(
                "the binary {name} is not beside {}: build it first (cargo build -p {package})",
                own.display()
            )
        })
}

/// A running program.
pub struct Program {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    /// The JSON it printed when it was ready.
    pub ready: Value,
}

impl Program {
    /// Starts a program that stops with its stdin and prints one line of JSON when ready.
    ///
    /// # Errors
    /// When it is missing, ends early, or says something else.
    pub async fn start(path: &Path, arguments: &[String], stderr: Stdio) -> Result<Self> {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let mut child = Command::new(path)
            .args(arguments)
            .arg("--stop-with-stdin")
            .current_dir(workspace())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", path.display()))?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().context("no stdout")?;
        let mut lines = BufReader::new(stdout).lines();
        let first = tokio::time::timeout(READY_WITHIN, lines.next_line())
            .await
            .with_context(|| format!("{name} was not ready within {READY_WITHIN:?}"))??;
        let Some(first) = first else {
            let status = child.wait().await?;
            bail!("{name} ended before it was ready: {status} (arguments {arguments:?})");
        };
        let ready = serde_json::from_str(&first)
            .with_context(|| format!("{name} printed no JSON when ready but: {first}"))?;
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self {
            name,
            child,
            stdin,
            ready,
        })
    }

    /// An address of the ready line, such as `site`.
    ///
    /// # Errors
    /// When it is not there.
    pub fn address(&self, field: &str) -> Result<String> {
        let address = self.ready[field].as_str();
        Ok(address
            .with_context(|| format!("{} names no {field}: {}", self.name, self.ready))?
            .to_owned())
    }

    /// Asks the program to stop and waits for it.
    ///
    /// # Errors
    /// When it does not stop, or not cleanly.
    pub async fn stop(mut self) -> Result<()> {
        self.stdin = None;
        let status = tokio::time::timeout(STOP_WITHIN, self.child.wait())
            .await
            .with_context(|| format!("{} did not stop within {STOP_WITHIN:?}", self.name))??;
        if !status.success() {
            bail!("{} stopped with {status}", self.name);
        }
        Ok(())
    }

    /// Kills the program without warning.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub async fn kill(mut self) -> Result<()> {
        self.child
            .kill()
            .await
            .with_context(|| format!("killing {}", self.name))
    }
}

/// Where a program under a test writes what it has to say: `target/e2e-logs/TEST-PROGRAM.log`.
///
/// # Errors
/// When the file cannot be opened.
pub fn log_file(test: &str, program: &str) -> Result<Stdio> {
    let folder = workspace().join("target/e2e-logs");
    std::fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{test}-{program}.log"));
    Ok(std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)?
        .into())
}

/// A loopback port that was free a moment ago.
///
/// # Errors
/// When the machine has none.
pub fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?
        .local_addr()?
        .port())
}
