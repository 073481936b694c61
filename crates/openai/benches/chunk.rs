//! The cost of one delta on its way out, the estimate and the SSE frame, and of a request's parse; the
//! same for the event of a response.

use std::hint::black_box;

use chat::{Delta, Estimator};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use openai::{
    chat::parse,
    responses::{self, ResponseHead, ResponseWriter},
    stream::{ChunkWriter, Head, Thinking},
};

const TOKEN: &str = " prints";
const MARKDOWN: &str = "\n```rust\nlet s = \"a\\tb\";\n```\n";
const WIDE: &str = "秘鲁的首都是利马";

fn writer() -> ChunkWriter {
    let head = Head {
        id: "5d1c0a52-7f0e-4a53-9a39-0f8a7a0d9b11".into(),
        created: 1_772_700_000,
        model: "grok-4".into(),
        conversation_id: Some("0b6e2f5c-7f0e-4a53-9a39-0f8a7a0d9b11".into()),
        fingerprint: Some("k3/9".into()),
    };
    let mut writer = ChunkWriter::new(&head, Thinking::ReasoningContent);
    writer.role(&mut Vec::new());
    writer
}

fn delta(c: &mut Criterion) {
    let mut group = c.benchmark_group("delta");
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

/// A text event of a response, which also keeps the text for the events that end it.
fn response(c: &mut Criterion) {
    let asked = responses::parse(br#"{"model":"grok-4","input":"What is a quine?"}"#);
    let Ok(asked) = asked else { return };
    let head = || ResponseHead {
        id: "resp_5d1c0a527f0e4a539a390f8a7a0d9b11".into(),
        created: 1_772_700_000,
        model: "grok-4".into(),
        conversation: None,
    };
    let mut out = Vec::with_capacity(4096);
    let mut writer = ResponseWriter::new(head(), asked.echo.clone());
    let mut tokens = 0_u32;
    c.bench_function("response_delta_token", |b| {
        b.iter(|| {
            out.clear();
            tokens += 1;
            // A new answer after many tokens, so that the text does not grow without end.
            if tokens.is_multiple_of(10_000) {
                writer = ResponseWriter::new(head(), asked.echo.clone());
            }
            writer.delta(Delta::Text(black_box(TOKEN)), &mut out);
            out.len()
        });
    });
}

/// What a token costs once it is text: the estimate and the frame.
fn counted(c: &mut Criterion) {
    let (mut writer, mut usage) = (writer(), Estimator::new());
    let mut out = Vec::with_capacity(1024);
    c.bench_function("delta_counted", |b| {
        b.iter(|| {
            out.clear();
            usage.push(black_box(TOKEN));
            writer.delta(Delta::Text(TOKEN), &mut out);
            out.len()
        });
    });
}

fn request(c: &mut Criterion) {
    let small = br#"{"model":"grok-4","stream":true,"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"What is a quine?"}]}"#;
    c.bench_function("parse_and_flatten", |b| {
        b.iter(|| parse(black_box(small)).map(|parsed| chat::flatten(&parsed.request)));
    });

    let image = format!(
        r#"{{"model":"grok-4","messages":[{{"role":"user","content":[{{"type":"image_url","image_url":{{"url":"data:image/png;base64,{}"}}}}]}}]}}"#,
        "iVBORw0K".repeat(128 * 1024)
    );
    let mut group = c.benchmark_group("parse");
    group.throughput(Throughput::Bytes(image.len() as u64));
    group.bench_function("image_1_mib", |b| {
        b.iter(|| parse(black_box(image.as_bytes())))
    });
    group.finish();
}

criterion_group!(benches, delta, response, counted, request);
criterion_main!(benches);
