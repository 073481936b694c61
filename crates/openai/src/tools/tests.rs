//! Tests of tools, their choice and the search switches, through the request that they are part of.

use chat::{Search, Tool, ToolChoice};
use serde_json::{Value, json};

use super::*;
use crate::chat::{ChatRequest, parse};

fn with(fields: Value) -> Result<ChatRequest, Invalid> {
    let mut body = json!({"model": "grok-4", "messages": [{"role": "user", "content": "Hi"}]});
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    parse(body.to_string().as_bytes())
}

fn offering(names: &[&str]) -> Value {
    let tool = |name: &&str| json!({"type": "function", "function": {"name": name}});
    names.iter().map(tool).collect()
}

#[track_caller]
fn refused(fields: Value, code: &str, param: &str) {
    let invalid = with(fields.clone()).unwrap_err();
    assert_eq!(
        (invalid.code, invalid.param.as_deref()),
        (code, Some(param)),
        "{fields}"
    );
    assert!(invalid.message.ends_with('.'), "{}", invalid.message);
}

#[test]
fn tools_are_read_with_their_schemas_as_written() {
    let body = r#"{"model":"grok-4","messages":[{"role":"user","content":"Hi"}],"tools":[
        {"type":"function","function":{"name":"f","description":"D","parameters":{"a": [1.0]},"strict":true}},
        {"type":"function","function":{"name":"g-1_","description":null,"parameters":null}},
        {"type":"function","name":"flat","parameters":{}}]}"#;
    let tools = parse(body.as_bytes()).unwrap().request.tools;
    let tool = |name: &str, description: Option<&str>, parameters: Option<&str>| Tool {
        name: name.to_owned(),
        description: description.map(str::to_owned),
        parameters: parameters.map(str::to_owned),
    };
    let expected = [
        tool("f", Some("D"), Some("{\"a\": [1.0]}")),
        tool("g-1_", None, None),
        tool("flat", None, Some("{}")),
    ];
    assert_eq!(tools, expected);
    for nothing in [json!([]), json!(null)] {
        assert_eq!(with(json!({"tools": nothing})).unwrap().request.tools, []);
    }
}

#[test]
fn each_choice_is_read() {
    let allowed = |names: &[&str], is_required| ToolChoice::Allowed {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        is_required,
    };
    let some = |mode: &str, tools: Value| json!({"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": tools}});
    for (value, choice) in [
        (json!(null), ToolChoice::Auto),
        (json!("auto"), ToolChoice::Auto),
        (json!("none"), ToolChoice::None),
        (json!("required"), ToolChoice::Required),
        (
            json!({"type": "function", "function": {"name": "f"}}),
            ToolChoice::Named("f".to_owned()),
        ),
        (
            json!({"type": "function", "name": "g"}),
            ToolChoice::Named("g".to_owned()),
        ),
        (some("auto", offering(&["g"])), allowed(&["g"], false)),
        (
            some("required", offering(&["f", "g"])),
            allowed(&["f", "g"], true),
        ),
        (
            json!({"type": "allowed_tools", "mode": "auto",
                "tools": [{"type": "function", "name": "f"}, {"type": "web_search"}]}),
            allowed(&["f"], false),
        ),
        (
            some("required", json!([{"type": "web_search"}])),
            ToolChoice::None,
        ),
    ] {
        let fields = json!({"tools": offering(&["f", "g"]), "tool_choice": value});
        assert_eq!(
            with(fields.clone()).unwrap().request.tool_choice,
            choice,
            "{fields}"
        );
    }
}

#[test]
fn the_web_search_is_a_switch_and_no_function() {
    let search = |web, x| Search { web, x };
    let tool = json!([{"type": "web_search_preview_2025_03_11", "search_context_size": "low",
        "filters": {"allowed_domains": []}}]);
    for (fields, expected) in [
        (json!({}), search(None, None)),
        (json!({"tools": tool}), search(Some(true), None)),
        (
            json!({"tools": tool, "tool_choice": "required"}),
            search(Some(true), None),
        ),
        (
            json!({"tools": tool, "tool_choice": "none"}),
            search(Some(false), None),
        ),
        (
            json!({"tools": [{"type": "x_search"}]}),
            search(None, Some(true)),
        ),
        (
            json!({"tools": [{"type": "x_search"}], "tool_choice": "none"}),
            search(None, Some(false)),
        ),
        (
            json!({"tool_choice": {"type": "web_search_preview"}}),
            search(Some(true), None),
        ),
        (json!({"web_search_options": {}}), search(Some(true), None)),
        (
            json!({"search_parameters": {"mode": "off"}}),
            search(Some(false), Some(false)),
        ),
        (
            json!({"search_parameters": {"mode": "off"}, "tools": tool}),
            search(Some(true), Some(false)),
        ),
        (
            json!({"search_parameters": {"mode": "on"}}),
            search(Some(true), Some(true)),
        ),
        (
            json!({"search_parameters": {"mode": "auto", "return_citations": true,
                "max_search_results": 5, "sources": [{"type": "x"}]}}),
            search(Some(false), Some(true)),
        ),
        (
            json!({"search_parameters": {"sources": [{"type": "news", "country": "PE"}]}}),
            search(Some(true), Some(false)),
        ),
    ] {
        let request = with(fields.clone()).unwrap().request;
        assert_eq!(request.search, expected, "{fields}");
        assert_eq!(request.tools, [], "{fields}");
    }
}

