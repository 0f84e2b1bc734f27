//! Promises about what goes and what stays, on databases of a few views and many days.

use crate::store::testing::{DAY_MS, NOW, Sender, config_in};
use crate::store::{Store, ViewFilter, Window, recount};
use beacon::JourneyOutcome::{Failed, Success};
use rusqlite::Connection;
use std::path::Path;

async fn count(store: &Store, from_ms: u64, to_ms: u64) -> u64 {
    let window = Window { from_ms, to_ms };
    let counts = store.series_counts("a".into(), window).await.unwrap();
    counts.iter().map(|(_, count)| count).sum()
}

fn number(path: &Path, sql: &str) -> i64 {
    let database = Connection::open(path).unwrap();
    database.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn good_rows_go_before_bad_ones_and_both_before_the_counts() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config_in(folder.path());
    (
        config.raw_good_days,
        config.raw_bad_days,
        config.buckets_days,
    ) = (2, 5, 50);
    let sender = Sender::new();
    let store = sender.open(&config);
    for (view, outcome) in [(1, Success), (2, Failed), (3, Success)] {
        store
            .append(sender.journey(view, 0, outcome, NOW))
            .await
            .unwrap();
    }
    let bad = "SELECT count(*) FROM beacons WHERE bad = 1";
    let all = "SELECT count(*) FROM beacons";
    for (day, kept) in [(1, 4), (3, 3), (6, 1)] {
        let view = 10 + u32::try_from(day).unwrap();
        let later = sender.journey(view, 0, Success, NOW + day * DAY_MS);
        store.append(later).await.unwrap();
        assert_eq!(number(&config.path, all), kept, "after {day} days");
        assert_eq!(
            number(&config.path, bad),
            i64::from(day < 6),
            "after {day} days"
        );
        // Whole minutes are still counted, and a broken one before the raw rows as a whole.
        assert_eq!(count(&store, NOW - 60_000, NOW + 60_000).await, 3);
        assert_eq!(count(&store, NOW - 30_000, NOW + 30_000).await, 3);
    }
    store
        .append(sender.journey(99, 0, Success, NOW + 60 * DAY_MS))
        .await
        .unwrap();
    assert_eq!(count(&store, NOW - 60_000, NOW + 60_000).await, 0);
}

#[tokio::test]
async fn a_view_is_known_for_eight_days_and_then_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config_in(folder.path());
    (config.raw_good_days, config.raw_bad_days) = (1, 1);
    let sender = Sender::new();
    let store = sender.open(&config);
    store
        .append(sender.journey(1, 0, Success, NOW))
        .await
        .unwrap();
    let filter = || ViewFilter {
        app: "a".into(),
        limit: 10,
        ..ViewFilter::default()
    };
    // Being read saves it, and only what is saved can go.
    assert_eq!(store.views(filter()).await.unwrap().views.len(), 1);
    for (day, known) in [(7, true), (9, false)] {
        let probe = sender.journey(
            50 + u32::try_from(day).unwrap(),
            0,
            Success,
            NOW + day * DAY_MS,
        );
        store.append(probe).await.unwrap();
        let views = store.views(filter()).await.unwrap().views;
        let first = "00000001".repeat(4);
        assert_eq!(
            views.iter().any(|view| view["view"] == first.as_str()),
            known,
            "day {day}"
        );
    }
}

#[tokio::test]
async fn a_file_keeps_its_size_when_as_much_goes_as_comes() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config_in(folder.path());
    (
        config.raw_good_days,
        config.raw_bad_days,
        config.buckets_days,
    ) = (1, 1, 1);
    // Names of views are filed and forgotten within this, too.
    config.views_in_memory = 20;
    let sender = Sender::new();
    let store = sender.open(&config);
    let mut pages = Vec::new();
    for day in 0..30 {
        for view in 0..60 {
            let at_ms = NOW + day * DAY_MS + u64::from(view) * 1000;
            store
                .append(sender.journey(u32::try_from(day).unwrap() * 60 + view, 0, Success, at_ms))
                .await
                .unwrap();
        }
        pages.push(number(&config.path, "PRAGMA page_count"));
    }
    // Whatever is kept longer, the views among it, has settled after half of it.
    assert_eq!(pages[15], *pages.last().unwrap(), "{pages:?}");
}

#[tokio::test]
async fn past_the_cap_the_oldest_good_rows_go_first_and_counts_stay() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config_in(folder.path());
    config.max_megabytes = 0;
    let sender = Sender::new();
    let store = sender.open(&config);
    for view in 1..=8 {
        let outcome = if view == 1 { Failed } else { Success };
        let at_ms = NOW + u64::from(view) * 20_000;
        store
            .append(sender.journey(view, 0, outcome, at_ms))
            .await
            .unwrap();
    }
    // Saved, nothing needs its raw row for a start.
    store
        .views(ViewFilter {
            app: "a".into(),
            limit: 1,
            ..ViewFilter::default()
        })
        .await
        .unwrap();
    for view in 20..22 {
        let at_ms = NOW + u64::from(view) * 20_000;
        store
            .append(sender.journey(view, 0, Success, at_ms))
            .await
            .unwrap();
    }
    let left = number(&config.path, "SELECT count(*) FROM beacons WHERE bad = 0");
    assert!(left <= 2, "{left} good rows are left");
    assert_eq!(count(&store, NOW, NOW + 60 * 60_000).await, 10);
    drop(store);
    assert_eq!(recount(&config.path).unwrap().counted_twice, 0);
}
