//! What is read of a request, and what is refused.

use chat::{
    AttachmentKind, Effort, Part, Reasoning, ResponseFormat, Role, Search, Source, Tool, ToolCall,
    ToolChoice, Turn,
};

use super::*;

fn turns(input: Value) -> Vec<Turn> {
    asked(json!({"input": input})).unwrap().request.turns
}

#[track_caller]
fn refused(fields: Value, code: &str, param: &str) {
    let invalid = asked(fields.clone()).unwrap_err();
    assert_eq!(
        (invalid.code, invalid.param.as_deref()),
        (code, Some(param)),
        "{fields}"
    );
    assert!(invalid.message.ends_with('.'), "{}", invalid.message);
}

#[test]
fn a_small_request_leaves_everything_else_open() {
    let asked = asked(json!({"unknown": [1]})).unwrap();
    assert_eq!(asked.request.turns, [Turn::text(Role::User, "Hi")]);
    assert_eq!(asked.request.model, "grok-4");
    assert_eq!(asked.request.tool_choice, ToolChoice::Auto);
    assert_eq!(asked.request.reasoning, Reasoning::default());
    assert_eq!(asked.request.search, Search::default());
    assert!(asked.store && !asked.stream && !asked.background);
    assert_eq!((asked.instructions, asked.conversation), (None, None));
}

#[test]
fn every_scalar_is_read() {
    assert!(asked(json!({"background": true})).unwrap().background);
    let asked = asked(json!({"stream": true, "store": true,
        "previous_response_id": "resp_1", "instructions": "Be brief.", "max_output_tokens": 9,
        "temperature": 0.5, "top_p": 1, "parallel_tool_calls": false, "user": "u",
        "truncation": "auto", "service_tier": "auto", "safety_identifier": "s",
        "prompt_cache_key": "p", "metadata": {"a": "b"}, "include": ["reasoning.encrypted_content"],
        "reasoning": {"effort": "low", "summary": "auto"}, "stream_options": {"include_obfuscation": false},
        "text": {"verbosity": "low", "format": {"type": "json_object"}}}))
    .unwrap();
    assert!(asked.stream && asked.store && !asked.background);
    assert_eq!(asked.previous_response_id.as_deref(), Some("resp_1"));
    let request = &asked.request;
    assert_eq!(request.limits.max_tokens, Some(9));
    assert_eq!(
        (request.sampling.temperature, request.sampling.top_p),
        (Some(0.5), Some(1.0))
    );
    assert!(request.one_tool_call);
    assert_eq!(request.user.as_deref(), Some("u"));
    assert_eq!(request.response_format, ResponseFormat::JsonObject);
    let reasoning = Reasoning {
        effort: Some(Effort::Low),
        is_shown: Some(true),
    };
    assert_eq!(request.reasoning, reasoning);
    let (request, _) = asked.into_request(vec![Turn::text(Role::User, "before")]);
    let said: Vec<_> = request.turns.iter().flat_map(Turn::texts).collect();
    assert_eq!(said, ["Be brief.", "before", "Hi"]);
    assert_eq!(request.turns[0].role, Role::System);
}

#[test]
fn a_conversation_is_named_by_its_id() {
    for value in [json!("conv_1"), json!({"id": "conv_1"})] {
        let asked = asked(json!({"conversation": value})).unwrap();
        assert_eq!(asked.conversation.as_deref(), Some("conv_1"));
    }
}

#[test]
fn reasoning_is_shown_to_who_asks_for_it() {
    for (reasoning, is_shown) in [
        (json!(null), None),
        (json!({}), None),
        (json!({"effort": null, "summary": null}), None),
        (json!({"effort": "high"}), Some(true)),
        (json!({"summary": "detailed"}), Some(true)),
        (json!({"generate_summary": "concise"}), Some(true)),
        (json!({"effort": "none", "summary": "auto"}), Some(false)),
    ] {
        let asked = asked(json!({"reasoning": reasoning})).unwrap();
        assert_eq!(asked.request.reasoning.is_shown, is_shown, "{reasoning}");
    }
}

