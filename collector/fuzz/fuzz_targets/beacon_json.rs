//! Any text as a beacon in JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if bytes.first() == Some(&b'{') {
        collector_fuzz::decodes_soundly(bytes);
    }
});
