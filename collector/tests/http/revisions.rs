//! A later revision of an event replaces the earlier one everywhere, and survives a restart.

use crate::harness::{Collector, beacon, chat, page, view};
use beacon::{Event, EventKind, Finality, JourneyOutcome, PageOutcome};
use serde_json::Value;

fn revised(mut event: Event, rev: u32) -> Event {
    event.rev = rev;
    event
}

fn provisional(mut event: Event) -> Event {
    match &mut event.kind {
        EventKind::Page(page) => page.finality = Finality::Provisional,
        EventKind::Journey(attempt) => attempt.finality = Finality::Provisional,
        _ => {}
    }
    event
}

fn outcomes(slis: &Value) -> (Value, Value) {
    (
        slis["pages"]["outcomes"].clone(),
        slis["journeys"]["chat"]["client"]["outcomes"].clone(),
    )
}

#[tokio::test]
async fn a_revision_moves_a_count_from_one_outcome_to_another() {
    let collector = Collector::start().await;
    let left = provisional(page(PageOutcome::Abandoned));
    let pending = provisional(chat(2, JourneyOutcome::Abandoned, 6000));
    collector
        .send(&beacon(view(1), 0, vec![left, pending]))
        .await;
    let slis = collector.slis("").await;
    assert_eq!(slis["pages"]["provisional"], 1);
    assert_eq!(slis["journeys"]["chat"]["client"]["bad"], 1);

    let back = revised(page(PageOutcome::Ready), 1);
    let answered = revised(chat(2, JourneyOutcome::Success, 9000), 1);
    collector
        .send(&beacon(view(1), 1, vec![back, answered]))
        .await;
    let slis = collector.slis("").await;
    let (pages, chats) = outcomes(&slis);
    assert_eq!(
        (&pages["ready"], &pages["abandoned"]),
        (&1.into(), &0.into())
    );
    assert_eq!(
        (&chats["success"], &chats["abandoned"]),
        (&1.into(), &0.into())
    );
    assert_eq!(slis["pages"]["provisional"], 0);

    // The totals of /metrics never fall: what was taken back is a counter of its own.
    let metrics = collector.metrics().await;
    let abandoned = [r#"outcome="abandoned""#];
    assert_eq!(metrics.sum_of("sightline_pages_total", &abandoned), 1.0);
    assert_eq!(
        metrics.sum_of("sightline_pages_withdrawn_total", &abandoned),
        1.0
    );
    assert_eq!(metrics.sum("sightline_pages_total"), 2.0);
    collector.stop().await;
}

#[tokio::test]
async fn a_lower_revision_that_comes_late_changes_nothing() {
    let collector = Collector::start().await;
    collector
        .send(&beacon(
            view(1),
            1,
            vec![revised(page(PageOutcome::Ready), 1)],
        ))
        .await;
    let before = collector.slis("").await["pages"].clone();
    collector
        .send(&beacon(
            view(1),
            0,
            vec![provisional(page(PageOutcome::Abandoned))],
        ))
        .await;
    assert_eq!(collector.slis("").await["pages"], before);
    let metrics = collector.metrics().await;
    assert_eq!(
        metrics.sum("sightline_collector_events_duplicate_total"),
        1.0
    );
    assert_eq!(
        metrics.sum("sightline_collector_beacons_accepted_total"),
        2.0
    );
    collector.stop().await;
}

#[tokio::test]
async fn what_turned_out_not_to_have_happened_is_counted_nowhere() {
    let collector = Collector::start().await;
    collector
        .send(&beacon(
            view(1),
            0,
            vec![chat(1, JourneyOutcome::Failed, 100)],
        ))
        .await;
    assert_eq!(
        collector.slis("").await["journeys"]["chat"]["client"]["bad"],
        1
    );
    let mut withdrawn = revised(chat(1, JourneyOutcome::Failed, 100), 1);
    withdrawn.kind = EventKind::Withdrawn;
    collector.send(&beacon(view(1), 1, vec![withdrawn])).await;
    let slis = collector.slis("").await;
    assert_eq!(slis["journeys"]["chat"]["client"]["total"], 0);
    assert_eq!(slis["failures"], Value::Array(Vec::new()));
    assert_eq!(
        collector.views("").await[0]["journeys"],
        Value::Array(Vec::new())
    );
    collector.stop().await;
}

#[tokio::test]
async fn a_revision_takes_back_from_the_minute_where_the_event_was_counted() {
    let collector = Collector::start().await;
    collector
        .send(&beacon(
            view(1),
            0,
            vec![provisional(page(PageOutcome::Abandoned))],
        ))
        .await;
    collector.clock.advance_ms(10 * 60_000);
    let mut later = beacon(view(1), 1, vec![revised(page(PageOutcome::Ready), 1)]);
    later.head.sent_at_ms += 10 * 60_000;
    collector.send(&later).await;
    // Over whole minutes and over their raw rows alike.
    for query in ["window=1h", "window=11m", "window=630s"] {
        let (pages, _) = outcomes(&collector.slis(query).await);
        assert_eq!(
            (&pages["ready"], &pages["abandoned"]),
            (&1.into(), &0.into()),
            "{query}"
        );
    }
    collector.stop().await;
}

#[tokio::test]
async fn a_restart_loses_nothing_and_forgets_no_duplicate() {
    let collector = Collector::start().await;
    let first = beacon(view(1), 0, vec![provisional(page(PageOutcome::Abandoned))]);
    collector.send(&first).await;
    collector
        .send(&beacon(
            view(2),
            3,
            vec![chat(2, JourneyOutcome::Hung, 30_000)],
        ))
        .await;
    let before = (collector.slis("").await, collector.views("").await);
    let totals = collector.metrics().await.sum("sightline_pages_total");

    let collector = collector.restart().await;
    assert_eq!(
        (collector.slis("").await, collector.views("").await),
        before
    );
    assert_eq!(
        collector.metrics().await.sum("sightline_pages_total"),
        totals
    );
    collector.send(&first).await;
    assert_eq!(collector.slis("").await, before.0);
    let duplicates = collector
        .metrics()
        .await
        .sum("sightline_collector_beacons_duplicate_total");
    assert_eq!(duplicates, 1.0);

    // And a revision of what was stored before it still replaces it.
    collector
        .send(&beacon(
            view(1),
            1,
            vec![revised(page(PageOutcome::Ready), 1)],
        ))
        .await;
    let (pages, _) = outcomes(&collector.slis("").await);
    assert_eq!(
        (&pages["ready"], &pages["abandoned"]),
        (&1.into(), &0.into())
    );
    collector.stop().await;
}
