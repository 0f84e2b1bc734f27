//! Files of Sloth are read as they are.

use collector::slo::files::{File, Known, read};
use collector::slo::{Indicator, Part, Severity};

fn sloth(text: &str) -> File {
    File {
        name: "sloth.yaml".into(),
        text: text.into(),
    }
}

const EVENTS: &str = r#"
version: "prometheus/v1"
service: "shop"
labels:
  owner: "team-a"
slos:
  - name: "orders"
    objective: 99.95
    description: "Orders are taken."
    labels:
      tier: "1"
    sli:
      events:
        error_query: sum(rate(http_requests_total{code=~"5.."}[{{.window}}]))
        total_query: sum(rate(http_requests_total[{{.window}}]))
    alerting:
      name: OrdersFail
      page_alert:
        labels:
          severity: critical
      ticket_alert:
        disable: true
"#;

#[test]
fn a_sloth_file_becomes_the_objective_it_declares() {
    let set = read(&[sloth(EVENTS)], &Known::default()).unwrap();
    let objective = &set.objectives[0];
    assert_eq!(objective.name, "shop-orders");
    assert_eq!(objective.target.parts(), 999_500);
    assert_eq!(objective.labels["owner"], "team-a");
    assert_eq!(objective.labels["tier"], "1");
    assert!(
        objective
            .alerts
            .iter()
            .all(|alert| alert.severity == Severity::Page)
    );
    let Indicator::Prometheus(indicator) = &objective.indicator else {
        panic!("{objective:?}")
    };
    assert_eq!(indicator.part_is, Part::Bad);
    assert!(indicator.total.is_some());
}

#[test]
fn its_kubernetes_kind_is_read_too() {
    let text = r#"
apiVersion: sloth.slok.dev/v1
kind: PrometheusServiceLevel
metadata:
  name: shop
spec:
  service: shop
  slos:
    - name: ready
      objective: 99.9
      sli:
        raw:
          errorRatioQuery: 1 - avg_over_time(up[{{.window}}])
"#;
    let set = read(&[sloth(text)], &Known::default()).unwrap();
    assert!(
        matches!(&set.objectives[0].indicator, Indicator::Prometheus(of) if of.total.is_none())
    );
}

#[test]
fn what_only_sloth_can_run_is_refused_with_what_to_write_instead() {
    let text = EVENTS.replace(
        "      events:\n        error_query: sum(rate(http_requests_total{code=~\"5..\"}[{{.window}}]))\n        total_query: sum(rate(http_requests_total[{{.window}}]))\n",
        "      plugin:\n        id: x\n",
    );
    assert_ne!(text, EVENTS);
    let problems = read(&[sloth(&text)], &Known::default()).unwrap_err();
    assert_eq!(problems[0].field, "slos[0].sli.plugin");
    assert!(problems[0].right.contains("events or raw"), "{problems:?}");
}
