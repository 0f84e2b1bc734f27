//! The `demo-frontend` program: parses, starts the demo, says where it is, and stops it when told.

use clap::{Parser, Subcommand};
use demo_frontend::{Demo, Settings};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tracing_subscriber::EnvFilter;

/// Movie Guru, re-created as something to watch.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves site, backend and admin until a signal comes; prints their addresses as one JSON line.
    Serve {
        #[command(flatten)]
        settings: Box<Settings>,
        /// Also stop when standard input closes, so that no demo outlives what started it.
        #[arg(long)]
        stop_with_stdin: bool,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into()))
        .with_writer(std::io::stderr)
        .init();
    let Command::Serve {
        settings,
        stop_with_stdin,
    } = Cli::parse().command;
    let demo = Demo::start(*settings).await?;
    // Listens before the line says so: whoever reads it may send a signal at once.
    let stop_asked = stop_asked(stop_with_stdin)?;
    println!("{}", serde_json::to_string(&demo.addresses())?);
    stop_asked.await;
    demo.stop().await;
    Ok(())
}

fn stop_asked(stop_with_stdin: bool) -> anyhow::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = stdin_closed(), if stop_with_stdin => {}
        }
    })
}

/// Read by a thread of its own: tokio's standard input would hold the runtime back at its end.
async fn stdin_closed() {
    let (closed, told) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        drop(closed);
    });
    let _ = told.await;
}
