//! Answers as Anthropic's events.

#![no_main]

#[path = "../src/deltas.rs"]
mod deltas;
#[path = "../src/frames.rs"]
mod frames;
#[path = "../src/message_events.rs"]
mod message_events;

libfuzzer_sys::fuzz_target!(|data: &[u8]| message_events::check(data));
