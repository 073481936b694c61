//! The answer: order and fields of its events, and the same as a document.

use chat::{
    Citation, Delta, Event, Finish, FinishReason, Found, SearchActivity, SearchKind, ToolCall,
    Usage,
};

use super::*;

fn echo(fields: Value) -> Echo {
    asked(fields).unwrap().echo
}

fn finish(reason: FinishReason) -> Finish {
    let usage = Usage {
        prompt_tokens: 9,
        completion_tokens: 6,
        reasoning_tokens: 2,
        estimated: true,
    };
    Finish { reason, usage }
}

fn citation(number: usize) -> Event {
    Event::Citation(Citation {
        number,
        url: "https://a.io".into(),
        title: "T".into(),
    })
}

fn search(query: &str) -> Event {
    Event::Search(SearchActivity {
        kind: SearchKind::Web,
        query: query.into(),
    })
}

fn found(url: &str) -> Event {
    Event::Found(Found {
        url: url.into(),
        title: "T".into(),
    })
}

fn call(id: &str) -> Event {
    Event::ToolCall(ToolCall {
        id: id.into(),
        name: "f".into(),
        arguments: "{\"city\":\"Lima\"}".into(),
    })
}

fn streamed(fields: Value, deltas: &[Delta<'_>], reason: FinishReason) -> Vec<(String, Value)> {
    let (mut writer, mut out) = (ResponseWriter::new(head(), echo(fields)), Vec::new());
    deltas
        .iter()
        .for_each(|delta| writer.delta(*delta, &mut out));
    let stored = writer.finish(&finish(reason), 1_772_700_005, &mut out);
    let all = events(&out);
    let last = &all.last().unwrap().1["response"];
    let stored: Value = serde_json::from_slice(&stored).unwrap();
    assert_eq!(last, &stored, "what is stored is what was sent last");
    all
}

fn document(fields: Value, deltas: &[Delta<'_>], reason: FinishReason) -> Value {
    let mut document = ResponseDocument::new(head(), echo(fields));
    deltas.iter().for_each(|delta| document.push(*delta));
    document.finish(&finish(reason), 1_772_700_005);
    serde_json::from_slice(&document.to_json()).unwrap()
}

const SEARCHING: &str =
    r#"{"tools":[{"type":"web_search"}],"include":["web_search_call.action.sources"]}"#;

fn searching() -> Value {
    serde_json::from_str(SEARCHING).unwrap()
}

#[test]
fn events_come_in_the_order_of_the_api() {
    let (query, page, cited, called) =
        (search("q"), found("https://a.io"), citation(1), call("c1"));
    let all = streamed(
        searching(),
        &[
            Delta::Reasoning("h"),
            Delta::Reasoning("m"),
            Delta::Event(&query),
            Delta::Event(&page),
            Delta::Text("A[[1]](https://a.io)"),
            Delta::Event(&cited),
            Delta::Event(&called),
        ],
        FinishReason::ToolCalls,
    );
    let order: Vec<_> = all
        .iter()
        .map(|(name, data)| {
            (
                name.trim_start_matches("response."),
                data["output_index"].as_u64(),
            )
        })
        .collect();
    let expected = [
        ("created", None),
        ("in_progress", None),
        ("output_item.added", Some(0)),
        ("reasoning_summary_part.added", Some(0)),
        ("reasoning_summary_text.delta", Some(0)),
        ("reasoning_summary_text.delta", Some(0)),
        ("reasoning_summary_text.done", Some(0)),
        ("reasoning_summary_part.done", Some(0)),
        ("output_item.done", Some(0)),
        ("output_item.added", Some(1)),
        ("web_search_call.in_progress", Some(1)),
        ("web_search_call.searching", Some(1)),
        ("web_search_call.completed", Some(1)),
        ("output_item.done", Some(1)),
        ("output_item.added", Some(2)),
        ("content_part.added", Some(2)),
        ("output_text.delta", Some(2)),
        ("output_text.annotation.added", Some(2)),
        ("output_text.done", Some(2)),
        ("content_part.done", Some(2)),
        ("output_item.done", Some(2)),
        ("output_item.added", Some(3)),
        ("function_call_arguments.delta", Some(3)),
        ("function_call_arguments.done", Some(3)),
        ("output_item.done", Some(3)),
        ("completed", None),
    ];
    assert_eq!(order, expected);
    let done: Vec<_> = all
        .iter()
        .filter(|(name, _)| name == "response.output_item.done")
        .map(|(_, data)| data["item"].clone())
        .collect();
    assert_eq!(all.last().unwrap().1["response"]["output"], json!(done));
}

#[test]
fn items_have_the_fields_of_the_api() {
    let (query, page, cited, called) =
        (search("q"), found("https://a.io"), citation(1), call("c1"));
    let deltas = [
        Delta::Reasoning("hm"),
        Delta::Event(&query),
        Delta::Event(&page),
        Delta::Text("Né[[1]](https://a.io)"),
        Delta::Event(&cited),
        Delta::Event(&called),
    ];
    let output = document(searching(), &deltas, FinishReason::ToolCalls)["output"].take();
    let expected = json!([
        {"id": "rs_5b00", "type": "reasoning", "status": "completed",
            "summary": [{"type": "summary_text", "text": "hm"}]},
        {"id": "ws_5b01", "type": "web_search_call", "status": "completed",
            "action": {"type": "search", "query": "q",
                "sources": [{"type": "url", "url": "https://a.io"}]}},
        {"id": "msg_5b02", "type": "message", "status": "completed", "role": "assistant",
            "content": [{"type": "output_text", "text": "Né[[1]](https://a.io)", "logprobs": [],
                "annotations": [{"type": "url_citation", "url": "https://a.io", "title": "T",
                    "start_index": 2, "end_index": 21}]}]},
        {"id": "fc_5b03", "type": "function_call", "status": "completed", "call_id": "c1",
            "name": "f", "arguments": "{\"city\":\"Lima\"}"}
    ]);
    assert_eq!(output, expected);
    let without = document(
        json!({"tools": [{"type": "web_search"}]}),
        &deltas,
        FinishReason::Stop,
    );
    assert_eq!(
        without["output"][1]["action"],
        json!({"type": "search", "query": "q"})
    );
    let silent = document(json!({}), &deltas, FinishReason::Stop);
    assert_eq!(
        silent["output"][1]["type"], "message",
        "nobody asked for the search tool"
    );
}

#[test]
fn frequent_events_have_the_documented_bytes() {
    let (mut writer, mut out) = (ResponseWriter::new(head(), echo(json!({}))), Vec::new());
    writer.delta(Delta::Text("A"), &mut out);
    out.clear();
    writer.delta(Delta::Text("\"b\"\n"), &mut out);
    let expected = concat!(
        "event: response.output_text.delta\n",
        r#"data: {"type":"response.output_text.delta","sequence_number":5,"item_id":"msg_5b00","#,
        r#""output_index":0,"content_index":0,"delta":"\"b\"\n","logprobs":[]}"#,
        "\n\n"
    );
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn the_object_repeats_the_request_and_has_every_field() {
    let fields = json!({"instructions": "I", "max_output_tokens": 5, "temperature": 0.5, "top_p": 0.1,
        "metadata": {"a": "b"}, "user": "u", "safety_identifier": "s", "prompt_cache_key": "p",
        "parallel_tool_calls": false, "truncation": "auto", "previous_response_id": "resp_1",
        "store": false, "tool_choice": "required",
        "tools": [{"type": "function", "function": {"name": "f"}}, {"type": "web_search"}],
        "reasoning": {"effort": "low", "summary": "auto"},
        "text": {"format": {"type": "json_object"}, "verbosity": "high"}});
    let expected = json!({"id": "resp_5b", "object": "response", "created_at": 1_772_700_000,
        "status": "completed", "background": false, "completed_at": 1_772_700_005,
        "conversation": null, "error": null, "incomplete_details": null, "instructions": "I",
        "max_output_tokens": 5, "max_tool_calls": null, "model": "grok-4",
        "output": [{"id": "msg_5b00", "type": "message", "status": "completed", "role": "assistant",
            "content": [{"type": "output_text", "text": "A", "logprobs": [], "annotations": []}]}],
        "parallel_tool_calls": false, "previous_response_id": "resp_1", "prompt_cache_key": "p",
        "reasoning": {"effort": "low", "summary": "auto"}, "safety_identifier": "s",
        "service_tier": "default", "store": false, "temperature": 0.5,
        "text": {"format": {"type": "json_object"}, "verbosity": "high"},
        "tool_choice": "required",
        "tools": [{"type": "function", "name": "f", "description": null, "parameters": null,
            "strict": false}, {"type": "web_search"}],
        "top_logprobs": 0, "top_p": 0.1, "truncation": "auto",
        "usage": {"input_tokens": 9, "input_tokens_details": {"cached_tokens": 0,
                "cache_write_tokens": 0}, "output_tokens": 6,
            "output_tokens_details": {"reasoning_tokens": 2}, "total_tokens": 15},
        "user": "u", "metadata": {"a": "b"}});
    assert_eq!(
        document(fields, &[Delta::Text("A")], FinishReason::Stop),
        expected
    );
    let plain = document(json!({}), &[], FinishReason::Stop);
    assert_eq!(
        plain["text"],
        json!({"format": {"type": "text"}, "verbosity": "medium"})
    );
    assert_eq!(
        (&plain["tool_choice"], &plain["tools"]),
        (&json!("auto"), &json!([]))
    );
    assert_eq!(
        plain["output"][0]["content"][0]["text"], "",
        "there is always a message or a call"
    );
}

#[test]
fn a_limit_makes_the_response_incomplete() {
    let all = streamed(json!({}), &[Delta::Text("A")], FinishReason::Length);
    let (name, data) = all.last().unwrap();
    assert_eq!(name, "response.incomplete");
    let response = &data["response"];
    assert_eq!(response["status"], "incomplete");
    assert_eq!(
        response["incomplete_details"],
        json!({"reason": "max_output_tokens"})
    );
    assert_eq!(response["output"][0]["status"], "incomplete");
    assert_eq!(response["completed_at"], Value::Null);
}

#[test]
fn what_breaks_off_fails_with_what_there_is() {
    let (mut writer, mut out) = (ResponseWriter::new(head(), echo(json!({}))), Vec::new());
    writer.delta(Delta::Text("A"), &mut out);
    let failure = Failure {
        code: "server_error".into(),
        message: "It broke off.".into(),
    };
    writer.fail(failure.clone(), &mut out);
    let all = events(&out);
    let (name, data) = all.last().unwrap();
    assert_eq!(name, "response.failed");
    let response = &data["response"];
    assert_eq!(
        response["error"],
        json!({"code": "server_error", "message": "It broke off."})
    );
    assert_eq!(response["output"][0]["content"][0]["text"], "A");
    assert_eq!(
        (&response["status"], &response["usage"]),
        (&json!("failed"), &Value::Null)
    );
    let mut document = ResponseDocument::new(head(), echo(json!({})));
    document.push(Delta::Text("A"));
    document.fail(failure);
    let document: Value = serde_json::from_slice(&document.to_json()).unwrap();
    assert_eq!(&document, response);
}

#[test]
fn a_response_in_the_background_is_queued_first() {
    let mut document = ResponseDocument::new(head(), echo(json!({"background": true})));
    let queued: Value = serde_json::from_slice(&document.to_json()).unwrap();
    document.begin();
    let begun = document.to_json();
    let ended = |status| ended_json(&begun, status, None);
    let cancelled: Value = serde_json::from_slice(&ended(Status::Cancelled)).unwrap();
    let begun: Value = serde_json::from_slice(&begun).unwrap();
    for (response, status) in [
        (queued, "queued"),
        (begun, "in_progress"),
        (cancelled, "cancelled"),
    ] {
        assert_eq!(
            (&response["status"], &response["background"]),
            (&json!(status), &json!(true))
        );
    }
    let (mut writer, mut out) = (
        ResponseWriter::new(head(), echo(json!({"background": true}))),
        Vec::new(),
    );
    writer.start(&mut out);
    let names: Vec<_> = events(&out).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "response.created",
            "response.queued",
            "response.in_progress"
        ]
    );
}

#[test]
fn pictures_are_text_and_a_conversation_is_named() {
    let image = Event::Image {
        url: "https://a.io/b.png".into(),
        alt: "fox".into(),
    };
    let mut head = head();
    head.conversation = Some("conv_1".into());
    let mut document = ResponseDocument::new(head, echo(json!({})));
    document.push(Delta::Text("A"));
    document.push(Delta::Event(&image));
    document.push(Delta::Event(&Event::Progress { percent: 5 }));
    document.finish(&finish(FinishReason::Stop), 1);
    let json: Value = serde_json::from_slice(&document.to_json()).unwrap();
    let text = &json["output"][0]["content"][0]["text"];
    assert_eq!(text, "A\n![fox](https://a.io/b.png)\n");
    assert_eq!(json["conversation"], json!({"id": "conv_1"}));
}
