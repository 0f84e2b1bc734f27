//! Visitors: real browsers that use the demo again and again, beside a ground truth of what they met.
//! Prints a live line per journey, and at the end the report; exit 0 only if the run itself worked.

mod crowd;
mod options;

use anyhow::{Context, Result, bail};
use clap::Parser;
use crowd::Crowd;
use options::Options;
use serde_json::Value;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tests::api::{Collector, Demo, now_ms};
use tests::compare::{compare, settle};
use tests::report::{JOURNEYS, Run, Tally, finding, live_lines, report};
use tests::stage::{APP, VIEW_LABEL};
use tests::truth::Rules;
use tokio::task::LocalSet;

const SETTLED_WITHIN: Duration = Duration::from_secs(20);

// One thread is plenty for waiting; the cores belong to the browsers.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match LocalSet::new().run_until(run(Options::parse())).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("visitors: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<()> {
    let demo = Demo::at(&options.admin);
    let collector = Collector::at(&options.collector_private, APP);
    let rules = Rules::movie_guru(VIEW_LABEL);
    let mark = demo.mark().await.context("the demo does not answer")?;
    // The collector knows the servers' figures in steps of 5 s: a window that begins within one would
    // leave out the first documents served.
    let from_ms = now_ms() / 5_000 * 5_000;
    let crowd = Arc::new(Crowd::new(&options, &rules, from_ms));
    let mut strolling = Arc::clone(&crowd).start().await?;
    let mut seen = Seen::default();
    let interrupted = tokio::select! {
        error = watch(&demo, &collector, from_ms, &crowd, &mut seen, options.every) => {
            return Err(error);
        }
        interrupted = end_of_run(&options) => interrupted,
        ended = &mut strolling, if options.visitors > 0 => {
            ended.context("a visitor's task broke")?;
            false
        }
    };
    if interrupted && options.report.is_none() {
        return Ok(());
    }
    println!("no new visits; waiting for those under way to end");
    crowd.stop();
    if !strolling.is_finished() {
        strolling.await.context("a visitor's task broke")?;
    }

    let (records, mut trouble) = crowd.take_records();
    let (pods, backend) = demo.logs_since(mark).await?;
    let verdict = settle(&records, &pods, &backend, &rules);
    // Killed browsers deliver what they deliver: there the difference is the finding.
    let within = if options.kill_browsers {
        Duration::from_secs(5)
    } else {
        SETTLED_WITHIN
    };
    let mut mismatches = compare(&verdict.settled, &collector, from_ms, within).await?;
    let tally = Tally::of(verdict.settled.iter().map(|settled| &settled.page));
    let slis = collector.slis(from_ms, "").await?;
    mismatches.extend(total_mismatches(&tally, &slis));
    trouble.extend(verdict.contradictions);
    if !options.kill_browsers {
        trouble.extend(
            verdict
                .undecided
                .iter()
                .map(|line| format!("undecided: {line}")),
        );
    }
    let run = Run {
        finding: seen.report(&collector).await?,
        scenarios: seen.scenarios,
        visits: u64::try_from(records.len()).unwrap_or(u64::MAX),
        seed: options.seed,
        mismatches,
        undecided: u64::try_from(verdict.undecided.len()).unwrap_or(u64::MAX),
        trouble,
    };
    let report = report(&run, &tally, &slis);
    conclude(&run, &report);
    if let Some(file) = &options.report {
        let text = serde_json::to_string_pretty(&report)? + "\n";
        std::fs::write(file, text).with_context(|| format!("writing {}", file.display()))?;
    }
    if !run.trouble.is_empty() {
        bail!(
            "the run itself did not work: {} problem(s), listed above",
            run.trouble.len()
        );
    }
    Ok(())
}

/// How often the collector is asked what it has found.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What was seen while the visitors came.
#[derive(Default)]
struct Seen {
    /// In their order, each once per switch.
    scenarios: Vec<String>,
    /// The finding told last: its number, and when its fault was switched on.
    finding: Option<(u64, u64)>,
    /// Whether its cause has been told.
    named: bool,
}

impl Seen {
    fn look(&mut self, scenario: String, fault_ms: u64, findings: &Value) {
        if self.scenarios.last() != Some(&scenario) {
            self.scenarios.push(scenario);
        }
        let open = &findings["open"];
        let Some(found_ms) = open["found_ms"].as_u64() else {
            return;
        };
        let named = open["causes"][0]["named"] == true;
        let seconds = |ms: u64| ms.saturating_sub(fault_ms) as f64 / 1000.0;
        if self.finding.is_none_or(|(known, _)| known != found_ms) {
            self.finding = Some((found_ms, fault_ms));
            let after = seconds(found_ms);
            println!("\nFOUND {after:.0} s after the fault was switched on:");
        } else if named && !self.named {
            let after = seconds(now_ms());
            println!("\nNAMED {after:.0} s after the fault was switched on:");
        } else {
            return;
        }
        self.named = named;
        println!("  {}\n", open["sentence"].as_str().unwrap_or_default());
    }