#[test]
fn groups_of_functions_are_left_out_and_the_others_stay() {
    let group = json!({"type": "namespace", "name": "agents", "tools": [
        {"type": "function", "name": "spawn", "parameters": {}}]});
    let function = json!({"type": "function", "function": {"name": "f"}});
    let request = with(json!({"tools": [group, function]})).unwrap().request;
    let names: Vec<_> = request.tools.iter().map(|tool| &tool.name).collect();
    assert_eq!(names, ["f"]);
}

#[test]
fn functions_are_tools_in_the_old_form() {
    let functions = json!([{"name": "f", "description": "D", "parameters": {}}, {"name": "g"}]);
    for (call, choice) in [
        (json!(null), ToolChoice::Auto),
        (json!("auto"), ToolChoice::Auto),
        (json!("none"), ToolChoice::None),
        (json!({"name": "g"}), ToolChoice::Named("g".to_owned())),
    ] {
        let asked = with(json!({"functions": functions, "function_call": call})).unwrap();
        let names: Vec<_> = asked.request.tools.iter().map(|tool| &tool.name).collect();
        assert_eq!(names, ["f", "g"]);
        assert_eq!(asked.request.tool_choice, choice);
        assert!(asked.is_legacy && asked.request.one_tool_call);
    }
    for nothing in [json!([]), json!({}), json!(null)] {
        let asked = with(json!({"functions": nothing, "function_call": "none"})).unwrap();
        assert!(!asked.is_legacy && asked.request.tools.is_empty());
    }
}

#[test]
fn each_bad_tool_has_its_code_and_param() {
    let nested = |function: Value| json!([{"type": "function", "function": function}]);
    let second = json!([{"type": "function", "function": {"name": "f"}}, {"type": "x"}]);
    let schema = json!({"a": "x".repeat(MAX_SCHEMA_BYTES)});
    let many: Value = (0..129).map(|_| offering(&["f"])[0].clone()).collect();
    let large: Value = (0..12)
        .map(|_| json!({"type": "function", "name": "f", "description": "x".repeat(100_000)}))
        .collect();
    for (tools, code, param) in [
        (json!({}), "invalid_tools", "tools"),
        (json!("f"), "invalid_tools", "tools"),
        (json!([1]), "invalid_tool_type", "tools.0.type"),
        (json!([{}]), "invalid_tool_type", "tools.0.type"),
        (
            json!([{"type": "custom", "name": "f"}]),
            "invalid_tool_type",
            "tools.0.type",
        ),
        (
            json!([{"type": "code_interpreter"}]),
            "invalid_tool_type",
            "tools.0.type",
        ),
        (second, "invalid_tool_type", "tools.1.type"),
        (many, "too_many_tools", "tools"),
        (large, "tools_too_large", "tools"),
        (
            json!([{"type": "web_search", "filters": {"allowed_domains": ["a.io"]}}]),
            "unsupported_parameter",
            "tools.0.filters.allowed_domains",
        ),
        (
            json!([{"type": "x_search", "from_date": "2026-01-01"}]),
            "unsupported_parameter",
            "tools.0.from_date",
        ),
        (
            json!([{"type": "function"}]),
            "missing_function_name",
            "tools.0.function.name",
        ),
        (
            nested(json!("f")),
            "missing_function_name",
            "tools.0.function.name",
        ),
        (
            nested(json!({"name": " "})),
            "missing_function_name",
            "tools.0.function.name",
        ),
        (
            nested(json!({"name": 1})),
            "missing_function_name",
            "tools.0.function.name",
        ),
        (
            nested(json!({"name": "get weather"})),
            "invalid_function_name",
            "tools.0.function.name",
        ),
        (
            nested(json!({"name": "x".repeat(65)})),
            "invalid_function_name",
            "tools.0.function.name",
        ),
        (
            json!([{"type": "function", "name": "a.b"}]),
            "invalid_function_name",
            "tools.0.name",
        ),
        (
            nested(json!({"name": "f", "description": 1})),
            "invalid_value",
            "tools.0.function.description",
        ),
        (
            nested(json!({"name": "f", "parameters": []})),
            "invalid_value",
            "tools.0.function.parameters",
        ),
        (
            nested(json!({"name": "f", "parameters": schema})),
            "invalid_value",
            "tools.0.function.parameters",
        ),
    ] {
        refused(json!({"tools": tools}), code, param);
    }
    let most: Value = (0..128).map(|_| offering(&["f"])[0].clone()).collect();
    assert!(with(json!({"tools": most})).is_ok());
    let custom = with(json!({"tools": [{"type": "custom", "name": "f"}]})).unwrap_err();
    assert!(custom.message.contains("`custom`"), "{}", custom.message);
}

