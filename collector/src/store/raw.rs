//! The raw row of a beacon: its number, which is ordered by receipt; its body in the wire's own binary
//! form, which every later version can still decode; and its posts, what it changed in the counts.

use super::ledger::Entry;
use beacon::DecodedBeacon;
use rusqlite::Row;
use serde::{Deserialize, Serialize};

/// Low bits that keep the beacons of one millisecond apart.
const COUNTER_BITS: u32 = 20;
/// An event this much older than its receipt is found through the table `late`, any other by receipt.
pub(super) const LATE_MS: u64 = 120_000;

/// A beacon's row: receipt in the high bits, so that rows are appended, found by time and pruned by
/// range without an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct BeaconRow(pub(super) i64);

impl BeaconRow {
    pub(super) fn new(received_ms: u64, counter: u64) -> Self {
        let low = counter & ((1 << COUNTER_BITS) - 1);
        Self(Self::first_at(received_ms).0 | i64::try_from(low).unwrap_or(0))
    }

    /// The first there can be of a millisecond.
    pub(super) fn first_at(ms: u64) -> Self {
        let last = i64::MAX >> COUNTER_BITS;
        Self(i64::try_from(ms).unwrap_or(last).min(last) << COUNTER_BITS)
    }

    pub(super) fn received_ms(self) -> u64 {
        u64::try_from(self.0 >> COUNTER_BITS).unwrap_or(0)
    }
}

/// What a beacon changed in the counts, in the order of its events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Posts {
    /// Events that were new or of a higher revision.
    pub(super) accepted: Vec<Accepted>,
    /// What they replaced, taken back from where it was counted.
    pub(super) withdrawn: Vec<Post>,
}

/// An event that stood when its beacon came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Accepted {
    /// Position in the beacon's body.
    pub(super) index: u16,
    /// Where it counts, if anywhere. None and one are encoded as the option that stood here once.
    pub(super) posts: Vec<Post>,
}

/// So many under a series, so long before the beacon's receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Post {
    pub(super) series: i64,
    pub(super) weight: i64,
    /// Below zero only where the collector's own clock was set back.
    pub(super) age_ms: i64,
}

impl Post {
    pub(super) fn of(entry: Entry, received_ms: u64) -> Self {
        Self {
            series: entry.series,
            weight: entry.weight,
            age_ms: received_ms.cast_signed() - entry.event_ms.cast_signed(),
        }
    }

    pub(super) fn event_ms(&self, received_ms: u64) -> u64 {
        received_ms.saturating_add_signed(-self.age_ms)
    }

    fn is_late(&self) -> bool {
        u64::try_from(self.age_ms).map_or(true, |age| age > LATE_MS)
    }
}

impl Posts {
    /// Every change with its sign.
    pub(super) fn signed(&self) -> impl Iterator<Item = (i64, &Post)> {
        let added = self.accepted.iter().flat_map(|accepted| &accepted.posts);
        let withdrawn = self.withdrawn.iter();
        added
            .map(|post| (post.weight, post))
            .chain(withdrawn.map(|post| (-post.weight, post)))
    }

    /// Minutes of events that are not to be found by the beacon's receipt.
    pub(super) fn late_minutes(&self, received_ms: u64) -> Vec<u64> {
        let late = self.signed().filter(|(_, post)| post.is_late());
        let mut minutes: Vec<u64> = late
            .map(|(_, post)| post.event_ms(received_ms) / super::ledger::MINUTE_MS)
            .collect();
        minutes.sort_unstable();
        minutes.dedup();
        minutes
    }
}

/// A row to be written.
#[derive(Debug)]
pub(super) struct RawBeacon<'a> {
    pub(super) row: BeaconRow,
    pub(super) app: i64,
    pub(super) seq: u32,
    /// Whether it holds a bad outcome or an error: such rows are kept longer.
    pub(super) bad: bool,
    pub(super) posts: &'a Posts,
    pub(super) body: &'a [u8],
}

/// A row that was read.
#[derive(Debug)]
pub(super) struct StoredBeacon {
    pub(super) row: BeaconRow,
    pub(super) app: i64,
    pub(super) posts: Posts,
    body: Vec<u8>,
}

/// The columns [`StoredBeacon::read`] wants.
pub(super) const COLUMNS: &str = "id, app, posts, body";

impl StoredBeacon {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            row: BeaconRow(row.get("id")?),
            app: row.get("app")?,
            posts: unpacked(row.get_ref("posts")?.as_blob()?)?,
            body: row.get("body")?,
        })
    }

    pub(super) fn decoded(&self) -> rusqlite::Result<DecodedBeacon> {
        beacon::decode(&self.body).map_err(|error| corrupt(error.to_string()))
    }
}

/// When an event happened by the collector's clock: the sender's own clock gives its age, so that a
/// wrong one cancels out.
pub(super) fn event_ms(received_ms: u64, sent_at_ms: u64, at_ms: u64) -> u64 {
    received_ms.saturating_sub(sent_at_ms.saturating_sub(at_ms))
}

/// Plain structs of numbers always serialise.
pub(super) fn packed(value: &impl Serialize) -> Vec<u8> {
    postcard::to_allocvec(value).unwrap_or_default()
}

pub(super) fn unpacked<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> rusqlite::Result<T> {
    postcard::from_bytes(bytes).map_err(|error| corrupt(error.to_string()))
}

fn corrupt(what: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, what.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_ordered_by_receipt_and_tell_it() {
        let (early, late) = (BeaconRow::new(1000, u64::MAX), BeaconRow::new(1001, 0));
        assert!(early < late);
        assert_eq!((early.received_ms(), late.received_ms()), (1000, 1001));
        assert!(BeaconRow::first_at(1000) < early && early < BeaconRow::first_at(1001));
        assert_eq!(
            BeaconRow::new(u64::MAX, 7).received_ms(),
            (i64::MAX >> 20).cast_unsigned()
        );
    }

    #[test]
    fn what_happened_long_before_its_receipt_is_late_and_what_the_clock_put_after_it_too() {
        let post = |age_ms| Post {
            series: 1,
            weight: 1,
            age_ms,
        };
        let accepted = |age_ms| Accepted {
            index: 0,
            posts: vec![post(age_ms)],
        };
        let posts = Posts {
            accepted: vec![accepted(0), accepted(120_000), accepted(120_001)],
            withdrawn: vec![post(-1)],
        };
        assert_eq!(posts.late_minutes(600_000), [7, 10]);
    }
}
