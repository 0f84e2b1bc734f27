//! What every document has: version, kind, name, labels, annotations.

use super::fields::Fields;
use super::node::Value;
use super::problem::Problems;
use std::collections::BTreeMap;

/// Annotations that mean something here begin so.
pub(super) const OURS: &str = "sightline.dev/";

/// The name of a document and what is hung on it.
#[derive(Clone, Debug, Default)]
pub(super) struct Metadata {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, (String, usize)>,
    pub(super) line: usize,
}

/// The metadata of a document; an unusable name is noted and stays empty.
pub(super) fn metadata(document: &Fields<'_>, problems: &mut Problems) -> Metadata {
    let path = document.path_of("metadata");
    let Some(node) = document.get("metadata") else {
        let right = "write metadata: {name: …}";
        problems.say(document.line, &path, "it is missing".to_owned(), right);
        return Metadata::default();
    };
    let fields = Fields::of(node, &path, problems);
    let right = "up to 63 of a-z, 0-9 and -, neither first nor last a -";
    let name = fields.required("name", right, problems);
    if let Some((name, line)) = name.filter(|(name, _)| !is_name(name)) {
        problems.say(
            line,
            &fields.path_of("name"),
            format!("{name:?} is no name"),
            right,
        );
    }
    let name = name.map(|(name, _)| name).unwrap_or_default();
    let title = fields.string("displayName", problems);
    let found = Metadata {
        name: name.to_owned(),
        title: if title.is_empty() {
            name.to_owned()
        } else {
            title
        },
        labels: labels(&fields, problems),
        annotations: annotations(&fields, problems),
        line: node.line,
    };
    fields.finish(problems);
    found
}

/// <https://github.com/OpenSLO/OpenSLO#notes-general-schema>, as labels of DNS.
pub(super) fn is_name(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&name.len())
        && name.bytes().all(inner)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

fn is_key(key: &str) -> bool {
    let name = key.rsplit_once('/').map_or(key, |(_, name)| name);
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let ends = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    name.len() <= 63
        && name.bytes().all(inner)
        && ends(name.bytes().next())
        && ends(name.bytes().last())
}

/// A label may have several values; they are kept as one, separated by commas.
fn labels(fields: &Fields<'_>, problems: &mut Problems) -> BTreeMap<String, String> {
    let Some(node) = fields.get("labels") else {
        return BTreeMap::new();
    };
    let labels = Fields::of(node, &fields.path_of("labels"), problems);
    let mut found = BTreeMap::new();
    for (key, node) in labels.entries() {
        let path = labels.path_of(key);
        if !is_key(key) {
            let right = "up to 63 letters, digits, -, _ and .";
            problems.say(
                node.line,
                &path,
                "this is no key of a label".to_owned(),
                right,
            );
        }
        let text = |value: &Value| match value {
            Value::Text(text) => Some(text.clone()),
            Value::Nothing => Some(String::new()),
            Value::List(_) | Value::Map(_) => None,
        };
        let value = match &node.value {
            Value::List(items) => {
                let texts: Option<Vec<_>> = items.iter().map(|item| text(&item.value)).collect();
                texts.map(|texts| texts.join(","))
            }
            value => text(value),
        };
        match value {
            Some(value) => {
                found.insert(key.clone(), value);
            }
            None => {
                let what = format!("here is {}", node.kind());
                problems.say(
                    node.line,
                    &path,
                    what,
                    "a text or a list of texts belongs here",
                );
            }
        }
    }
    found
}

fn annotations(fields: &Fields<'_>, problems: &mut Problems) -> BTreeMap<String, (String, usize)> {
    let Some(node) = fields.get("annotations") else {
        return BTreeMap::new();
    };
    let annotations = Fields::of(node, &fields.path_of("annotations"), problems);
    let mut found = BTreeMap::new();
    for (key, node) in annotations.entries() {
        let path = annotations.path_of(key);
        if !is_key(key) {
            let right =
                "write name or prefix/name, the name of up to 63 letters, digits, -, _ and .";
            problems.say(
                node.line,
                &path,
                "this is no key of an annotation".to_owned(),
                right,
            );
        }
        match &node.value {
            Value::Text(text) => {
                found.insert(key.clone(), (text.clone(), node.line));
            }
            _ => {
                let what = format!("here is {}", node.kind());
                problems.say(node.line, &path, what, "a text belongs here");
            }
        }
    }
    found
}

impl Metadata {
    /// One of our annotations.
    pub(super) fn ours(&self, key: &str) -> Option<(&str, usize)> {
        let found = self.annotations.get(&format!("{OURS}{key}"));
        found.map(|(text, line)| (text.as_str(), *line))
    }

    /// Notes annotations of ours that this kind of document does not know.
    pub(super) fn expect_ours(&self, known: &[&str], problems: &mut Problems) {
        for (key, (_, line)) in &self.annotations {
            let Some(name) = key.strip_prefix(OURS) else {
                continue;
            };
            if !known.contains(&name) {
                let known: Vec<_> = known.iter().map(|known| format!("{OURS}{known}")).collect();
                let right = format!("known here: {}", known.join(", "));
                let path = format!("metadata.annotations.{key}");
                problems.say(*line, &path, "no such annotation".to_owned(), &right);
            }
        }
    }
}