#[test]
fn tools_are_read_in_both_forms_and_the_search_is_none_of_them() {
    let asked = asked(json!({"tools": [
            {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": true},
            {"type": "function", "function": {"name": "g", "description": "D"}},
            {"type": "web_search_2025_08_26"}],
        "tool_choice": {"type": "allowed_tools", "mode": "required",
            "tools": [{"type": "function", "name": "g"}]}}))
    .unwrap();
    let tool = |name: &str, description: Option<&str>, parameters: Option<&str>| Tool {
        name: name.to_owned(),
        description: description.map(str::to_owned),
        parameters: parameters.map(str::to_owned),
    };
    let expected = [
        tool("f", None, Some(r#"{"type":"object"}"#)),
        tool("g", Some("D"), None),
    ];
    assert_eq!(asked.request.tools, expected);
    assert_eq!(asked.request.search.web, Some(true));
    let allowed = ToolChoice::Allowed {
        names: vec!["g".to_owned()],
        is_required: true,
    };
    assert_eq!(asked.request.tool_choice, allowed);
}

#[test]
fn a_schema_has_the_flat_form() {
    let format = json!({"type": "json_schema", "name": "n", "schema": {"type": "object"},
        "strict": true});
    let asked = asked(json!({"text": {"format": format}})).unwrap();
    let expected = ResponseFormat::JsonSchema {
        name: "n".to_owned(),
        schema: chat::JsonSchema::new(r#"{"type":"object"}"#.to_owned()),
    };
    assert_eq!(asked.request.response_format, expected);
}

#[test]
fn every_form_of_a_message_is_read() {
    for (input, role, texts) in [
        (json!("Hi"), Role::User, vec!["Hi"]),
        (
            json!({"role": "user", "content": "Hi"}),
            Role::User,
            vec!["Hi"],
        ),
        (
            json!([{"role": "developer", "content": "Hi", "type": "message"}]),
            Role::Developer,
            vec!["Hi"],
        ),
        (
            json!([{"type": "message", "role": "assistant", "id": "msg_1", "status": "completed",
                "content": [{"type": "output_text", "text": "A", "annotations": []},
                    {"type": "refusal", "refusal": "no"}, {"type": "output_text", "text": " "}]}]),
            Role::Assistant,
            vec!["A", "no"],
        ),
        (
            json!(["a", {"type": "input_text", "text": "b"}, {"type": "text", "text": "c"}]),
            Role::User,
            vec!["a", "b", "c"],
        ),
        (
            json!([{"role": "user", "content": {"type": "input_text", "text": "b"}}]),
            Role::User,
            vec!["b"],
        ),
    ] {
        let turns = turns(input.clone());
        assert_eq!(turns.len(), 1, "{input}");
        assert_eq!(turns[0].role, role, "{input}");
        assert_eq!(turns[0].texts().collect::<Vec<_>>(), texts, "{input}");
    }
}

#[test]
fn every_form_of_an_attachment_is_read() {
    let url = || Source::Url("https://a.io/b".to_owned());
    let file = || Source::File {
        id: "file-1".to_owned(),
    };
    let data = || Source::from_uri("data:a/b;base64,aGk=").unwrap();
    use AttachmentKind::{Audio, File, Image};
    for (block, kind, source, tail) in [
        (
            json!({"type": "input_image", "image_url": "https://a.io/b", "detail": "low"}),
            Image,
            url(),
            "image_url",
        ),
        (
            json!({"type": "image_url", "image_url": {"url": "https://a.io/b"}}),
            Image,
            url(),
            "image_url.url",
        ),
        (
            json!({"type": "image", "image": "https://a.io/b"}),
            Image,
            url(),
            "image",
        ),
        (
            json!({"type": "output_image", "url": "https://a.io/b"}),
            Image,
            url(),
            "url",
        ),
        (
            json!({"type": "input_image", "file_id": "file-1", "image_url": null}),
            Image,
            file(),
            "file_id",
        ),
        (
            json!({"type": "input_image", "image_url": "file-1"}),
            Image,
            file(),
            "image_url",
        ),
        (
            json!({"type": "input_file", "file_data": "data:a/b;base64,aGk="}),
            File,
            data(),
            "file_data",
        ),
        (
            json!({"type": "input_file", "file_url": "https://a.io/b"}),
            File,
            url(),
            "file_url",
        ),
        (
            json!({"type": "file", "file": {"file_id": "file-1"}}),
            File,
            file(),
            "file.file_id",
        ),
        (
            json!({"type": "input_audio", "input_audio": {"data": "data:a/b;base64,aGk=",
                "format": "wav"}}),
            Audio,
            data(),
            "input_audio.data",
        ),
        (
            json!({"type": "input_audio", "input_audio": {"data": "aGk=", "format": "mp3"}}),
            Audio,
            Source::from_base64("audio/mpeg", "aGk=").unwrap(),
            "input_audio.data",
        ),
    ] {
        let turns = turns(json!([{"role": "user", "content": [block]}]));
        let attached: Vec<_> = turns[0].attachments().collect();
        assert_eq!(attached.len(), 1, "{block}");
        assert_eq!(
            (attached[0].kind, &attached[0].source),
            (kind, &source),
            "{block}"
        );
        assert_eq!(attached[0].param, format!("input.0.content.0.{tail}"));
    }
}

#[test]
fn calls_and_their_results_are_turns() {
    let turns = turns(json!([
        {"role": "user", "content": "Weather?"},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "So:"}]},
        {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "web_search_call", "id": "ws_1", "status": "completed"},
        {"type": "function_call", "call_id": "c2", "name": "g", "arguments": "{\"a\":1}"},
        {"type": "function_call_output", "call_id": "c1", "output": "5"},
        {"type": "tool_output", "tool_call_id": "c2", "content": {"b": 2}},
        {"type": "tool_call_output", "id": "c3",
            "output": [{"type": "input_text", "text": "x"},
                {"type": "input_image", "image_url": "https://a.io/b"}]},
        {"type": "input_tool_output", "call_id": "c1", "output": null}
    ]));
    let call = |id: &str, name: &str, arguments: &str| ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    };
    let mut said = Turn::text(Role::Assistant, "So:");
    said.tool_calls = vec![call("c1", "f", "{}"), call("c2", "g", "{\"a\":1}")];
    assert_eq!(turns[1], said);
    let results: Vec<_> = turns[2..]
        .iter()
        .map(|turn| {
            assert_eq!(turn.role, Role::Tool);
            let texts: Vec<_> = turn.texts().collect();
            (
                turn.tool_call_id.as_deref(),
                turn.name.as_deref(),
                texts.concat(),
                turn.parts.len(),
            )
        })
        .collect();
    let expected = [
        (Some("c1"), Some("f"), "5".to_owned(), 1),
        (Some("c2"), Some("g"), "{\"b\":2}".to_owned(), 1),
        (Some("c3"), None, "x".to_owned(), 2),
        (Some("c1"), Some("f"), String::new(), 0),
    ];
    assert_eq!(results, expected);
    let alone = super::request::turns(json!([
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"role": "user", "content": "x"}]));
    assert_eq!(alone[0].tool_calls, [call("c", "f", "{}")]);
    assert_eq!(alone[0].parts, Vec::<Part>::new());
}

