//! The demo: everything built, then site, backend, collector and visitors as processes of their own
//! on this machine's loopback, until Ctrl-C or the end of the time given. Whatever is started here
//! stops with us.

mod admin;
mod process;
mod settings;

use crate::{build, shell, system};
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use process::Process;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Args)]
pub(crate) struct Options {
    /// What goes on at the start; type the other name and Enter to switch while it runs
    #[arg(long, value_enum, default_value_t = Scenario::Challenge7)]
    scenario: Scenario,
    /// How many browsers visit at once; 0: only you
    #[arg(long, default_value_t = 3)]
    visitors: u32,
    /// How long to run, such as 90s; without it until Ctrl-C
    #[arg(long = "for")]
    run_for: Option<String>,
    /// Write what the visitors met and what the collector saw there, as JSON
    #[arg(long)]
    report: Option<PathBuf>,
    /// Kill the browsers in the middle of visits instead of closing them
    #[arg(long)]
    kill_browsers: bool,
    /// How the balancer picks a pod: random, sequence:1,2,2, path:/assets/=2,/=1 or pod:1
    #[arg(long, default_value = "random")]
    pick: String,
    /// Seed of the balancer's picks, the backend's draws and the visitors' doings
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// One release, right backend URL
    Healthy,
    /// A second release beside it, with a backend URL that no browser resolves
    Challenge7,
}

impl Scenario {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Scenario::Healthy => "healthy",
            Scenario::Challenge7 => "challenge7",
        }
    }
}

pub(crate) fn run(options: &Options) -> Result<()> {
    build::everything()?;
    let visitors = visitors_possible(options)?;
    // Ctrl-C reaches every process of the terminal; we only wait for them to end.
    ctrlc::set_handler(|| {}).context("cannot listen for Ctrl-C")?;

    let folder = shell::root().join(".demo");
    forget(&folder)?;
    let collector_at =
        [process::port(8090)?, process::port(8091)?].map(|port| format!("127.0.0.1:{port}"));
    let [public, private] = collector_at
        .each_ref()
        .map(|address| format!("http://{address}"));
    let mut demo = Process::start(
        "demo-frontend",
        Command::new(shell::program("demo-frontend"))
            .args([
                "serve",
                "--scenario",
                options.scenario.name(),
                "--pick",
                &options.pick,
            ])
            .args([
                "--seed",
                &options.seed.to_string(),
                "--collector",
                &public,
                "--stop-with-stdin",
            ])
            .current_dir(shell::root()),
        &folder,
    )?;
    let addresses = demo.first_line()?;
    let address = |name: &str| {
        let text = addresses.get(name).and_then(|value| value.as_str());
        text.map(str::to_owned)
            .with_context(|| format!("demo-frontend did not say where its {name} is: {addresses}"))
    };
    let (site, backend, admin) = (address("site")?, address("backend")?, address("admin")?);
    let config = settings::write(
        &folder,
        &settings::Addresses {
            collector: &collector_at,
            site: &site,
            backend: &backend,
            admin: &admin,
        },
    )?;
    let mut collector = Process::start(
        "sightline-collector",
        Command::new(shell::program("sightline-collector"))
            .arg("--config")
            .arg(&config)
            .arg("--stop-with-stdin")
            .current_dir(shell::root()),
        &folder,
    )?;
    collector.first_line()?;

    println!();
    println!("  site            {site}");
    println!("  collector page  {private}");
    println!("  backend         {backend}   (metrics: {backend}/metrics)");
    println!("  demo admin      {admin}");
    println!("  logs            {}", folder.display());
    println!(
        "  scenario        {} — type healthy or challenge7 and Enter to switch, Ctrl-C to stop",
        options.scenario.name()
    );
    println!();
    admin::listen(admin.clone());

    let mut visitors_command = Command::new(shell::program("visitors"));
    visitors_command
        .args(["--site", &site, "--backend", &backend, "--admin", &admin])
        .args([
            "--collector-public",
            &public,
            "--collector-private",
            &private,
        ])
        .args([
            "--visitors",
            &visitors.to_string(),
            "--seed",
            &options.seed.to_string(),
            "--stop-with-stdin",
        ]);
    if let Some(run_for) = &options.run_for {
        visitors_command.args(["--for", run_for]);
    }
    if let Some(report) = &options.report {
        visitors_command.arg("--report").arg(report);
    }
    if options.kill_browsers {
        visitors_command.arg("--kill-browsers");
    }
    let ended = Process::foreground("visitors", &mut visitors_command)?.wait()?;
    match admin::mixed_loads(&admin) {
        Ok(share) => println!("{share}"),
        Err(error) => eprintln!("the share of mixed loads is not known: {error:#}"),
    }
    collector.stop()?;
    demo.stop()?;
    if !ended.success() {
        bail!("the visitors ended with {ended}; what they met stands above");
    }
    Ok(())
}

/// The visitors asked for, or none where there is no browser: the demo is then for your own.
fn visitors_possible(options: &Options) -> Result<u32> {
    if options.visitors == 0 {
        return Ok(0);
    }
    match system::install_chromium() {
        Ok(_) => Ok(options.visitors),
        Err(error) if options.report.is_some() => Err(error),
        Err(error) => {
            eprintln!("no visitors: {error:#}\nthe demo runs all the same, for your own browser");
            Ok(0)
        }
    }
}

/// Each demo begins without the history of the last one.
fn forget(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))
}
