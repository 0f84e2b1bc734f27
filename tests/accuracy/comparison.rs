//! Two accounts of the same pages, vital by vital: what `web-vitals` said last, and what the collector
//! shows. Pure: both enter as JSON, rows of a table leave.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A navigation kind and a vital's name.
type Key = (String, String);

/// One vital of one page, as both have it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) case: String,
    pub(crate) navigation: String,
    pub(crate) vital: String,
    pub(crate) theirs: Option<f64>,
    pub(crate) ours: Option<f64>,
}

impl Row {
    /// One silent is a disagreement; so are both, where the page was visited for it.
    pub(crate) fn agrees(&self) -> bool {
        let within = if self.vital == "cls" { 0.0005 } else { 1.0 };
        match (self.theirs, self.ours) {
            (Some(theirs), Some(ours)) => (theirs - ours).abs() <= within,
            _ => false,
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ "case": self.case, "navigation": self.navigation, "vital": self.vital,
                "web_vitals": self.theirs, "sightline": self.ours, "agrees": self.agrees() })
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |value: Option<f64>| match value {
            Some(value) => format!("{value:.4}"),
            None => "-".to_owned(),
        };
        write!(
            f,
            "{:<24}{:<20}{:<6}{:>14}{:>14}  {}",
            self.case,
            self.navigation,
            self.vital,
            shown(self.theirs),
            shown(self.ours),
            if self.agrees() { "" } else { "DISAGREES" }
        )
    }
}

/// `purpose` are rows that must be there, `said` are the words of `web-vitals` on one page in order, `views` the
/// collector's views of it.
pub(crate) fn compare(
    case: &str,
    purpose: &[(&str, &str)],
    said: &[Value],
    views: &[Value],
) -> Vec<Row> {
    let (theirs, ours) = (spoken(said), stored(views));
    let purpose: Vec<Key> = purpose
        .iter()
        .map(|(navigation, vital)| ((*navigation).to_owned(), (*vital).to_owned()))
        .collect();
    let mut keys: Vec<&Key> = theirs.keys().chain(ours.keys()).chain(&purpose).collect();
    keys.sort();
    keys.dedup();
    let row = |key: &Key| Row {
        case: case.to_owned(),
        navigation: key.0.clone(),
        vital: key.1.clone(),
        theirs: theirs.get(key).copied(),
        ours: ours.get(key).copied(),
    };
    keys.into_iter().map(row).collect()
}

fn spoken(said: &[Value]) -> BTreeMap<Key, f64> {
    let text = |word: &Value, key: &str| word[key].as_str().unwrap_or_default().replace('-', "_");
    let value = |word: &Value| word["value"].as_f64().unwrap_or(f64::NAN);
    said.iter()
        .map(|word| ((text(word, "navigation"), text(word, "name")), value(word)))
        .collect()
}

fn stored(views: &[Value]) -> BTreeMap<Key, f64> {
    let mut stored = BTreeMap::new();
    for view in views {
        let navigation = view["navigation_kind"].as_str().unwrap_or_default();
        for vital in view["vitals"].as_array().into_iter().flatten() {
            let name = vital["name"].as_str().unwrap_or_default();
            let micros = vital["value_micros"].as_f64().unwrap_or(f64::NAN);
            let unit = if name == "cls" { 1e6 } else { 1e3 };
            stored.insert((navigation.to_owned(), name.to_owned()), micros / unit);
        }
    }
    stored
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(name: &str, value: f64) -> Value {
        json!({ "page": "/x", "name": name, "value": value, "navigation": "back-forward-cache" })
    }

    fn view(name: &str, micros: u32) -> Value {
        json!({ "navigation_kind": "back_forward_cache",
                "vitals": [{ "name": name, "value_micros": micros }] })
    }

    fn agreement(said: &[Value], views: &[Value]) -> Vec<bool> {
        compare("x", &[], said, views)
            .iter()
            .map(Row::agrees)
            .collect()
    }

    #[test]
    fn the_last_word_counts_and_a_millisecond_is_granted() {
        let words = [said("inp", 80.0), said("inp", 104.0)];
        assert_eq!(agreement(&words, &[view("inp", 104_900)]), [true]);
        assert_eq!(agreement(&words, &[view("inp", 105_100)]), [false]);
    }

    #[test]
    fn two_staying_silent_on_what_the_page_was_visited_for_is_no_agreement() {
        let rows = compare("x", &[("back_forward_cache", "fcp")], &[], &[]);
        assert_eq!(rows.iter().map(Row::agrees).collect::<Vec<_>>(), [false]);
    }

    #[test]
    fn a_score_is_held_to_half_a_thousandth() {
        let words = [said("cls", 0.1)];
        assert_eq!(agreement(&words, &[view("cls", 100_400)]), [true]);
        assert_eq!(agreement(&words, &[view("cls", 100_600)]), [false]);
    }

    #[test]
    fn one_of_two_staying_silent_is_a_disagreement() {
        assert_eq!(agreement(&[said("lcp", 9.0)], &[]), [false]);
        assert_eq!(agreement(&[], &[view("lcp", 9_000)]), [false]);
        assert_eq!(agreement(&[], &[]), [] as [bool; 0]);
    }
}
