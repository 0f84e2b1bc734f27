//! Whose clock counts, where late events land, and how much of the truth has arrived.

use crate::harness::{Collector, NOON, beacon, chat, page, view};
use beacon::{CoreStatus, JourneyOutcome, NavigationKind, PageOutcome, PreviousView};

const MINUTE: u64 = 60_000;

fn window(from_ms: u64, to_ms: u64) -> String {
    format!("from_ms={from_ms}&to_ms={to_ms}")
}

#[tokio::test]
async fn a_late_event_lands_in_its_own_minute() {
    let collector = Collector::start().await;
    let mut late = chat(2, JourneyOutcome::Failed, 100);
    late.at_ms = NOON - 10 * MINUTE;
    collector
        .send(&beacon(view(1), 0, vec![late, page(PageOutcome::Ready)]))
        .await;
    let then = collector
        .slis(&window(NOON - 10 * MINUTE, NOON - 9 * MINUTE))
        .await;
    assert_eq!(then["journeys"]["chat"]["client"]["bad"], 1);
    assert_eq!(then["pages"]["total"], 0);
    let now = collector.slis(&window(NOON, NOON + MINUTE)).await;
    assert_eq!(now["journeys"]["chat"]["client"]["total"], 0);
    assert_eq!(now["pages"]["good"], 1);
    collector.stop().await;
}

#[tokio::test]
async fn a_client_clock_a_day_off_changes_no_minute() {
    let day = 24 * 60 * MINUTE;
    for sent_at_ms in [NOON - day, NOON + day] {
        let collector = Collector::start().await;
        let mut skewed = beacon(view(1), 0, vec![chat(2, JourneyOutcome::Success, 1)]);
        skewed.head.sent_at_ms = sent_at_ms;
        skewed.events[0].at_ms = sent_at_ms - 5 * MINUTE;
        collector.send(&skewed).await;
        let slis = collector
            .slis(&window(NOON - 5 * MINUTE, NOON - 4 * MINUTE))
            .await;
        assert_eq!(slis["journeys"]["chat"]["client"]["good"], 1);
        let views = collector.views("").await;
        // The client's own time is kept beside the corrected one.
        assert_eq!(views[0]["journeys"][0]["at_ms"], sent_at_ms - 5 * MINUTE);
        assert_eq!(views[0]["journeys"][0]["event_ms"], NOON - 5 * MINUTE);
        assert_eq!(views[0]["journeys"][0]["received_ms"], NOON);
        collector.stop().await;
    }
}

#[tokio::test]
async fn a_window_is_exact_to_the_millisecond_at_both_ends() {
    let collector = Collector::start().await;
    let first = NOON - 3 * MINUTE - 500;
    let mut events = Vec::new();
    for (n, at_ms) in [
        (2, first),
        (3, NOON - 2 * MINUTE),
        (4, NOON - MINUTE + 7),
        (5, NOON),
    ] {
        let mut attempt = chat(n, JourneyOutcome::Success, 1);
        attempt.at_ms = at_ms;
        events.push(attempt);
    }
    collector.send(&beacon(view(1), 0, events)).await;
    let good = async |from_ms, to_ms| {
        let slis = collector.slis(&window(from_ms, to_ms)).await;
        slis["journeys"]["chat"]["client"]["good"].as_u64().unwrap()
    };
    assert_eq!(good(first, NOON + 1).await, 4);
    assert_eq!(good(first + 1, NOON + 1).await, 3);
    assert_eq!(good(first, NOON).await, 3);
    assert_eq!(good(NOON - MINUTE + 7, NOON - MINUTE + 8).await, 1);
    assert_eq!(good(NOON - MINUTE + 8, NOON).await, 0);
    collector.stop().await;
}

#[tokio::test]
async fn gaps_and_missing_tails_are_known_to_be_lost() {
    let collector = Collector::start().await;
    for seq in [0, 1, 4] {
        collector.send(&beacon(view(1), seq, Vec::new())).await;
    }
    let coverage = collector.slis("").await["coverage"].clone();
    assert_eq!(
        (
            &coverage["beacons_received"],
            &coverage["beacons_known_lost"]
        ),
        (&3.into(), &2.into())
    );

    // The next view tells that the first went on to 6, and a third is known from hearsay only.
    let mut next = beacon(view(2), 0, Vec::new());
    next.head.previous_view = Some(PreviousView {
        view: view(1),
        last_seq: 6,
    });
    collector.send(&next).await;
    let mut after_dark = beacon(view(4), 0, Vec::new());
    after_dark.head.previous_view = Some(PreviousView {
        view: view(3),
        last_seq: 0,
    });
    collector.send(&after_dark).await;
    let coverage = collector.slis("").await["coverage"].clone();
    assert_eq!(
        (
            &coverage["beacons_received"],
            &coverage["beacons_known_lost"]
        ),
        (&5.into(), &5.into())
    );
    assert_eq!(coverage["received_ppm"], 500_000);
    assert_eq!(coverage["views"], 3);

    // What was only late is no longer lost.
    collector.send(&beacon(view(3), 0, Vec::new())).await;
    collector.send(&beacon(view(1), 2, Vec::new())).await;
    let coverage = collector.slis("").await["coverage"].clone();
    assert_eq!(
        (&coverage["views"], &coverage["beacons_known_lost"]),
        (&4.into(), &3.into())
    );
    collector.stop().await;
}

#[tokio::test]
async fn a_core_that_was_only_late_is_not_degraded() {
    let collector = Collector::start().await;
    let with_core = async |number, seq, core| {
        let mut early = beacon(view(number), seq, Vec::new());
        early.head.core = core;
        collector.send(&early).await;
    };
    with_core(1, 0, CoreStatus::NotYet).await;
    with_core(2, 0, CoreStatus::Blocked).await;
    with_core(3, 0, CoreStatus::Error).await;
    assert_eq!(collector.slis("").await["coverage"]["probe_degraded"], 2);
    with_core(3, 1, CoreStatus::Loaded).await;
    assert_eq!(collector.slis("").await["coverage"]["probe_degraded"], 1);
    collector.stop().await;
}

#[tokio::test]
async fn the_newest_beacon_says_what_a_view_is_whatever_the_order_of_arrival() {
    let collector = Collector::start().await;
    let mut newer = beacon(view(1), 1, Vec::new());
    newer.head.page.route = "/home".into();
    newer.head.page.navigation = NavigationKind::Reload;
    collector.send(&newer).await;
    collector.send(&beacon(view(1), 0, Vec::new())).await;
    let views = collector.views("").await;
    assert_eq!(
        (&views[0]["route"], &views[0]["navigation_kind"]),
        (&"/home".into(), &"reload".into())
    );
    collector.stop().await;
}
