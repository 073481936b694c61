//! What a large body costs. One test in a file of its own, since the counter sees the whole process.

use std::alloc::System;

use openai::chat::parse;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const IMAGE_BYTES: usize = 20 * 1024 * 1024;

/// Bytes that parsing allocates, counting each only once even if it is freed at once.
fn allocated(body: &str) -> usize {
    let region = Region::new(ALLOCATOR);
    let parsed = parse(body.as_bytes());
    let change = region.change();
    assert!(parsed.is_ok(), "{:?}", parsed.err());
    change.bytes_allocated
}

#[test]
fn an_image_costs_its_own_size_once_and_what_is_ignored_nothing() {
    let image = "iVBORw0K".repeat(IMAGE_BYTES / 8);
    let body = format!(
        r#"{{"model":"grok-4","messages":[{{"role":"user","content":[{{"type":"image_url","image_url":{{"url":"data:image/png;base64,{image}"}}}}]}}],"unknown":"{image}"}}"#
    );
    let cost = allocated(&body);
    assert!(
        (IMAGE_BYTES..IMAGE_BYTES + 64 * 1024).contains(&cost),
        "{cost} bytes"
    );

    let list = ["[", &"0,".repeat(1024 * 1024), "0]"].concat();
    let body = format!(
        r#"{{"model":"grok-4","messages":[{{"role":"user","content":"Hi","x":{list}}}],"y":{list}}}"#
    );
    let cost = allocated(&body);
    assert!(cost < 64 * 1024, "{cost} bytes");
}
