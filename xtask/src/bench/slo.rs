//! `cargo xtask bench slo`: how long the status of a hundred objectives over a month takes, from a database that
//! holds three.

use crate::shell;
use anyhow::Result;

pub(super) fn run() -> Result<()> {
    let bench = [
        "run",
        "--release",
        "--quiet",
        "--package",
        "collector",
        "--example",
        "bench_slo",
    ];
    shell::run(shell::cargo().args(bench))
}
