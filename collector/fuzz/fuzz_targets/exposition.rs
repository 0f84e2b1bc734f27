//! Any text as what a scraped target answers, and as the name of a series.
#![no_main]

use collector::compare::{SeriesName, read_counters};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let wanted = ["a".to_owned(), "b_total".to_owned()].into();
    for name in read_counters(text, &wanted).keys() {
        let name: SeriesName = name.parse().expect("a name that was read is a name");
        assert!(name.selects(&name));
    }
    if let Ok(name) = text.parse::<SeriesName>() {
        assert_eq!(name.to_string().parse::<SeriesName>(), Ok(name));
    }
});
