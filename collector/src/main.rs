//! The binary: reads arguments and configuration, binds, prints where it listens, runs until told to
//! stop.

use anyhow::Context;
use clap::Parser;
use collector::app::App;
use collector::clock::SystemClock;
use collector::config::Config;
use collector::serve::{Listeners, run};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::io::AsyncReadExt;
use tokio::signal::unix::{SignalKind, signal};

/// Takes Sightline's beacons in and answers with client-side service level indicators.
///
/// Prints one JSON line with its two addresses once it listens; logs go to stderr (RUST_LOG).
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The configuration, TOML; collector/examples/movie-guru.toml shows one
    #[arg(long, env = "SIGHTLINE_CONFIG")]
    config: PathBuf,
    /// Read and check the configuration, then end
    #[arg(long)]
    check: bool,
    /// Stop when standard input is closed, as when the starting process dies
    #[arg(long)]
    stop_with_stdin: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into()),
        )
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    let config =
        Config::load(&arguments.config).with_context(|| arguments.config.display().to_string())?;
    if arguments.check {
        return Ok(());
    }
    let listeners = Listeners::bind(config.listen.public, config.listen.private).await?;
    let app = Arc::new(App::new(config, Arc::new(SystemClock))?);
    let ready = serde_json::json!({
        "public": format!("http://{}", listeners.public.local_addr()?),
        "private": format!("http://{}", listeners.private.local_addr()?),
    });
    println!("{ready}");
    let stop = stop_signal(arguments.stop_with_stdin)?;
    Ok(run(app, listeners, stop).await?)
}

fn stop_signal(with_stdin: bool) -> anyhow::Result<impl Future<Output = ()>> {
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
            () = stdin_closed(), if with_stdin => {}
        }
    })
}

async fn stdin_closed() {
    let mut stdin = tokio::io::stdin();
    let mut ignored = [0; 256];
    while stdin.read(&mut ignored).await.is_ok_and(|bytes| bytes > 0) {}
}
