//! Any text as a configuration: it is checked or refused with every problem on a line of its own.
#![no_main]

use collector::config::Config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Config::parse(text) {
        Ok(config) => assert!(!config.apps.is_empty()),
        Err(errors) => assert!(!errors.0.is_empty()),
    }
});
