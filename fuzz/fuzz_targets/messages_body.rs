//! Bodies of messages.

#![no_main]

#[path = "../src/messages_body.rs"]
mod messages_body;
#[path = "../src/requests.rs"]
mod requests;

libfuzzer_sys::fuzz_target!(|data: &[u8]| messages_body::check(data));
