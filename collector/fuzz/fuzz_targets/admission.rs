//! Admission as a whole: any headers, any body, any time. Whatever comes in, the books balance, and what
//! is accepted keeps to the limits.
#![no_main]

use beacon::limits;
use collector::config::{AppConfig, Config};
use collector::ingest::{ClientNetwork, Door, Knock, Tally};
use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};

const NOW: u64 = 1_800_000_000_000;

static CONFIG: LazyLock<Config> = LazyLock::new(|| {
    let text = include_str!("../../examples/movie-guru.toml");
    let mut config = Config::parse(text).expect("the example is valid");
    let second: AppConfig = AppConfig {
        name: "second".into(),
        keys: vec!["k".into()],
        origins: vec!["https://*.a.test".into()],
        beacons_per_minute: Some(1_000_000),
        ..config.apps[0].clone()
    };
    config.apps.push(second);
    config.ingest.beacons_per_second = u32::MAX;
    config.ingest.burst = u32::MAX;
    config
});
static DOOR: LazyLock<Door> = LazyLock::new(|| Door::new(&CONFIG.ingest, &CONFIG.apps));

fuzz_target!(|input: (u8, u32, &str, &str, &[u8])| {
    let (choice, number, key, origin, body) = input;
    let tally = Arc::new(Tally::default());
    let mut verdict = tally.beacon_received();
    // Mostly a sender who is known, or nothing behind the first check would be tried.
    let known = choice & 1 == 0;
    let knock = Knock {
        key: if known { "movie-guru-web" } else { key },
        origin: if known { Some("http://movieguru.test") } else { Some(origin) },
        header_bytes: if choice & 2 == 0 { 100 } else { number as usize },
        content_length: (choice & 4 == 0).then_some(body.len() as u64),
        encoded: choice & 8 != 0,
        client: (choice & 16 == 0).then(|| ClientNetwork::of(number.to_be_bytes().into())),
    };
    let now = if choice & 32 == 0 { NOW } else { u64::from(number) };
    match DOOR.open(&knock, now) {
        Err(refused) => verdict.rejected(&refused),
        Ok(entrant) => match DOOR.admit(&entrant, body, now, &mut verdict) {
            Err(refused) => verdict.rejected(&refused),
            Ok(accepted) => {
                let head = accepted.head();
                assert!(head.page.release.len() <= limits::NAME_BYTES);
                assert!(head.page.deployment.len() <= limits::NAME_BYTES);
                assert!(head.page.route.len() <= limits::ROUTE_BYTES);
                assert!(head.page.backend_origin.len() <= limits::ROUTE_BYTES);
                assert!(accepted.events().len() + accepted.refused().len() <= limits::EVENTS);
                for event in accepted.events() {
                    assert!(event.event_ms <= now.saturating_add(60_000), "{event:?}");
                }
                drop(verdict);
            }
        },
    }
    assert!(tally.beacons().balances() && tally.events().balances());
});
