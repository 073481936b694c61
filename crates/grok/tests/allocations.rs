//! Token frames must not allocate. In a file of its own, since the counter sees the whole process.

use std::alloc::System;

use bytes::Bytes;
use grok::FrameReader;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[test]
fn token_frames_allocate_nothing_once_the_buffers_are_warm() {
    let line = r#"{"result":{"response":{"token":"a \"b\"\n🦀","isThinking":true,"messageTag":"final","rolloutId":"Agent 1","responseId":"r-1"}}}"#;
    let whole = Bytes::from(format!("{line}\ndata: {line}\n{line}{line}"));
    let (first, second) = (whole.slice(..60), whole.slice(60..));
    let mut reader = FrameReader::new("credential");
    let mut read = |chunk: &Bytes| {
        let mut tokens = 0;
        reader.push(chunk.clone());
        while reader.advance().unwrap() {
            assert_eq!(reader.frame().token, Some("a \"b\"\n🦀"));
            tokens += 1;
        }
        tokens
    };
    // Warm-up: the scratch buffer and the buffer for lines in two chunks.
    assert_eq!(read(&whole) + read(&first) + read(&second), 8);
    let region = Region::new(ALLOCATOR);
    let tokens = read(&whole) + read(&first) + read(&second);
    let change = region.change();
    assert_eq!(tokens, 8);
    assert_eq!((change.allocations, change.reallocations), (0, 0));
}
