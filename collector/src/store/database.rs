//! Opening the SQLite file: pragmas, schema, version.

use anyhow::{Context, bail};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// Raised with every change of the schema.
const SCHEMA_VERSION: i64 = 2;
/// Statements kept prepared.
const STATEMENTS: usize = 64;

pub(super) fn open_for_writing(path: &Path) -> anyhow::Result<Connection> {
    let mut connection = Connection::open(path)
        .with_context(|| format!("store.path: cannot open {}", path.display()))?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // An answer of 2xx promises that the beacon survives a power cut.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    create_schema(&mut connection).with_context(|| format!("store.path: {}", path.display()))?;
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

pub(super) fn create_schema(connection: &mut Connection) -> anyhow::Result<()> {
    let transaction = connection.transaction()?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match version {
        0 => {
            transaction.execute_batch(include_str!("schema.sql"))?;
            transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
            transaction.commit()?;
            Ok(())
        }
        SCHEMA_VERSION => Ok(()),
        other => bail!("the database has schema {other}; this version knows {SCHEMA_VERSION}"),
    }
}