    /// The same finding as it stands now, open or past.
    async fn report(&self, collector: &Collector) -> Result<Option<Value>> {
        let Some((found_ms, fault_ms)) = self.finding else {
            return Ok(None);
        };
        let findings = collector.findings().await?;
        let past = findings["past"].as_array().into_iter().flatten();
        let mut all = past.chain([&findings["open"]]);
        let same = all.find(|found| found["found_ms"] == found_ms);
        Ok(same.map(|found| finding(found, fault_ms)))
    }
}

/// Prints the live lines until the programs under test stop answering.
async fn watch(
    demo: &Demo,
    collector: &Collector,
    from_ms: u64,
    crowd: &Crowd,
    seen: &mut Seen,
    every: Duration,
) -> anyhow::Error {
    let mut failures = 0;
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut told: Option<tokio::time::Instant> = None;
    loop {
        ticks.tick().await;
        let is_time = told.is_none_or(|told| told.elapsed() >= every);
        let look = async {
            let (scenario, since_ms) = demo.scenario_since().await?;
            seen.look(
                scenario,
                since_ms.max(from_ms),
                &collector.findings().await?,
            );
            if !is_time {
                return Ok(None);
            }
            Ok(Some(collector.slis(from_ms, "").await?))
        };
        match look.await {
            Ok(slis) => {
                failures = 0;
                let scenario = seen.scenarios.last().map_or("", String::as_str);
                if let Some(slis) = slis {
                    told = Some(tokio::time::Instant::now());
                    for line in live_lines(&slis, scenario, crowd.visits()) {
                        println!("{line}");
                    }
                }
            }
            Err(error) if failures < 20 => {
                failures += 1;
                println!("no figures: {error:#}");
            }
            Err(error) => return error,
        }
    }
}

/// Waits for the end of the run; answers whether somebody asked for it.
async fn end_of_run(options: &Options) -> bool {
    let time_is_up = async {
        match options.run_for {
            Some(time) => tokio::time::sleep(time).await,
            None => std::future::pending().await,
        }
    };
    let stdin_closes = async {
        if !options.stop_with_stdin {
            std::future::pending::<()>().await;
        }
        // A thread of its own: tokio's standard input would hold the runtime back at its end.
        let (closed, told) = tokio::sync::oneshot::channel::<()>();
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
            drop(closed);
        });
        let _ = told.await;
    };
    tokio::select! {
        () = time_is_up => false,
        () = stdin_closes => true,
        () = asked_to_stop() => true,
    }
}

#[cfg(unix)]
async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    match (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) {
        (Ok(mut interrupt), Ok(mut terminate)) => {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        }
        _ => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn asked_to_stop() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// The sums must agree as the single views do: a bucket counted twice shows only here.
fn total_mismatches(tally: &Tally, slis: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for name in JOURNEYS {
        let truth = tally.journeys.get(name).copied().unwrap_or_default();
        let client = &slis["journeys"][name]["client"];
        let figure = |field: &str| client[field].as_u64().unwrap_or(0);
        if (figure("good"), figure("total")) != truth {
            lines.push(format!(
                "{name}: the collector sums {} of {}, truth {} of {}",
                figure("good"),
                figure("total"),
                truth.0,
                truth.1
            ));
        }
    }
    let total: u64 = tally.pages.values().sum();
    let outcomes = slis["pages"]["outcomes"].as_object();
    let reported: u64 = outcomes
        .into_iter()
        .flat_map(|map| map.values())
        .filter_map(Value::as_u64)
        .sum();
    if reported != total {
        lines.push(format!(
            "the collector sums {reported} page loads, truth {total}"
        ));
    }
    lines
}

fn conclude(run: &Run, report: &Value) {
    println!();
    println!("{} visits; pages (collector | truth):", run.visits);
    for outcome in ["ready", "blank", "broken", "incomplete", "abandoned"] {
        let pages = &report["pages"];
        println!(
            "  {outcome:<12} {:>5} | {}",
            pages["client"][outcome], pages["ground_truth"][outcome]
        );
    }
    println!("journeys, good of all (collector | truth | server):");
    for name in JOURNEYS {
        let side = |side: &str| {
            let figures = &report["journeys"][name][side];
            format!("{} of {}", figures["good"], figures["total"])
        };
        println!(
            "  {name:<19} {} | {} | {}",
            side("client"),
            side("ground_truth"),
            side("server")
        );
    }
    println!("coverage: {}", report["coverage"]);
    if let Some(found) = &run.finding {
        println!("found after {} s: {}", found["after_s"], found["sentence"]);
    }
    println!(
        "{} mismatches between truth and collector",
        run.mismatches.len()
    );
    for line in &run.mismatches {
        println!("  {line}");
    }
    for line in &run.trouble {
        println!("trouble: {line}");
    }
}
