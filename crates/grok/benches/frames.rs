//! What a token frame costs from bytes to borrowed texts, and its text from there through the filter.
//!
//! `line` = each chunk is one line (a paced upstream), `batch` = 64 lines in a chunk (one at full
//! speed), `cut` = each line comes in two chunks, `escaped` = tokens with escapes,
//! `concatenated` = 64 objects without newlines.

use std::hint::black_box;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput};
use grok::FrameReader;
use grok::markup::Filter;

const LINES: usize = 64;

fn line(token: &str) -> String {
    format!(
        r#"{{"result":{{"response":{{"token":"{token}","isThinking":false,"messageTag":"final","messageStepId":1,"responseId":"5d1c0a52-7f0e-4a53-9a39-0f8a7a0d9b11"}}}}}}"#
    )
}

fn read(chunks: &[Bytes]) -> usize {
    let mut reader = FrameReader::new("credential");
    let mut bytes = 0;
    for chunk in chunks {
        reader.push(chunk.clone());
        while let Ok(true) = reader.advance() {
            let frame = reader.frame();
            bytes += frame.token.map_or(0, str::len);
            black_box(&frame);
        }
    }
    bytes
}

fn filter(criterion: &mut Criterion) {
    let names = ["xaiartifact", "xai:tool_usage_card", "grok:render"].map(str::to_owned);
    let render = "a<grok:render card_id=\"c1\" type=\"render_inline_citation\"></grok:render>b";
    let mut group = criterion.benchmark_group("filter");
    for (name, text) in [
        ("token", " prints"),
        ("less_than", "a < b"),
        ("render", render),
    ] {
        let (mut filter, mut out) = (Filter::new(&names), String::with_capacity(1024));
        assert!(filter.register_card(r#"{"id":"c1","url":"https://a.io"}"#));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                out.clear();
                filter.push(black_box(text), &mut out);
                filter.take_citations().count() + out.len()
            });
        });
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    filter(&mut criterion);
    let plain = line("prints itself") + "\n";
    let escaped = line("a \\\"b\\\"\\n") + "\n";
    let half = plain.len() / 2;
    let (first, second) = plain.split_at(half);
    let cases: [(&str, Vec<Bytes>); 5] = [
        ("line", vec![Bytes::from(plain.clone()); LINES]),
        ("batch", vec![Bytes::from(plain.repeat(LINES))]),
        (
            "cut",
            std::iter::repeat_n(
                [
                    Bytes::from(first.to_owned()),
                    Bytes::from(second.to_owned()),
                ],
                LINES,
            )
            .flatten()
            .collect(),
        ),
        ("escaped", vec![Bytes::from(escaped); LINES]),
        (
            "concatenated",
            vec![Bytes::from(line("prints itself").repeat(LINES))],
        ),
    ];
    let mut group = criterion.benchmark_group("token_frame");
    group.throughput(Throughput::Elements(LINES as u64));
    for (name, chunks) in cases {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || chunks.clone(),
                |chunks| read(&chunks),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
    criterion.final_summary();
}
