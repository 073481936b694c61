//! Answers as chat completion chunks.

#![no_main]

#[path = "../src/chat_chunks.rs"]
mod chat_chunks;
#[path = "../src/deltas.rs"]
mod deltas;
#[path = "../src/frames.rs"]
mod frames;

libfuzzer_sys::fuzz_target!(|data: &[u8]| chat_chunks::check(data));
