//! What is generated from objectives: rules that promtool accepts and whose own tests pass, OpenSLO that
//! reads back as what was written, bodies as Google's API takes them.

use crate::movie_guru::set;
use collector::slo::files::{File, Known, ObjectiveSet, read};
use collector::slo::generate::{Naming, gcp, openslo, prometheus, promtool_tests};
use collector::slo::{Objective, Place};
use std::path::Path;
use std::process::Command;

/// Debian's package `prometheus` has it.
fn promtool(folder: &Path, arguments: &[String]) -> (bool, String) {
    let ran = Command::new("promtool")
        .args(arguments)
        .current_dir(folder)
        .output();
    let output = ran.expect("promtool cannot be run; install Debian's package prometheus");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

/// Rules and tests of each objective in files of their own, so that a test evaluates no rules but its own.
fn written(set: &ObjectiveSet, naming: Naming) -> (tempfile::TempDir, Vec<String>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    let (mut rules, mut tests) = (Vec::new(), Vec::new());
    for objective in &set.objectives {
        let alone = std::slice::from_ref(objective);
        let rules_file = format!("{}.rules.yaml", objective.name);
        write(&rules_file, prometheus(alone, naming));
        let tests_file = format!("{}.tests.yaml", objective.name);
        write(&tests_file, promtool_tests(alone, naming, &rules_file));
        rules.push(rules_file);
        if !objective.alerts.is_empty() {
            tests.push(tests_file);
        }
    }
    (folder, rules, tests)
}

fn with(command: &str, files: &[String]) -> Vec<String> {
    let command = [command, "rules"].map(str::to_owned);
    command.into_iter().chain(files.iter().cloned()).collect()
}

#[test]
fn generated_rules_are_accepted_and_their_own_tests_pass() {
    let (folder, rules, tests) = written(&set(), Naming::Own);
    let (accepted, said) = promtool(folder.path(), &with("check", &rules));
    assert!(accepted, "{said}");
    let (passed, said) = promtool(folder.path(), &with("test", &tests));
    assert!(passed, "{said}");
}

#[test]
fn rules_with_the_names_of_sloth_are_accepted_and_fire_too() {
    let (folder, rules, _) = written(&set(), Naming::Sloth);
    let (accepted, said) = promtool(folder.path(), &with("check", &rules));
    assert!(accepted, "{said}");
    let (passed, said) = promtool(
        folder.path(),
        &with("test", &["chat-5s.tests.yaml".to_owned()]),
    );
    assert!(passed, "{said}");
}

#[test]
fn the_generated_tests_fail_when_a_rule_is_wrong() {
    let (folder, ..) = written(&set(), Naming::Own);
    let rules = folder.path().join("chat-5s.rules.yaml");
    let text = std::fs::read_to_string(&rules).unwrap();
    // Ten times the threshold of the 2× ticket at 99%: it no longer fires when it ought to.
    let wrong = text.replace("> 0.02)", "> 0.2)");
    assert_ne!(text, wrong);
    std::fs::write(&rules, wrong).unwrap();
    let (passed, said) = promtool(
        folder.path(),
        &with("test", &["chat-5s.tests.yaml".to_owned()]),
    );
    assert!(!passed && said.contains("FAILED"), "{said}");
}

#[test]
fn names_of_sloth_are_those_its_dashboards_ask_for() {
    let rules = prometheus(&set().objectives, Naming::Sloth);
    for name in [
        "slo:sli_error:ratio_rate5m",
        "slo:sli_error:ratio_rate7d",
        "slo:objective:ratio",
        "slo:error_budget:ratio",
        "slo:time_period:days",
        "slo:current_burn_rate:ratio",
        "slo:period_burn_rate:ratio",
        "slo:period_error_budget_remaining:ratio",
        "sloth_slo_info",
    ] {
        assert!(rules.contains(&format!("record: {name}\n")), "{name}");
    }
    assert!(rules.contains("sloth_id: \"movie-guru-access\""));
}

/// Where it stands is another file's matter, and what cannot fire is not written.
fn placeless(objective: &Objective) -> Objective {
    Objective {
        place: Place::default(),
        unreachable: Vec::new(),
        ..objective.clone()
    }
}

#[test]
fn openslo_written_is_openslo_read() {
    let slices = File {
        name: "slices.yaml".into(),
        text: SLICES.into(),
    };
    for set in [set(), read(&[slices], &Known::default()).unwrap()] {
        let file = File {
            name: "again.yaml".into(),
            text: openslo(&set),
        };
        let again =
            read(&[file], &Known::default()).unwrap_or_else(|problems| panic!("{problems:#?}"));
        assert_eq!(again.services, set.services);
        for (again, first) in again.objectives.iter().zip(&set.objectives) {
            assert_eq!(placeless(again), placeless(first));
        }
        assert_eq!(again.objectives.len(), set.objectives.len());
    }
}

const SLICES: &str = r"
apiVersion: openslo/v1
kind: DataSource
metadata: {name: prom}
spec: {type: prometheus, connectionDetails: {url: 'http://127.0.0.1:9090'}}
---
apiVersion: openslo/v1
kind: AlertNotificationTarget
metadata: {name: on-call}
spec: {target: email}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: slices, labels: {team: [a, b]}}
spec:
  service: shop
  indicator:
    metadata: {name: slices}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {metricSourceRef: prom, spec: {query: 'sum(rate(errors_total[{{.window}}]))'}}}
        total: {metricSource: {metricSourceRef: prom, spec: {query: 'sum(rate(requests_total[{{.window}}]))'}}}
  timeWindow: [{duration: 1M, calendar: {startTime: 2026-01-01 00:00:00, timeZone: Europe/Berlin}}]
  budgetingMethod: Timeslices
  objectives: [{target: 0.99, timeSliceTarget: 0.95, timeSliceWindow: 5m}]
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: weighed}
spec:
  service: shop
  indicator:
    metadata: {name: weighed}
    spec: {ratioMetric: {rawType: failure, raw: {metricSource: {type: Prometheus, spec: {query: 'avg_over_time(down[{{.window}}])'}}}}}
  timeWindow: [{duration: 4w, isRolling: true}]
  budgetingMethod: RatioTimeslices
  objectives: [{targetPercent: 99.5, timeSliceWindow: 10}]
