//! The `grok2api` binary.
fn main() {}