#[test]
fn loose_blocks_make_one_message_and_others_end_it() {
    let turns = turns(
        json!(["a", {"type": "input_image", "image_url": "https://a.io/b"},
        {"role": "user", "content": "b"}, "c"]),
    );
    let sizes: Vec<_> = turns.iter().map(|turn| turn.parts.len()).collect();
    assert_eq!(sizes, [2, 1, 1]);
}

#[test]
fn each_bad_item_has_its_code_and_param() {
    let user = |content: Value| json!([{"role": "user", "content": content}]);
    for (input, code, param) in [
        (json!(null), "empty_content", "input"),
        (json!(" "), "empty_content", "input"),
        (json!([]), "empty_content", "input"),
        (json!(5), "invalid_value", "input"),
        (json!([5]), "invalid_item", "input.0"),
        (json!([{}]), "missing_type", "input.0.type"),
        (json!([{"type": 1}]), "missing_type", "input.0.type"),
        (json!([{"id": "msg_1"}]), "unsupported_parameter", "input.0"),
        (
            json!([{"type": "item_reference", "id": "msg_1"}]),
            "unsupported_parameter",
            "input.0",
        ),
        (
            json!(["a", {"type": "computer_call"}]),
            "unsupported_parameter",
            "input.1.type",
        ),
        (json!([{"type": "message"}]), "invalid_role", "input.0.role"),
        (
            json!([{"role": "tool", "content": "x"}]),
            "invalid_role",
            "input.0.role",
        ),
        (user(json!(null)), "empty_content", "input.0.content"),
        (user(json!([])), "empty_content", "input.0.content"),
        (user(json!(5)), "invalid_content", "input.0.content"),
        (user(json!([5])), "invalid_block", "input.0.content.0"),
        (user(json!([{}])), "missing_type", "input.0.content.0.type"),
        (
            user(json!([{"type": "video"}])),
            "invalid_type",
            "input.0.content.0.type",
        ),
        (
            user(json!([{"type": "input_text"}])),
            "invalid_text",
            "input.0.content.0.text",
        ),
        (
            user(json!([{"type": "input_image"}])),
            "missing_media",
            "input.0.content.0",
        ),
        (
            user(json!([{"type": "input_image", "image_url": 5}])),
            "invalid_media",
            "input.0.content.0.image_url",
        ),
        (
            user(json!([{"type": "input_file", "file_data": "aGk="}])),
            "invalid_media",
            "input.0.content.0.file_data",
        ),
        (
            user(json!([{"type": "input_file", "file_id": "../x"}])),
            "invalid_media",
            "input.0.content.0.file_id",
        ),
        (
            json!([{"role": "system", "content": [{"type": "input_image", "url": "https://a.io"}]}]),
            "invalid_type",
            "input.0.content",
        ),
        (
            json!([{"type": "function_call", "name": "f", "arguments": "{}"}]),
            "invalid_item",
            "input.0.call_id",
        ),
        (
            json!([{"type": "function_call", "call_id": "c", "arguments": "{}"}]),
            "invalid_item",
            "input.0.name",
        ),
        (
            json!([{"type": "function_call", "call_id": "c", "name": "f"}]),
            "invalid_item",
            "input.0.arguments",
        ),
        (
            json!([{"type": "function_call_output", "output": "x"}]),
            "missing_call_id",
            "input.0.call_id",
        ),
    ] {
        refused(json!({"input": input}), code, param);
    }
    let goes_on = json!({"input": [], "previous_response_id": "resp_1"});
    assert!(asked(goes_on).is_ok(), "an answer to what was said before");
}

