//! Just enough of the Prometheus text format (<https://prometheus.io/docs/instrumenting/exposition_formats/>)
//! to read counters: names, labels, values. Lines that do not parse are skipped.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::str::FromStr;

/// A metric's name and labels; as a selector it matches every series that has at least its labels.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeriesName {
    /// The metric.
    pub metric: String,
    /// In alphabetical order.
    pub labels: BTreeMap<String, String>,
}

/// The text is not `metric` or `metric{label="value"}`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no series: write metric or metric{{label=\"value\"}}")]
pub struct NoSeries(String);

impl SeriesName {
    /// Whether `other` is one of the series this selects.
    pub fn selects(&self, other: &SeriesName) -> bool {
        self.metric == other.metric
            && self
                .labels
                .iter()
                .all(|(label, value)| other.labels.get(label) == Some(value))
    }
}

impl FromStr for SeriesName {
    type Err = NoSeries;

    fn from_str(text: &str) -> Result<Self, NoSeries> {
        match split_name(text) {
            Some((name, rest)) if rest.trim().is_empty() => Ok(name),
            _ => Err(NoSeries(text.to_owned())),
        }
    }
}

impl fmt::Display for SeriesName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.metric)?;
        for (index, (label, value)) in self.labels.iter().enumerate() {
            let value = value
                .replace('\\', r"\\")
                .replace('"', "\\\"")
                .replace('\n', r"\n");
            write!(
                f,
                "{}{label}=\"{value}\"",
                if index == 0 { '{' } else { ',' }
            )?;
        }
        if self.labels.is_empty() {
            Ok(())
        } else {
            f.write_str("}")
        }
    }
}

/// The counters of `text` whose metric is wanted, rounded to integers.
pub fn read_counters(text: &str, wanted: &HashSet<String>) -> HashMap<String, u64> {
    let mut counters = HashMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((name, rest)) = split_name(line.trim()) else {
            continue;
        };
        let value = rest
            .split_ascii_whitespace()
            .next()
            .and_then(|value| value.parse().ok());
        if let Some(value) = value.and_then(whole)
            && wanted.contains(&name.metric)
        {
            counters.insert(name.to_string(), value);
        }
    }
    counters
}

/// Counters of events are whole numbers written as floats.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked before"
)]
fn whole(value: f64) -> Option<u64> {
    (value.is_finite() && (0.0..9e15).contains(&value)).then(|| value.round() as u64)
}

fn split_name(text: &str) -> Option<(SeriesName, &str)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
    let (metric, mut rest) = text.split_at(end);
    if metric.is_empty() || metric.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mut labels = BTreeMap::new();
    if let Some(mut inside) = rest.strip_prefix('{') {
        loop {
            inside = inside.trim_start_matches([',', ' ', '\t']);
            if let Some(after) = inside.strip_prefix('}') {
                rest = after;
                break;
            }
            let (label, quoted) = inside.split_once("=\"")?;
            let label = label.trim();
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if label.is_empty() || !label.chars().all(is_name) {
                return None;
            }
            let (value, after) = unquote(quoted)?;
            labels.insert(label.to_owned(), value);
            inside = after;
        }
    }
    Some((
        SeriesName {
            metric: metric.to_owned(),
            labels,
        },
        rest,
    ))
}

/// The value up to the closing quote, and what follows it.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                escaped => value.push(escaped),
            },
            plain => value.push(plain),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wanted_counters_are_read_whatever_stands_around_them() {
        let text = "# HELP a_total x\n# TYPE a_total counter\na_total 3\n\
                    a_total{code=\"500\",path=\"/a \\\"b\\\"}\"} 4.0 1700000000000\n\
                    b_total 9\nbroken{ 1\na_total{x=\"1\" 2\nnan_total NaN\na_total{z=\"\"} +Inf\n";
        let wanted = ["a_total".to_owned(), "nan_total".to_owned()].into();
        let counters = read_counters(text, &wanted);
        let mut names: Vec<_> = counters
            .iter()
            .map(|(name, value)| (name.as_str(), *value))
            .collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                ("a_total", 3),
                (r#"a_total{code="500",path="/a \"b\"}"}"#, 4)
            ]
        );
    }

    #[test]
    fn a_selector_takes_every_series_that_has_its_labels() {
        let selector: SeriesName = r#"m{a="1"}"#.parse().unwrap();
        assert!(selector.selects(&r#"m{b="2",a="1"}"#.parse().unwrap()));
        assert!(!selector.selects(&r#"m{a="2"}"#.parse().unwrap()));
        assert!(!selector.selects(&"m".parse().unwrap()));
        assert!("1m".parse::<SeriesName>().is_err());
    }

    #[test]
    fn a_line_whose_label_is_no_name_is_skipped() {
        // Found by fuzzing: the rest of the line was read as a label's name.
        let text = "a{=\"\"\t} 0 . a{=\"\"} 1\na{x y=\"1\"} 2\na{\tx=\"1\"} 3\n";
        let counters = read_counters(text, &["a".to_owned()].into());
        let names: Vec<_> = counters.into_iter().collect();
        assert_eq!(names, [("a{x=\"1\"}".to_owned(), 3)]);
    }

    proptest! {
        #[test]
        fn a_name_survives_being_written_and_read(value in "\\PC{0,20}", odd in "[\\\\\"\n]{0,3}") {
            let labels = [("l".to_owned(), format!("{value}{odd}"))].into();
            let name = SeriesName { metric: "m_total".into(), labels };
            prop_assert_eq!(name.to_string().parse::<SeriesName>().unwrap(), name);
        }
    }
}
