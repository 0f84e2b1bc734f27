//! One process of the demo: its log goes to a file, its first line says where it listens, and it
//! stops when its standard input closes, so also when we are killed.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

pub(super) struct Process {
    name: &'static str,
    child: Child,
    log: Option<PathBuf>,
}

impl Process {
    /// Starts with its log in `folder`.
    pub(super) fn start(name: &'static str, command: &mut Command, folder: &Path) -> Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(file);
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        Ok(Self {
            name,
            child,
            log: Some(log),
        })
    }

    /// Starts with its output on the terminal.
    pub(super) fn foreground(name: &'static str, command: &mut Command) -> Result<Self> {
        let child = command
            .stdin(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        Ok(Self {
            name,
            child,
            log: None,
        })
    }

    /// The JSON line a server prints once it listens.
    pub(super) fn first_line(&mut self) -> Result<Value> {
        let mut line = String::new();
        if let Some(output) = self.child.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        match serde_json::from_str(&line) {
            Ok(value) => Ok(value),
            Err(_) => bail!("{} did not start: {}", self.name, self.last_words()),
        }
    }

    /// Waits for its end.
    pub(super) fn wait(mut self) -> Result<ExitStatus> {
        let stdin = self.child.stdin.take();
        let ended = self
            .child
            .wait()
            .with_context(|| format!("cannot wait for {}", self.name))?;
        drop(stdin);
        Ok(ended)
    }

    /// Asks it to stop and waits until it has.
    pub(super) fn stop(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        let ended = self
            .child
            .wait()
            .with_context(|| format!("cannot wait for {}", self.name))?;
        if !ended.success() {
            bail!("{} ended with {ended}: {}", self.name, self.last_words());
        }
        Ok(())
    }

    fn last_words(&self) -> String {
        let Some(log) = &self.log else {
            return String::new();
        };
        let text = std::fs::read_to_string(log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        format!(
            "{}\n(all of it: {})",
            lines[lines.len().saturating_sub(15)..].join("\n"),
            log.display()
        )
    }
}

/// The usual port, or a free one where it is taken.
pub(super) fn port(usual: u16) -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", usual))
        .or_else(|_| TcpListener::bind(("127.0.0.1", 0)))
        .context("no free port on loopback")?;
    Ok(listener.local_addr()?.port())
}
