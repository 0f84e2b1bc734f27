//! What the promises share: a bounded number of stages at once, and looks at views.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;
use tests::cdp::Tab;
use tests::process::workspace;
use tests::site_stage::SiteStage;
use tests::stage::{Setting, Stage};
use tests::visit::{Arrival, Visitor};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Two cores carry two browsers with their pages; more only make every wait longer.
static STAGES: Semaphore = Semaphore::const_new(2);

/// How long something sent at once may take to be shown, on two busy cores.
pub(crate) const SOON: Duration = Duration::from_secs(15);

/// Runs one promise on a stage of its own and strikes the stage afterwards.
pub(crate) async fn on_stage(
    name: &str,
    setting: Setting,
    promise: impl AsyncFnOnce(&Stage) -> Result<()>,
) -> Result<()> {
    let _place: SemaphorePermit<'_> = STAGES.acquire().await?;
    let stage = Stage::set(name, setting).await?;
    stage.demo.succeed_always().await?;
    promise(&stage)
        .await
        .with_context(|| format!("target/e2e-logs/{name}-*.log may say more"))?;
    stage.strike().await
}

/// Runs one promise about the probe alone on a site of its own; the collector knows the journeys.
pub(crate) async fn on_site(
    name: &str,
    journeys: &[&str],
    promise: impl AsyncFnOnce(&SiteStage) -> Result<()>,
) -> Result<()> {
    let _place: SemaphorePermit<'_> = STAGES.acquire().await?;
    let stage = SiteStage::set(name, journeys).await?;
    promise(&stage)
        .await
        .with_context(|| format!("target/e2e-logs/{name}-*.log may say more"))?;
    stage.strike().await
}

/// Waits for one of the places that [`on_stage`] shares out.
pub(crate) async fn place() -> Result<SemaphorePermit<'static>> {
    Ok(STAGES.acquire().await?)
}

/// Arguments for the demo.
pub(crate) fn demo(arguments: &[&str]) -> Setting {
    let demo = arguments
        .iter()
        .map(|argument| (*argument).to_owned())
        .collect();
    Setting {
        demo,
        ..Setting::default()
    }
}

/// The right release only.
pub(crate) fn healthy() -> Setting {
    demo(&["--pick", "pod:1"])
}

/// A visitor who sees the login form, in a tab that was prepared before.
pub(crate) async fn at_login_after(
    stage: &Stage,
    prepare: impl AsyncFnOnce(&Tab) -> Result<()>,
) -> Result<Visitor> {
    let visitor = stage.visitor().await?;
    prepare(visitor.tab()).await?;
    let arrival = visitor.open("/").await?;
    ensure!(
        arrival == Arrival::Ready("/login".to_owned()),
        "the login form: {arrival:?}"
    );
    Ok(visitor)
}

/// The same, signed in and with films to see.
pub(crate) async fn at_home_after(
    stage: &Stage,
    prepare: impl AsyncFnOnce(&Tab) -> Result<()>,
) -> Result<Visitor> {
    let visitor = at_login_after(stage, prepare).await?;
    ensure!(
        visitor.sign_in().await?,
        "signing in failed: {:#?}",
        visitor.watch().current()
    );
    Ok(visitor)
}

/// A visitor who has signed in and sees films.
pub(crate) async fn at_home(stage: &Stage) -> Result<Visitor> {
    at_home_after(stage, async |_| Ok(())).await
}

/// A script that adds options to the configuration the page brings.
pub(crate) fn with_options(options: &Value) -> String {
    format!(
        "Object.defineProperty(globalThis, '__sightlineConfig', {{ configurable: true, \
         set(given) {{ Object.defineProperty(globalThis, '__sightlineConfig', \
         {{ value: {{ ...given, ...{options} }} }}) }} }})"
    )
}

/// Whether a field of the view has this value; an error says what it has.
pub(crate) fn holds(view: &Value, pointer: &str, expected: impl Into<Value>) -> Result<(), String> {
    let (found, expected) = (view.pointer(pointer), expected.into());
    if found == Some(&expected) {
        Ok(())
    } else {
        Err(format!("{pointer} is {found:?} instead of {expected}"))
    }
}

/// The outcomes of all attempts at a journey in a view.
pub(crate) fn outcomes<'a>(view: &'a Value, journey: &str) -> Vec<&'a str> {
    let journeys = view["journeys"].as_array().into_iter().flatten();
    journeys
        .filter(|attempt| attempt["name"] == journey)
        .filter_map(|attempt| attempt["outcome"].as_str())
        .collect()
}

/// Whether the attempts at a journey in a view ended like this, in any order.
pub(crate) fn ended(view: &Value, journey: &str, expected: &[&str]) -> Result<(), String> {
    let found = outcomes(view, journey);
    if found == expected {
        Ok(())
    } else {
        Err(format!("{journey} ended {found:?}, not {expected:?}"))
    }
}

/// The first element of a list in the view that has this value in this field.
pub(crate) fn find<'a>(view: &'a Value, list: &str, field: &str, value: &str) -> Option<&'a Value> {
    view[list]
        .as_array()?
        .iter()
        .find(|element| element[field] == value)
}

/// A list of the view.
pub(crate) fn list<'a>(view: &'a Value, list: &str) -> &'a [Value] {
    view[list].as_array().map_or(&[], Vec::as_slice)
}

/// How many calls of a route the view has counted, besides those told singly.
pub(crate) fn counted(view: &Value, route: &str, outcome: &str) -> u64 {
    let counts = list(view, "request_counts").iter();
    let meant = counts.filter(|one| one["route"] == route && one["outcome"] == outcome);
    let buckets = meant.flat_map(|one| list(&one["durations"], "counts"));
    buckets.filter_map(|bucket| bucket[1].as_u64()).sum()
}

/// Whether a number lies within a range; an error says what it is.
pub(crate) fn within(
    value: &Value,
    pointer: &str,
    range: std::ops::RangeInclusive<f64>,
) -> Result<(), String> {
    let found = value.pointer(pointer).and_then(Value::as_f64);
    if found.is_some_and(|found| range.contains(&found)) {
        Ok(())
    } else {
        Err(format!("{pointer} is {found:?}, not within {range:?}"))
    }
}

/// The value of an async function body run in the page, which has the package as `sightline`.
pub(crate) async fn run(tab: &Tab, body: &str) -> Result<Value> {
    tab.evaluate(&format!(
        "(async () => {{ const sightline = await import('/sightline/index.js'); {body} }})()"
    ))
    .await
}

/// The front-end builds of a kind (`release` or `bare`), copied so that a test can change them; the
/// copies are called `release-1` and `release-2` whatever they were.
pub(crate) fn builds_copied(kind: &str) -> Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    for release in 1..=2 {
        let from = workspace().join(format!("demo-frontend/web/dist/{kind}-{release}"));
        copy(&from, &folder.path().join(format!("release-{release}")))?;
    }
    Ok(folder)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in
        std::fs::read_dir(from).with_context(|| format!("{} is missing", from.display()))?
    {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
