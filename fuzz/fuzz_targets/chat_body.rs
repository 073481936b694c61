//! Bodies of chat completions.

#![no_main]

#[path = "../src/chat_body.rs"]
mod chat_body;
#[path = "../src/requests.rs"]
mod requests;

libfuzzer_sys::fuzz_target!(|data: &[u8]| chat_body::check(data));
