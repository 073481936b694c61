//! What stands in a prompt when tools may be called or JSON is wanted.

use chat::{
    Request, ResponseFormat, Role, Tool, ToolCall, ToolChoice, Turn, flatten, flatten_last_turn,
    history_after, history_key,
};

fn tool(name: &str, description: Option<&str>, parameters: Option<&str>) -> Tool {
    Tool {
        name: name.to_owned(),
        description: description.map(str::to_owned),
        parameters: parameters.map(str::to_owned),
    }
}

fn call(id: &str, name: &str, arguments: &str) -> ToolCall {
    ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    }
}

fn called(text: &str, calls: &[ToolCall]) -> Turn {
    Turn {
        tool_calls: calls.to_vec(),
        ..Turn::text(Role::Assistant, text)
    }
}

fn result(id: &str, text: &str) -> Turn {
    Turn {
        tool_call_id: Some(id.to_owned()),
        ..Turn::text(Role::Tool, text)
    }
}

fn request(turns: Vec<Turn>) -> Request {
    Request {
        turns,
        tools: vec![
            tool(
                "get_weather",
                Some("The weather.\nOf today."),
                Some("{\n \"type\": \"object\"\n}"),
            ),
            tool("now", None, None),
        ],
        ..Request::default()
    }
}

fn asking() -> Request {
    request(vec![Turn::text(Role::User, "Weather?")])
}

#[test]
fn tools_are_listed_in_front_of_the_prompt() {
    let text = flatten(&asking()).text;
    assert!(text.starts_with("# Tools\n"), "{text}");
    let shape = "\n<tool_call>\n{\"name\": \"tool_name\", \"arguments\": {\"key\": \"value\"}}\n</tool_call>\n";
    assert!(text.contains(shape), "{text}");
    let list = "\n\n## get_weather\nThe weather.\nOf today.\nParameters: {\"type\":\"object\"}\n\
                \n## now\nParameters: {}\n\n# End of tools\n\nWeather?";
    assert!(text.ends_with(list), "{text}");
    assert!(text.contains("\nOutput several blocks"), "{text}");
    assert!(!text.contains("You must call"), "{text}");
    assert_eq!(
        flatten_last_turn(&asking()).text,
        text,
        "a follow-up needs them too"
    );
}

#[test]
fn the_choice_is_told() {
    let named = ToolChoice::Named("now".to_owned());
    let allowed = |is_required| ToolChoice::Allowed {
        names: vec!["now".to_owned()],
        is_required,
    };
    for (choice, rule, lists_all) in [
        (ToolChoice::Auto, None, true),
        (
            ToolChoice::Required,
            Some("\nYou must call at least one tool.\n"),
            true,
        ),
        (named, Some("\nYou must call the tool now.\n"), true),
        (
            allowed(true),
            Some("\nYou must call at least one tool.\n"),
            false,
        ),
        (allowed(false), None, false),
    ] {
        let text = flatten(&Request {
            tool_choice: choice.clone(),
            one_tool_call: true,
            ..asking()
        })
        .text;
        assert_eq!(text.contains("You must call"), rule.is_some(), "{choice:?}");
        assert!(text.contains(rule.unwrap_or_default()), "{text}");
        assert_eq!(text.contains("## get_weather"), lists_all, "{choice:?}");
        assert!(text.contains("## now\n"), "{choice:?}");
        assert!(text.contains("\nOutput at most one block.\n"), "{text}");
    }
    let none = Request {
        tool_choice: ToolChoice::None,
        ..asking()
    };
    assert_eq!(flatten(&none).text, "Weather?");
}

#[test]
fn a_format_is_told_behind_the_tools() {
    let with = |response_format| {
        flatten(&Request {
            response_format,
            ..asking()
        })
        .text
    };
    let schema = ResponseFormat::JsonSchema {
        name: "point".to_owned(),
        schema: chat::JsonSchema::new("{\"type\":\n\"object\"}".to_owned()),
    };
    let text = with(schema);
    assert!(
        text.contains("\n# End of tools\n\n# Output format\n"),
        "{text}"
    );
    assert!(
        text.ends_with("\nJSON schema: {\"type\":\"object\"}\n\nWeather?"),
        "{text}"
    );
    let text = with(ResponseFormat::JsonObject);
    assert!(
        text.contains("\n# Output format\n") && !text.contains("JSON schema:"),
        "{text}"
    );
    let alone = flatten(&Request {
        response_format: ResponseFormat::JsonObject,
        turns: vec![Turn::text(Role::User, "Hi")],
        ..Request::default()
    });
    assert!(alone.text.starts_with("# Output format\n") && alone.text.ends_with("\n\nHi"));
}

