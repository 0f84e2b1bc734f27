//! Opening the SQLite file: pragmas, schema, version.

use super::migrate;
use anyhow::{Context, bail};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// Raised with every change of the schema.
const SCHEMA_VERSION: i64 = 5;
/// Pages the writer keeps: enough for the inner ones of every index.
const CACHE_KIB: i64 = 64 * 1024;
/// Statements kept prepared.
const STATEMENTS: usize = 64;

pub(super) fn open_for_writing(path: &Path) -> anyhow::Result<Connection> {
    let mut connection = Connection::open(path)
        .with_context(|| format!("store.path: cannot open {}", path.display()))?;
    connection.busy_timeout(Duration::from_secs(5))?;
    // A commit writes every page it touched whole, a dozen for counters and the ends of tables alone: small
    // ones. Only heeded when the file is made.
    connection.pragma_update(None, "page_size", 4096)?;
    // An answer of 2xx promises that the beacon survives a power cut. With a log, EXTRA is FULL; before
    // there is one it also makes the going of the first journal durable, which if it came back would undo
    // the making of the database and everything after.
    connection.pragma_update(None, "synchronous", "EXTRA")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // Moving the log is done beside the writer (checkpoint.rs).
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "journal_size_limit", 96 * 1024 * 1024)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    create_schema(&mut connection).with_context(|| format!("store.path: {}", path.display()))?;
    connection.execute_batch(include_str!("schema/notes.sql"))?;
    Ok(connection)
}

/// For work beside the writer: the log's, and copying.
pub(super) fn open_beside(path: &Path) -> anyhow::Result<Connection> {
    let connection = Connection::open(path)
        .with_context(|| format!("store.path: cannot open {}", path.display()))?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(connection)
}

pub(super) fn open_for_reading(path: &Path) -> anyhow::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)
        .with_context(|| format!("store.path: cannot read {}", path.display()))?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// Makes a new database, or brings an earlier one forward.
fn create_schema(connection: &mut Connection) -> anyhow::Result<()> {
    let transaction = connection.transaction()?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match version {
        0 => {
            transaction.execute_batch(include_str!("schema/beacons.sql"))?;
            transaction.execute_batch(include_str!("schema/views.sql"))?;
            transaction.execute_batch(include_str!("schema/counts.sql"))?;
        }
        1..SCHEMA_VERSION => {
            tracing::info!(
                from = version,
                to = SCHEMA_VERSION,
                "bringing the database forward"
            );
            migrate::forward(&transaction, version)
                .with_context(|| format!("cannot bring schema {version} forward"))?;
        }
        SCHEMA_VERSION => return Ok(()),
        other => bail!("the database has schema {other}; this version knows {SCHEMA_VERSION}"),
    }
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    Ok(transaction.commit()?)
}
