//! `sightline-collector slo …`: objective files checked, judged, tried on the past and turned into other
//! systems' files.

use super::ask::ask;
use super::generate::{Format, generate};
use crate::app::{Settings, read_files};
use crate::config::{Config, Source};
use crate::slo::files::{Known, ObjectiveSet, Problem, read};
use crate::slo::{
    Counts, Indicator, Means, Objective, Part, Stretch, Timeline, backtest, instant, length, lint,
    percent, sliced,
};
use crate::store;
use anyhow::{Context, bail};
use clap::Subcommand;
use jiff::Timestamp;
use serde_json::Value;
use std::path::PathBuf;

/// Work on objectives.
#[derive(Debug, Subcommand)]
pub enum SloTask {
    /// Read objective files and say everything that is wrong with them
    Validate {
        /// Files or folders; default those of the configuration
        files: Vec<PathBuf>,
    },
    /// Say what is valid but cannot do what was meant, such as alerts that can never fire
    Lint {
        /// Files or folders; default those of the configuration
        files: Vec<PathBuf>,
        /// Seconds between two reads of the collector by your Prometheus
        #[arg(long, default_value_t = 15)]
        interval: u64,
    },
    /// How the objectives stand, asked of the running collector
    Status {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Why an objective stands as it does: which events, which windows, which alerts
    Explain {
        /// Its name
        objective: String,
    },
    /// When an objective's alerts would have fired, over what is stored
    Backtest {
        /// Its name
        objective: String,
        /// Files or folders; default those of the configuration. A changed copy tries a change
        files: Vec<PathBuf>,
        /// The first instant, such as 2026-11-01T00:00:00Z; default seven days ago
        #[arg(long)]
        from: Option<Timestamp>,
        /// The last instant; default now
        #[arg(long)]
        to: Option<Timestamp>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Write the objectives for another system
    Generate {
        /// Which
        format: Format,
        /// Files or folders; default those of the configuration
        files: Vec<PathBuf>,
        /// Write files here, one objective each, instead of printing
        #[arg(long)]
        out: Option<PathBuf>,
        /// Of Prometheus rules: with the names of Sloth, so that its dashboards work
        #[arg(long)]
        sloth_names: bool,
    },
}

/// Runs a task; `source` is the configuration, where one was named.
///
/// # Errors
/// What was asked cannot be done, or something is wrong with the files.
pub async fn run_slo(task: SloTask, source: Option<&Source>) -> anyhow::Result<()> {
    let config = source.map(Source::config).transpose()?;
    match task {
        SloTask::Validate { files } => {
            let set = load(&files, config)?;
            println!("{} objectives, all in order", set.objectives.len());
            Ok(())
        }
        SloTask::Lint { files, interval } => {
            let means = means(config.as_ref(), interval);
            linted(&load(&files, config)?, &means)
        }
        SloTask::Status { json } => status(&ask(config.as_ref(), "/api/v1/slos").await?, json),
        SloTask::Explain { objective } => {
            explained(&ask(config.as_ref(), "/api/v1/slos").await?, &objective)
        }
        SloTask::Backtest {
            objective,
            files,
            from,
            to,
            json,
        } => {
            let path = config.as_ref().map(|config| config.store.path.clone());
            let path = path.context("no database: give --config or set SIGHTLINE_CONFIG")?;
            let set = load(&files, config)?;
            let now = Timestamp::now();
            let to = to.unwrap_or(now);
            let from = from.unwrap_or(to - jiff::SignedDuration::from_hours(7 * 24));
            let ms = |at: Timestamp| u64::try_from(at.as_millisecond()).unwrap_or(0);
            backtested(
                &set,
                &objective,
                &path,
                Stretch::new(ms(from), ms(to)),
                json,
            )
        }
        SloTask::Generate {
            format,
            files,
            out,
            sloth_names,
        } => generate(&load(&files, config)?, format, out.as_deref(), sloth_names),
    }
}

fn load(files: &[PathBuf], config: Option<Config>) -> anyhow::Result<ObjectiveSet> {
    let (named, known) = match config {
        Some(config) => {
            let settings = Settings::new(config)?;
            (
                settings.config.objectives.files.clone(),
                settings.known_to_objectives(),
            )
        }
        None => (Vec::new(), Known::default()),
    };
    let files = if files.is_empty() { &named } else { files };
    if files.is_empty() {
        bail!("no objective files: name some, or a configuration that has objectives.files");
    }
    let read = read_files(files).and_then(|files| read(&files, &known));
    read.map_err(|problems| anyhow::anyhow!("{}", shown(&problems)))
}

fn shown(problems: &[Problem]) -> String {
    let lines: Vec<_> = problems
        .iter()
        .map(|problem| format!("\n  - {problem}"))
        .collect();
    format!(
        "the objective files have {} problem(s):{}",
        problems.len(),
        lines.concat()
    )
}

fn means(config: Option<&Config>, interval_s: u64) -> Means {
    let days = config.map_or_else(
        || crate::config::StoreConfig::default().buckets_days,
        |config| config.store.buckets_days,
    );
    Means {
        retention_s: days * 86_400,
        scraped_retention_s: 31 * 86_400,
        interval_s,
    }
}

fn linted(set: &ObjectiveSet, means: &Means) -> anyhow::Result<()> {
    let found: Vec<_> = set
        .objectives
        .iter()
        .flat_map(|objective| lint(objective, means))
        .collect();
    for finding in &found {
        let place = &finding.place;
        println!(
            "{}:{}: {} [{}]: {}",
            place.file,
            place.line,
            finding.objective,
            finding.rule.name(),
            finding.what
        );
    }
    if !found.is_empty() {
        bail!("{} to mend", found.len());
    }
    println!("{} objectives, nothing to mend", set.objectives.len());
    Ok(())
}

fn status(answer: &Value, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{answer:#}");
        return Ok(());
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().replace('_', " ");
    let ppm = |value: &Value| percent(value.as_u64().and_then(|ppm| u32::try_from(ppm).ok()));
    println!(
        "{:<28} {:<13} {:<12} {:>9} {:>9} {:>12}  servers",
        "objective", "role", "state", "target", "sli", "budget left"
    );
    for objective in answer["objectives"].as_array().into_iter().flatten() {
        let left = objective["budget"]["remaining_ppm"].as_i64();
        let left = match left {
            None => "no data".to_owned(),
            Some(left) if left < 0 => "overspent".to_owned(),
            Some(left) => format!("{}%", left / 10_000),
        };
        let twin = match &objective["twin"] {
            Value::Null => String::new(),
            twin => format!("{} {}", text(&twin["state"]), ppm(&twin["sli_ppm"])),
        };
        println!(
            "{:<28} {:<13} {:<12} {:>9} {:>9} {:>12}  {twin}",
            objective["name"].as_str().unwrap_or_default(),
            text(&objective["role"]),
            text(&objective["state"]),
            ppm(&objective["target_ppm"]),
            ppm(&objective["sli_ppm"]),
            left,
        );
    }
    let problems = answer["refused"]["problems"].as_array();
    for problem in problems.into_iter().flatten() {
        println!("refused: {problem}");
    }
    Ok(())
}

fn explained(answer: &Value, name: &str) -> anyhow::Result<()> {
    let all = answer["objectives"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let found = all.iter().find(|objective| objective["name"] == name);
    let Some(objective) = found else {
        let names: Vec<_> = all
            .iter()
            .filter_map(|objective| objective["name"].as_str())
            .collect();
        bail!(
            "there is no objective {name:?}; there are: {}",
            names.join(", ")
        );
    };
    for line in objective["words"].as_array().into_iter().flatten() {
        println!("{}", line.as_str().unwrap_or_default());
    }
    if let Some(why) = objective["no_data"].as_str() {
        println!("No data: {why}.");
    }
    Ok(())
}

fn backtested(
    set: &ObjectiveSet,
    name: &str,
    database: &std::path::Path,
    stretch: Stretch,
    json: bool,
) -> anyhow::Result<()> {
    let found = set
        .objectives
        .iter()
        .find(|objective| objective.name == name);
    let objective = found.with_context(|| format!("there is no objective {name:?}"))?;
    let history = history(objective, database, stretch)?;
    let found = backtest(objective, &history, &set.exclusions, stretch);
    if json {
        println!("{}", serde_json::to_string(&found)?);
        return Ok(());
    }
    println!(
        "{} from {} to {}",
        objective.title,
        instant(stretch.from_ms),
        instant(stretch.to_ms)
    );
    for firing in &found.firings {
        let (from, lasted) = (
            instant(firing.stretch.from_ms),
            length(firing.stretch.ms() / 1000),
        );
        println!(
            "{from}  {} at {}, for {lasted}",
            firing.alert.severity.word(),
            firing.alert.words()
        );
    }
    if found.firings.is_empty() {
        println!("no alert would have fired");
    }
    let states = found.minutes.iter().filter(|(_, minutes)| **minutes > 0);
    let states: Vec<_> = states
        .map(|(state, minutes)| format!("{state} {}", length(minutes * 60)))
        .collect();
    println!("{}", states.join(", "));
    Ok(())
}

/// By the minute, and a window further back than is judged.
fn history(
    objective: &Objective,
    database: &std::path::Path,
    stretch: Stretch,
) -> anyhow::Result<Timeline> {
    let Indicator::Events(indicator) = &objective.indicator else {
        bail!("only objectives on the browsers' events have a history by the minute");
    };
    let window = store::Window {
        from_ms: stretch.from_ms.saturating_sub(objective.window_s() * 1000),
        to_ms: stretch.to_ms,
    };
    let found = store::minutes(database, window, |series| indicator.judge(series).is_some())?;
    let minutes = found.iter().flat_map(|of| {
        let part = indicator.judge(&of.series);
        of.minutes.iter().map(move |(minute, count)| {
            let counts = match part {
                Some(Part::Good) => Counts::new(*count, 0),
                Some(Part::Bad) => Counts::new(0, *count),
                None => Counts::default(),
            };
            (*minute, counts)
        })
    });
    let timeline = Timeline::new(minutes);
    Ok(match objective.budgeting {
        crate::slo::Budgeting::Occurrences => timeline,
        crate::slo::Budgeting::Timeslices { minutes, slicing } => {
            sliced(&timeline, minutes, slicing)
        }
    })
}
