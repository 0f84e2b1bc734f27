//! `cargo xtask build | demo | test | fuzz | bench`: the two commands of the README and their kin. Each
//! installs what it needs, says what it does, and fails with what went wrong and what to do.

mod bench;
mod build;
mod demo;
mod fuzz;
mod shell;
mod system;
mod test;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Builds, shows, tests and measures Sightline"
)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the probe's package, both front ends of the demo, and all programs
    Build,
    /// Build and start everything: site, backend, collector and visitors
    Demo(demo::Options),
    /// Run every test
    Test(test::Options),
    /// Feed every decoder of the collector what nobody thought of, for a bounded time
    Fuzz(fuzz::Options),
    /// Measure
    Bench {
        #[command(subcommand)]
        what: bench::Bench,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Build => build::everything(),
        Task::Demo(options) => demo::run(&options),
        Task::Test(options) => test::run(&options),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Bench { what } => bench::run(&what),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
