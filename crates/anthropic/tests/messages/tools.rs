//! Tools, their calls and results.

use anthropic::messages;
use chat::{AttachmentKind, Part, Role, Search, Source, Tool, ToolCall, ToolChoice, Turn};
use serde_json::{Value, json};

use crate::{accepted, attachment, check, check_content, refused, text, turns, user};

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
            {"type": "tool_reference", "tool_name": "f"},
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
                    text("[tool_reference] f"),
                    text("[document]"),
                    text("B")
                ]
            ),
            Turn::text(Role::User, "C"),
        ]
    );
}

#[test]
fn a_result_carries_the_name_and_the_id_of_its_call() {
    let said = turns(json!([
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}},
            {"type": "tool_use", "id": "own", "name": "g", "input": {}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "own", "content": "1"},
            {"type": "tool_result", "tool_use_id": "toolu_1", "content": "2"},
            {"type": "tool_result", "tool_use_id": "toolu_2", "content": "3"}]},
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": "own", "name": "h", "input": {}},
            {"type": "tool_use", "id": "toolu_2", "name": "f", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "own"}]},
    ]));
    let ids: Vec<_> = said[0].tool_calls.iter().map(|call| &*call.id).collect();
    assert_eq!(ids, ["call_1", "own"], "the gateway's ids come back");
    let results = said.iter().filter(|turn| turn.role == Role::Tool);
    let results: Vec<_> = results
        .map(|turn| (turn.tool_call_id.as_deref().unwrap(), turn.name.as_deref()))
        .collect();
    assert_eq!(
        results,
        [
            ("own", Some("g")),
            ("call_1", Some("f")),
            ("call_2", None),
            ("own", Some("h")),
        ],
        "the call is the last one of that id before the result"
    );
}

#[test]
fn the_web_search_tool_switches_searching_on() {
    let search = json!({"type": "web_search_20250305", "name": "web_search", "max_uses": 8,
        "allowed_domains": [], "blocked_domains": null,
        "user_location": {"type": "approximate", "city": "Lima"}});
    let newer = json!({"type": "web_search_20260318", "name": "web_search"});
    let own = json!({"name": "f", "input_schema": {}});
    for (tools, choice, web, tool_choice) in [
        (json!([own]), json!(null), None, ToolChoice::Auto),
        (json!([search]), json!(null), Some(true), ToolChoice::Auto),
        (
            json!([newer, own]),
            json!(null),
            Some(true),
            ToolChoice::Auto,
        ),
        (
            json!([search]),
            json!({"type": "any"}),
            Some(true),
            ToolChoice::Auto,
        ),
        (
            json!([search, own]),
            json!({"type": "any"}),
            Some(true),
            ToolChoice::Required,
        ),
        (
            json!([own, search]),
            json!({"type": "tool", "name": "web_search"}),
            Some(true),
            ToolChoice::Auto,
        ),
        (
            json!([search]),
            json!({"type": "none"}),
            Some(false),
            ToolChoice::None,
        ),
    ] {
        let fields = json!({"tools": tools, "tool_choice": choice});
        let body = crate::body(fields).to_string();
        let parsed = messages::parse(body.as_bytes()).unwrap();
        assert_eq!(parsed.request.search, Search { web, x: None }, "{body}");
        assert_eq!(parsed.shows_searches, web == Some(true), "{body}");
        assert_eq!(parsed.request.tool_choice, tool_choice, "{body}");
        let has_own = tools.to_string().contains("input_schema");
        assert_eq!(parsed.request.tools.len(), usize::from(has_own), "{body}");
    }
}

