//! How soon the detector finds what, how often it is wrong: simulated traffic and incidents through the
//! collector's own code. Run by `cargo xtask bench detector`.

mod incident;
mod random;
mod traffic;
mod visit;

use anyhow::{Context, Result, bail};
use clap::Parser;
use incident::Incident;
use serde_json::{Value, json};
use std::path::PathBuf;
use traffic::{DAY_MS, HOUR_MS, Weather, World, is_day};

/// Failing sessions after which the cause is asked for.
const ASKED_AT: u64 = 40;
/// An incident that is not found by then is not found.
const GIVE_UP_MS: u64 = 3 * HOUR_MS;

#[derive(Parser)]
struct Options {
    /// Write the figures there as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// Months of each kind of traffic
    #[arg(long, default_value_t = 3)]
    months: u64,
    /// One month, a tenth of the incidents
    #[arg(long)]
    quick: bool,
    /// Only kinds whose name contains this
    #[arg(long)]
    only: Option<String>,
    /// Print each finding
    #[arg(long)]
    verbose: bool,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// What is simulated, under the name it has in the figures.
enum Kind {
    Traffic(Weather),
    Incident(Incident, f64, Option<Restart>),
}

#[derive(Clone, Copy)]
struct Restart {
    after_ms: u64,
}

const KINDS: [(&str, Kind); 18] = [
    ("steady", Kind::Traffic(Weather::Steady)),
    ("drifting", Kind::Traffic(Weather::Drifting)),
    ("disturbed", Kind::Traffic(Weather::Disturbed)),
    ("deploying", Kind::Traffic(Weather::Deploying)),
    ("blocking", Kind::Traffic(Weather::Blocking)),
    ("backlog_replayed", Kind::Traffic(Weather::Backlog)),
    ("restarting", Kind::Traffic(Weather::Restarting)),
    (
        "challenge7_mixed_10",
        Kind::Incident(Incident::MixedReleases, 10.0, None),
    ),
    (
        "challenge7_mixed_20",
        Kind::Incident(Incident::MixedReleases, 20.0, None),
    ),
    (
        "challenge7_sticky_10",
        Kind::Incident(Incident::StickyReleases, 10.0, None),
    ),
    (
        "challenge7_sticky_20",
        Kind::Incident(Incident::StickyReleases, 20.0, None),
    ),
    (
        "collector_restart",
        Kind::Incident(
            Incident::MixedReleases,
            10.0,
            Some(Restart { after_ms: 20_000 }),
        ),
    ),
    (
        "release_for_all",
        Kind::Incident(Incident::ReleaseForAll, 10.0, None),
    ),
    (
        "one_browser",
        Kind::Incident(Incident::OneBrowser, 10.0, None),
    ),
    (
        "one_country",
        Kind::Incident(Incident::OneCountry, 10.0, None),
    ),
    ("one_route", Kind::Incident(Incident::OneRoute, 10.0, None)),
    ("one_pod", Kind::Incident(Incident::OnePod, 10.0, None)),
    (
        "backend_down",
        Kind::Incident(Incident::BackendDown, 10.0, None),
    ),
];

fn main() -> Result<()> {
    let options = Options::parse();
    let (months, trials) = if options.quick {
        (1, 40)
    } else {
        (options.months, 400)
    };
    let mut figures = serde_json::Map::new();
    println!(
        "{:<22} {:>12} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "kind", "false/month", "p50 s", "p95 s", "right", "wrong", "none"
    );
    for (name, kind) in &KINDS {
        if options
            .only
            .as_ref()
            .is_some_and(|only| !name.contains(only.as_str()))
        {
            continue;
        }
        let row = match kind {
            Kind::Traffic(weather) => traffic(*weather, months, options.verbose),
            Kind::Incident(incident, by_day, restart) => {
                trials_of(*incident, *by_day, *restart, trials, options.verbose)
            }
        };
        println!(
            "{name:<22} {:>12} {:>8} {:>8} {:>8} {:>8} {:>8}",
            text(&row["false_per_month"]),
            text(&row["p50_s"]),
            text(&row["p95_s"]),
            text(&row["cause_right"]),
            text(&row["cause_wrong"]),
            text(&row["cause_none"])
        );
        figures.insert((*name).to_owned(), row);
    }
    if let Some(file) = &options.json {
        let written = serde_json::to_string_pretty(&figures)?;
        std::fs::write(file, written)
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    check(&figures)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        value => value.to_string(),
    }
}

/// Months without an incident: every finding is false.
fn traffic(weather: Weather, months: u64, verbose: bool) -> Value {
    let mut found = 0u64;
    for month in 0..months {
        let mut world = World::new(weather, 10.0, month + 1);
        let mut last = None;
        // The first day is spent learning what is usual, as after an installation.
        while world.step() < 31 * DAY_MS {
            let number = world.detector.found_ms();
            if number.is_some() && number != last {
                found += 1;
                if verbose && let Some(finding) = world.detector.finding() {
                    println!(
                        "  day {:.2}: {:?} {}",
                        world.now_ms as f64 / DAY_MS as f64,
                        finding.test,
                        finding.sentence
                    );
                }
            }
            last = number.or(last);
        }
    }
    json!({
        "false_per_month": rounded(found as f64 / months as f64),
        "p50_s": null, "p95_s": null,
        "cause_right": null, "cause_wrong": null, "cause_none": null,
    })
}

/// Incidents at some time of the day after a day and more of steady traffic.
fn trials_of(
    incident: Incident,
    by_day: f64,
    restart: Option<Restart>,
    trials: u64,
    verbose: bool,
) -> Value {
    let mut delays = Vec::new();
    let (mut right, mut wrong, mut none) = (0u64, 0u64, 0u64);
    let mut worlds: Vec<World> = (0..8)
        .map(|seed| {
            let mut world = World::new(Weather::Steady, by_day, 1000 + seed);
            if restart.is_some() {
                world.keep_rows();
            }
            while world.step() < DAY_MS + 8 * HOUR_MS {}
            world
        })
        .collect();
    for trial in 0..trials {
        // One world after the other lives on for some minutes, then the fault strikes its copy.
        let at = usize::try_from(trial % 8).unwrap_or(0);
        let aside = &mut worlds[at];
        let until = aside.now_ms + 11 * 60_000 + trial * 97;
        while aside.step() < until || !is_day(aside.now_ms) || !is_day(aside.now_ms + GIVE_UP_MS) {}
        let mut world = aside.clone();
        if world.detector.is_open() {
            continue;
        }
        world.reseed(trial * 7919 + 13);
        world.strike(incident);
        let struck_ms = world.now_ms;
        let mut restart_ms = restart.map(|restart| struck_ms + restart.after_ms);
        let mut delay = None;
        while world.now_ms < struck_ms + GIVE_UP_MS {
            world.step();
            if restart_ms.is_some_and(|at_ms| world.now_ms >= at_ms) {
                world.restart();
                restart_ms = None;
            }
            if delay.is_none() && world.detector.is_open() {
                delay = Some(world.now_ms - struck_ms);
                if verbose
                    && trial < 5
                    && let Some(finding) = world.detector.finding()
                {
                    println!("  {:?} {}", finding.test, finding.sentence);
                }
            }
            if delay.is_some() && world.failed_sessions() >= ASKED_AT {
                break;
            }
        }
        delays.push(delay.unwrap_or(u64::MAX));
        let finding = world.detector.finding();
        let named = finding
            .as_ref()
            .and_then(|finding| finding.causes.first())
            .filter(|cause| cause.named);
        let values = named.map(|cause| cause.values.as_slice());
        match values {
            None => none += 1,
            Some(_) if incident.is_right(values) => right += 1,
            Some(_) => wrong += 1,
        }
        if verbose && trial < 5 || verbose && values.is_some() && !incident.is_right(values) {
            println!(
                "  {} s: {}",
                delays[delays.len() - 1] / 1000,
                finding.map_or(String::new(), |f| f.sentence)
            );
        }
    }
    let of_all = |count: u64| rounded(count as f64 / delays.len() as f64);
    let (right, wrong, none) = (of_all(right), of_all(wrong), of_all(none));
    delays.sort_unstable();
    let at = |share: f64| {
        let index = ((delays.len() as f64 * share).ceil() as usize).clamp(1, delays.len()) - 1;
        match delays[index] {
            u64::MAX => Value::Null,
            ms => json!(rounded(ms as f64 / 1000.0)),
        }
    };
    json!({
        "false_per_month": null,
        "p50_s": at(0.5), "p95_s": at(0.95),
        "cause_right": right, "cause_wrong": wrong, "cause_none": none,
    })
}

fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// What is to be reached.
fn check(figures: &serde_json::Map<String, Value>) -> Result<()> {
    let bars: [(&str, &str, f64, f64); 13] = [
        ("steady", "false_per_month", 0.0, 1.0),
        ("drifting", "false_per_month", 0.0, 1.0),
        ("disturbed", "false_per_month", 0.0, 2.0),
        ("deploying", "false_per_month", 0.0, 1.0),
        ("blocking", "false_per_month", 0.0, 2.0),
        ("backlog_replayed", "false_per_month", 0.0, 1.0),
        ("restarting", "false_per_month", 0.0, 1.0),
        ("challenge7_mixed_10", "p50_s", 0.0, 40.0),
        ("challenge7_mixed_10", "p95_s", 0.0, 75.0),
        ("challenge7_mixed_20", "p95_s", 0.0, 60.0),
        ("challenge7_mixed_10", "cause_right", 0.95, 1.0),
        ("challenge7_mixed_10", "cause_wrong", 0.0, 0.01),
        ("backend_down", "cause_none", 0.95, 1.0),
    ];
    let mut missed = Vec::new();
    for (name, field, least, most) in bars {
        let Some(row) = figures.get(name) else {
            continue;
        };
        let reached = row[field]
            .as_f64()
            .is_some_and(|value| (least..=most).contains(&value));
        if !reached {
            missed.push(format!(
                "{name}.{field} is {}, wanted {least} to {most}",
                text(&row[field])
            ));
        }
    }
    if !missed.is_empty() {
        bail!("not reached:\n  {}", missed.join("\n  "));
    }
    Ok(())
}
