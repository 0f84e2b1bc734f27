//! Any bytes as a beacon in the binary encoding.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    collector_fuzz::decodes_soundly(bytes);
});
