//! The binary: reads arguments and configuration, binds, prints where it listens, runs until told to
//! stop.

use anyhow::Context;
use clap::{Parser, Subcommand, ValueEnum};
use collector::app::{App, Settings};
use collector::clock::SystemClock;
use collector::commands::{SloTask, run_slo};
use collector::config::{Source, TlsConfig, settings_help};
use collector::serve::{Listeners, run};
use collector::store;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::io::AsyncReadExt;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// Half of what a beacon costs beyond HTTP was memory taken on one thread and given back on another, which
/// the system's allocator does badly: a quarter of all time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Takes Sightline's beacons in and answers with client-side service level indicators.
///
/// Prints one JSON line with its two addresses once it listens; logs go to stderr (RUST_LOG).
/// Stops on SIGTERM and SIGINT after finishing what is open; reads its configuration again on
/// SIGHUP and when a file of it changes.
#[derive(Debug, Parser)]
#[command(version, after_long_help = settings_help())]
struct Arguments {
    /// The configuration, TOML; collector/examples/movie-guru.toml shows one
    #[arg(long, env = "SIGHTLINE_CONFIG", global = true)]
    config: Option<PathBuf>,
    /// Stop when standard input is closed, as when the starting process dies
    #[arg(long)]
    stop_with_stdin: bool,
    /// How log lines are written
    #[arg(long, env = "SIGHTLINE_LOG", value_enum, default_value_t = Log::Text)]
    log: Log,
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Read and check the configuration, certificates and environment included, say everything
    /// that is wrong, and end
    CheckConfig,
    /// Count again from the raw rows of a database that nobody writes, and say where the buckets differ
    Recount {
        /// The SQLite file
        database: PathBuf,
    },
    /// Objectives: check their files, see how they stand, try them on the past, write them for others
    Slo {
        #[command(subcommand)]
        task: SloTask,
    },
    /// Copy a database whole while a collector writes it
    Backup {
        /// The SQLite file; default the one of the configuration
        #[arg(long)]
        database: Option<PathBuf>,
        /// The copy, which must not be there yet
        file: PathBuf,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Log {
    Text,
    Json,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    start_log(arguments.log);
    if let Some(Task::Recount { database }) = &arguments.task {
        println!("{}", serde_json::to_string(&store::recount(database)?)?);
        return Ok(());
    }
    if let Some(Task::Backup {
        database: Some(database),
        file,
    }) = &arguments.task
    {
        return store::backup(database, file);
    }
    if let Some(Task::Slo { task }) = arguments.task {
        let source = arguments.config.as_deref().map(Source::read).transpose()?;
        return run_slo(task, source.as_ref()).await;
    }
    let path = arguments
        .config
        .context("no configuration: give --config or set SIGHTLINE_CONFIG")?;
    let source = Source::read(&path)?;
    let config = source
        .config()
        .with_context(|| path.display().to_string())?;
    if let Some(Task::Backup { file, .. }) = &arguments.task {
        return store::backup(&config.store.path, file);
    }
    if let Some(Task::CheckConfig) = arguments.task {
        Settings::new(config).with_context(|| path.display().to_string())?;
        println!("{}: in order", path.display());
        return Ok(());
    }
    let scheme = |tls: &Option<TlsConfig>| if tls.is_some() { "https" } else { "http" };
    let (public, private) = (
        scheme(&config.listen.public_tls),
        scheme(&config.listen.private_tls),
    );
    let listeners = Listeners::bind(config.listen.public, config.listen.private).await?;
    let app = Arc::new(App::new(config, Arc::new(SystemClock))?);
    let ready = serde_json::json!({
        "public": format!("{public}://{}", listeners.public.local_addr()?),
        "private": format!("{private}://{}", listeners.private.local_addr()?),
    });
    let stop = stop_signal(arguments.stop_with_stdin)?;
    let configuring = tokio::spawn(Arc::clone(&app).keep_configured(source, hangups()?));
    println!("{ready}");
    let result = run(app, listeners, stop).await;
    configuring.abort();
    let _ = configuring.await;
    Ok(result?)
}

fn start_log(log: Log) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env();
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter.unwrap_or_else(|_| "info".into()))
        .with_writer(std::io::stderr);
    match log {
        Log::Text => lines.with_ansi(std::io::stderr().is_terminal()).init(),
        Log::Json => lines.json().flatten_event(true).init(),
    }
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

fn hangups() -> anyhow::Result<mpsc::Receiver<()>> {
    let mut hung_up = signal(SignalKind::hangup())?;
    let (told, asked) = mpsc::channel(1);
    tokio::spawn(async move {
        while hung_up.recv().await.is_some() {
            // One that is waiting already is as good as two.
            let _ = told.try_send(());
        }
    });
    Ok(asked)
}

async fn stdin_closed() {
    let mut stdin = tokio::io::stdin();
    let mut ignored = [0; 256];
    while stdin.read(&mut ignored).await.is_ok_and(|bytes| bytes > 0) {}
}
