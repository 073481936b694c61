//! What an answer looks like, streamed and whole.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use anthropic::{ErrorBody, ErrorKind, Head, message::Message, stream::EventWriter};
use chat::{
    Citation, Delta, Event, Finish, FinishReason, Found, SearchActivity, SearchKind, ToolCall,
    Usage,
};
use proptest::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};

fn head() -> Head {
    Head {
        id: "msg_1".to_owned(),
        model: "grok-4".to_owned(),
        input_tokens: 9,
    }
}

fn finish(reason: FinishReason) -> Finish {
    Finish {
        reason,
        usage: Usage {
            prompt_tokens: 10,
            completion_tokens: 6,
            reasoning_tokens: 2,
            estimated: true,
        },
    }
}

fn call(arguments: &str) -> Event {
    Event::ToolCall(ToolCall {
        id: "call_1".to_owned(),
        name: "f".to_owned(),
        arguments: arguments.to_owned(),
    })
}

fn search(query: &str) -> Event {
    Event::Search(SearchActivity {
        kind: SearchKind::Web,
        query: query.to_owned(),
    })
}

fn found(url: &str, title: &str) -> Event {
    Event::Found(Found {
        url: url.to_owned(),
        title: title.to_owned(),
    })
}

fn citation(url: &str, title: &str) -> Event {
    Event::Citation(Citation {
        number: 1,
        url: url.to_owned(),
        title: title.to_owned(),
    })
}

