//! The browser's performance entries: the navigation, and who served the page's scripts.

use super::window::entries;
use super::{get, number, text};
use crate::text::without_query;
use crate::{Millis, whole_ms};
use beacon::{NavigationKind, NavigationTiming, Touched, limits};
use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};

/// The navigation entry.
pub(crate) struct Navigation {
    pub(crate) kind: NavigationKind,
    /// Start of the load event; `None` before.
    pub(crate) load_at: Option<Millis>,
    pub(crate) response_start: Millis,
    pub(crate) timing: NavigationTiming,
}

/// Reads the navigation entry of this document.
pub(crate) fn navigation() -> Option<Navigation> {
    let entry = entries("navigation").get(0);
    if !entry.is_object() {
        return None;
    }
    let at = |key| number(&entry, key);
    let between = |from, to| whole_ms(at(to) - at(from));
    let load_end = at("loadEventEnd");
    let secure = at("secureConnectionStart");
    let kind = match text(&entry, "type").as_str() {
        "reload" => NavigationKind::Reload,
        "back_forward" => NavigationKind::BackForward,
        "prerender" => NavigationKind::Prerender,
        _ => NavigationKind::Navigate,
    };
    Some(Navigation {
        kind,
        load_at: (load_end > 0.0).then(|| at("loadEventStart")),
        response_start: at("responseStart"),
        timing: NavigationTiming {
            redirect_ms: between("redirectStart", "redirectEnd"),
            dns_ms: between("domainLookupStart", "domainLookupEnd"),
            connect_ms: between("connectStart", "connectEnd"),
            tls_ms: if secure > 0.0 {
                whole_ms(at("connectEnd") - secure)
            } else {
                0
            },
            request_ms: between("requestStart", "responseStart"),
            response_ms: between("responseStart", "responseEnd"),
            dom_interactive_ms: whole_ms(at("domInteractive")),
            dom_content_loaded_ms: whole_ms(at("domContentLoadedEventEnd")),
            load_ms: whole_ms(load_end),
            transfer_bytes: whole(at("transferSize")),
            protocol: text(&entry, "nextHopProtocol"),
        },
    })
}

/// Who served the document and its scripts and chunks, by their `Server-Timing`. `own` names the
/// places of the probe's files, which are not the page's, one to a line.
pub(crate) fn touched(own: &str) -> Vec<Touched> {
    let mut touched = Vec::new();
    let navigations = entries("navigation");
    let resources = entries("resource");
    let scripts = resources.iter().filter(|entry| {
        let kind = text(entry, "initiatorType");
        let name = text(entry, "name");
        // Module preloads are fetched by links.
        let code = kind == "script" || (kind == "link" && without_query(&name).ends_with(".js"));
        code && !own.split('\n').any(|base| name.starts_with(base))
    });
    for entry in navigations.iter().chain(scripts) {
        let Some(server) = served_by(&entry) else {
            continue;
        };
        if touched.len() < limits::TOUCHED && !touched.contains(&server) {
            touched.push(server);
        }
    }
    touched
}

fn served_by(entry: &JsValue) -> Option<Touched> {
    let timings = get(entry, "serverTiming");
    let timings = timings.dyn_ref::<Array>()?;
    let named = |name| {
        let timing = timings.iter().find(|timing| text(timing, "name") == name)?;
        Some(crate::text::bounded(
            text(&timing, "description"),
            limits::NAME_BYTES,
        ))
    };
    let (release, deployment) = (named("release"), named("deployment"));
    if release.is_none() && deployment.is_none() {
        return None;
    }
    Some(Touched {
        release: release.unwrap_or_default(),
        deployment: deployment.unwrap_or_default(),
    })
}

fn whole(bytes: f64) -> u32 {
    // Saturating, NaN becomes 0.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let whole = bytes as u32;
    whole
}