";

#[test]
fn slices_and_raw_ratios_make_rules_too() {
    let file = File {
        name: "slices.yaml".into(),
        text: SLICES.into(),
    };
    let set = read(&[file], &Known::default()).unwrap();
    let (folder, rules, _) = written(&set, Naming::Own);
    let (accepted, said) = promtool(folder.path(), &with("check", &rules));
    assert!(accepted, "{said}");
}

#[test]
fn google_gets_bodies_as_its_api_takes_them_and_a_reason_where_it_cannot() {
    let set = set();
    let body = |name: &str| {
        gcp(set
            .objectives
            .iter()
            .find(|objective| objective.name == name)
            .unwrap())
    };
    let chat = body("chat-servers").unwrap();
    assert_eq!(chat["goal"], 0.9);
    assert_eq!(chat["rollingPeriod"], "86400s");
    let ratio = &chat["serviceLevelIndicator"]["requestBased"]["goodTotalRatio"];
    assert_eq!(
        ratio["goodServiceFilter"],
        "metric.type=\"prometheus.googleapis.com/movieguru_chat_calls_success_total/counter\" resource.type=\"prometheus_target\""
    );
    let latency = body("chat-5s-servers").unwrap();
    let cut = &latency["serviceLevelIndicator"]["requestBased"]["distributionCut"];
    assert_eq!(cut["range"]["max"], 5000.0);
    assert!(
        cut["distributionFilter"]
            .as_str()
            .unwrap()
            .contains("movieguru_chat_latency_milliseconds/histogram")
    );
    assert_eq!(
        body("engagement").unwrap_err(),
        "Google takes one metric for the good and one for all"
    );
    assert_eq!(
        body("access-servers").unwrap_err(),
        "Google cannot multiply two ratios"
    );
}
