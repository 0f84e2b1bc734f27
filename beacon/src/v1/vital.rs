//! One web vital of a view, and how good its value is. The value travels, the rating follows from it.

use serde::{Deserialize, Serialize};

/// One web vital as Chrome's `web-vitals` library defines it (<https://web.dev/articles/vitals>). A
/// vital that changed since the page was hidden before is told again, under the same event number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vital {
    /// Which.
    pub name: VitalName,
    /// Microseconds for times, millionths for a score.
    pub value_micros: u32,
    /// What this revision adds to the one before; the value itself in the first.
    pub delta_micros: i32,
}

impl Vital {
    /// How good the value is.
    #[must_use]
    pub fn rating(&self) -> VitalRating {
        let (good, needs_improvement) = self.name.thresholds_micros();
        if self.value_micros <= good {
            VitalRating::Good
        } else if self.value_micros <= needs_improvement {
            VitalRating::NeedsImprovement
        } else {
            VitalRating::Poor
        }
    }
}

/// What made a vital what it is, with the parts of Chrome's `web-vitals` attribution build
/// (<https://github.com/GoogleChrome/web-vitals#attribution>).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VitalCause {
    /// Of which vital.
    pub name: VitalName,
    /// Selector of the element: the largest paint's, the interaction's, the largest shift's; at most
    /// [`crate::limits::SELECTOR_BYTES`].
    #[serde(default)]
    pub element: String,
    /// Address of the largest paint's resource without query, at most [`crate::limits::MESSAGE_BYTES`];
    /// empty for text.
    #[serde(default)]
    pub resource: String,
    /// The interaction's event, such as `click`; empty for others.
    #[serde(default)]
    pub interaction: String,
    /// In order of time, at most [`crate::limits::VITAL_PARTS`], each name once.
    #[serde(default)]
    pub parts: Vec<VitalPart>,
}

/// One part of a vital's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VitalPart {
    /// Which.
    pub name: VitalPartName,
    /// How long, microseconds; for the largest shift its score in millionths.
    pub value_micros: u32,
}

/// Names of the parts. Append only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VitalPartName {
    /// Of the largest paint: waiting for the document's first byte.
    TimeToFirstByte,
    /// Of the largest paint: until its resource was asked for.
    ResourceLoadDelay,
    /// Of the largest paint: loading its resource.
    ResourceLoadDuration,
    /// Of the largest paint: from there until it was painted.
    ElementRenderDelay,
    /// Of an interaction: until its handlers ran.
    InputDelay,
    /// Of an interaction: its handlers.
    ProcessingDuration,
    /// Of an interaction: from there to the next paint.
    PresentationDelay,
    /// Of layout shifts: the largest one's score.
    LargestShift,
    /// Of layout shifts: when the largest one happened, since the start of the navigation.
    LargestShiftTime,
}

/// Names of the vitals. Append only: the position is the binary tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VitalName {
    /// Time to first byte.
    Ttfb,
    /// First contentful paint.
    Fcp,
    /// Largest contentful paint.
    Lcp,
    /// Cumulative layout shift.
    Cls,
    /// Interaction to next paint.
    Inp,
}

impl VitalName {
    /// The largest value that is still good, and the largest that only needs improvement.
    #[must_use]
    pub fn thresholds_micros(self) -> (u32, u32) {
        match self {
            // https://web.dev/articles/ttfb#what_is_a_good_ttfb_score
            Self::Ttfb => (800_000, 1_800_000),
            // https://web.dev/articles/fcp#what_is_a_good_fcp_score
            Self::Fcp => (1_800_000, 3_000_000),
            // https://web.dev/articles/lcp#what_is_a_good_lcp_score
            Self::Lcp => (2_500_000, 4_000_000),
            // https://web.dev/articles/cls#what_is_a_good_cls_score
            Self::Cls => (100_000, 250_000),
            // https://web.dev/articles/inp#what_is_a_good_inp_score
            Self::Inp => (200_000, 500_000),
        }
    }
}

/// The three ranges of a vital.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VitalRating {
    /// As users should have it.
    Good,
    /// Between the two thresholds.
    NeedsImprovement,
    /// Beyond both.
    Poor,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_on_a_threshold_has_the_better_rating() {
        for (name, value_micros, rating) in [
            (VitalName::Ttfb, 800_000, VitalRating::Good),
            (VitalName::Ttfb, 800_001, VitalRating::NeedsImprovement),
            (VitalName::Fcp, 3_000_000, VitalRating::NeedsImprovement),
            (VitalName::Lcp, 4_000_001, VitalRating::Poor),
            (VitalName::Cls, 0, VitalRating::Good),
            (VitalName::Cls, 250_000, VitalRating::NeedsImprovement),
            (VitalName::Inp, 500_001, VitalRating::Poor),
        ] {
            let vital = Vital {
                name,
                value_micros,
                delta_micros: 0,
            };
            assert_eq!(vital.rating(), rating, "{vital:?}");
        }
    }
}
