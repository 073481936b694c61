//! Tools, their calls and results.

use anthropic::messages;
use chat::{AttachmentKind, Part, Role, Source, Tool, ToolCall, ToolChoice, Turn};
use serde_json::{Value, json};

use crate::{accepted, attachment, check, check_content, refused, text, user};

fn call(id: &str, name: &str, arguments: &str) -> ToolCall {
    ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    }
}

fn tool_turn(id: &str, parts: Vec<Part>) -> Turn {
    Turn {
        tool_call_id: Some(id.to_owned()),
        ..Turn::new(Role::Tool, parts)
    }
}

#[test]
fn tool_calls_keep_the_callers_json() {
    let body = r#"{"model":"m","max_tokens":9,"messages":[{"role":"assistant","content":[
        {"type":"text","text":"Wait"},
        {"type":"tool_use","id":"t1","name":"f","input":{"b": 1, "a":[]}},
        {"type":"tool_use","id":"t2","name":"g","input":{}}]}]}"#;
    let said = messages::parse(body.as_bytes()).unwrap().request.turns;
    let expected = Turn {
        tool_calls: vec![
            call("t1", "f", r#"{"b": 1, "a":[]}"#),
            call("t2", "g", "{}"),
        ],
        ..Turn::text(Role::Assistant, "Wait")
    };
    assert_eq!(said, [expected]);
}

#[test]
fn tool_results_are_turns_of_their_own_between_what_the_user_says() {
    let said = user(json!([
        {"type": "text", "text": "A"},
        {"type": "tool_result", "tool_use_id": "t1", "content": "sunny"},
        {"type": "tool_result", "tool_use_id": "t2", "is_error": true,
         "content": [{"type": "text", "text": "no"}]},
        {"type": "text", "text": " "},
        {"type": "tool_result", "tool_use_id": "t3"},
        {"type": "tool_result", "tool_use_id": "t4", "is_error": false, "content": [
            {"type": "image", "source": {"type": "url", "url": "https://a.io/1.png"}},
            {"type": "search_result", "title": "T", "source": "S", "content": []},
            {"type": "document", "source": {"type": "content", "content": "B"}},
        ]},
        {"type": "text", "text": "C"},
    ]));
    let image = attachment(
        AttachmentKind::Image,
        Source::Url("https://a.io/1.png".to_owned()),
        None,
        "messages.0.content.5.content.0.source.url",
    );
    assert_eq!(
        said,
        [
            Turn::text(Role::User, "A"),
            tool_turn("t1", vec![text("sunny")]),
            tool_turn("t2", vec![text("[error]"), text("no")]),
            tool_turn("t3", Vec::new()),
            tool_turn(
                "t4",
                vec![
                    image,
                    text("[search_result] T (S)"),
                    text("[document]"),
                    text("B")
                ]
            ),
            Turn::text(Role::User, "C"),
        ]
    );
}

