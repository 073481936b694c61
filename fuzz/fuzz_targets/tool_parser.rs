//! Calls and JSON in answers, cut anywhere.

#![no_main]

#[path = "../src/tool_parser.rs"]
mod tool_parser;

libfuzzer_sys::fuzz_target!(|data: &[u8]| tool_parser::check(data));
