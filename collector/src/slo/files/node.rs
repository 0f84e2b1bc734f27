//! YAML as it stands in the file: every scalar in its own text and every node with its line. `0.9995`
//! stays these six characters; whoever reads the field says what it is.

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};
use std::collections::HashMap;

/// Nodes that aliases may add to a file, or a few lines of it could fill the memory.
const MOST_BY_ALIAS: usize = 10_000;

/// A node and its line.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Nothing,
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// Why a text is no YAML, with the line.
#[derive(Debug)]
pub(super) struct NoYaml {
    pub(super) line: usize,
    pub(super) what: String,
}

impl Node {
    /// What it is, in words.
    pub(super) fn kind(&self) -> &'static str {
        match self.value {
            Value::Nothing => "nothing",
            Value::Text(_) => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// The value of a key of a mapping.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        let Value::Map(entries) = &self.value else {
            return None;
        };
        entries
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, node)| node)
    }

    fn nodes(&self) -> usize {
        match &self.value {
            Value::Nothing | Value::Text(_) => 1,
            Value::List(items) => 1 + items.iter().map(Node::nodes).sum::<usize>(),
            Value::Map(entries) => 1 + entries.iter().map(|(_, node)| node.nodes()).sum::<usize>(),
        }
    }
}

/// The documents of a file; those without anything in them are none.
pub(super) fn documents(text: &str) -> Result<Vec<Node>, NoYaml> {
    let mut build = Build::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| scan_error(&error))?;
        build.take(event, span)?;
    }
    let mut found = build.documents;
    found.retain(|document| !matches!(document.value, Value::Nothing));
    Ok(found)
}

fn scan_error(error: &ScanError) -> NoYaml {
    NoYaml {
        line: error.marker().line(),
        what: error.info().to_owned(),
    }
}

#[derive(Default)]
struct Build {
    documents: Vec<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    by_alias: usize,
}

/// A list or mapping whose end has not come yet.
struct Open {
    node: Node,
    anchor: usize,
    /// The key whose value comes next.
    key: Option<(String, usize)>,
}

impl Build {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), NoYaml> {
        let line = span.start.line();
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let value = value_of(text.into_owned(), style);
                self.close(Node { line, value }, anchor)
            }
            Event::SequenceStart(anchor, _) => {
                self.open(line, Value::List(Vec::new()), anchor);
                Ok(())
            }
            Event::MappingStart(anchor, _) => {
                self.open(line, Value::Map(Vec::new()), anchor);
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => self.close(open.node, open.anchor),
                None => Ok(()),
            },
            Event::Alias(anchor) => self.alias(anchor, line),
            _ => Ok(()),
        }
    }

    fn open(&mut self, line: usize, value: Value, anchor: usize) {
        let node = Node { line, value };
        self.open.push(Open {
            node,
            anchor,
            key: None,
        });
    }

    fn alias(&mut self, anchor: usize, line: usize) -> Result<(), NoYaml> {
        let no_yaml = |what: &str| NoYaml {
            line,
            what: what.to_owned(),
        };
        let node = self.anchors.get(&anchor).cloned();
        let node = node.ok_or_else(|| no_yaml("an alias within its own anchor"))?;
        self.by_alias += node.nodes();
        if self.by_alias > MOST_BY_ALIAS {
            return Err(no_yaml("aliases make too much of this file"));
        }
        self.close(node, 0)
    }

    /// A node is complete and goes where it belongs.
    fn close(&mut self, node: Node, anchor: usize) -> Result<(), NoYaml> {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.documents.push(node);
            return Ok(());
        };
        match (&mut open.node.value, open.key.take()) {
            (Value::Map(entries), Some((key, line))) => {
                if entries.iter().any(|(name, _)| *name == key) {
                    let what = format!("{key} stands here twice");
                    return Err(NoYaml { line, what });
                }
                entries.push((key, node));
            }
            (Value::Map(_), None) => {
                let Value::Text(key) = node.value else {
                    let what = "a key that is not a plain text".to_owned();
                    return Err(NoYaml {
                        line: node.line,
                        what,
                    });
                };
                open.key = Some((key, node.line));
            }
            (Value::List(items), _) => items.push(node),
            (Value::Nothing | Value::Text(_), _) => {}
        }
        Ok(())
    }
}

fn value_of(text: String, style: ScalarStyle) -> Value {
    let plain = style == ScalarStyle::Plain;
    match text.as_str() {
        "" | "~" | "null" if plain => Value::Nothing,
        _ => Value::Text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stays_the_text_it_is_written_as() {
        let found = documents("a: 0.99950\nb: 1e3\nc: yes\n").unwrap();
        for (key, text) in [("a", "0.99950"), ("b", "1e3"), ("c", "yes")] {
            let node = found[0].get(key).unwrap();
            assert!(matches!(&node.value, Value::Text(found) if found == text));
        }
    }

    #[test]
    fn every_node_knows_its_line_across_documents() {
        let found = documents("a: 1\n---\n---\nb:\n  - x\n  - y: 2\n").unwrap();
        assert_eq!(found.len(), 2);
        let Value::List(items) = &found[1].get("b").unwrap().value else {
            panic!("no list")
        };
        assert_eq!((items[0].line, items[1].get("y").unwrap().line), (5, 6));
    }

    #[test]
    fn anchors_are_followed_and_bombs_are_refused() {
        let found = documents("a: &x {k: 1}\nb: *x\n").unwrap();
        assert!(found[0].get("b").unwrap().get("k").is_some());
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..12 {
            let of = format!("*a{}", level - 1);
            bomb += &format!("a{level}: &a{level} [{}]\n", [of.as_str(); 10].join(","));
        }
        assert!(documents(&bomb).is_err());
    }

    #[test]
    fn what_is_no_yaml_says_in_which_line() {
        assert_eq!(documents("a: 1\nb: [1\n").unwrap_err().line, 3);
        assert_eq!(documents("a: 1\na: 2\n").unwrap_err().line, 2);
    }
}
