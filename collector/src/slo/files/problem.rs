//! What is wrong with objective files: file, document, field, what stands there and what would be right.
//! All of it is gathered before anything is refused.

use crate::slo::objective::Place;
use serde::Serialize;
use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file's name.
    pub file: String,
    /// Which of its documents, from 1; 0 for the file as a whole.
    pub document: usize,
    /// The line, from 1.
    pub line: usize,
    /// The field, such as `spec.objectives[0].target`; empty for the document as a whole.
    pub field: String,
    /// What is wrong.
    pub what: String,
    /// What would be right.
    pub right: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        if self.document > 0 {
            write!(f, ": document {}", self.document)?;
        }
        if !self.field.is_empty() {
            write!(f, ", {}", self.field)?;
        }
        write!(f, ": {}; {}", self.what, self.right)
    }
}

/// Gathers problems, and knows whose document is being read.
#[derive(Debug, Default)]
pub(super) struct Problems {
    pub(super) found: Vec<Problem>,
    place: Place,
}

impl Problems {
    /// From here on another document is read.
    pub(super) fn enter(&mut self, file: &str, document: usize, line: usize) {
        self.place = Place {
            file: file.to_owned(),
            document,
            line,
        };
    }

    /// The document being read.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    pub(super) fn say(&mut self, line: usize, field: &str, what: String, right: &str) {
        let place = self.place.clone();
        self.say_of(&place, line, field, what, right);
    }

    /// About a document that was read before.
    pub(super) fn say_of(
        &mut self,
        place: &Place,
        line: usize,
        field: &str,
        what: String,
        right: &str,
    ) {
        self.found.push(Problem {
            file: place.file.clone(),
            document: place.document,
            line,
            field: field.to_owned(),
            what,
            right: right.to_owned(),
        });
    }
}
