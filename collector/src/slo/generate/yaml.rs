//! Writing YAML: every text quoted as JSON does, which every reader of YAML takes.

use std::fmt::Write;

/// Lines with their indentation.
#[derive(Debug, Default)]
pub(super) struct Yaml {
    text: String,
    depth: usize,
}

impl Yaml {
    pub(super) fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{:1$}{line}", "", self.depth * 2);
    }

    /// `key: "text"`
    pub(super) fn text(&mut self, key: &str, text: &str) {
        self.line(&format!("{key}: {}", quoted(text)));
    }

    /// `key:` and what belongs to it.
    pub(super) fn nested(&mut self, line: &str, inner: impl FnOnce(&mut Self)) {
        self.line(line);
        self.depth += 1;
        inner(self);
        self.depth -= 1;
    }

    /// An item of a list: its first line is `- …`, the others stand below it.
    pub(super) fn item(&mut self, first: &str, inner: impl FnOnce(&mut Self)) {
        self.nested(&format!("- {first}"), inner);
    }

    pub(super) fn labels<'a>(
        &mut self,
        key: &str,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) {
        let mut labels = labels.into_iter().peekable();
        if labels.peek().is_none() {
            return;
        }
        self.nested(&format!("{key}:"), |yaml| {
            for (name, value) in labels {
                yaml.text(name, value);
            }
        });
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// As JSON writes it.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
