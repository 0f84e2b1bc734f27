//! Maintenance that does not count: who said so, when and why stands in a file and is shown beside every
//! figure it changes. Whole minutes; nothing is excluded without a reason and a name.

use super::objective::Objective;
use super::window::Stretch;
use serde::Serialize;

/// One entry of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exclusion {
    /// Of the entry.
    pub name: String,
    /// What does not count.
    #[serde(flatten)]
    pub stretch: Stretch,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub approved_by: String,
    /// When it was decided, Unix milliseconds.
    pub recorded_ms: u64,
    /// Decided when it had begun already.
    pub retroactive: bool,
    /// Only these services; none for all.
    pub services: Vec<String>,
    /// Only these objectives; none for all.
    pub objectives: Vec<String>,
}

impl Exclusion {
    /// Whether it is about an objective.
    pub fn concerns(&self, objective: &Objective) -> bool {
        let (services, objectives) = (&self.services, &self.objectives);
        (services.is_empty() && objectives.is_empty())
            || services.contains(&objective.service)
            || objectives.contains(&objective.name)
    }
}

/// What is left of a stretch when others are taken out of it.
pub(super) fn without(stretch: Stretch, excluded: &[Stretch]) -> Vec<Stretch> {
    let mut excluded: Vec<_> = excluded
        .iter()
        .filter_map(|of| of.common(stretch))
        .collect();
    excluded.sort_unstable();
    let mut left = Vec::with_capacity(excluded.len() + 1);
    let mut from_ms = stretch.from_ms;
    for gap in excluded {
        if gap.from_ms > from_ms {
            left.push(Stretch::new(from_ms, gap.from_ms));
        }
        from_ms = from_ms.max(gap.to_ms);
    }
    if from_ms < stretch.to_ms {
        left.push(Stretch::new(from_ms, stretch.to_ms));
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_millisecond_is_either_left_or_excluded(
            from in 0u64..50, length in 0u64..50,
            gaps in prop::collection::vec((0u64..100, 0u64..20), 0..6),
        ) {
            let stretch = Stretch::new(from, from + length);
            let gaps: Vec<_> = gaps.iter().map(|(from, length)| Stretch::new(*from, from + length)).collect();
            let left = without(stretch, &gaps);
            let holds = |all: &[Stretch], ms: u64| all.iter().any(|of| (of.from_ms..of.to_ms).contains(&ms));
            for ms in 0..120 {
                let due = holds(&[stretch], ms) && !holds(&gaps, ms);
                prop_assert_eq!(holds(&left, ms), due, "{}", ms);
            }
        }
    }
}
