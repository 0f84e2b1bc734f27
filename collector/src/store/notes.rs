//! Notes: what the collector found and what an operator told it, as JSON under application, kind and time.

use super::read::Reader;
use rusqlite::{Transaction, params};
use serde_json::Value;

/// Notes of a kind that are kept per application.
const KEPT: u64 = 1000;

/// What a note is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// A finding of the blind spot; replaced as it grows.
    Finding,
    /// A deployment, as an operator told of it.
    Deployment,
}

impl NoteKind {
    fn label(self) -> &'static str {
        match self {
            NoteKind::Finding => "finding",
            NoteKind::Deployment => "deployment",
        }
    }
}

/// A note; one of the same application, kind and time replaces it.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// The application.
    pub app: String,
    /// What it is about.
    pub kind: NoteKind,
    /// Unix milliseconds.
    pub at_ms: u64,
    /// What it says.
    pub body: Value,
}

pub(super) fn append_note(transaction: &Transaction<'_>, note: &Note) -> rusqlite::Result<()> {
    let kind = note.kind.label();
    transaction
        .prepare_cached(
            "INSERT INTO notes (app, kind, at_ms, body) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET body = excluded.body",
        )?
        .execute(params![note.app, kind, note.at_ms, note.body.to_string()])?;
    transaction
        .prepare_cached(
            "DELETE FROM notes WHERE app = ?1 AND kind = ?2 AND at_ms <
                 (SELECT at_ms FROM notes WHERE app = ?1 AND kind = ?2
                  ORDER BY at_ms DESC LIMIT 1 OFFSET ?3)",
        )?
        .execute(params![note.app, kind, KEPT - 1])?;
    Ok(())
}

impl Reader<'_> {
    /// The newest notes of a kind, newest first.
    pub(super) fn notes(
        &mut self,
        app: &str,
        kind: NoteKind,
        most: usize,
    ) -> rusqlite::Result<Vec<Note>> {
        let mut statement = self.snapshot.prepare_cached(
            "SELECT at_ms, body FROM notes WHERE app = ?1 AND kind = ?2
             ORDER BY at_ms DESC LIMIT ?3",
        )?;
        let rows = statement.query_map(params![app, kind.label(), most], |row| {
            let body: String = row.get(1)?;
            Ok(Note {
                app: app.to_owned(),
                kind,
                at_ms: row.get(0)?,
                // Written by ourselves; a note that is none would only lose its own words.
                body: serde_json::from_str(&body).unwrap_or_default(),
            })
        })?;
        rows.collect()
    }
}
