//! Tests of the chunks; apart from the code because of their number.

use chat::{Citation, FinishReason, SearchActivity, SearchKind, ToolCall, Usage};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn head() -> Head {
    Head {
        id: "r-1".into(),
        created: 1_772_700_000,
        model: "grok-4".into(),
        conversation_id: None,
        fingerprint: Some("k3/9".into()),
    }
}

fn finish(reason: FinishReason) -> Finish {
    let usage = Usage {
        prompt_tokens: 3,
        completion_tokens: 1,
        ..Usage::default()
    };
    Finish { reason, usage }
}

/// The JSON of every frame; checks the framing on the way. `[DONE]` becomes `null`.
fn frames(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(text.ends_with("\n\n"), "{text}");
    text.trim_end_matches("\n\n")
        .split("\n\n")
        .map(|frame| frame.strip_prefix("data: ").unwrap())
        .map(|data| match data {
            "[DONE]" => Value::Null,
            json => serde_json::from_str(json).unwrap(),
        })
        .collect()
}

/// The deltas between the role chunk and the finish chunk.
fn run(thinking: Thinking, parts: &[Delta<'_>]) -> Vec<Value> {
    let (mut writer, mut out) = (ChunkWriter::new(&head(), thinking), Vec::new());
    parts.iter().for_each(|part| writer.delta(*part, &mut out));
    writer.finish(&finish(FinishReason::Stop), &mut out);
    let mut all: Vec<_> = frames(&out)
        .iter()
        .map(|frame| frame["choices"][0]["delta"].clone())
        .collect();
    assert_eq!(all.pop(), Some(Value::Null), "[DONE] is last");
    assert_eq!(
        all.pop(),
        Some(json!({})),
        "the finish chunk has an empty delta"
    );
    assert_eq!(all.remove(0), json!({"role": "assistant", "content": ""}));
    all
}

fn content(text: &str) -> Value {
    json!({"content": text})
}

#[test]
fn a_stream_has_the_documented_bytes() {
    let (mut writer, mut out) = (ChunkWriter::new(&head(), Thinking::Hidden), Vec::new());
    writer.role(&mut out);
    writer.role(&mut out);
    writer.delta(Delta::Text("A \"quine\"\n"), &mut out);
    let call = Event::ToolCall(ToolCall {
        id: "call_0".into(),
        name: "get_weather".into(),
        arguments: "{\"city\": \"Lima\"}".into(),
    });
    writer.delta(Delta::Event(&call), &mut out);
    writer.finish(&finish(FinishReason::ToolCalls), &mut out);
    let start = r#"data: {"id":"r-1","object":"chat.completion.chunk","created":1772700000,"model":"grok-4","system_fingerprint":"k3/9","choices":[{"index":0,"delta":"#;
    let expected = [
        start,
        r#"{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}"#,
        "\n\n",
        start,
        r#"{"content":"A \"quine\"\n"},"logprobs":null,"finish_reason":null}]}"#,
        "\n\n",
        start,
        r#"{"tool_calls":[{"index":0,"id":"call_0","type":"function","function":{"name":"get_weather","arguments":""}}]},"logprobs":null,"finish_reason":null}]}"#,
        "\n\n",
        start,
        r#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\": \"Lima\"}"}}]},"logprobs":null,"finish_reason":null}]}"#,
        "\n\n",
        start,
        r#"{},"logprobs":null,"finish_reason":"tool_calls"}]}"#,
        "\n\ndata: [DONE]\n\n",
    ];
    assert_eq!(String::from_utf8(out).unwrap(), expected.concat());
}

#[test]
fn each_end_has_its_reason() {
    for (reason, word) in [
        (FinishReason::Stop, "stop"),
        (FinishReason::StopSequence("x".into()), "stop"),
        (FinishReason::Length, "length"),
    ] {
        let (mut writer, mut out) = (ChunkWriter::new(&head(), Thinking::Hidden), Vec::new());
        writer.finish(&finish(reason), &mut out);
        assert_eq!(frames(&out)[1]["choices"][0]["finish_reason"], word);
    }
}

#[test]
fn asked_for_usage_comes_in_a_last_chunk_without_choices() {
    let mut writer = ChunkWriter::new(&head(), Thinking::Hidden).include_usage(true);
    let mut out = Vec::new();
    writer.delta(Delta::Text("hi"), &mut out);
    writer.finish(&finish(FinishReason::Stop), &mut out);
    let frames = frames(&out);
    assert_eq!(frames.len(), 5);
    for frame in &frames[..3] {
        assert_eq!(
            frame.get("usage"),
            Some(&Value::Null),
            "announced in {frame}"
        );
    }
    assert_eq!(frames[3]["choices"], json!([]));
    assert_eq!(frames[3]["usage"]["total_tokens"], 4);
}

#[test]
fn conversation_id_is_in_every_chunk() {
    let head = Head {
        conversation_id: Some("c-9".into()),
        fingerprint: None,
        ..head()
    };
    let mut writer = ChunkWriter::new(&head, Thinking::Hidden).include_usage(true);
    let mut out = Vec::new();
    writer.finish(&finish(FinishReason::Stop), &mut out);
    let frames = frames(&out);
    for frame in &frames[..3] {
        assert_eq!(frame["conversation_id"], "c-9");
        assert_eq!(frame["system_fingerprint"], Value::Null);
    }
}

#[test]
fn reasoning_is_hidden_sent_apart_or_wrapped() {
    let parts = [
        Delta::Reasoning(""),
        Delta::Reasoning("hm"),
        Delta::Text("A"),
        Delta::Text(""),
        Delta::Reasoning("late"),
        Delta::Text("B"),
    ];
    assert_eq!(run(Thinking::Hidden, &parts), [content("A"), content("B")]);
    assert_eq!(
        run(Thinking::ReasoningContent, &parts),
        [
            json!({"reasoning_content": "hm"}),
            content("A"),
            json!({"reasoning_content": "late"}),
            content("B")
        ]
    );
    let wrapped = ["<think>\n", "hm", "\n</think>\n", "A", "B"].map(content);
    assert_eq!(run(Thinking::ThinkTags, &parts), wrapped);
}

#[test]
fn an_open_think_tag_is_closed_at_the_end() {
    let wrapped = ["<think>\n", "hm", "</think>\n"].map(content);
    assert_eq!(run(Thinking::ThinkTags, &[Delta::Reasoning("hm")]), wrapped);
}

#[test]
fn tool_calls_are_counted() {
    let call = |id: &str| {
        Event::ToolCall(ToolCall {
            id: id.into(),
            name: "f".into(),
            arguments: "{}".into(),
        })
    };
    let (first, second) = (call("a"), call("b"));
    let deltas = run(
        Thinking::Hidden,
        &[Delta::Event(&first), Delta::Event(&second)],
    );
    let places: Vec<_> = deltas
        .iter()
        .map(|delta| {
            let call = &delta["tool_calls"][0];
            (call["index"].as_u64(), call["id"].as_str())
        })
        .collect();
    assert_eq!(
        places,
        [
            (Some(0), Some("a")),
            (Some(0), None),
            (Some(1), Some("b")),
            (Some(1), None)
        ]
    );
}

#[test]
fn a_citation_is_an_annotation_where_its_mark_stands_in_the_content() {
    let citation = Event::Citation(Citation {
        number: 1,
        url: "https://a.io".into(),
        title: "T".into(),
    });
    let annotation = |index: u64, start: u64, end: u64| {
        json!({"annotations": [{"index": index, "type": "url_citation", "url_citation":
            {"url": "https://a.io", "title": "T", "start_index": start, "end_index": end}}]})
    };
    let parts = [
        Delta::Reasoning("hm"),
        Delta::Text("Né[[1]](https://a.io), "),
        Delta::Event(&citation),
        Delta::Text("x[[1]](https://a.io)"),
        Delta::Event(&citation),
        Delta::Event(&citation),
    ];
    let text = |part: &str| content(part);
    assert_eq!(
        run(Thinking::Hidden, &parts),
        [
            text("Né[[1]](https://a.io), "),
            annotation(0, 2, 21),
            text("x[[1]](https://a.io)"),
            annotation(1, 24, 43),
            annotation(2, 43, 43)
        ]
    );
    let tagged = run(Thinking::ThinkTags, &parts[..3]);
    let before = "<think>\nhm\n</think>\n".len() as u64;
    assert_eq!(tagged.last(), Some(&annotation(0, before + 2, before + 21)));
}

#[test]
fn pictures_are_content_and_other_events_say_nothing() {
    let image = Event::Image {
        url: "https://a.io/b.png".into(),
        alt: "fox".into(),
    };
    let search = Event::Search(SearchActivity {
        kind: SearchKind::Web,
        query: "q".into(),
    });
    let progress = Event::Progress { percent: 50 };
    let parts = [
        Delta::Event(&search),
        Delta::Event(&progress),
        Delta::Event(&image),
        Delta::Text("A"),
        Delta::Event(&image),
    ];
    let picture = "![fox](https://a.io/b.png)\n";
    assert_eq!(
        run(Thinking::Hidden, &parts),
        [
            content(picture),
            content("A"),
            content(&format!("\n{picture}"))
        ]
    );
    let parts = [Delta::Reasoning("hm"), Delta::Event(&image)];
    assert_eq!(
        run(Thinking::ThinkTags, &parts),
        ["<think>\n", "hm", "\n</think>\n", picture].map(content)
    );
}

#[test]
fn an_error_is_one_frame() {
    let error = ErrorBody {
        message: "late".into(),
        kind: "server_error",
        param: None,
        code: "stream_idle_timeout".into(),
        request_id: None,
    };
    let mut out = Vec::new();
    ChunkWriter::new(&head(), Thinking::Hidden).error(&error, &mut out);
    assert_eq!(frames(&out)[0]["error"]["code"], "stream_idle_timeout");
}

/// The chunk of a text, serialised as one structure.
fn serialised(text: &str, is_reasoning: bool, include_usage: bool) -> Vec<u8> {
    #[derive(Serialize)]
    struct Chunk<'a> {
        #[serde(flatten)]
        opening: Opening<'a>,
        choices: [ChunkChoice<'a>; 1],
        #[serde(skip_serializing_if = "Option::is_none")]
        usage: Option<()>,
    }
    let mut delta = DeltaJson::default();
    if is_reasoning {
        delta.reasoning_content = Some(text);
    } else {
        delta.content = Some(text);
    }
    let head = head();
    let chunk = Chunk {
        opening: Opening::new(&head, "chat.completion.chunk"),
        choices: [ChunkChoice::delta(0, delta)],
        usage: include_usage.then_some(()),
    };
    [b"data: ", crate::wire::to_json(&chunk).as_slice(), b"\n\n"].concat()
}

proptest! {
    #[test]
    fn the_fast_path_equals_the_structure(texts in prop::collection::vec(any::<String>(), 0..8)) {
        for include_usage in [false, true] {
            let writer = ChunkWriter::new(&head(), Thinking::ReasoningContent);
            let mut writer = writer.include_usage(include_usage);
            writer.role(&mut Vec::new());
            for text in texts.iter().filter(|text| !text.is_empty()) {
                for (delta, is_reasoning) in [(Delta::Text(text), false), (Delta::Reasoning(text), true)] {
                    let mut out = Vec::new();
                    writer.delta(delta, &mut out);
                    prop_assert_eq!(out, serialised(text, is_reasoning, include_usage));
                }
            }
        }
    }
}
