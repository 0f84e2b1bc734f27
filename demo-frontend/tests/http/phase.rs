//! `/phase`: shown, replaced, and refused with every bad field named where the real server would panic.

use crate::harness::{TestDemo, changed, quick_phase};
use serde_json::{Value, json};

const PRESETS: [&str; 4] = [
    include_str!("../../phases/challenge-1-first-day.json"),
    include_str!("../../phases/challenge-5-healthy.json"),
    include_str!("../../phases/challenge-6-degraded-chat.json"),
    include_str!("../../phases/challenge-7-healthy-backend.json"),
];

/// The fields a phase is refused for, in the order they are named.
async fn refused(test: &TestDemo, phase: &Value) -> Vec<String> {
    let answer = test.post_phase(phase).await;
    assert_eq!(answer.status(), 400, "{phase}");
    let answer: Value = answer.json().await.expect("reasons as JSON");
    let errors = answer["errors"].as_array().expect("a list of errors");
    errors
        .iter()
        .map(|error| error["field"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn every_preset_is_taken_and_shown_as_it_was_given() {
    let test = TestDemo::start().await;
    for preset in PRESETS {
        let preset: Value = serde_json::from_str(preset).expect("the preset is JSON");
        assert_eq!(test.post_phase(&preset).await.status(), 200);
        let shown = test.admin("/phase").await;
        for (name, value) in preset.as_object().expect("an object") {
            let shown = shown["CurrentProbMetrics"][name].as_f64();
            assert_eq!(shown, value.as_f64(), "{name}");
        }
    }
}

#[tokio::test]
async fn every_missing_field_is_named() {
    let test = TestDemo::start().await;
    let whole = quick_phase();
    for name in whole.as_object().expect("an object").keys() {
        let mut phase = whole.clone();
        phase.as_object_mut().expect("an object").remove(name);
        assert_eq!(refused(&test, &phase).await, [name.as_str()]);
    }
    let nothing = refused(&test, &json!({})).await;
    assert_eq!(nothing.len(), 24, "{nothing:?}");
}

#[tokio::test]
async fn probabilities_outside_zero_to_one_are_named() {
    let test = TestDemo::start().await;
    for (name, value) in [
        ("ChatSuccess", json!(-0.1)),
        ("LoginSuccess", json!(1.01)),
        ("StartupSuccess", json!("0.5")),
        ("PrefGetSuccess", json!(null)),
        ("ChatSafetyIssue", json!(2)),
    ] {
        assert_eq!(
            refused(&test, &changed(quick_phase(), &[(name, value)])).await,
            [name]
        );
    }
}

#[tokio::test]
async fn outcomes_and_sentiments_may_sum_to_less_than_one_but_not_to_more() {
    let test = TestDemo::start().await;
    let below = changed(
        quick_phase(),
        &[("ChatEngaged", json!(0.1)), ("ChatSPositive", json!(0))],
    );
    assert_eq!(test.post_phase(&below).await.status(), 200);
    let above = changed(
        quick_phase(),
        &[("ChatEngaged", json!(0.8)), ("ChatSNegative", json!(0.3))],
    );
    let expected = [
        "ChatEngaged + ChatAcknowledged + ChatRejected + ChatUnclassified",
        "ChatSPositive + ChatSNegative + ChatSNeutral + ChatSUnclassified",
    ];
    assert_eq!(refused(&test, &above).await, expected);
}

#[tokio::test]
async fn latency_ranges_must_be_whole_positive_and_in_order_but_may_be_constants() {
    let test = TestDemo::start().await;
    let constant = [
        ("ChatLatencyMinMS", json!(5)),
        ("ChatLatencyMaxMS", json!(5)),
    ];
    assert_eq!(
        test.post_phase(&changed(quick_phase(), &constant))
            .await
            .status(),
        200
    );
    for (fields, named) in [
        (
            [
                ("ChatLatencyMinMS", json!(6)),
                ("ChatLatencyMaxMS", json!(5)),
            ],
            "ChatLatencyMinMS",
        ),
        (
            [
                ("LoginLatencyMinMS", json!(-1)),
                ("LoginLatencyMaxMS", json!(5)),
            ],
            "LoginLatencyMinMS",
        ),
        (
            [
                ("StartupLatencyMinMS", json!(1)),
                ("StartupLatencyMaxMS", json!(5.5)),
            ],
            "StartupLatencyMaxMS",
        ),
        (
            [
                ("PrefGetLatencyMinMS", json!(1)),
                ("PrefGetLatencyMaxMS", json!(5_000_000_000_u64)),
            ],
            "PrefGetLatencyMaxMS",
        ),
    ] {
        assert_eq!(
            refused(&test, &changed(quick_phase(), &fields)).await,
            [named]
        );
    }
}

#[tokio::test]
async fn unknown_fields_and_bodies_that_are_no_phase_are_refused() {
    let test = TestDemo::start().await;
    let typo = changed(quick_phase(), &[("ChatSucces", json!(1))]);
    assert_eq!(refused(&test, &typo).await, ["ChatSucces"]);
    assert_eq!(refused(&test, &json!([1, 2])).await, ["(body)"]);
    let url = format!("{}/phase", test.demo.addresses().backend);
    let answer = crate::harness::send(test.client.post(url).body("{")).await;
    assert_eq!(answer.status(), 400);
}

#[tokio::test]
async fn a_refused_phase_changes_nothing_and_all_its_faults_are_told_at_once() {
    let test = TestDemo::start().await;
    let before = test.admin("/phase").await;
    let bad = changed(
        quick_phase(),
        &[("ChatSuccess", json!(7)), ("LoginLatencyMinMS", json!(9))],
    );
    assert_eq!(
        refused(&test, &bad).await,
        ["ChatSuccess", "LoginLatencyMinMS"]
    );
    assert_eq!(test.admin("/phase").await, before);
}

#[tokio::test]
async fn a_scenario_brings_its_phase() {
    let test = TestDemo::start().await;
    for (scenario, preset) in [("challenge7", PRESETS[3]), ("healthy", PRESETS[1])] {
        let answer = test
            .tell("/scenario", json!({ "scenario": scenario }))
            .await;
        assert_eq!(answer.status(), 200);
        let shown = test.admin("/scenario").await;
        assert_eq!(shown["scenario"], scenario);
        assert!(shown["since_ms"].is_u64(), "{shown}");
        let preset: Value = serde_json::from_str(preset).expect("the preset is JSON");
        let shown = test.admin("/phase").await;
        assert_eq!(
            shown["CurrentProbMetrics"]["ChatLatencyMaxMS"],
            preset["ChatLatencyMaxMS"]
        );
        assert_eq!(
            shown["CurrentProbMetrics"]["StartupSuccess"],
            preset["StartupSuccess"]
        );
    }
    assert_eq!(
        test.tell("/scenario", json!({ "scenario": "challenge8" }))
            .await
            .status(),
        422
    );
}