#[test]
fn tools_of_anthropic_are_refused_by_name() {
    let servers = |kind: &str| {
        format!(
            "tools.0.type: `{kind}` would be run by Anthropic's servers and is not supported. \
             Remove it, or declare a custom tool that your program runs."
        )
    };
    let models = |kind: &str| {
        format!(
            "tools.0.type: `{kind}` has no schema that another model could know. Declare a custom \
             tool with an `input_schema` of your own instead."
        )
    };
    let other = |_: &str| "tools.0.type: Must be custom or a version of web_search.".to_owned();
    let long = format!("bash_{}", "1".repeat(60));
    type Expected<'a> = &'a dyn Fn(&str) -> String;
    let cases: [(&str, Expected<'_>); 17] = [
        ("web_fetch_20250910", &servers),
        ("code_execution_20260521", &servers),
        ("tool_search_tool_bm25_20251119", &servers),
        ("mcp_toolset", &servers),
        ("bash_20250124", &models),
        ("text_editor_20250728", &models),
        ("computer_20250124", &models),
        ("computer_toolset_20260801", &models),
        ("browser_toolset_20260801", &models),
        ("memory_20250818", &models),
        ("web_searches", &other),
        ("function", &other),
        ("", &other),
        ("Custom", &other),
        ("bash_`x`", &other),
        ("bash 1", &other),
        (&long, &other),
    ];
    for (kind, expected) in cases {
        let invalid = refused(json!({"tools": [{"type": kind, "name": "web_search"}]}));
        assert_eq!(invalid.to_string(), expected(kind), "{kind}");
    }
}

#[test]
fn tools_and_their_schemas_are_bounded() {
    let tool = |number: usize| json!({"name": format!("f{number}"), "input_schema": {}});
    let mut tools: Vec<_> = (0..128).map(tool).collect();
    tools.push(json!({"type": "web_search_20250305", "name": "web_search"}));
    assert_eq!(accepted(json!({"tools": tools})).tools.len(), 128);
    tools.push(tool(128));
    let too_many = refused(json!({"tools": tools})).to_string();
    assert_eq!(too_many, "tools: Must not hold more than 128 tools.");

    let schema = |fill: usize| json!({"description": "x".repeat(fill)});
    let empty = schema(0).to_string().len();
    let with = |schema: Value| json!({"tools": [{"name": "f", "input_schema": schema}]});
    let largest = accepted(with(schema(65_536 - empty)));
    assert_eq!(largest.tools[0].parameters.as_ref().unwrap().len(), 65_536);
    assert_eq!(
        refused(with(schema(65_537 - empty))).to_string(),
        "tools.0.input_schema: Must not be longer than 65536 bytes. Shorten the schema."
    );
    let nested = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({"a": inner}));
    assert_eq!(accepted(with(nested(100))).tools.len(), 1);
    assert_eq!(
        refused(with(nested(101))).to_string(),
        "tools.0.input_schema: Must not nest deeper than 100 levels."
    );
}

#[test]
fn one_call_at_most_if_the_caller_says_so() {
    let tools = json!([{"name": "f", "input_schema": {}}]);
    for (fields, one) in [
        (json!({"type": "auto"}), false),
        (
            json!({"type": "auto", "disable_parallel_tool_use": true}),
            true,
        ),
        (
            json!({"type": "any", "disable_parallel_tool_use": false}),
            false,
        ),
        (
            json!({"type": "any", "disable_parallel_tool_use": null}),
            false,
        ),
        (
            json!({"type": "tool", "name": "f", "disable_parallel_tool_use": true}),
            true,
        ),
    ] {
        let request = accepted(json!({"tools": tools, "tool_choice": fields}));
        assert_eq!(request.one_tool_call, one, "{fields}");
    }
    let invalid = refused(json!({
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": 1},
    }));
    assert_eq!(
        invalid.to_string(),
        "tool_choice.disable_parallel_tool_use: Must be true or false, not a number."
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
            ".0.content.0.type: Must be one of these here: text, image, document, search_result, \
             tool_reference.",
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
            "type: Must be text, tool_use, thinking, or a search and its result here.",
        ),
        (
            json!({"type": "document"}),
            "type: Must be text, tool_use, thinking, or a search and its result here.",
        ),
        (json!({"type": "text"}), "text: Is required."),
        (
            json!({"type": "tool_result", "tool_use_id": "t"}),
            "type: Must be text, tool_use, thinking, or a search and its result here.",
        ),
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
fn tools_have_a_name_of_their_own_and_a_schema() {
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
                json!([{"type": "web_search_20250305", "name": "search"}]),
                "tools.0.name: Must be web_search.",
            ),
            (
                json!([{"type": "web_search_20250305"}]),
                "tools.0.name: Is required.",
            ),
            (
                json!([{"type": "web_search_20250305", "name": "web_search",
                    "allowed_domains": ["a.io"]}]),
                "tools.0.allowed_domains: Searches cannot be kept to some domains here. Remove \
                 the field.",
            ),
            (
                json!([{"type": "web_search_20250305", "name": "web_search",
                    "blocked_domains": ["a.io"]}]),
                "tools.0.blocked_domains: Searches cannot be kept to some domains here. Remove \
                 the field.",
            ),
            (
                json!([{"name": "f", "input_schema": {}}, {"name": "f", "input_schema": {}}]),
                "tools.1.name: Is the name of an earlier tool. Give each tool a name of its own.",
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