/// The bytes of a whole stream.
fn stream(deltas: &[Delta<'_>], reason: FinishReason) -> Vec<u8> {
    written(EventWriter::new(), deltas, reason)
}

fn written(mut writer: EventWriter, deltas: &[Delta<'_>], reason: FinishReason) -> Vec<u8> {
    let mut out = Vec::new();
    writer.start(&head(), &mut out);
    for delta in deltas {
        writer.delta(*delta, &mut out);
    }
    writer.finish(&finish(reason), &mut out);
    out
}

fn whole(deltas: &[Delta<'_>], reason: FinishReason) -> Value {
    collected(Message::new(), deltas, reason)
}

fn collected(mut message: Message, deltas: &[Delta<'_>], reason: FinishReason) -> Value {
    for delta in deltas {
        message.push(*delta);
    }
    serde_json::from_slice(&message.to_json(&head(), &finish(reason))).unwrap()
}

/// The data of every event; checks the framing and the names on the way.
fn events(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(text.ends_with("\n\n"), "{text}");
    let frames = text.trim_end_matches("\n\n").split("\n\n");
    frames
        .map(|frame| {
            let (name, data) = frame.split_once("\ndata: ").unwrap();
            let data: Value = serde_json::from_str(data).unwrap();
            assert_eq!(
                Some(name),
                data["type"]
                    .as_str()
                    .map(|kind| format!("event: {kind}"))
                    .as_deref()
            );
            data
        })
        .collect()
}

/// Puts the message together as a client does, and checks the order of events on the way.
fn accumulate(events: &[Value]) -> Value {
    let mut message = events[0]["message"].clone();
    assert_eq!(events[1], json!({"type": "ping"}));
    let mut open = None;
    for event in &events[2..events.len() - 2] {
        let index = event["index"].as_u64().unwrap() as usize;
        match event["type"].as_str().unwrap() {
            "content_block_start" => {
                assert_eq!(open.replace(index), None, "one block after the other");
                let content = message["content"].as_array_mut().unwrap();
                assert_eq!(content.len(), index);
                content.push(event["content_block"].clone());
            }
            "content_block_delta" => {
                assert_eq!(open, Some(index));
                append(&mut message["content"][index], &event["delta"]);
            }
            kind => {
                assert_eq!(kind, "content_block_stop");
                assert_eq!(open.take(), Some(index));
                read_input(&mut message["content"][index]);
            }
        }
    }
    assert_eq!(open, None);
    let [.., end, stop] = events else { panic!() };
    assert_eq!(end["type"], "message_delta");
    assert_eq!(stop, &json!({"type": "message_stop"}));
    for name in ["stop_reason", "stop_sequence"] {
        message[name] = end["delta"][name].clone();
    }
    message["usage"] = end["usage"].clone();
    message
}

fn append(block: &mut Value, delta: &Value) {
    let (field, kind) = match delta["type"].as_str().unwrap() {
        "text_delta" => ("text", "text"),
        "thinking_delta" => ("thinking", "thinking"),
        "signature_delta" => ("signature", "thinking"),
        "citations_delta" => {
            assert_eq!(block["type"], "text");
            let citations = &mut block["citations"];
            if citations.is_null() {
                *citations = json!([]);
            }
            let citation = delta["citation"].clone();
            citations.as_array_mut().unwrap().push(citation);
            return;
        }
        other => {
            assert_eq!((other, &block["input"]), ("input_json_delta", &json!({})));
            let before = block["json"].as_str().unwrap_or_default();
            let fragment = delta["partial_json"].as_str().unwrap();
            assert_eq!(
                fragment.is_empty(),
                block["json"].is_null(),
                "the first is empty"
            );
            assert!(fragment.len() <= 1024, "{} bytes", fragment.len());
            block["json"] = [before, fragment].concat().into();
            return;
        }
    };
    assert_eq!(block["type"], kind);
    let text = [
        block[field].as_str().unwrap(),
        delta[field].as_str().unwrap(),
    ]
    .concat();
    block[field] = text.into();
}

/// Reads the fragments of a call at the end of its block.
fn read_input(block: &mut Value) {
    let fields = block.as_object_mut().unwrap();
    if let Some(json) = fields.remove("json") {
        let input = serde_json::from_str(json.as_str().unwrap());
        fields.insert("input".to_owned(), input.unwrap());
    }
}

#[test]
fn a_stream_has_the_documented_bytes() {
    let bytes = stream(
        &[Delta::Text("A \"quine\"\n"), Delta::Text("é")],
        FinishReason::Stop,
    );
    let expected = concat!(
        "event: message_start\n",
        r#"data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"grok-4","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":9,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1}}}"#,
        "\n\nevent: ping\n",
        r#"data: {"type":"ping"}"#,
        "\n\nevent: content_block_start\n",
        r#"data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        "\n\nevent: content_block_delta\n",
        r#"data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"A \"quine\"\n"}}"#,
        "\n\nevent: content_block_delta\n",
        r#"data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"é"}}"#,
        "\n\nevent: content_block_stop\n",
        r#"data: {"type":"content_block_stop","index":0}"#,
        "\n\nevent: message_delta\n",
        r#"data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"input_tokens":10,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":6,"output_tokens_details":{"thinking_tokens":2},"estimated":true}}"#,
        "\n\nevent: message_stop\n",
        r#"data: {"type":"message_stop"}"#,
        "\n\n",
    );
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
}

#[test]
fn a_whole_answer_has_the_documented_bytes() {
    let mut message = Message::new();
    message.push(Delta::Reasoning("hm"));
    message.push(Delta::Text("Hel"));
    message.push(Delta::Text("lo"));
    message.push(Delta::Event(&call(r#"{"a": 1}"#)));
    let bytes = message.to_json(&head(), &finish(FinishReason::ToolCalls));
    let expected = concat!(
        r#"{"id":"msg_1","type":"message","role":"assistant","model":"grok-4","content":["#,
        r#"{"type":"thinking","thinking":"hm","signature":"grok2api-unsigned"},"#,
        r#"{"type":"text","text":"Hello"},"#,
        r#"{"type":"tool_use","id":"toolu_1","name":"f","input":{"a": 1},"caller":{"type":"direct"}}],"#,
        r#""stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":10,"#,
        r#""cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":6,"#,
        r#""output_tokens_details":{"thinking_tokens":2},"estimated":true}}"#,
    );
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
}

#[test]
fn thinking_is_a_block_with_a_signature_before_the_text() {
    let deltas = [
        Delta::Reasoning(""),
        Delta::Reasoning("h"),
        Delta::Reasoning("m"),
        Delta::Text("A"),
        Delta::Text(""),
    ];
    let events = events(&stream(&deltas, FinishReason::Stop));
    let delta = |index: usize, delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
    assert_eq!(
        events[2..10],
        [
            json!({"type": "content_block_start", "index": 0, "content_block":
                {"type": "thinking", "thinking": "", "signature": ""}}),
            delta(0, json!({"type": "thinking_delta", "thinking": "h"})),
            delta(0, json!({"type": "thinking_delta", "thinking": "m"})),
            delta(
                0,
                json!({"type": "signature_delta", "signature": "grok2api-unsigned"})
            ),
            json!({"type": "content_block_stop", "index": 0}),
            json!({"type": "content_block_start", "index": 1, "content_block":
                {"type": "text", "text": ""}}),
            delta(1, json!({"type": "text_delta", "text": "A"})),
            json!({"type": "content_block_stop", "index": 1}),
        ]
    );
}

#[test]
fn a_tool_call_is_a_block_of_its_own() {
    let call = call(r#"{"a": "é"}"#);
    let deltas = [Delta::Text("Wait"), Delta::Event(&call), Delta::Text("?")];
    let events = events(&stream(&deltas, FinishReason::ToolCalls));
    assert_eq!(
        events[5..9],
        [
            json!({"type": "content_block_start", "index": 1, "content_block":
                {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}, "caller": {"type": "direct"}}}),
            json!({"type": "content_block_delta", "index": 1, "delta":
                {"type": "input_json_delta", "partial_json": ""}}),
            json!({"type": "content_block_delta", "index": 1, "delta":
                {"type": "input_json_delta", "partial_json": r#"{"a": "é"}"#}}),
            json!({"type": "content_block_stop", "index": 1}),
        ]
    );
    assert_eq!(events[9]["index"], 2);
}

#[test]
fn long_arguments_come_in_fragments_of_whole_characters() {
    let arguments = format!(r#"{{"a":"{}"}}"#, "é".repeat(2000));
    let call = call(&arguments);
    let events = events(&stream(&[Delta::Event(&call)], FinishReason::ToolCalls));
    let fragments = events
        .iter()
        .filter_map(|event| event["delta"]["partial_json"].as_str());
    let fragments: Vec<_> = fragments.collect();
    let lengths: Vec<_> = fragments.iter().map(|fragment| fragment.len()).collect();
    assert_eq!(lengths, [0, 1024, 1024, 1024, 936]);
    assert_eq!(fragments.concat(), arguments);
}

#[test]
fn an_answer_that_says_nothing_has_an_empty_text() {
    let text = json!({"type": "text", "text": ""});
    let thought = json!({"type": "thinking", "thinking": "hm", "signature": "grok2api-unsigned"});
    let call = call("{}");
    let called = json!({"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}, "caller": {"type": "direct"}});
    for (deltas, content) in [
        (vec![], json!([text])),
        (vec![Delta::Text("")], json!([text])),
        (vec![Delta::Reasoning("")], json!([text])),
        (vec![Delta::Reasoning("hm")], json!([thought, text])),
        (vec![Delta::Event(&call)], json!([called])),
        (
            vec![Delta::Reasoning("hm"), Delta::Event(&call)],
            json!([thought, called]),
        ),
    ] {
        let message = whole(&deltas, FinishReason::Stop);
        assert_eq!(message["content"], content, "{deltas:?}");
        let streamed = accumulate(&events(&stream(&deltas, FinishReason::Stop)));
        assert_eq!(streamed, message, "{deltas:?}");
    }
}

#[test]
fn pictures_become_text_and_searches_that_nobody_asked_for_are_left_out() {
    let image = Event::Image {
        url: "https://a.io/1.png".to_owned(),
        alt: "fox".to_owned(),
    };
    let silent = [
        citation("https://a.io", ""),
        search("x"),
        found("https://a.io", ""),
        Event::Progress { percent: 50 },
    ];
    let mut deltas = vec![Delta::Text("A[[1]](https://a.io)\n")];
    deltas.extend(silent.iter().map(Delta::Event));
    deltas.push(Delta::Event(&image));
    let text = "A[[1]](https://a.io)\n![fox](https://a.io/1.png)\n";
    let message = whole(&deltas, FinishReason::Stop);
    assert_eq!(message["content"], json!([{"type": "text", "text": text}]));
    let streamed = events(&stream(&deltas, FinishReason::Stop));
    assert_eq!(streamed.len(), 8, "nothing is written for what has no form");
    assert_eq!(accumulate(&streamed), message);
    assert_eq!(message["usage"]["server_tool_use"], Value::Null);
}

/// The whole answer of a client that asked for the web search tool; checks the stream of it as well.
fn with_searches(deltas: &[Delta<'_>], reason: FinishReason) -> Value {
    let message = Message::new().showing_searches(true);
    let message = collected(message, deltas, reason.clone());
    let writer = EventWriter::new().showing_searches(true);
    let streamed = events(&written(writer, deltas, reason));
    assert_eq!(accumulate(&streamed), message, "{deltas:?}");
    message
}

fn search_block(number: usize, query: &str) -> Value {
    json!({"type": "server_tool_use", "id": format!("srvtoolu_1_{number}"), "name": "web_search",
        "input": {"query": query}, "caller": {"type": "direct"}})
}

fn result_block(number: usize, pages: &[(&str, &str)]) -> Value {
    let page = |(url, title): &(&str, &str)| {
        json!({"type": "web_search_result", "url": url, "title": title,
            "encrypted_content": "", "page_age": null})
    };
    let pages: Vec<_> = pages.iter().map(page).collect();
    json!({"type": "web_search_tool_result", "tool_use_id": format!("srvtoolu_1_{number}"),
        "content": pages, "caller": {"type": "direct"}})
}

fn thinking(text: &str) -> Value {
    json!({"type": "thinking", "thinking": text, "signature": "grok2api-unsigned"})
}

fn cited(url: &str, title: Value) -> Value {
    json!({"type": "web_search_result_location", "url": url, "title": title,
        "encrypted_index": "", "cited_text": ""})
}

#[test]
fn a_search_is_followed_by_what_it_found_and_the_text_by_what_it_cites() {
    let events = [
        search("lima \"weather\""),
        found("https://a.io", "A"),
        found("https://b.io", " "),
        citation("https://a.io", "A"),
        citation("https://b.io", ""),
    ];
    let [search, a, b, cites_a, cites_b] = events.each_ref().map(Delta::Event);
    let deltas = [
        Delta::Reasoning("hm"),
        search,
        a,
        b,
        Delta::Text("Sunny.[[1]](https://a.io)"),
        cites_a,
        Delta::Text(" Warm.[[2]](https://b.io)"),
        cites_b,
    ];
    let message = with_searches(&deltas, FinishReason::Stop);
    let text = "Sunny.[[1]](https://a.io) Warm.[[2]](https://b.io)";
    let citations = [
        cited("https://a.io", json!("A")),
        cited("https://b.io", json!(null)),
    ];
    assert_eq!(
        message["content"],
        json!([
            thinking("hm"),
            search_block(1, "lima \"weather\""),
            result_block(1, &[("https://a.io", "A"), ("https://b.io", "https://b.io")]),
            {"type": "text", "text": text, "citations": citations},
        ])
    );
    assert_eq!(
        message["usage"]["server_tool_use"],
        json!({"web_search_requests": 1, "web_fetch_requests": 0})
    );
}

#[test]
fn a_search_lasts_through_thinking_and_ends_when_the_answer_goes_on() {
    let (first, second) = (search("x"), search("y"));
    let (early, late) = (found("https://a.io", "A"), found("https://b.io", "B"));
    let called = call("{}");
    let [first, second, early, late] = [&first, &second, &early, &late].map(Delta::Event);
    let tool_use = json!({"type": "tool_use", "id": "toolu_1", "name": "f", "input": {},
        "caller": {"type": "direct"}});
    let page = [("https://a.io", "A")];
    let text = |text: &str| json!({"type": "text", "text": text});
    for (deltas, content) in [
        (
            vec![first, Delta::Reasoning("hm"), early, Delta::Text("A"), late],
            json!([
                search_block(1, "x"),
                thinking("hm"),
                result_block(1, &page),
                text("A")
            ]),
        ),
        (
            vec![early, first, second, early, Delta::Event(&called)],
            json!([
                search_block(1, "x"),
                result_block(1, &[]),
                search_block(2, "y"),
                result_block(2, &page),
                tool_use
            ]),
        ),
        (
            vec![Delta::Text("A"), first, Delta::Text("B")],
            json!([
                text("A"),
                search_block(1, "x"),
                result_block(1, &[]),
                text("B")
            ]),
        ),
        (
            vec![Delta::Text("A"), first, early],
            json!([text("A"), search_block(1, "x"), result_block(1, &page)]),
        ),
        (
            vec![first],
            json!([search_block(1, "x"), result_block(1, &[]), text("")]),
        ),
    ] {
        let message = with_searches(&deltas, FinishReason::Stop);
        assert_eq!(message["content"], content, "{deltas:?}");
    }
}

#[test]
fn a_citation_that_comes_after_no_text_is_left_out() {
    let (search, cites) = (search("x"), citation("https://a.io", "A"));
    let called = call("{}");
    let [search, cites, called] = [&search, &cites, &called].map(Delta::Event);
    let thought = Delta::Reasoning("hm");
    let deltas = [
        cites,
        thought,
        cites,
        Delta::Text("A"),
        search,
        cites,
        called,
        cites,
    ];
    let message = with_searches(&deltas, FinishReason::ToolCalls);
    assert_eq!(message["content"][1], json!({"type": "text", "text": "A"}));
    assert!(!message.to_string().contains("web_search_result_location"));
    assert_eq!(message["stop_reason"], "tool_use");
}

#[test]
fn every_end_has_its_reason() {
    for (reason, word, sequence) in [
        (FinishReason::Stop, "end_turn", json!(null)),
        (FinishReason::Length, "max_tokens", json!(null)),
        (FinishReason::ToolCalls, "tool_use", json!(null)),
        (
            FinishReason::StopSequence("END".to_owned()),
            "stop_sequence",
            json!("END"),
        ),
    ] {
        let message = whole(&[Delta::Text("x")], reason.clone());
        assert_eq!(message["stop_reason"], word);
        assert_eq!(message["stop_sequence"], sequence);
        let streamed = accumulate(&events(&stream(&[Delta::Text("x")], reason)));
        assert_eq!(streamed, message);
    }
}

#[test]
fn an_error_and_a_ping_are_events_too() {
    let (mut writer, mut out) = (EventWriter::new(), Vec::new());
    writer.start(&head(), &mut out);
    writer.delta(Delta::Text("x"), &mut out);
    out.clear();
    writer.ping(&mut out);
    let error = ErrorBody {
        kind: ErrorKind::Overloaded,
        message: "late\n".to_owned(),
        request_id: Some("req-1".to_owned()),
        is_thread_refused: false,
    };
    writer.error(&error, &mut out);
    let expected = concat!(
        "event: ping\n",
        r#"data: {"type":"ping"}"#,
        "\n\nevent: error\n",
        r#"data: {"type":"error","error":{"type":"overloaded_error","message":"late\n"},"request_id":"req-1"}"#,
        "\n\n",
    );
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

/// A delta as serde writes it.
#[derive(Serialize)]
struct BlockDelta<'a> {
    r#type: &'static str,
    index: usize,
    delta: Piece<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Piece<'a> {
    TextDelta { text: &'a str },
    ThinkingDelta { thinking: &'a str },
}

fn by_serde(index: usize, delta: Piece<'_>) -> String {
    let event = BlockDelta {
        r#type: "content_block_delta",
        index,
        delta,
    };
    let data = serde_json::to_string(&event).unwrap();
    format!("event: content_block_delta\ndata: {data}\n\n")
}

#[derive(Clone, Debug)]
enum Said {
    Text(String),
    Reasoning(String),
    Event(Event),
}

impl Said {
    fn delta(&self) -> Delta<'_> {
        match self {
            Self::Text(text) => Delta::Text(text),
            Self::Reasoning(text) => Delta::Reasoning(text),
            Self::Event(event) => Delta::Event(event),
        }
    }
}

fn any_said() -> impl Strategy<Value = Said> {
    prop_oneof![
        4 => any::<String>().prop_map(Said::Text),
        2 => any::<String>().prop_map(Said::Reasoning),
        1 => any::<String>().prop_map(|arguments| Said::Event(call(&arguments))),
        1 => Just(Said::Event(call(r#"{"a":[1]}"#))),
        // Objects, and what is almost one.
        1 => r#"\{"a":["\[\]{}a-z0-9:,.\\u+-]{0,12}\}"#.prop_map(|json| Said::Event(call(&json))),
        1 => (any::<String>(), any::<String>())
            .prop_map(|(url, alt)| Said::Event(Event::Image { url, alt })),
        1 => Just(Said::Event(Event::Progress { percent: 1 })),
        1 => any::<String>().prop_map(|query| Said::Event(search(&query))),
        2 => any::<(String, String)>().prop_map(|(url, title)| Said::Event(found(&url, &title))),
        2 => any::<(String, String)>()
            .prop_map(|(url, title)| Said::Event(citation(&url, &title))),
        1 => (0_usize..3000).prop_map(|length| {
            Said::Event(call(&format!(r#"{{"a":"{}"}}"#, "é".repeat(length))))
        }),
    ]
}

proptest! {
    #[test]
    fn the_quick_path_writes_what_serde_writes(text in any::<String>(), blocks in 0_usize..12) {
        let (mut writer, mut out) = (EventWriter::new(), Vec::new());
        for _ in 0..blocks {
            writer.delta(Delta::Event(&call("{}")), &mut out);
        }
        for (index, delta, piece) in [
            (blocks, Delta::Text(&text), Piece::TextDelta { text: &text }),
            (blocks + 1, Delta::Reasoning(&text), Piece::ThinkingDelta { thinking: &text }),
        ] {
            writer.delta(delta, &mut out);
            out.clear();
            writer.delta(delta, &mut out);
            let expected = if text.is_empty() { String::new() } else { by_serde(index, piece) };
            prop_assert_eq!(std::str::from_utf8(&out).unwrap(), expected);
        }
    }

    #[test]
    fn a_stream_adds_up_to_the_whole_answer(said in prop::collection::vec(any_said(), 0..12)) {
        let deltas: Vec<_> = said.iter().map(Said::delta).collect();
        let streamed = accumulate(&events(&stream(&deltas, FinishReason::Stop)));
        prop_assert_eq!(streamed, whole(&deltas, FinishReason::Stop));
        with_searches(&deltas, FinishReason::Stop);
    }
}