#[test]
fn custom_tools_and_the_choice_among_them_are_read() {
    let longest = "x".repeat(128);
    let tools = json!([
        {"name": "get_weather-1", "description": "Weather", "input_schema": {"type": "object"}},
        {"type": "custom", "name": longest, "input_schema": {}, "strict": true},
        {"type": null, "name": "Z", "description": null, "input_schema": {}},
    ]);
    let tool = |name: &str, description: Option<&str>, schema: &str| Tool {
        name: name.to_owned(),
        description: description.map(str::to_owned),
        parameters: Some(schema.to_owned()),
    };
    for (choice, expected) in [
        (json!(null), ToolChoice::Auto),
        (
            json!({"type": "auto", "disable_parallel_tool_use": true}),
            ToolChoice::Auto,
        ),
        (json!({"type": "any"}), ToolChoice::Required),
        (json!({"type": "none"}), ToolChoice::None),
        (
            json!({"type": "tool", "name": "Z"}),
            ToolChoice::Named("Z".to_owned()),
        ),
    ] {
        let request = accepted(json!({"tools": tools, "tool_choice": choice}));
        assert_eq!(request.tool_choice, expected, "{choice}");
        assert_eq!(
            request.tools,
            [
                tool("get_weather-1", Some("Weather"), r#"{"type":"object"}"#),
                tool(&longest, None, "{}"),
                tool("Z", None, "{}"),
            ]
        );
    }
    let none = accepted(json!({"tool_choice": {"type": "none"}}));
    assert_eq!(none.tool_choice, ToolChoice::None);
}

#[test]
fn a_tool_result_names_its_call_and_shows_what_a_user_may() {
    let result = |fields: Value| {
        let mut block = json!({"type": "tool_result", "tool_use_id": "t", "content": "x"});
        for (name, value) in fields.as_object().unwrap() {
            block[name] = value.clone();
        }
        json!([block])
    };
    check_content(&[
        (
            result(json!({"tool_use_id": null})),
            ".0.tool_use_id: Is required.",
        ),
        (
            result(json!({"tool_use_id": " "})),
            ".0.tool_use_id: Must not be blank.",
        ),
        (
            result(json!({"is_error": "no"})),
            ".0.is_error: Must be true or false, not a string.",
        ),
        (
            result(json!({"content": 5})),
            ".0.content: Must be a string or an array of blocks, not a number.",
        ),
        (
            result(json!({"content": [{"type": "tool_result", "tool_use_id": "u"}]})),
            ".0.content.0.type: Must be one of these here: text, image, document, search_result.",
        ),
        (
            result(json!({"content": [{"type": "text"}]})),
            ".0.content.0.text: Is required.",
        ),
    ]);
}

#[test]
fn an_assistant_says_text_thinks_and_calls_tools() {
    let call = |name: &str, value: Value| {
        let mut block = json!({"type": "tool_use", "id": "t", "name": "f", "input": {}});
        block[name] = value;
        block
    };
    for (block, expected) in [
        (
            json!({"type": "image", "source": {"type": "url", "url": "https://a.io"}}),
            "type: Must be text, thinking, redacted_thinking or tool_use here.",
        ),
        (
            json!({"type": "document"}),
            "type: Must be text, thinking, redacted_thinking or tool_use here.",
        ),
        (json!({"type": "text"}), "text: Is required."),
        (call("id", json!("")), "id: Must not be blank."),
        (call("id", json!(null)), "id: Is required."),
        (call("name", json!(" ")), "name: Must not be blank."),
        (call("name", json!(null)), "name: Is required."),
        (call("input", json!(null)), "input: Is required."),
        (
            call("input", json!("{}")),
            "input: Must be an object, not a string.",
        ),
    ] {
        let messages = json!([{"role": "assistant", "content": [block]}]);
        let invalid = refused(json!({"messages": messages}));
        let expected = format!("messages.0.content.0.{expected}");
        assert_eq!(invalid.to_string(), expected, "{block}");
    }
    let number = json!([{"role": "assistant", "content": 1}]);
    check(
        "messages",
        &[(
            number,
            "messages.0.content: Must be a string or an array of blocks, not a number.",
        )],
    );
}

#[test]
fn only_custom_tools_are_taken() {
    let tool = |name: &str, value: Value| {
        let mut tool = json!({"name": "f", "input_schema": {}});
        tool[name] = value;
        json!([tool])
    };
    let name = "tools.0.name: Must be 1 to 128 letters, digits, `_` or `-`.";
    check(
        "tools",
        &[
            (json!({}), "tools: Must be an array, not an object."),
            (json!([1]), "tools.0: Must be an object, not a number."),
            (
                json!([{"type": "web_search_20250305", "name": "web_search"}]),
                "tools.0.type: The web search tool is not supported. The models search by \
                 themselves; remove it.",
            ),
            (
                json!([{"type": "bash_20250124", "name": "bash"}]),
                "tools.0.type: Only custom tools are supported, not those of Anthropic.",
            ),
            (
                tool("type", json!(1)),
                "tools.0.type: Must be a string, not a number.",
            ),
            (tool("name", json!(null)), "tools.0.name: Is required."),
            (tool("name", json!("")), name),
            (tool("name", json!("a b")), name),
            (tool("name", json!("é")), name),
            (tool("name", json!("x".repeat(129))), name),
            (
                tool("description", json!({})),
                "tools.0.description: Must be a string, not an object.",
            ),
            (
                tool("input_schema", json!(null)),
                "tools.0.input_schema: Is required.",
            ),
            (
                tool("input_schema", json!([])),
                "tools.0.input_schema: Must be an object, not an array.",
            ),
        ],
    );
}

#[test]
fn a_choice_needs_the_tool_that_it_demands() {
    check(
        "tool_choice",
        &[
            (
                json!("auto"),
                "tool_choice: Must be an object, not a string.",
            ),
            (json!({}), "tool_choice.type: Is required."),
            (
                json!({"type": "required"}),
                "tool_choice.type: Must be auto, any, tool or none.",
            ),
            (
                json!({"type": "any"}),
                "tool_choice.type: Must not be any without `tools`.",
            ),
            (json!({"type": "tool"}), "tool_choice.name: Is required."),
            (
                json!({"type": "tool", "name": "f"}),
                "tool_choice.name: Must be the name of one of the `tools`.",
            ),
        ],
    );
    let invalid = refused(json!({
        "tools": [{"name": "g", "input_schema": {}}],
        "tool_choice": {"type": "tool", "name": "f"},
    }));
    assert_eq!(invalid.param, "tool_choice.name");
}
