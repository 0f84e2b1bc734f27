//! Building everything, in the order in which the parts need one another: the probe's package, the
//! two front ends that embed it, the programs.

mod members;
mod names;
mod npm;
mod probe;
mod stack;
mod web;

use crate::shell;
use anyhow::Result;

pub(crate) use npm::install as packages;
pub(crate) use probe::{package_dir, probe};

/// All there is.
pub(crate) fn everything() -> Result<()> {
    probe()?;
    web::front_ends()?;
    programs()
}

/// The programs and their tests' helpers, in the development profile.
fn programs() -> Result<()> {
    shell::step("programs", || {
        shell::run(shell::cargo().args(["build", "--workspace", "--bins", "--exclude", "xtask"]))
    })
}
