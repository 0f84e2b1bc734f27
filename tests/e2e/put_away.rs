//! Pages that go away while the collector does: the origin's next page delivers what they had to say.

use crate::support::{SOON, at_home_after, ended, healthy, holds, on_stage};
use anyhow::{Result, ensure};
use std::time::Duration;
use tests::stage::Stage;
use tests::visit::{Arrival, Visitor};
use tests::wait::until;

/// How many beacons the origin has put away.
const PUT_AWAY: &str =
    "Object.keys(localStorage).filter(key => /^sightline\\.[\\w-]+\\.\\d/.test(key)).length";

/// Notes which beacons this document sends, and how many of them fail.
const SENDS: &str = "(() => { const real = fetch; globalThis.sent = []; globalThis.failed = 0; \
     globalThis.fetch = (url, init) => { \
       if (!/v1.beacons/.test(url)) return real(url, init); \
       sent.push(Array.from(init.body.slice(0, 18)).join()); \
       const answer = real(url, init); \
       answer.catch(() => globalThis.failed++); \
       return answer } })()";

/// A signed-in visitor whose beacons are watched, and who was fully heard of.
async fn watched(stage: &Stage) -> Result<(Visitor, String)> {
    let visitor = at_home_after(stage, async |tab| tab.prepend(SENDS).await).await?;
    let view = visitor.view()?;
    stage
        .until_view(&view, SOON, |view| ended(view, "access_app", &["success"]))
        .await?;
    Ok((visitor, view))
}

#[tokio::test]
async fn a_tab_closed_while_the_collector_is_away_is_delivered_by_the_next_page_and_counted_once()
-> Result<()> {
    on_stage("put-away", healthy(), async |stage| {
        let (closed, view) = watched(stage).await?;
        stage.stop_collector().await?;
        closed.chat("Does anybody hear me?").await?;
        closed.tab().wait_for("failed > 0", SOON).await?;
        let next = stage.visitor_beside(&closed).await?;
        let kept = format!("{PUT_AWAY} > 0");
        closed.tab().wait_for(&kept, SOON).await?;
        stage.leave(closed).await?;
        stage.start_collector().await?;
        ensure!(next.open("/").await? == Arrival::Ready("/".to_owned()));
        next.wait_for_home().await?;
        stage
            .until_view(&view, SOON, |view| ended(view, "chat", &["success"]))
            .await?;
        let empty = format!("{PUT_AWAY} === 0");
        next.tab().wait_for(&empty, SOON).await?;
        stage.leave(next).await?;
        stage.agreed_truth().await?;
        let slis = stage.collector.slis(stage.from_ms, "").await?;
        ensure!(slis["journeys"]["chat"]["client"]["total"] == 1, "{slis:#}");
        ensure!(slis["pages"]["total"] == 2, "{slis:#}");
        ensure!(slis["coverage"]["beacons_known_lost"] == 0, "{slis:#}");
        Ok(())
    })
    .await
}

/// Makes another tab hold the lease for so many milliseconds.
fn lease_of_another(milliseconds: &str) -> String {
    format!(
        "void localStorage.setItem('sightline.movie-guru-web.lease', 'another ' + (Date.now() + {milliseconds}))"
    )
}

#[tokio::test]
async fn what_another_tab_has_leased_is_left_to_it_and_sent_once_when_it_has_died() -> Result<()> {
    on_stage("put-away-twice", healthy(), async |stage| {
        let (closed, view) = watched(stage).await?;
        stage.stop_collector().await?;
        closed.chat("One").await?;
        closed.chat("Two").await?;
        closed.tab().wait_for("failed > 0", SOON).await?;
        let next = stage.visitor_beside(&closed).await?;
        closed
            .tab()
            .wait_for(&format!("{PUT_AWAY} > 0"), SOON)
            .await?;
        // Another window of the same profile has begun to send it.
        closed.tab().evaluate(&lease_of_another("600000")).await?;
        stage.leave(closed).await?;
        stage.start_collector().await?;
        next.tab().prepend(SENDS).await?;
        ensure!(next.open("/").await? == Arrival::Ready("/".to_owned()));
        next.wait_for_home().await?;
        let own = next.view()?;
        stage
            .until_view(&own, SOON, |view| ended(view, "access_app", &["success"]))
            .await?;
        ensure!(
            next.tab().evaluate(&format!("{PUT_AWAY} > 0")).await? == true,
            "what another tab has leased is left to it"
        );
        // The other tab has died: its lease has run out.
        next.tab().evaluate(&lease_of_another("-1")).await?;
        next.chat("Three").await?;
        next.tab()
            .wait_for(&format!("{PUT_AWAY} === 0"), SOON)
            .await?;
        let twice = next
            .tab()
            .evaluate("sent.length !== new Set(sent).size")
            .await?;
        ensure!(twice == false, "a beacon was sent twice");
        stage.leave(next).await?;
        stage
            .until_view(&view, SOON, |view| {
                ended(view, "chat", &["success", "success"])
            })
            .await?;
        stage.agreed_truth().await.map(drop)
    })
    .await
}

#[tokio::test]
async fn a_page_restored_from_memory_loses_nothing_of_the_view_before() -> Result<()> {
    on_stage("put-away-restored", healthy(), async |stage| {
        let (visitor, view) = watched(stage).await?;
        stage.stop_collector().await?;
        visitor.chat("Before I go").await?;
        visitor.tab().wait_for("failed > 0", SOON).await?;
        let other = stage.browser().open_beside(visitor.tab(), ()).await?;
        let kept = format!("{PUT_AWAY} > 0");
        visitor.tab().wait_for(&kept, SOON).await?;
        visitor.tab().bring_to_front().await?;
        visitor.tab().wait_for("!document.hidden", SOON).await?;
        // As after a step back: the document is the same, and a new view.
        let restore =
            "void dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))";
        visitor.tab().evaluate(restore).await?;
        stage.start_collector().await?;
        other.close().await?;
        stage
            .until_view(&view, Duration::from_secs(30), |view| {
                ended(view, "chat", &["success"])
            })
            .await?;
        let empty = format!("{PUT_AWAY} === 0");
        visitor.tab().wait_for(&empty, SOON).await?;
        visitor.close().await.map(drop)
    })
    .await
}

#[tokio::test]
async fn what_was_put_away_three_days_ago_is_given_up_and_counted() -> Result<()> {
    on_stage("put-away-old", healthy(), async |stage| {
        let (visitor, _) = watched(stage).await?;
        visitor
            .tab()
            .evaluate(
                "void localStorage.setItem('sightline.movie-guru-web.' + (Date.now() - 3 * 86400000 - 1000) + '.old.7', btoa('old'))",
            )
            .await?;
        visitor.chat("And now?").await?;
        visitor
            .tab()
            .wait_for(&format!("{PUT_AWAY} === 0"), Duration::from_secs(20))
            .await?;
        // "old" in bytes; a collector that refused it would have made it count as well.
        let sent = "sent.some(bytes => bytes.startsWith('111,108,100'))";
        ensure!(
            visitor.tab().evaluate(sent).await? == false,
            "it was sent all the same"
        );
        stage.leave(visitor).await?;
        until("the drops to be told", SOON, async || {
            let slis = stage.collector.slis(stage.from_ms, "").await;
            let slis = slis.map_err(|error| format!("{error:#}"))?;
            holds(&slis, "/coverage/client_drops", 7)
        })
        .await
    })
    .await
}
