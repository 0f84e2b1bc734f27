//! The command line for objectives, as a process of its own.

use crate::harness::{Collector, NOON, beacon, chat, view};
use beacon::JourneyOutcome;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const FILE: &str = "apiVersion: openslo/v1
kind: SLO
metadata: {name: chat, displayName: Chat answers}
spec:
  service: shop
  indicator:
    metadata: {name: chat}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: sightline, spec: {app: shop, journey: chat, class: good}}}
        total: {metricSource: {type: sightline, spec: {app: shop, journey: chat}}}
  timeWindow: [{duration: 1d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.9}]
";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_sightline-collector");
    Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    let all = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8(all).unwrap()
}

#[test]
fn the_demos_objectives_are_in_order_and_have_nothing_to_mend() {
    let config = ["--config", "collector/examples/movie-guru.toml", "slo"];
    for task in ["validate", "lint"] {
        let output = run(&root(), &[&config[..], &[task]].concat());
        assert!(output.status.success(), "{}", said(&output));
    }
}

#[test]
fn a_broken_file_fails_with_every_problem_and_an_alert_that_can_never_fire_with_its_rule() {
    let folder = tempfile::tempdir().unwrap();
    let write = |text: String| std::fs::write(folder.path().join("chat.yaml"), text).unwrap();
    write(FILE.replace("0.9}", "90}").replace("1d", "1M"));
    let broken = run(folder.path(), &["slo", "validate", "chat.yaml"]);
    assert_eq!(broken.status.code(), Some(1));
    let text = said(&broken);
    for due in [
        "the objective files have 2 problem(s)",
        "chat.yaml:13: document 1, spec.timeWindow[0].duration: 1M is not always equally long; write days or weeks",
        "chat.yaml:15: document 1, spec.objectives[0].target: 90 is more than all",
    ] {
        assert!(text.contains(due), "{due}: {text}");
    }
    write(format!(
        "{FILE}  alertPolicies:
    - metadata: {{name: fast}}
      spec:
        conditions:
          - metadata: {{name: fast}}
            spec: {{severity: page, condition: {{op: gt, threshold: 10, lookbackWindow: 5m}}}}
"
    ));
    let mute = run(folder.path(), &["slo", "lint", "chat.yaml"]);
    assert_eq!(mute.status.code(), Some(1));
    assert!(said(&mute).contains("[out-of-reach]"), "{}", said(&mute));
}

#[test]
fn files_for_other_systems_are_written_one_objective_each() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("chat.yaml"), FILE).unwrap();
    for (format, file) in [
        ("prometheus", "chat.rules.yaml"),
        ("gcp", "chat.json"),
        ("openslo", "objectives.yaml"),
    ] {
        let output = run(
            folder.path(),
            &["slo", "generate", format, "--out", "made", "chat.yaml"],
        );
        assert!(output.status.success(), "{}", said(&output));
        assert!(folder.path().join("made").join(file).is_file(), "{file}");
    }
    let sloth = run(
        folder.path(),
        &[
            "slo",
            "generate",
            "prometheus",
            "--sloth-names",
            "chat.yaml",
        ],
    );
    assert!(
        said(&sloth).contains("slo:sli_error:ratio_rate5m"),
        "{}",
        said(&sloth)
    );
}

#[tokio::test]
async fn the_running_collector_is_asked_and_the_stored_past_is_tried() {
    let collector = Collector::start().await;
    let folder = tempfile::tempdir().unwrap();
    let objectives = folder.path().join("chat.yaml");
    std::fs::write(&objectives, FILE).unwrap();
    for number in 1..=40 {
        let outcome = if number % 2 == 0 {
            JourneyOutcome::Success
        } else {
            JourneyOutcome::Failed
        };
        collector
            .send(&beacon(view(number), 0, vec![chat(2, outcome, 100)]))
            .await;
    }
    let config = format!(
        "[listen]\nprivate = \"{}\"\n[store]\npath = {:?}\n[objectives]\nfiles = [{objectives:?}]\n[[apps]]\nname = \"shop\"\nkeys = [\"shop-web\"]\norigins = [\"http://shop.test\"]\n[[apps.journeys]]\nname = \"chat\"\nthreshold_ms = 5000\n",
        collector.private.trim_start_matches("http://"),
        collector.database(),
    );
    std::fs::write(folder.path().join("c.toml"), config).unwrap();
    let slo = |arguments: &[&str]| {
        let folder = folder.path().to_owned();
        let all: Vec<String> = ["--config", "c.toml", "slo"]
            .iter()
            .chain(arguments)
            .map(|of| (*of).to_owned())
            .collect();
        tokio::task::spawn_blocking(move || {
            let all: Vec<_> = all.iter().map(String::as_str).collect();
            let output = run(&folder, &all);
            assert!(output.status.success(), "{}", said(&output));
            said(&output)
        })
    };
    assert!(slo(&["status"]).await.unwrap().contains("budget left"));
    let until = jiff::Timestamp::from_millisecond((NOON + 600_000).cast_signed())
        .unwrap()
        .to_string();
    let since = jiff::Timestamp::from_millisecond((NOON - 600_000).cast_signed())
        .unwrap()
        .to_string();
    let found = slo(&["backtest", "chat", "--from", &since, "--to", &until])
        .await
        .unwrap();
    // 20 of 40 fail within a minute: five times what 90% allows, from the minute after on.
    assert!(
        found.contains("ticket at 2× over 1 h and 5 min, for 4 min"),
        "{found}"
    );
    assert!(found.contains("2027-01-15T08:01:00Z"), "{found}");
    collector.stop().await;
}
