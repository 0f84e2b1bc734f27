//! What the types of [`Config`] cannot say: names that must exist or be unique, numbers that must
//! not be zero, addresses that must be loopback. Adds every problem it finds, with its place.

use super::{AppConfig, Config, ScrapeConfig};
use std::collections::HashSet;

/// How much of the text could be read: what is missing is worth a line only if nothing was unreadable.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    Whole,
    InPart,
}

pub(super) fn check(config: &Config, read: Read, problems: &mut Vec<String>) {
    if !config.listen.private.ip().is_loopback() {
        problems.push(format!(
            "listen.private: {} is not a loopback address; the page, the API and /metrics have no \
             password yet, so put a proxy that has one in front of a loopback address",
            config.listen.private
        ));
    }
    for (place, value) in [
        ("store.queue", config.store.queue),
        ("store.group", config.store.group),
        ("store.label_values", config.store.label_values),
        ("ingest.body_bytes", config.ingest.body_bytes),
        ("ingest.header_bytes", config.ingest.header_bytes),
    ] {
        if value == 0 {
            problems.push(format!("{place}: must be above 0"));
        }
    }
    if config.ingest.beacons_per_second == 0 || config.ingest.burst == 0 {
        problems.push("ingest.beacons_per_second and ingest.burst: must be above 0".to_owned());
    }
    if read == Read::Whole && config.apps.is_empty() {
        problems.push("apps: at least one [[apps]] is needed, or every beacon is refused".into());
    }
    check_scrapes(&config.scrape, problems);
    let targets: HashSet<&str> = config
        .scrape
        .iter()
        .map(|target| target.name.as_str())
        .collect();
    let mut names = HashSet::new();
    let mut keys = HashSet::new();
    for app in &config.apps {
        if !names.insert(app.name.as_str()) {
            problems.push(format!("apps: two are named {:?}", app.name));
        }
        for key in &app.keys {
            if !keys.insert(key.as_str()) {
                problems.push(format!("apps.{}.keys: {key:?} is given twice", app.name));
            }
        }
        check_app(app, &targets, read, problems);
    }
}

fn check_scrapes(scrapes: &[ScrapeConfig], problems: &mut Vec<String>) {
    let mut names = HashSet::new();
    for scrape in scrapes {
        if !names.insert(scrape.name.as_str()) {
            problems.push(format!("scrape: two are named {:?}", scrape.name));
        }
        if !scrape.url.starts_with("http://") {
            problems.push(format!(
                "scrape.{}.url: must begin with http://",
                scrape.name
            ));
        }
        if scrape.every_ms < 100 {
            problems.push(format!(
                "scrape.{}.every_ms: must be 100 or more",
                scrape.name
            ));
        }
    }
}

fn check_app(app: &AppConfig, targets: &HashSet<&str>, read: Read, problems: &mut Vec<String>) {
    let place = format!("apps.{}", app.name);
    if app.keys.is_empty() {
        problems.push(format!("{place}.keys: at least one is needed"));
    }
    for key in &app.keys {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if key.is_empty() || !key.chars().all(plain) {
            problems.push(format!(
                "{place}.keys: {key:?} must be letters, digits, '-', '_' or '.'"
            ));
        }
    }
    if app.origins.is_empty() {
        problems.push(format!("{place}.origins: at least one is needed"));
    }
    for origin in app.origins.iter().chain(&app.expected_backend_origins) {
        if !is_origin(origin) {
            problems.push(format!(
                "{place}: {origin:?} is not an origin; write scheme://host or scheme://host:port \
                 without a path"
            ));
        }
    }
    let mut names = HashSet::new();
    let mut wanted = Vec::new();
    for journey in &app.journeys {
        if !names.insert(journey.name.as_str()) {
            problems.push(format!(
                "{place}.journeys: two are named {:?}",
                journey.name
            ));
        }
        if let Some(twin) = &journey.server {
            let place = format!("{place}.journeys.{}.server", journey.name);
            if twin.factors.is_empty() {
                problems.push(format!("{place}.factors: at least one is needed"));
            }
            wanted.push((place, twin.target.as_str()));
        }
    }
    if let Some(documents) = &app.documents {
        wanted.push((format!("{place}.documents"), documents.target.as_str()));
    }
    for (place, target) in wanted {
        if read == Read::Whole && !targets.contains(target) {
            problems.push(format!("{place}.target: no [[scrape]] is named {target:?}"));
        }
    }
}

fn is_origin(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    matches!(scheme, "http" | "https")
        && !rest.is_empty()
        && !rest.contains(['/', '?', '#', '@', ' '])
        && text == text.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn problems_of(text: &str) -> Vec<String> {
        Config::parse(text)
            .map(|_| ())
            .expect_err("must be refused")
            .0
    }

    #[test]
    fn the_example_of_movie_guru_is_a_valid_configuration() {
        let config = Config::parse(include_str!("../../examples/movie-guru.toml")).unwrap();
        assert_eq!(config.apps[0].journeys.len(), 3);
    }

    #[test]
    fn all_problems_are_named_at_once() {
        let problems = problems_of(
            "colour = 1\n\
             [listen]\nprivate = '0.0.0.0:1'\n\
             [ingest]\nbody_bytes = 0\n\
             [store]\nqueues = 3\n\
             [[apps]]\nname = 'a'\nkeys = []\norigins = ['http://a.test/path']\n",
        );
        let text = problems.join("\n");
        for part in [
            "colour",
            "listen.private",
            "body_bytes",
            "queues",
            "a.keys",
            "a.test/path",
        ] {
            assert!(text.contains(part), "{part} is missing in:\n{text}");
        }
    }

    #[test]
    fn a_twin_that_names_no_scrape_is_refused() {
        let problems = problems_of(
            "[[apps]]\nname = 'a'\nkeys = ['k']\norigins = ['http://a.test']\n\
             [[apps.journeys]]\nname = 'j'\nthreshold_ms = 1\n\
             server = { target = 'nowhere', factors = [{ name = 'f', good = 'g', total = 't' }] }\n",
        );
        assert_eq!(
            problems,
            ["apps.a.journeys.j.server.target: no [[scrape]] is named \"nowhere\""]
        );
    }
}
