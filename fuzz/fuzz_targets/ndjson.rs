//! The upstream's stream, cut anywhere.

#![no_main]

#[path = "../src/ndjson.rs"]
mod ndjson;

libfuzzer_sys::fuzz_target!(|data: &[u8]| ndjson::check(data));
