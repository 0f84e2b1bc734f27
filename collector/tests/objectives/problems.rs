//! What is wrong with a file is told all at once, each with file, document, field and what would be right.

use collector::slo::files::{File, Known, KnownApp, Problem, read};

const GOOD: &str = "apiVersion: openslo/v1
kind: SLO
metadata:
  name: orders
spec:
  service: shop
  indicator:
    metadata: {name: orders}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: sightline, spec: {app: shop, journey: order, class: good}}}
        total: {metricSource: {type: sightline, spec: {app: shop, journey: order}}}
  timeWindow:
    - {duration: 28d, isRolling: true}
  budgetingMethod: Occurrences
  objectives:
    - target: 0.999
";

fn known() -> Known {
    let journeys = vec!["order".to_owned()];
    Known {
        checked: true,
        apps: [("shop".to_owned(), KnownApp { journeys })].into(),
        targets: ["backend".to_owned()].into(),
    }
}

fn problems(text: &str) -> Vec<Problem> {
    let file = File {
        name: "shop.yaml".into(),
        text: text.into(),
    };
    read(&[file], &known()).err().unwrap_or_default()
}

/// The one problem that a change of the good file makes, as shown.
fn after(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    let found = problems(&GOOD.replacen(from, to, 1));
    let shown: Vec<_> = found.iter().map(ToString::to_string).collect();
    shown.join("\n")
}

#[test]
fn a_good_file_has_no_problem() {
    assert_eq!(problems(GOOD), []);
}

#[test]
fn every_problem_of_every_file_is_told_at_once_with_its_place() {
    let text = format!(
        "{}---\n{}",
        GOOD.replace("0.999", "1.5").replace("28d", "1M"),
        GOOD.replace("openslo/v1", "openslo/v9"),
    );
    let found = problems(&text);
    let places: Vec<_> = found
        .iter()
        .map(|of| (of.document, of.line, of.field.as_str()))
        .collect();
    assert_eq!(
        places,
        [
            (1, 15, "spec.timeWindow[0].duration"),
            (1, 18, "spec.objectives[0].target"),
            (2, 20, "apiVersion"),
        ]
    );
    assert_eq!(
        found[1].to_string(),
        "shop.yaml:18: document 1, spec.objectives[0].target: 1.5 is more than all; \
         write a share below 1 such as target: 0.999, or targetPercent: 99.9"
    );
}

#[test]
fn a_threshold_beside_the_edges_names_the_nearest() {
    let found = after("class: good", "class: good, within_ms: 900");
    assert!(
        found.contains(
            "spec.within_ms: 900 ms is no edge of the histograms; 1000 is the nearest of 5, 10,"
        ),
        "{found}"
    );
}

#[test]
fn a_misspelt_field_names_the_one_meant() {
    let found = after("budgetingMethod", "budgetingMethods");
    assert!(found.contains("did you mean budgetingMethod?"), "{found}");
    assert!(
        found.contains(
            "spec.budgetingMethod: it is missing; write Occurrences, Timeslices or RatioTimeslices"
        ),
        "{found}"
    );
}

#[test]
fn what_the_configuration_does_not_have_is_named_with_what_it_has() {
    let found = after("journey: order, class: good", "journey: ordre, class: good");
    assert!(
        found.contains("there is no journey \"ordre\"; a journey of the configuration: order"),
        "{found}"
    );
    let found = after("app: shop, journey: order}", "app: shopp, journey: order}");
    assert!(
        found.contains(
            "there is no application \"shopp\"; an application of the configuration: shop"
        ),
        "{found}"
    );
}

