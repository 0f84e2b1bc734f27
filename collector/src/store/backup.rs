//! A copy of a database that is being written: page by page over the engine's own backup, which begins
//! anew what the writer changes meanwhile, so the copy is one moment of it.

use super::database;
use anyhow::{Context, bail};
use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// Copies `database` to `file` and checks the copy.
///
/// # Errors
/// The copy is there already, or one of the two cannot be read or written. What was begun is removed.
pub fn backup(database: &Path, file: &Path) -> anyhow::Result<()> {
    if file.exists() {
        bail!("{} is there already", file.display());
    }
    let copied = copy(database, file);
    if copied.is_err() {
        // It may not have been made at all.
        let _ = std::fs::remove_file(file);
    }
    copied.with_context(|| format!("cannot copy {} to {}", database.display(), file.display()))
}

fn copy(database: &Path, file: &Path) -> anyhow::Result<()> {
    let source = database::open_for_reading(database)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let mut target = Connection::open_with_flags(file, flags)?;
    // In one step under one snapshot: a reader never holds up the writer of a database with a log, and
    // in several steps every commit between them would begin the copy anew.
    Backup::new(&source, &mut target)?.step(-1)?;
    let found: String = target.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        bail!("the copy is not sound: {found}");
    }
    Ok(())
}
