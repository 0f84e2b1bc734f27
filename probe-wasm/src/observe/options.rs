//! The configuration object of the page enters, `Config` leaves. What is missing has its default.

use super::{get, number, text};
use crate::config::{
    CallPattern, Config, DEFAULT_LIMIT_MS, JourneyRule, JourneyStart, RequestRule,
};
use wasm_bindgen::{JsCast, JsValue};

pub(crate) fn read(options: &JsValue) -> Config {
    let mut endpoint = text(options, "collector");
    while endpoint.ends_with('/') {
        endpoint.pop();
    }
    endpoint.push_str("/v1/beacons/");
    endpoint.push_str(&text(options, "app"));
    let mount = text(options, "mount");
    Config {
        endpoint,
        release: text(options, "release"),
        backend_origin: text(options, "backendOrigin"),
        expected_origins: texts(&get(options, "expectedBackendOrigins")),
        mount: if mount.is_empty() {
            "body".to_owned()
        } else {
            mount
        },
        requests: list(&get(options, "requests"))
            .iter()
            .map(request)
            .collect(),
        journeys: list(&get(options, "journeys"))
            .iter()
            .map(journey)
            .collect(),
    }
}

fn request(rule: &JsValue) -> RequestRule {
    RequestRule {
        call: CallPattern::parse(&text(rule, "match")),
        json: get(rule, "json").is_truthy(),
        field: get(rule, "field").as_string(),
        good: texts(&get(rule, "good")),
        limit_ms: limit(rule),
    }
}

fn journey(rule: &JsValue) -> JourneyRule {
    let end = get(rule, "end");
    JourneyRule {
        name: text(rule, "name"),
        starts: list(&get(rule, "start")).iter().filter_map(start).collect(),
        end: CallPattern::parse(&text(&end, "request")),
        painted: get(&end, "painted").as_string(),
        needs: texts(&get(rule, "needs"))
            .iter()
            .map(|call| CallPattern::parse(call))
            .collect(),
        limit_ms: limit(rule),
        failed_page: get(rule, "failedPage").is_truthy(),
    }
}

fn start(start: &JsValue) -> Option<JourneyStart> {
    let given = |key| get(start, key).as_string();
    given("click")
        .map(JourneyStart::Click)
        .or_else(|| given("load").map(|call| JourneyStart::Load(CallPattern::parse(&call))))
        .or_else(|| given("request").map(|call| JourneyStart::Request(CallPattern::parse(&call))))
}

fn limit(rule: &JsValue) -> f64 {
    let limit = number(rule, "limitMs");
    if limit > 0.0 { limit } else { DEFAULT_LIMIT_MS }
}

fn list(value: &JsValue) -> Vec<JsValue> {
    value
        .dyn_ref::<js_sys::Array>()
        .map(|list| list.iter().collect())
        .unwrap_or_default()
}

fn texts(value: &JsValue) -> Vec<String> {
    list(value).iter().filter_map(JsValue::as_string).collect()
}
