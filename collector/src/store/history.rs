//! A database read beside the collector that writes it: counts by minute, for backtests.

use super::database;
use super::read::Window;
use super::sums::{self, SeriesMinutes};
use crate::sli::Series;
use anyhow::Context;
use std::path::Path;

/// Counts by minute of the series that are wanted, from a database that may be in use.
///
/// # Errors
/// It cannot be read.
pub fn minutes(
    path: &Path,
    window: Window,
    wanted: impl Fn(&Series) -> bool,
) -> anyhow::Result<Vec<SeriesMinutes>> {
    let mut connection = database::open_for_reading(path)?;
    let snapshot = connection.transaction()?;
    let found = sums::minutes(&snapshot, window, &wanted);
    found.with_context(|| format!("{} cannot be read", path.display()))
}
