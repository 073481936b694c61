//! The cost of one delta on its way out, and of a request on its way in.

use std::hint::black_box;

use anthropic::{Head, messages, stream::EventWriter};
use chat::Delta;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const TOKEN: &str = " prints";
const MARKDOWN: &str = "\n```rust\nlet s = \"a\\tb\";\n```\n";
const WIDE: &str = "秘鲁的首都是利马";

fn writer() -> EventWriter {
    let head = Head {
        id: "msg_5d1c0a527f0e4a539a390f8a7a0d9b11".into(),
        model: "grok-4".into(),
        input_tokens: 12,
    };
    let mut writer = EventWriter::new();
    writer.start(&head, &mut Vec::new());
    writer
}

fn delta(c: &mut Criterion) {
    let mut group = c.benchmark_group("event");
    for (name, text) in [("token", TOKEN), ("markdown", MARKDOWN), ("wide", WIDE)] {
        let (mut writer, mut out) = (writer(), Vec::with_capacity(1024));
        group.bench_function(name, |b| {
            b.iter(|| {
                out.clear();
                writer.delta(Delta::Text(black_box(text)), &mut out);
                out.len()
            });
        });
    }
    group.finish();
}

fn request(c: &mut Criterion) {
    let small = br#"{"model":"grok-4","max_tokens":1024,"stream":true,"system":"Be brief.","messages":[{"role":"user","content":"What is a quine?"}]}"#;
    c.bench_function("messages_small", |b| {
        b.iter(|| messages::parse(black_box(small)));
    });

    let image = format!(
        r#"{{"model":"grok-4","max_tokens":1024,"messages":[{{"role":"user","content":[{{"type":"image","source":{{"type":"base64","media_type":"image/png","data":"{}"}}}}]}}]}}"#,
        "iVBORw0K".repeat(128 * 1024)
    );
    let mut group = c.benchmark_group("messages");
    group.throughput(Throughput::Bytes(image.len() as u64));
    group.bench_function("image_1_mib", |b| {
        b.iter(|| messages::parse(black_box(image.as_bytes())))
    });
    group.finish();
}

criterion_group!(benches, delta, request);
criterion_main!(benches);
