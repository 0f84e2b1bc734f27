//! The second cleaning after the probe's own: queries and fragments, e-mail addresses, tokens and long
//! digit runs leave every string that a page's content can reach. Names from configuration (release,
//! pod, journey, method) only lose control characters: a release may well be a commit hash. Here stands
//! which field is what; how each is cleaned is in `clean`.

mod clean;

use beacon::{
    Attribute, ErrorReport, Event, EventKind, Head, JourneyAttempt, LongTasks, NavigationTiming,
    RequestAttempt, Resource, limits,
};
use clean::{address, message, name, origin, selector, stack, text};

pub(super) fn head(head: &mut Head) {
    let page = &mut head.page;
    name(&mut page.release);
    name(&mut page.deployment);
    route(&mut page.route);
    origin(&mut page.origin);
    origin(&mut page.backend_origin);
    attributes(&mut head.attributes);
}

pub(super) fn event(event: &mut Event) {
    match &mut event.kind {
        EventKind::Page(page) => {
            for pod in &mut page.touched {
                name(&mut pod.release);
                name(&mut pod.deployment);
            }
        }
        EventKind::Navigation(timing) => navigation(timing),
        // Numbers only.
        EventKind::Vital(_) | EventKind::Withdrawn | EventKind::Probe(_) => {}
        EventKind::Request(attempt) => request(attempt),
        EventKind::Requests(counts) => {
            name(&mut counts.method);
            route(&mut counts.route);
            origin(&mut counts.backend_origin);
        }
        EventKind::Journey(attempt) => journey(attempt),
        EventKind::Error(report) => error(report),
        EventKind::VitalCause(cause) => {
            element(&mut cause.element);
            address(&mut cause.resource, limits::MESSAGE_BYTES);
            name(&mut cause.interaction);
        }
        EventKind::Route(view) => {
            route(&mut view.route);
            route(&mut view.from);
        }
        EventKind::Resources(counts) => {
            name(&mut counts.kind);
            origin(&mut counts.origin);
        }
        EventKind::Resource(one) => resource(one),
        EventKind::LongTasks(tasks) => long_tasks(tasks),
        EventKind::Socket(socket) => {
            route(&mut socket.route);
            origin(&mut socket.backend_origin);
        }
        EventKind::Clicks(clicks) => {
            for target in &mut clicks.targets {
                element(&mut target.selector);
            }
        }
        EventKind::Frustration(frustration) => element(&mut frustration.selector),
        EventKind::Measurement(measurement) => {
            label(&mut measurement.name);
            attributes(&mut measurement.attributes);
        }
    }
}

fn navigation(timing: &mut NavigationTiming) {
    name(&mut timing.protocol);
    for metric in &mut timing.server_timing {
        label(&mut metric.name);
    }
}

fn request(attempt: &mut RequestAttempt) {
    name(&mut attempt.method);
    route(&mut attempt.route);
    origin(&mut attempt.backend_origin);
    attempt.result.iter_mut().for_each(label);
    name(&mut attempt.connection);
}

fn journey(attempt: &mut JourneyAttempt) {
    name(&mut attempt.name);
    route(&mut attempt.route);
    origin(&mut attempt.backend_origin);
    attempt.result.iter_mut().for_each(label);
    for step in &mut attempt.steps {
        label(&mut step.name);
    }
}

fn error(report: &mut ErrorReport) {
    message(&mut report.message, limits::MESSAGE_BYTES);
    address(&mut report.source, limits::MESSAGE_BYTES);
    stack(&mut report.stack, limits::STACK_BYTES);
}

fn resource(resource: &mut Resource) {
    name(&mut resource.kind);
    address(&mut resource.address, limits::MESSAGE_BYTES);
    name(&mut resource.protocol);
}

fn long_tasks(tasks: &mut LongTasks) {
    address(&mut tasks.worst_script, limits::MESSAGE_BYTES);
    // What ran a script is the script itself, or a handler such as `BUTTON#send.onclick`.
    let invoker = &mut tasks.worst_invoker;
    if invoker.contains("://") && !invoker.contains('[') {
        address(invoker, limits::SELECTOR_BYTES);
    } else {
        element(invoker);
    }
}

fn attributes(attributes: &mut [Attribute]) {
    for attribute in attributes {
        label(&mut attribute.key);
        label(&mut attribute.value);
    }
}

/// A name that code on the page may have made up of anything.
fn label(value: &mut String) {
    text(value, limits::NAME_BYTES);
}

fn route(value: &mut String) {
    address(value, limits::ROUTE_BYTES);
}

fn element(value: &mut String) {
    selector(value, limits::SELECTOR_BYTES);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::goldens::each_changed;
    use std::collections::BTreeSet;

    /// Names from configuration or from closed lists of the browser's.
    const NAMES: [&str; 10] = [
        "/events/0/kind/journey/name",
        "/events/0/kind/navigation/protocol",
        "/events/0/kind/request/connection",
        "/events/0/kind/request/method",
        "/events/0/kind/requests/method",
        "/events/0/kind/resource/kind",
        "/events/0/kind/resource/protocol",
        "/events/0/kind/resources/kind",
        "/events/0/kind/vital_cause/interaction",
        "/page/release",
    ];

    /// Places where a string such as this is still to be read after scrubbing, but for pods and releases.
    fn kept(secret: &str) -> BTreeSet<String> {
        let changed = each_changed(|value| value.is_string().then(|| secret.into()));
        let escaped = serde_json::to_string(secret).unwrap();
        let escaped = escaped.trim_matches('"');
        let mut kept = BTreeSet::new();
        for mut changed in changed {
            head(&mut changed.head);
            event(&mut changed.event);
            let stored = serde_json::to_string(&(&changed.head, &changed.event)).unwrap();
            if stored.contains(escaped) {
                kept.insert(changed.place);
            }
        }
        kept.retain(|place| !place.contains("deployment") && !place.contains("touched"));
        kept
    }

    #[test]
    fn whatever_field_of_whatever_kind_holds_it_an_e_mail_address_is_not_stored() {
        assert_eq!(kept("ann@example.com"), NAMES.map(String::from).into());
    }

    #[test]
    fn whatever_field_of_whatever_kind_holds_it_a_token_is_not_stored() {
        let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
        assert_eq!(kept(token), NAMES.map(String::from).into());
    }

    #[test]
    fn no_control_character_is_stored() {
        let stored = kept("\u{7}");
        assert!(stored.is_empty(), "{stored:?}");
    }
}
