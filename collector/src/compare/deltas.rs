//! From absolute counter values to increases, across restarts of either side. Pure.

use crate::store::LastValues;
use std::collections::{BTreeMap, HashMap};

/// What the counters grew by since the read before. The first read ever is only a starting point. A
/// value below the last one is a restarted server that has counted that far since; a series that was
/// not there at the last read began at 0 after it.
pub(super) fn increases(last: &LastValues, now: &HashMap<String, u64>) -> BTreeMap<String, u64> {
    let Some(last) = last else {
        return BTreeMap::new();
    };
    let grown = now.iter().map(|(series, value)| {
        let before = last.get(series).copied().unwrap_or(0);
        (series.clone(), value.checked_sub(before).unwrap_or(*value))
    });
    grown.filter(|(_, increase)| *increase > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, u64)]) -> HashMap<String, u64> {
        pairs
            .iter()
            .map(|(series, value)| ((*series).to_owned(), *value))
            .collect()
    }

    fn grown(last: &LastValues, now: &[(&str, u64)]) -> Vec<(String, u64)> {
        increases(last, &values(now)).into_iter().collect()
    }

    #[test]
    fn the_first_read_is_only_a_starting_point() {
        assert_eq!(grown(&None, &[("a", 1000)]), []);
    }

    #[test]
    fn a_restarted_server_counts_from_zero() {
        let last = Some(values(&[("a", 100), ("b", 5)]));
        assert_eq!(grown(&last, &[("a", 7), ("b", 5)]), [("a".to_owned(), 7)]);
    }

    #[test]
    fn a_series_that_appears_began_at_zero() {
        let last = Some(values(&[]));
        assert_eq!(grown(&last, &[("a", 3)]), [("a".to_owned(), 3)]);
    }
}
