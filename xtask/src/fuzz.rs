//! Fuzzing for a bounded time: every decoder, and admission as a whole. What is found goes beside the
//! committed corpus; an input that breaks a promise ends the run and is named.

use crate::shell;
use anyhow::{Context, Result, bail};
use clap::Args;
use std::path::Path;
use std::process::Command;

/// Bytes of an input at most: larger ones only cost time.
const LONGEST: &str = "-max_len=20000";

#[derive(Args)]
pub(crate) struct Options {
    /// Seconds in all, shared evenly by the targets
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Only this target; the names are those of the files in collector/fuzz/fuzz_targets
    #[arg(long)]
    target: Option<String>,
    /// Afterwards, put the smallest set of inputs that reach as much into the committed corpus
    #[arg(long)]
    minimise: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let folder = shell::root().join("collector/fuzz");
    let mut targets = targets(&folder.join("fuzz_targets"))?;
    if let Some(only) = &options.target {
        if !targets.contains(only) {
            bail!(
                "there is no fuzz target {only}; there are {}",
                targets.join(", ")
            );
        }
        targets.retain(|target| target == only);
    }
    install()?;
    shell::step("build of the fuzz targets", || {
        shell::run_quietly(fuzz(&folder).arg("build"))
    })?;
    let each = (options.seconds / targets.len().max(1) as u64).max(1);
    for target in &targets {
        // The first folder takes what is found; the second is only read.
        let (found, corpus) = (format!("found/{target}"), format!("corpus/{target}"));
        for inputs in [&found, &corpus] {
            std::fs::create_dir_all(folder.join(inputs)).with_context(|| inputs.clone())?;
        }
        shell::step(&format!("fuzzing {target} for {each} s"), || {
            let seconds = format!("-max_total_time={each}");
            shell::run_quietly(
                fuzz(&folder)
                    .args(["run", target, &found, &corpus, "--"])
                    .args([
                        seconds.as_str(),
                        LONGEST,
                        "-timeout=10",
                        "-rss_limit_mb=2048",
                    ]),
            )
        })?;
        if options.minimise {
            shell::step(&format!("minimising the corpus of {target}"), || {
                minimise(&folder, target)
            })?;
        }
    }
    eprintln!("nothing was found");
    Ok(())
}

/// Merges what was found into what is committed, as far as it reaches anything new.
fn minimise(folder: &Path, target: &str) -> Result<()> {
    let (found, corpus) = (format!("found/{target}"), format!("corpus/{target}"));
    shell::run_quietly(
        fuzz(folder)
            .args(["run", target, &corpus, &found, "--"])
            .args(["-merge=1", "-max_len=2000"]),
    )
}

fn targets(folder: &Path) -> Result<Vec<String>> {
    let mut targets = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if let Some(name) = path.file_stem().filter(|_| path.extension().is_some()) {
            targets.push(name.to_string_lossy().into_owned());
        }
    }
    targets.sort();
    Ok(targets)
}

/// Sanitizers need a nightly compiler.
fn fuzz(folder: &Path) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(folder).args(["+nightly", "fuzz"]);
    // sqlite3 is linked into library and program alike, which is no fault of ours.
    command.env("ASAN_OPTIONS", "detect_odr_violation=0");
    command
}

fn install() -> Result<()> {
    if !answers(&["+nightly", "--version"]) {
        shell::step("nightly compiler", || {
            let toolchain = ["toolchain", "install", "nightly", "--profile", "minimal"];
            shell::run(Command::new("rustup").args(toolchain))
        })?;
    }
    if answers(&["fuzz", "--version"]) {
        return Ok(());
    }
    shell::step("cargo-fuzz", || {
        shell::run(Command::new("cargo").args(["install", "cargo-fuzz", "--locked"]))
    })
}

fn answers(arguments: &[&str]) -> bool {
    let answer = Command::new("cargo").args(arguments).output();
    answer.is_ok_and(|output| output.status.success())
}
