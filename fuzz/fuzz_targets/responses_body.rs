//! Bodies of responses, conversations and legacy completions.

#![no_main]

#[path = "../src/requests.rs"]
mod requests;
#[path = "../src/responses_body.rs"]
mod responses_body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| responses_body::check(data));