fn looped() -> Vec<Turn> {
    vec![
        Turn::text(Role::System, "Be brief."),
        Turn::text(Role::User, "Weather?"),
        called(
            "Looking.",
            &[
                call("1", "get_weather", "{\"city\": \"Lima\"}"),
                call("2", "now", ""),
            ],
        ),
        result("1", "sunny"),
        result("2", ""),
        Turn {
            name: Some("named".to_owned()),
            ..result("9", "late")
        },
    ]
}

#[test]
fn calls_and_results_of_the_history_are_told_as_the_model_writes_them() {
    let text = flatten(&request(looped())).text;
    let history = "# End of tools\n\nsystem: Be brief.\n\nuser: Weather?\n\nassistant: Looking.\n\
         <tool_call>{\"name\":\"get_weather\",\"arguments\":{\"city\":\"Lima\"}}</tool_call>\n\
         <tool_call>{\"name\":\"now\",\"arguments\":{}}</tool_call>\n\n\
         user: tool (get_weather, 1): sunny\n\nuser: tool (now, 2):\n\ntool (named, 9): late";
    assert!(text.ends_with(history), "{text}");
    let unknown = flatten(&request(vec![
        Turn::text(Role::User, "Hi"),
        result("5", "x"),
    ]))
    .text;
    assert!(
        unknown.ends_with("user: Hi\n\ntool (unknown, 5): x"),
        "{unknown}"
    );
}

#[test]
fn the_results_of_tools_are_a_newest_turn() {
    let text = flatten_last_turn(&request(looped())).text;
    let newest = "# End of tools\n\nuser: tool (get_weather, 1): sunny\n\nuser: tool (now, 2):\n\ntool (named, 9): late";
    assert!(text.ends_with(newest), "{text}");
}

fn key(turns: &[Turn]) -> Option<Vec<u8>> {
    history_key(&request(turns.to_vec())).map(|history| history.to_bytes())
}

#[test]
fn an_answer_with_calls_is_recognised_whatever_the_client_makes_of_its_ids() {
    let first = request(vec![Turn::text(Role::User, "Weather?")]);
    let calls = [
        call("call_a", "get_weather", "{\"a\":1,\"b\":[2]}"),
        call("call_b", "now", "{}"),
    ];
    let stored = history_after(&first, "Looking.", &calls).to_bytes();
    let next = |text: &str, calls: &[ToolCall]| {
        key(&[
            Turn::text(Role::User, "Weather?"),
            called(text, calls),
            result("x", "sunny"),
            result("y", "noon"),
        ])
    };
    let echo = [
        call("x", "get_weather", "{ \"b\": [2], \"a\": 1 }"),
        call("y", "now", ""),
    ];
    assert_eq!(next("Looking.\n", &echo), Some(stored.clone()));
    for (text, calls) in [
        ("Looking.", &echo[..1]),
        (
            "Looking.",
            &[
                call("x", "get_weather", "{\"a\":2,\"b\":[2]}"),
                call("y", "now", "{}"),
            ][..],
        ),
        (
            "Looking.",
            &[
                call("x", "weather", "{\"a\":1,\"b\":[2]}"),
                call("y", "now", "{}"),
            ][..],
        ),
        ("Looking!", &echo[..]),
        ("Looking.", &[][..]),
    ] {
        assert_ne!(next(text, calls), Some(stored.clone()), "{text} {calls:?}");
    }
}

#[test]
fn results_are_told_apart_by_the_call_that_they_answer() {
    let rounds = |first: [&str; 2], results: [(&str, &str); 2]| {
        let [one, two] = first;
        key(&[
            Turn::text(Role::User, "Weather?"),
            called("", &[call(one, "now", "{}"), call(two, "now", "{}")]),
            result(results[0].0, results[0].1),
            result(results[1].0, results[1].1),
            called("", &[call("z", "now", "{}")]),
            result("z", "noon"),
        ])
    };
    let told = rounds(["a", "b"], [("a", "1"), ("b", "")]);
    assert_eq!(rounds(["c", "d"], [("c", "1"), ("d", "")]), told);
    assert_ne!(rounds(["a", "b"], [("b", "1"), ("a", "")]), told);
    assert_ne!(rounds(["a", "b"], [("a", "1"), ("b", "2")]), told);
}
