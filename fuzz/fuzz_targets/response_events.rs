//! Answers as events of the Responses API.

#![no_main]

#[path = "../src/deltas.rs"]
mod deltas;
#[path = "../src/frames.rs"]
mod frames;
#[path = "../src/response_events.rs"]
mod response_events;

libfuzzer_sys::fuzz_target!(|data: &[u8]| response_events::check(data));