#[test]
fn each_bad_parameter_has_its_code_and_param() {
    let long = "x".repeat(513);
    let many: serde_json::Map<_, _> = (0..17).map(|n| (n.to_string(), json!("x"))).collect();
    for (name, value, code, param) in [
        ("model", json!(null), "invalid_value", "model"),
        ("stream", json!("yes"), "invalid_value", "stream"),
        ("store", json!(1), "invalid_value", "store"),
        ("background", json!("x"), "invalid_value", "background"),
        (
            "previous_response_id",
            json!("a/b"),
            "invalid_value",
            "previous_response_id",
        ),
        (
            "previous_response_id",
            json!(1),
            "invalid_value",
            "previous_response_id",
        ),
        ("conversation", json!({}), "invalid_value", "conversation"),
        ("conversation", json!(" "), "invalid_value", "conversation"),
        ("include", json!("x"), "invalid_value", "include"),
        ("include", json!(["x"]), "invalid_value", "include.0"),
        (
            "include",
            json!(["message.output_text.logprobs"]),
            "unsupported_parameter",
            "include.0",
        ),
        ("metadata", json!([]), "invalid_metadata", "metadata"),
        ("metadata", json!({"a": 1}), "invalid_metadata", "metadata"),
        (
            "metadata",
            json!({"a": long}),
            "invalid_metadata",
            "metadata",
        ),
        (
            "metadata",
            json!({"x".repeat(65): "b"}),
            "invalid_metadata",
            "metadata",
        ),
        ("metadata", json!(many), "invalid_metadata", "metadata"),
        (
            "max_output_tokens",
            json!(0),
            "invalid_max_tokens",
            "max_output_tokens",
        ),
        (
            "temperature",
            json!(3),
            "invalid_temperature",
            "temperature",
        ),
        ("top_p", json!(-1), "invalid_top_p", "top_p"),
        (
            "top_logprobs",
            json!(1),
            "unsupported_parameter",
            "top_logprobs",
        ),
        (
            "prompt",
            json!({"id": "p"}),
            "unsupported_parameter",
            "prompt",
        ),
        (
            "response_format",
            json!({"type": "json_object"}),
            "unsupported_parameter",
            "response_format",
        ),
        ("stop", json!("."), "unsupported_parameter", "stop"),
        ("text", json!("x"), "invalid_value", "text"),
        (
            "text",
            json!({"format": "x"}),
            "invalid_value",
            "text.format",
        ),
        (
            "text",
            json!({"format": {}}),
            "invalid_value",
            "text.format",
        ),
        (
            "text",
            json!({"format": {"type": "grammar"}}),
            "unsupported_parameter",
            "text.format.type",
        ),
        (
            "text",
            json!({"format": {"type": "json_schema"}}),
            "invalid_value",
            "text.format.name",
        ),
        (
            "text",
            json!({"format": {"type": "json_schema", "name": "n", "schema": 1}}),
            "invalid_value",
            "text.format.schema",
        ),
        (
            "text",
            json!({"verbosity": "x"}),
            "invalid_value",
            "text.verbosity",
        ),
        ("reasoning", json!("low"), "invalid_value", "reasoning"),
        (
            "reasoning",
            json!({"effort": "max"}),
            "invalid_reasoning_effort",
            "reasoning.effort",
        ),
        (
            "reasoning",
            json!({"summary": true}),
            "invalid_value",
            "reasoning.summary",
        ),
        ("truncation", json!("x"), "invalid_value", "truncation"),
        ("user", json!(1), "invalid_value", "user"),
        ("instructions", json!([]), "invalid_value", "instructions"),
        ("service_tier", json!(1), "invalid_value", "service_tier"),
        (
            "safety_identifier",
            json!(long),
            "invalid_value",
            "safety_identifier",
        ),
        (
            "prompt_cache_key",
            json!(1),
            "invalid_value",
            "prompt_cache_key",
        ),
        (
            "tools",
            json!([{"type": "custom", "name": "f"}]),
            "invalid_tool_type",
            "tools.0.type",
        ),
        (
            "tools",
            json!([{"type": "file_search"}]),
            "invalid_tool_type",
            "tools.0.type",
        ),
        (
            "tools",
            json!([{"type": "function"}]),
            "missing_function_name",
            "tools.0.name",
        ),
        (
            "tool_choice",
            json!({"type": "function", "name": "f"}),
            "invalid_tool_choice",
            "tool_choice.name",
        ),
        (
            "tool_choice",
            json!({"type": "file_search"}),
            "invalid_tool_choice",
            "tool_choice.type",
        ),
    ] {
        refused(json!({name: value}), code, param);
    }
    refused(
        json!({"conversation": "c", "previous_response_id": "r"}),
        "invalid_value",
        "conversation",
    );
    refused(
        json!({"background": true, "store": false}),
        "invalid_value",
        "store",
    );
    assert_eq!(parse(b"[]").unwrap_err().param.as_deref(), Some("body"));
}
