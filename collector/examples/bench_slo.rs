//! How long the status of many objectives takes from a store that holds months: a database is filled by
//! the minute, opened as the collector opens it, and judged again and again. Prints one JSON object; what it
//! counts is compared with the minutes added up one by one.

use anyhow::{Context, ensure};
use collector::app::App;
use collector::clock::SystemClock;
use collector::config::Config;
use collector::slo::{Indicator, Part};
use rusqlite::Connection;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

const DAYS: u64 = 90;
const JOURNEYS: u64 = 10;
const RELEASES: u64 = 4;
/// Per journey and release: four latencies of what succeeded, and what failed.
const KINDS: u64 = 5;
const OBJECTIVES: u64 = 100;
const ROUNDS: u64 = 40;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("objectives.yaml"), objectives())?;
    let config = Config::parse(&configuration(folder.path()))?;
    // Makes the tables.
    drop(App::new(config.clone(), Arc::new(SystemClock))?);
    let now_ms = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    let filling = Instant::now();
    let rows = fill(&config.store.path, now_ms / 60_000)?;
    let filled_s = filling.elapsed().as_secs();
    let app = App::new(config.clone(), Arc::new(SystemClock))?;
    let (set, _) = app.objective_book().in_force();
    ensure!(
        set.objectives.len() as u64 == OBJECTIVES,
        "{:?}",
        app.objective_book().refused()
    );
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        // Another instant each time, so that nothing can be remembered.
        let at_ms = now_ms - round * 61_000;
        let started = Instant::now();
        let judged = app.judge(&set, at_ms).await?;
        times.push(started.elapsed().as_secs_f64() * 1000.0);
        if round == 0 {
            let first = &judged[0].evaluation;
            let stretch = first.window.passed;
            let Indicator::Events(indicator) = &set.objectives[0].indicator else {
                continue;
            };
            let window = collector::store::Window {
                from_ms: stretch.from_ms,
                to_ms: stretch.to_ms,
            };
            let minutes = collector::store::minutes(&config.store.path, window, |of| {
                indicator.judge(of).is_some()
            })?;
            let sum = |wanted| -> u64 {
                let of = minutes
                    .iter()
                    .filter(|of| indicator.judge(&of.series) == Some(wanted));
                of.flat_map(|of| &of.minutes).map(|(_, count)| count).sum()
            };
            let (good, bad) = (sum(Part::Good), sum(Part::Bad));
            ensure!(
                (first.counts.good, first.counts.bad) == (good, bad),
                "{:?} is not {good} and {bad}",
                first.counts
            );
            ensure!(good > 0 && bad > 0, "nothing was counted");
        }
    }
    let first = times[0];
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times[(times.len() - 1) * share / 100];
    let megabytes = std::fs::metadata(&config.store.path)?.len() / 1_000_000;
    println!(
        "{}",
        serde_json::json!({
            "objectives": OBJECTIVES, "series": JOURNEYS * RELEASES * KINDS, "days": DAYS,
            "minute_rows": rows, "megabytes": megabytes, "filled_s": filled_s,
            "first_ms": rounded(first), "p50_ms": rounded(at(50)), "p95_ms": rounded(at(95)),
            "agrees_with_minutes": true,
        })
    );
    Ok(())
}

fn rounded(ms: f64) -> f64 {
    (ms * 10.0).round() / 10.0
}

fn configuration(folder: &Path) -> String {
    let mut text = format!(
        "[store]\npath = {:?}\n[objectives]\nfiles = [{:?}]\n[[apps]]\nname = \"shop\"\nkeys = [\"shop-web\"]\norigins = [\"http://shop.test\"]\n",
        folder.join("bench.db"),
        folder.join("objectives.yaml"),
    );
    for journey in 0..JOURNEYS {
        let _ = writeln!(
            text,
            "[[apps.journeys]]\nname = \"j{journey}\"\nthreshold_ms = 3000"
        );
    }
    text
}

/// Success and latency of every journey, as a whole and of each release: each 30 days with the
/// standard alerts of four window pairs.
fn objectives() -> String {
    let mut text = String::new();
    for index in 0..OBJECTIVES {
        let journey = index % JOURNEYS;
        let (release, latency) = (
            (index / JOURNEYS) % (RELEASES + 1),
            index / (JOURNEYS * (RELEASES + 1)),
        );
        let release = if release == RELEASES {
            String::new()
        } else {
            format!(", release: \"{release}\"")
        };
        let (good, total) = match latency {
            0 => ("class: good", ""),
            _ => ("outcome: success, within_ms: 1000", ", outcome: success"),
        };
        let source = |spec: &str| {
            format!(
                "{{metricSource: {{type: sightline, spec: {{app: shop, journey: j{journey}{release}{spec}}}}}}}"
            )
        };
        let _ = write!(
            text,
            "---\napiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: o{index}}}\nspec:\n  service: shop\n  indicator:\n    metadata: {{name: o{index}}}\n    spec:\n      ratioMetric:\n        counter: true\n        good: {}\n        total: {}\n  timeWindow: [{{duration: 30d, isRolling: true}}]\n  budgetingMethod: Occurrences\n  objectives: [{{target: 0.999}}]\n",
            source(&format!(", {good}")),
            source(total),
        );
    }
    text
}

fn fill(path: &Path, end_minute: u64) -> anyhow::Result<u64> {
    let mut connection = Connection::open(path)?;
    let transaction = connection.transaction()?;
    for id in 0..JOURNEYS * RELEASES * KINDS {
        let (journey, release, kind) = (
            id % JOURNEYS,
            id / JOURNEYS % RELEASES,
            id / JOURNEYS / RELEASES,
        );
        let failed = kind == KINDS - 1;
        transaction.execute(
            "INSERT INTO series (id, app, kind, name, release, deployment, backend_origin, expected_origin, outcome, class, provisional, mixed, latency)
             VALUES (?1, 'shop', 'journey', ?2, ?3, 'pod', 'http://api', 1, ?4, ?5, 0, 0, ?6)",
            rusqlite::params![
                i64::try_from(id)? + 1,
                format!("j{journey}"),
                release.to_string(),
                if failed { "failed" } else { "success" },
                if failed { "bad" } else { "good" },
                if failed { -1 } else { i64::try_from(8 + kind * 3)? },
            ],
        )?;
    }
    transaction.execute_batch(&format!(
        "WITH RECURSIVE m(minute) AS (SELECT {first} UNION ALL SELECT minute + 1 FROM m WHERE minute < {end_minute})
         INSERT INTO minutes SELECT minute, id, CASE class WHEN 'bad' THEN (minute * 31 + id * 7) % 101 = 0
                                                           ELSE 1 + (minute * 7 + id) % 9 END
         FROM m, (SELECT id, class FROM series ORDER BY id);
         INSERT INTO hours SELECT minute / 60, series, sum(count) FROM minutes GROUP BY 1, 2;
         INSERT INTO days SELECT minute / 1440, series, sum(count) FROM minutes GROUP BY 1, 2;",
        first = end_minute - DAYS * 1440,
    ))?;
    let rows = transaction.query_row("SELECT count(*) FROM minutes", [], |row| row.get(0))?;
    transaction.commit().context("the rows cannot be written")?;
    Ok(rows)
}
