//! What the types of [`Config`] cannot say: names that must exist or be unique, numbers that must
//! not be zero, addresses that must be loopback. Adds every problem it finds, with its place.

use super::{AppConfig, Config, KeyConfig, ListenConfig, ScrapeConfig};
use std::collections::HashSet;

/// How much of the text could be read: what is missing is worth a line only if nothing was unreadable.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    Whole,
    InPart,
}

pub(super) fn check(config: &Config, read: Read, problems: &mut Vec<String>) {
    check_listen(&config.listen, problems);
    for (place, value) in [
        ("store.queue", config.store.queue),
        ("store.group", config.store.group),
        ("store.views_in_memory", config.store.views_in_memory),
        ("store.label_values", config.store.label_values),
        ("ingest.body_bytes", config.ingest.body_bytes),
        ("ingest.header_bytes", config.ingest.header_bytes),
        ("ingest.clients", config.ingest.clients),
        ("ingest.bodies_bytes", config.ingest.bodies_bytes),
        ("listen.connections", config.listen.connections),
        (
            "listen.connections_per_client",
            config.listen.connections_per_client,
        ),
    ] {
        if value == 0 {
            problems.push(format!("{place}: must be above 0"));
        }
    }
    if config.ingest.beacons_per_second == 0 || config.ingest.burst == 0 {
        problems.push("ingest.beacons_per_second and ingest.burst: must be above 0".to_owned());
    }
    let (rate, burst) = (
        config.ingest.client_beacons_per_second,
        config.ingest.client_burst,
    );
    if rate == Some(0) || burst == Some(0) {
        problems.push(
            "ingest.client_beacons_per_second and ingest.client_burst: must be above 0".to_owned(),
        );
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
        for KeyConfig { key, .. } in &app.keys {
            if !keys.insert(key.as_str()) {
                problems.push(format!("apps.{}.keys: {key:?} is given twice", app.name));
            }
        }
        check_app(app, &targets, read, problems);
    }
}

fn check_listen(listen: &ListenConfig, problems: &mut Vec<String>) {
    match &listen.private_token {
        None if !listen.private.ip().is_loopback() => problems.push(format!(
            "listen.private: {} is not a loopback address; without a token (private_token_file) \
             anybody who reaches it could read everything",
            listen.private
        )),
        Some(token) if token.len() < 16 || !token.is_printable() => problems.push(
            "listen.private_token: must be 16 bytes or more, printable and without spaces"
                .to_owned(),
        ),
        None | Some(_) => {}
    }
    for (place, milliseconds) in [
        ("listen.header_timeout_ms", listen.header_timeout_ms),
        ("listen.stop_grace_ms", listen.stop_grace_ms),
    ] {
        if milliseconds == 0 {
            problems.push(format!("{place}: must be above 0"));
        }
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
    for KeyConfig { key, .. } in &app.keys {
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
    if app.beacons_per_minute == Some(0) {
        problems.push(format!("{place}.beacons_per_minute: must be above 0"));
    }
    let pages = app
        .origins
        .iter()
        .map(|origin| match subdomains_of(origin) {
            Some(parent) => (
                origin,
                parent.contains('.') && is_origin(&format!("http://{parent}")),
            ),
            None => (origin, is_origin(origin)),
        });
    let backends = app.expected_backend_origins.iter();
    for (origin, right) in pages.chain(backends.map(|origin| (origin, is_origin(origin)))) {
        if !right {
            problems.push(format!(
                "{place}: {origin:?} is not an origin; write scheme://host or scheme://host:port \
                 without a path; for the pages also scheme://*.domain.example"
            ));
        }
    }
    let blind_spot = &app.blind_spot;
    for (field, value) in [
        ("sessions", blind_spot.sessions),
        ("networks", blind_spot.networks),
        ("votes_per_network", blind_spot.votes_per_network),
    ] {
        if value == 0 {
            problems.push(format!("{place}.blind_spot.{field}: must be above 0"));
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

/// What follows `*.` where the origin stands for all subdomains.
fn subdomains_of(origin: &str) -> Option<&str> {
    let (scheme, host) = origin.split_once("://")?;
    let parent = host.strip_prefix("*.")?;
    matches!(scheme, "http" | "https").then_some(parent)
}

fn is_origin(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    matches!(scheme, "http" | "https")
        && !rest.is_empty()
        && !rest.contains(['/', '?', '#', '@', ' ', '*'])
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
    fn origins_are_exact_or_all_subdomains_of_a_domain() {
        let with = |origin: &str| {
            Config::parse(&format!(
                "[[apps]]\nname = 'a'\nkeys = ['k']\norigins = ['{origin}']\n"
            ))
        };
        for right in [
            "https://a.test",
            "https://a.test:8443",
            "https://*.a.test",
            "http://*.a.test:81",
        ] {
            assert!(with(right).is_ok(), "{right}");
        }
        for wrong in [
            "*",
            "https://*",
            "https://*.test",
            "https://*a.test",
            "https://a.*.test",
            "https://A.test",
            "ftp://*.a.test",
            "https://*.*.a.test",
        ] {
            assert!(with(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_private_listener_leaves_loopback_only_with_a_token() {
        let app = "[[apps]]\nname = 'a'\nkeys = ['k']\norigins = ['http://a.test']\n";
        let with = |listen: &str| Config::parse(&format!("[listen]\n{listen}\n{app}"));
        let open = "private = '0.0.0.0:8091'\n";
        assert!(with(open).is_err());
        assert!(with(&format!("{open}private_token = 'short'")).is_err());
        let config = with(&format!("{open}private_token = 'long enough: no'"));
        assert!(config.is_err(), "a token with spaces");
        let config = with(&format!("{open}private_token = '0123456789abcdef'")).unwrap();
        assert!(!format!("{config:?}").contains("0123456789abcdef"));
    }

    #[test]
    fn the_environment_goes_before_the_file_and_its_slips_are_told_with_the_others() {
        let text = "[listen]\npublic = '127.0.0.1:1'\n[[apps]]\nname = 'a'\nkeys = ['k']\n\
                    origins = ['http://a.test']\n";
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let config = Config::parse_with(
            text,
            [
                pair("SIGHTLINE_LISTEN__PUBLIC", "127.0.0.1:2"),
                pair("SIGHTLINE_STORE__QUEUE", "7"),
                pair("SIGHTLINE_PROBE_DIR", "/srv/probe"),
                pair("SIGHTLINE_LISTEN__TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
                pair("SIGHTLINE_CONFIG", "somebody else's"),
            ],
        )
        .unwrap();
        assert_eq!(config.listen.public.port(), 2);
        assert_eq!(config.store.queue, 7);
        assert_eq!(config.probe_dir.to_str(), Some("/srv/probe"));
        assert_eq!(config.listen.trusted_proxies.len(), 2);
        let errors = Config::parse_with(
            "[ingest]\nburst = 0\n",
            [
                pair("SIGHTLINE_STORE__QEUE", "7"),
                pair("SIGHTLINE_STORE__GROUP", "many"),
                pair("SIGHTLINE_LISTEN__PRIVATE_TLS", "x"),
            ],
        );
        let text = errors.unwrap_err().to_string();
        for part in ["QEUE", "STORE__GROUP", "PRIVATE_TLS", "ingest.burst"] {
            assert!(text.contains(part), "{part} is missing in {text}");
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