#[test]
fn each_bad_choice_has_its_code_and_param() {
    let some = |mode: Value, tools: Value| json!({"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": tools}});
    let many: Value = (0..129).map(|_| offering(&["f"])[0].clone()).collect();
    for (choice, param) in [
        (json!("always"), "tool_choice"),
        (json!(1), "tool_choice"),
        (json!({"type": "function"}), "tool_choice"),
        (json!({"type": "tool", "name": "f"}), "tool_choice.type"),
        (json!({"function": {"name": "f"}}), "tool_choice"),
        (
            json!({"type": "function", "function": {"name": "g"}}),
            "tool_choice.function.name",
        ),
        (json!({"type": "function", "name": "g"}), "tool_choice.name"),
        (
            some(json!("must"), offering(&["f"])),
            "tool_choice.allowed_tools.mode",
        ),
        (
            some(json!("auto"), json!([])),
            "tool_choice.allowed_tools.tools",
        ),
        (some(json!("auto"), many), "tool_choice.allowed_tools.tools"),
        (
            some(json!("auto"), offering(&["f", "g"])),
            "tool_choice.allowed_tools.tools.1.function.name",
        ),
        (
            some(json!("auto"), json!([{"type": "custom"}])),
            "tool_choice.allowed_tools.tools.0",
        ),
        (json!({"type": "allowed_tools"}), "tool_choice.mode"),
    ] {
        let fields = json!({"tools": offering(&["f"]), "tool_choice": choice});
        refused(fields, "invalid_tool_choice", param);
    }
    refused(
        json!({"tool_choice": "required"}),
        "invalid_tool_choice",
        "tool_choice",
    );
    refused(
        json!({"parallel_tool_calls": "yes"}),
        "invalid_value",
        "parallel_tool_calls",
    );
    assert!(
        with(json!({"parallel_tool_calls": false}))
            .unwrap()
            .request
            .one_tool_call
    );
}

#[test]
fn each_bad_function_or_search_has_its_code_and_param() {
    let source = |source: Value| json!({"search_parameters": {"sources": [source]}});
    let functions = json!([{"name": "f"}]);
    for (fields, code, param) in [
        (json!({"functions": "f"}), "invalid_value", "functions"),
        (json!({"functions": [1]}), "invalid_value", "functions.0"),
        (
            json!({"functions": [{}]}),
            "missing_function_name",
            "functions.0.name",
        ),
        (
            json!({"functions": functions, "tools": offering(&["f"])}),
            "invalid_value",
            "functions",
        ),
        (
            json!({"functions": functions, "function_call": {"name": "g"}}),
            "invalid_tool_choice",
            "function_call",
        ),
        (
            json!({"functions": functions, "function_call": "must"}),
            "invalid_tool_choice",
            "function_call",
        ),
        (
            json!({"web_search_options": true}),
            "invalid_value",
            "web_search_options",
        ),
        (
            json!({"search_parameters": "on"}),
            "invalid_value",
            "search_parameters",
        ),
        (
            json!({"search_parameters": {"mode": "maybe"}}),
            "invalid_value",
            "search_parameters.mode",
        ),
        (
            json!({"search_parameters": {"mode": "on", "from_date": "2026-01-01"}}),
            "unsupported_parameter",
            "search_parameters.from_date",
        ),
        (
            json!({"search_parameters": {"sources": {}}}),
            "invalid_value",
            "search_parameters.sources",
        ),
        (
            source(json!({"type": "rss"})),
            "invalid_value",
            "search_parameters.sources.0.type",
        ),
        (
            source(json!({"type": "web", "allowed_websites": ["a.io"]})),
            "unsupported_parameter",
            "search_parameters.sources.0.allowed_websites",
        ),
    ] {
        refused(fields, code, param);
    }
}

#[test]
fn up_to_eight_answers_may_be_asked_for() {
    for (n, choices) in [
        (json!(null), 1),
        (json!(1), 1),
        (json!(3.0), 3),
        (json!(8), 8),
    ] {
        assert_eq!(with(json!({"n": n})).unwrap().choices, choices);
    }
    for (n, message) in [
        (json!(9), "`n` must not be more than 8."),
        (json!(1e300), "`n` must not be more than 8."),
        (json!(0), "`n` must be a whole number from 1 to 8."),
        (json!(1.5), "`n` must be a whole number from 1 to 8."),
        (json!("1"), "`n` must be a whole number from 1 to 8."),
    ] {
        let expected = Invalid::new("invalid_n", "n", message);
        assert_eq!(with(json!({"n": n})), Err(expected));
    }
    assert_eq!(crate::too_many_choices(1).code, "invalid_n");
}
