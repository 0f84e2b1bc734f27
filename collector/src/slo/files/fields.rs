//! A mapping read field by field: each is asked for once with what it must be, the wrong ones are
//! noted with what would be right, and what nobody asked for is named at the end.

use super::node::{Node, Value};
use super::problem::Problems;
use crate::slo::window::Period;
use std::cell::RefCell;

/// A mapping under a path such as `spec.objectives[0]`.
pub(super) struct Fields<'a> {
    pub(super) line: usize,
    pub(super) path: String,
    entries: &'a [(String, Node)],
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Fields<'a> {
    /// The fields of a node; none when it is no mapping, which is noted.
    pub(super) fn of(node: &'a Node, path: &str, problems: &mut Problems) -> Self {
        let entries = match &node.value {
            Value::Map(entries) => entries.as_slice(),
            Value::Nothing => &[],
            Value::Text(_) | Value::List(_) => {
                let what = format!("here is {}", node.kind());
                problems.say(node.line, path, what, "a mapping belongs here");
                &[]
            }
        };
        Self {
            line: node.line,
            path: path.to_owned(),
            entries,
            asked: RefCell::default(),
        }
    }

    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            return key.to_owned();
        }
        format!("{}.{key}", self.path)
    }

    /// The node of a key, when there is one with a value.
    pub(super) fn get(&self, key: &'static str) -> Option<&'a Node> {
        self.asked.borrow_mut().push(key);
        let found = self.entries.iter().find(|(name, _)| name == key);
        found
            .map(|(_, node)| node)
            .filter(|node| !matches!(node.value, Value::Nothing))
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(name, _)| name == key)
    }

    /// A scalar's text and line.
    pub(super) fn text(
        &self,
        key: &'static str,
        problems: &mut Problems,
    ) -> Option<(&'a str, usize)> {
        let node = self.get(key)?;
        if let Value::Text(text) = &node.value {
            return Some((text, node.line));
        }
        let what = format!("here is {}", node.kind());
        problems.say(
            node.line,
            &self.path_of(key),
            what,
            "a single value belongs here",
        );
        None
    }

    /// A scalar that must be there.
    pub(super) fn required(
        &self,
        key: &'static str,
        right: &str,
        problems: &mut Problems,
    ) -> Option<(&'a str, usize)> {
        if self.get(key).is_none() {
            problems.say(
                self.line,
                &self.path_of(key),
                "it is missing".to_owned(),
                right,
            );
            return None;
        }
        self.text(key, problems)
    }

    /// A text, owned; empty when missing.
    pub(super) fn string(&self, key: &'static str, problems: &mut Problems) -> String {
        self.text(key, problems)
            .map(|(text, _)| text.to_owned())
            .unwrap_or_default()
    }

    pub(super) fn boolean(&self, key: &'static str, problems: &mut Problems) -> Option<bool> {
        let (text, line) = self.text(key, problems)?;
        match text {
            "true" => Some(true),
            "false" => Some(false),
            other => {
                problems.say(
                    line,
                    &self.path_of(key),
                    format!("{other:?} is no truth value"),
                    "write true or false",
                );
                None
            }
        }
    }

    /// One of a closed list of words.
    pub(super) fn word<T: Copy>(
        &self,
        key: &'static str,
        words: &[(&str, T)],
        problems: &mut Problems,
    ) -> Option<T> {
        let (text, line) = self.text(key, problems)?;
        let found = words.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            let right = format!("write one of {}", known.join(", "));
            problems.say(
                line,
                &self.path_of(key),
                format!("{text:?} is not known here"),
                &right,
            );
        }
        found.map(|(_, value)| *value)
    }

    /// A duration of the shorthand, with its line.
    pub(super) fn period(
        &self,
        key: &'static str,
        problems: &mut Problems,
    ) -> Option<(Period, usize)> {
        let (text, line) = self.text(key, problems)?;
        let period = Period::parse(text);
        if period.is_none() {
            let right = "write a whole number and one of m, h, d, w, M, Q, Y, such as 28d";
            problems.say(
                line,
                &self.path_of(key),
                format!("{text:?} is no duration"),
                right,
            );
        }
        Some((period?, line))
    }

    /// A duration of fixed length in seconds; seconds may be written too.
    pub(super) fn seconds(&self, key: &'static str, problems: &mut Problems) -> Option<u64> {
        let (text, line) = self.text(key, problems)?;
        let seconds = match text.strip_suffix('s').map(str::parse) {
            Some(Ok(seconds)) => Some(seconds),
            _ => Period::parse(text).and_then(Period::fixed_seconds),
        };
        if seconds.is_none() {
            let right = "write a whole number and one of s, m, h, d, w, such as 5m";
            problems.say(
                line,
                &self.path_of(key),
                format!("{text:?} is no length of time"),
                right,
            );
        }
        seconds
    }

    /// The items of a list with their paths.
    pub(super) fn list(
        &self,
        key: &'static str,
        problems: &mut Problems,
    ) -> Vec<(String, &'a Node)> {
        let Some(node) = self.get(key) else {
            return Vec::new();
        };
        let path = self.path_of(key);
        let Value::List(items) = &node.value else {
            let what = format!("here is {}", node.kind());
            problems.say(node.line, &path, what, "a list belongs here");
            return Vec::new();
        };
        let numbered = items.iter().enumerate();
        numbered
            .map(|(index, item)| (format!("{path}[{index}]"), item))
            .collect()
    }

    /// A list of texts, or one text alone.
    pub(super) fn texts(
        &self,
        key: &'static str,
        problems: &mut Problems,
    ) -> Vec<(&'a str, usize)> {
        if let Some(node) = self.get(key)
            && let Value::Text(text) = &node.value
        {
            return vec![(text, node.line)];
        }
        let mut found = Vec::new();
        for (path, item) in self.list(key, problems) {
            match &item.value {
                Value::Text(text) => found.push((text.as_str(), item.line)),
                _ => problems.say(
                    item.line,
                    &path,
                    format!("here is {}", item.kind()),
                    "a single value belongs here",
                ),
            }
        }
        found
    }

    /// The entries of a mapping whose keys are free.
    pub(super) fn entries(&self) -> &'a [(String, Node)] {
        self.entries
    }

    /// Names what nobody asked for, with the nearest that is known.
    pub(super) fn finish(&self, problems: &mut Problems) {
        let asked = self.asked.borrow();
        for (key, node) in self.entries {
            if asked.contains(&key.as_str()) {
                continue;
            }
            let nearest = asked.iter().min_by_key(|known| distance(known, key));
            let right = match nearest.filter(|known| distance(known, key) <= 3) {
                Some(known) => format!("did you mean {known}?"),
                None => format!("known here: {}", listed(&asked)),
            };
            problems.say(
                node.line,
                &self.path_of(key),
                "no such field".to_owned(),
                &right,
            );
        }
    }
}

fn listed(asked: &[&str]) -> String {
    let mut known: Vec<_> = asked.to_vec();
    known.sort_unstable();
    known.dedup();
    known.join(", ")
}

/// Letters to insert, leave out or replace until one is the other.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, of_left) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (at, of_right) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(of_left != *of_right);
            diagonal = row[at + 1];
            row[at + 1] = replaced.min(row[at] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_of_words_is_that_of_their_letters() {
        assert_eq!(distance("target", "taget"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
    }
}