#[test]
fn each_wrong_value_says_what_would_be_right() {
    let cases = [
        (
            "target: 0.999",
            "target: 0.9999999",
            "finer than one part per million",
        ),
        ("target: 0.999", "target: 1", "there is no budget"),
        ("target: 0.999", "target: nine", "no plain decimal number"),
        (
            "target: 0.999",
            "targetPercent: 99.9\n      target: 0.999",
            "there are two",
        ),
        (
            "duration: 28d, isRolling: true",
            "duration: 28x, isRolling: true",
            "is no duration",
        ),
        (
            "duration: 28d, isRolling: true",
            "duration: 28d, isRolling: false",
            "neither rolling nor which calendar",
        ),
        (
            "duration: 28d, isRolling: true",
            "duration: 1M, calendar: {startTime: 2026-01-01 00:00:00, timeZone: Mars/Olympus}",
            "is no time zone",
        ),
        (
            "duration: 28d, isRolling: true",
            "duration: 1M, calendar: {startTime: 2026-13-01 00:00:00, timeZone: UTC}",
            "is no date",
        ),
        (
            "Occurrences",
            "Timeslices",
            "timeSliceTarget: it is missing",
        ),
        (
            "Occurrences",
            "Occurences",
            "is not known here; write one of Occurrences",
        ),
        (
            "type: sightline",
            "type: sitelight",
            "cannot be read; write sightline, scrape or prometheus",
        ),
        (
            "class: good",
            "class: fine",
            "is not known here; write one of valid, good",
        ),
        (
            "class: good",
            "outcome: fine",
            "no journey ends \"fine\"; one of: abandoned",
        ),
        ("good: {", "best: {", "this makes no ratio"),
        ("counter: true", "counter: false", "gauges are not counted"),
        ("name: orders\n", "name: Orders!\n", "is no name"),
        (
            "kind: SLO",
            "kind: SLOO",
            "is not known here; write one of DataSource",
        ),
        (
            "journey: order, class: good",
            "page: '*', class: good",
            "part and total count different things",
        ),
        (
            "    - target: 0.999",
            "    - target: 0.999\n      op: lte\n      value: 500",
            "a ratio is not compared with a value",
        ),
        (
            "    - target: 0.999",
            "    - target: 0.999\n      compositeWeight: 2",
            "composite SLOs are not supported",
        ),
        (
            "  name: orders\n",
            "  name: orders\n  annotations: {sightline.dev/rule: x}\n",
            "no such annotation",
        ),
        (
            "  name: orders\n",
            "  name: orders\n  annotations: {sightline.dev/role: x}\n",
            "is no role",
        ),
        (
            "  name: orders\n",
            "  name: orders\n  annotations: {sightline.dev/twin: x}\n",
            "there is no objective \"x\"",
        ),
        (
            "  objectives:",
            "  alertPolicies:\n    - alertPolicyRef: x\n  objectives:",
            "there is no AlertPolicy \"x\"",
        ),
        (
            "service: shop",
            "service: [shop]",
            "here is a list; a single value belongs here",
        ),
    ];
    for (from, to, due) in cases {
        let found = after(from, to);
        assert!(found.contains(due), "{to}: {found}");
    }
}

#[test]
fn what_is_no_yaml_names_the_line() {
    let found = problems("a: [1\nb: 2\n");
    assert_eq!((found.len(), found[0].document), (1, 0));
    assert!(found[0].what.starts_with("this is no YAML"), "{found:?}");
}

#[test]
fn two_objectives_of_one_name_name_the_other() {
    let found = problems(&format!("{GOOD}---\n{GOOD}"));
    assert!(
        found[0]
            .to_string()
            .contains("the other stands in shop.yaml:1"),
        "{found:?}"
    );
}

#[test]
fn maintenance_needs_a_reason_a_name_and_whole_minutes() {
    let window = "---
apiVersion: sightline.dev/v1
kind: MaintenanceWindow
metadata: {name: move}
spec:
  from: 2026-11-21T22:00:30Z
  to: 2026-11-21T23:00:00Z
  recordedAt: 2026-11-20T09:00:00Z
  objectives: [orders, other]
";
    let found = problems(&format!("{GOOD}{window}"));
    let shown: Vec<_> = found.iter().map(ToString::to_string).collect();
    for due in [
        "spec.from: it is within a minute",
        "spec.reason: it is missing",
        "spec.approvedBy: it is missing",
    ] {
        assert!(
            shown.iter().any(|shown| shown.contains(due)),
            "{due}: {shown:#?}"
        );
    }
}

#[test]
fn inline_and_referred_alerts_are_one() {
    let condition = "kind: AlertCondition
metadata: {name: fast, annotations: {sightline.dev/short-window: 10m}}
spec:
  severity: page
  condition: {kind: burnrate, op: gt, threshold: 14.4, lookbackWindow: 1h, alertAfter: 5m}
";
    let indented = condition.replace('\n', "\n          ");
    let inline = format!(
        "  alertPolicies:
    - kind: AlertPolicy
      metadata: {{name: fast}}
      spec:
        alertWhenBreaching: true
        conditions:
        - {indented}
        notificationTargets: [{{targetRef: on-call}}]
  objectives:"
    );
    let target = "---\napiVersion: openslo/v1\nkind: AlertNotificationTarget\nmetadata: {name: on-call}\nspec: {target: email}\n";
    let policy = "---\napiVersion: openslo/v1\nkind: AlertPolicy\nmetadata: {name: fast}\nspec: {conditions: [{conditionRef: fast}], notificationTargets: [{targetRef: on-call}]}\n";
    let read = |text: String| {
        let file = File {
            name: "x.yaml".into(),
            text,
        };
        let set = read(&[file], &known());
        set.unwrap_or_else(|problems| panic!("{problems:#?}"))
            .objectives[0]
            .alerts
            .clone()
    };
    let one = read(GOOD.replace("  objectives:", &inline) + target);
    let referring = GOOD.replace(
        "  objectives:",
        "  alertPolicies: [{alertPolicyRef: fast}]\n  objectives:",
    );
    let other = read(format!(
        "{referring}---\napiVersion: openslo/v1\n{condition}{target}{policy}"
    ));
    assert_eq!(one, other);
    assert_eq!(
        (one[0].factor.0, one[0].short_s, one[0].after_s),
        (14_400, 600, 300)
    );
    assert_eq!(one[0].targets, ["on-call"]);
}
