//! For tests: the golden beacons of the wire, and each of them with one value in it changed. A field
//! that is added to the wire is met here without anybody naming it.

use beacon::{Event, Head};
use serde_json::Value;
use std::path::Path;

/// A golden beacon as JSON, one of its values changed.
pub(super) struct Changed {
    /// Where, such as `/events/0/kind/journey/name`.
    pub(super) place: String,
    pub(super) head: Head,
    pub(super) event: Event,
}

/// Every golden beacon with every value changed in turn for which `change` has another, and which the
/// wire's types still take.
pub(super) fn each_changed(change: impl Fn(&Value) -> Option<Value>) -> Vec<Changed> {
    let mut all = Vec::new();
    for golden in beacons() {
        let mut places = Vec::new();
        find(&golden, String::new(), &mut places);
        for place in places {
            let mut changed = golden.clone();
            let Some(value) = changed.pointer_mut(&place) else {
                continue;
            };
            let Some(other) = change(value) else {
                continue;
            };
            *value = other;
            if let Some((head, event)) = read(&changed) {
                all.push(Changed { place, head, event });
            }
        }
    }
    assert!(all.len() > 20, "only {} places", all.len());
    all
}

/// Those written by the core, each with one event.
fn beacons() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../beacon/tests/golden");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let json = files.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    let by_hook = ["v1-early-hook.json", "v1-early-facts.json"];
    let core = json.filter(|path| !by_hook.iter().any(|name| path.ends_with(name)));
    core.map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
        .collect()
}

fn find(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                find(value, format!("{place}/{index}"), places);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                find(value, format!("{place}/{name}"), places);
            }
        }
        _ => {}
    }
    places.push(place);
}

fn read(beacon: &Value) -> Option<(Head, Event)> {
    let head = serde_json::from_value(beacon.clone()).ok()?;
    let event = serde_json::from_value(beacon["events"][0].clone()).ok()?;
    Some((head, event))
}
