//! Two accounts of the same pages, vital by vital and part by part: what `web-vitals` said last, and what the
//! collector shows. Pure: both enter as JSON, rows of a table leave.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A navigation kind and a vital's name, with a part's behind it where it is one's.
type Key = (String, String);

const RESTORED: &str = "back_forward_cache";

/// One vital of one page, or one part of what it is attributed to, as both have it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) case: String,
    pub(crate) navigation: String,
    pub(crate) vital: String,
    pub(crate) theirs: Option<f64>,
    pub(crate) ours: Option<f64>,
    /// What the library's own two figures for one and the same thing differ by, ms.
    pub(crate) spread: f64,
}

impl Row {
    /// One silent is a disagreement; so are both, where the page was visited for it.
    pub(crate) fn agrees(&self) -> bool {
        let within = if is_score(&self.vital) { 0.0005 } else { 1.0 };
        match (self.theirs, self.ours) {
            (Some(theirs), Some(ours)) => (theirs - ours).abs() <= within + self.spread,
            _ => false,
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ "case": self.case, "navigation": self.navigation, "vital": self.vital,
                "web_vitals": self.theirs, "sightline": self.ours, "spread": self.spread, "agrees": self.agrees() })
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
            "{:<24}{:<20}{:<28}{:>14}{:>14}  {}",
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
        spread: if is_restored_paint(key) {
            restored_spread(&theirs)
        } else {
            0.0
        },
    };
    keys.into_iter().map(row).collect()
}

fn spoken(said: &[Value]) -> BTreeMap<Key, f64> {
    let text = |word: &Value, key: &str| word[key].as_str().unwrap_or_default().replace('-', "_");
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    let mut spoken = BTreeMap::new();
    for word in said {
        let (navigation, name) = (text(word, "navigation"), text(word, "name"));
        for (part, value) in word["parts"].as_object().into_iter().flatten() {
            let key = (navigation.clone(), format!("{name} {part}"));
            spoken.insert(key, number(value));
        }
        spoken.insert((navigation, name), number(&word["value"]));
    }
    spoken
}

/// After a restore the library measures one paint twice, as FCP and as LCP, each when its callback gets its
/// turn; what lies between them is not known better.
fn restored_spread(theirs: &BTreeMap<Key, f64>) -> f64 {
    let value = |vital: &str| theirs.get(&(RESTORED.to_owned(), vital.to_owned()));
    match (value("fcp"), value("lcp")) {
        (Some(fcp), Some(lcp)) => (fcp - lcp).abs(),
        _ => 0.0,
    }
}

fn is_restored_paint((navigation, vital): &Key) -> bool {
    navigation == RESTORED && matches!(vital.as_str(), "fcp" | "lcp" | "lcp element_render_delay")
}

/// Told in millionths; all others are times, told in microseconds.
fn is_score(name: &str) -> bool {
    matches!(name, "cls" | "cls largest_shift")
}

fn stored(views: &[Value]) -> BTreeMap<Key, f64> {
    let mut stored = BTreeMap::new();
    for view in views {
        let navigation = view["navigation_kind"].as_str().unwrap_or_default();
        let mut store = |name: String, told: &Value| {
            let micros = told["value_micros"].as_f64().unwrap_or(f64::NAN);
            let unit = if is_score(&name) { 1e6 } else { 1e3 };
            stored.insert((navigation.to_owned(), name), micros / unit);
        };
        let each = |of: &'_ Value, list: &str| of[list].as_array().cloned().unwrap_or_default();
        let name = |of: &Value| of["name"].as_str().unwrap_or_default().to_owned();
        for vital in each(view, "vitals") {
            store(name(&vital), &vital);
        }
        for cause in each(view, "vital_causes") {
            for part in each(&cause, "parts") {
                store(format!("{} {}", name(&cause), name(&part)), &part);
            }
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
    fn a_restored_paint_that_the_library_has_two_figures_for_lies_between_them() {
        let words = [said("fcp", 39.6), said("lcp", 43.9), said("inp", 80.0)];
        let views = [("fcp", 44_800), ("inp", 81_500), ("lcp", 39_700)];
        let views = views.map(|(name, micros)| view(name, micros));
        assert_eq!(agreement(&words, &views), [true, false, true]);
        assert_eq!(
            agreement(&words[1..], &[view("lcp", 39_700)]),
            [false, false]
        );
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
