//! What the servers' counters say of an objective: increases by series enter, good and bad leave.

use super::counts::Counts;
use super::indicator::{Part, ScrapeFactor, ScrapeIndicator};
use crate::compare::SeriesName;
use std::collections::BTreeMap;

impl ScrapeIndicator {
    /// The metrics it needs of its target.
    pub fn metrics(&self) -> impl Iterator<Item = &str> {
        let names = self
            .factors
            .iter()
            .flat_map(|factor| factor.part.iter().chain(&factor.total));
        names.map(|name| name.metric.as_str())
    }

    /// Good and bad, from each series' increase. Of several factors the last one's attempts are taken,
    /// and as many of them good as would have passed all: they cannot be joined one by one.
    pub fn counts(&self, increases: &BTreeMap<String, u64>) -> Counts {
        let parsed: Vec<(SeriesName, u64)> = increases
            .iter()
            .filter_map(|(name, increase)| Some((name.parse().ok()?, *increase)))
            .collect();
        let factors: Vec<_> = self
            .factors
            .iter()
            .map(|factor| factor.counts(&parsed))
            .collect();
        let Some((last, earlier)) = factors.split_last() else {
            return Counts::default();
        };
        let mut good = u128::from(last.good);
        for factor in earlier {
            if factor.is_empty() {
                return Counts::default();
            }
            good = good * u128::from(factor.good) / u128::from(factor.total());
        }
        let good = u64::try_from(good).unwrap_or(last.good);
        Counts::new(good, last.total() - good)
    }
}

impl ScrapeFactor {
    fn counts(&self, increases: &[(SeriesName, u64)]) -> Counts {
        let sum = |wanted: &[SeriesName]| -> u64 {
            let taken = increases
                .iter()
                .filter(|(name, _)| wanted.iter().any(|wanted| selects(wanted, name)));
            taken.map(|(_, increase)| *increase).sum()
        };
        let (part, total) = (sum(&self.part), sum(&self.total));
        // Two counters are not read at one instant: a part may be ahead of its whole.
        let part = part.min(total);
        match self.part_is {
            Part::Good => Counts::new(part, total - part),
            Part::Bad => Counts::new(total - part, part),
        }
    }
}

/// As [`SeriesName::selects`], but an edge of a histogram is a number however it is written: `3000` or
/// `3000.0`.
fn selects(wanted: &SeriesName, series: &SeriesName) -> bool {
    let edge = |name: &SeriesName| name.labels.get("le").and_then(|le| le.parse::<f64>().ok());
    let without = |name: &SeriesName| {
        let mut name = name.clone();
        name.labels.remove("le");
        name
    };
    match (edge(wanted), edge(series)) {
        (Some(wanted_edge), Some(found)) => {
            #[expect(clippy::float_cmp, reason = "both are read from text")]
            let same = wanted_edge == found;
            same && without(wanted).selects(&without(series))
        }
        _ => wanted.selects(series),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factor(part: &[&str], total: &[&str]) -> ScrapeFactor {
        let names = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        ScrapeFactor {
            name: String::new(),
            part: names(part),
            part_is: Part::Good,
            total: names(total),
        }
    }

    fn counts(factors: Vec<ScrapeFactor>, increases: &[(&str, u64)]) -> Counts {
        let indicator = ScrapeIndicator {
            target: "t".into(),
            factors,
        };
        let increases = increases.iter().map(|(name, by)| ((*name).to_owned(), *by));
        indicator.counts(&increases.collect())
    }

    #[test]
    fn several_series_of_one_sum_are_added_up() {
        let factor = factor(&["a{k=\"x\"}", "a{k=\"y\"}"], &["a"]);
        let increases = [
            ("a{k=\"x\"}", 3),
            ("a{k=\"y\",z=\"1\"}", 4),
            ("a{k=\"w\"}", 5),
        ];
        assert_eq!(counts(vec![factor], &increases), Counts::new(7, 5));
    }

    #[test]
    fn an_edge_is_the_same_number_however_it_is_written() {
        let factor = factor(&["a_bucket{le=\"3000\"}"], &["a_count"]);
        let increases = [
            ("a_bucket{le=\"3000.0\"}", 9),
            ("a_bucket{le=\"30000\"}", 10),
            ("a_count", 10),
        ];
        assert_eq!(counts(vec![factor], &increases), Counts::new(9, 1));
    }

    #[test]
    fn factors_are_multiplied_over_the_attempts_of_the_last() {
        let factors = vec![factor(&["l_ok"], &["l"]), factor(&["s_ok"], &["s"])];
        let increases = [("l_ok", 9), ("l", 10), ("s_ok", 40), ("s", 50)];
        assert_eq!(counts(factors.clone(), &increases), Counts::new(36, 14));
        assert!(
            counts(factors, &increases[2..]).is_empty(),
            "nobody logged in: nothing is known"
        );
    }
}
