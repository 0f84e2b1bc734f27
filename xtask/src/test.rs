//! Every test: built first, then run by cargo, the ones in browsers among them.

use crate::{build, shell, system};
use anyhow::Result;
use clap::Args;

#[derive(Args)]
pub(crate) struct Options {
    /// Leave out the tests in real browsers
    #[arg(long)]
    without_browser: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    build::everything()?;
    system::install_prometheus()?;
    let mut arguments = vec!["test", "--workspace"];
    if options.without_browser {
        arguments.extend(["--exclude", "tests"]);
    } else {
        system::install_chromium()?;
    }
    shell::step("tests of the package", || {
        shell::run_quietly(
            std::process::Command::new("node")
                .arg("--test")
                .current_dir(shell::root().join("probe-wasm/npm")),
        )
    })?;
    shell::step("tests", || shell::run(shell::cargo().args(&arguments)))
}
