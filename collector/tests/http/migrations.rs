//! Databases of earlier versions, and what those versions answered about them: opened by this one, they
//! say the same. `fixtures/schema-N.sqlite` was written by a collector of that time, `schema-N.json` holds its
//! answers; both are only added to.

use crate::harness::Collector;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/http/fixtures")
        .join(name)
}

/// All that was said then must be said now; new fields may have come.
fn still_says(place: &str, then: &Value, now: &Value) {
    match (then, now) {
        (Value::Object(then), Value::Object(now)) => {
            for (field, value) in then {
                let place = format!("{place}.{field}");
                still_says(&place, value, now.get(field).unwrap_or(&Value::Null));
            }
        }
        (Value::Array(then), Value::Array(now)) => {
            assert_eq!(then.len(), now.len(), "{place}: {then:?}\nis now\n{now:?}");
            for (at, (then, now)) in then.iter().zip(now).enumerate() {
                still_says(&format!("{place}[{at}]"), then, now);
            }
        }
        (then, now) => assert_eq!(then, now, "{place}"),
    }
}

async fn reads_alike(schema: u32) {
    let collector = Collector::start_on(&fixture(&format!("schema-{schema}.sqlite"))).await;
    let text = std::fs::read_to_string(fixture(&format!("schema-{schema}.json"))).unwrap();
    let answers: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert!(answers.len() >= 7, "{} answers", answers.len());
    for answer in &answers {
        let path = answer["path"].as_str().unwrap();
        let now = collector.ask(path).await;
        assert_eq!(now.status, 200, "{path}: {}", now.text);
        still_says(path, &answer["answer"], &now.json());
    }
    collector.stop().await;
}

#[tokio::test]
async fn a_database_of_schema_1_says_what_it_said() {
    reads_alike(1).await;
}

#[tokio::test]
async fn a_database_of_schema_2_says_what_it_said() {
    reads_alike(2).await;
}

#[tokio::test]
async fn a_database_of_schema_3_says_what_it_said() {
    reads_alike(3).await;
}
