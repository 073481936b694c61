//! Tests of the scalars and of the body as a whole; apart from the code because of their number.

use chat::{OutputLimits, ResponseFormat, Role, ToolChoice, Turn};
use serde_json::{Value, json};

use super::*;

fn body(fields: Value) -> Vec<u8> {
    let mut body = json!({"model": "grok-4", "messages": [{"role": "user", "content": "Hi"}]});
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body.to_string().into_bytes()
}

/// Parses a valid body after setting one field.
fn with(name: &str, value: Value) -> Result<ChatRequest, Invalid> {
    parse(&body(json!({name: value})))
}

fn code_and_param(result: Result<ChatRequest, Invalid>) -> (&'static str, String) {
    let invalid = result.unwrap_err();
    assert!(
        invalid.message.ends_with('.'),
        "a sentence: {}",
        invalid.message
    );
    (invalid.code, invalid.param.unwrap())
}

#[test]
fn a_small_request_leaves_everything_else_open() {
    let parsed = with("unknown_field", json!({"a": [1]})).unwrap();
    let expected = ChatRequest {
        request: Request {
            model: "grok-4".to_owned(),
            turns: vec![Turn::text(Role::User, "Hi")],
            ..Request::default()
        },
        choices: 1,
        is_legacy: false,
        stream: None,
        include_usage: false,
        image_config: None,
        video_config: None,
        asks_for_media: false,
    };
    assert_eq!(parsed, expected);
}

#[test]
fn every_field_is_read() {
    let parsed = parse(&body(json!({
        "stream": true, "stream_options": {"include_usage": true, "include_obfuscation": false},
        "reasoning_effort": "low", "temperature": 0, "top_p": 1, "user": "u", "n": 1,
        "conversation_id": "0b6e-A_1", "max_tokens": 5, "max_completion_tokens": 6, "stop": "END",
        "tools": [], "tool_choice": "none", "logprobs": false, "modalities": ["text"],
        "response_format": {"type": "json_object"}, "function_call": null,
        "parallel_tool_calls": true
    })));
    let expected = ChatRequest {
        request: Request {
            model: "grok-4".to_owned(),
            turns: vec![Turn::text(Role::User, "Hi")],
            tools: Vec::new(),
            tool_choice: ToolChoice::None,
            one_tool_call: false,
            search: chat::Search::default(),
            response_format: ResponseFormat::JsonObject,
            limits: OutputLimits {
                max_tokens: Some(5),
                stop: vec!["END".to_owned()],
            },
            sampling: Sampling {
                temperature: Some(0.0),
                top_p: Some(1.0),
            },
            reasoning: Reasoning {
                effort: Some(Effort::Low),
                is_shown: Some(true),
            },
            conversation_id: Some("0b6e-A_1".to_owned()),
            user: Some("u".to_owned()),
        },
        choices: 1,
        is_legacy: false,
        stream: Some(true),
        include_usage: true,
        image_config: None,
        video_config: None,
        asks_for_media: false,
    };
    assert_eq!(parsed, Ok(expected));
}

#[test]
fn stream_takes_words_too() {
    for (word, is_stream) in [
        (json!("true"), Some(true)),
        (json!("1"), Some(true)),
        (json!("yes"), Some(true)),
        (json!("True"), Some(true)),
        (json!(true), Some(true)),
        (json!("false"), Some(false)),
        (json!("0"), Some(false)),
        (json!("no"), Some(false)),
        (json!(false), Some(false)),
        (json!(null), None),
    ] {
        let parsed = with("stream", word.clone()).unwrap();
        assert_eq!(parsed.stream, is_stream, "{word}");
    }
}

#[test]
fn usage_is_included_only_when_asked_for() {
    for (options, include) in [
        (json!(null), false),
        (json!({}), false),
        (json!({"include_usage": null}), false),
        (json!({"include_usage": false}), false),
        (json!({"include_usage": true}), true),
    ] {
        let parsed = with("stream_options", options.clone()).unwrap();
        assert_eq!(parsed.include_usage, include, "{options}");
    }
}

#[test]
fn an_effort_says_whether_reasoning_is_shown() {
    for effort in Effort::ALL {
        let reasoning = Reasoning {
            effort: Some(effort),
            is_shown: Some(effort != Effort::None),
        };
        let parsed = with("reasoning_effort", json!(effort.as_str())).unwrap();
        assert_eq!(parsed.request.reasoning, reasoning);
    }
    let absent = with("reasoning_effort", json!(null)).unwrap();
    assert_eq!(absent.request.reasoning, Reasoning::default());
}

#[test]
fn the_limits_of_ranges_and_ids_are_inside() {
    for (name, value) in [
        ("temperature", json!(2)),
        ("temperature", json!(0.0)),
        ("top_p", json!(1.0)),
        ("top_p", json!(0)),
        ("conversation_id", json!("a")),
        ("conversation_id", json!("a".repeat(200))),
        ("user", json!("")),
    ] {
        assert!(with(name, value.clone()).is_ok(), "{name} = {value}");
    }
}

#[test]
fn a_model_name_may_have_256_bytes() {
    let longest = "x".repeat(256);
    let asked = with("model", json!(longest)).unwrap();
    assert_eq!(asked.request.model, longest);
}

#[test]
fn each_bad_scalar_has_its_code_and_param() {
    for (name, value, code) in [
        ("model", json!(null), "invalid_value"),
        ("model", json!("  "), "invalid_value"),
        ("model", json!(4), "invalid_value"),
        ("model", json!("x".repeat(257)), "invalid_value"),
        ("messages", json!(null), "invalid_value"),
        ("messages", json!([]), "invalid_value"),
        ("messages", json!("Hi"), "invalid_value"),
        ("stream", json!("maybe"), "invalid_stream"),
        ("stream", json!(1), "invalid_stream"),
        ("stream", json!({}), "invalid_stream"),
        ("stream_options", json!("usage"), "invalid_value"),
        ("reasoning_effort", json!("max"), "invalid_reasoning_effort"),
        ("reasoning_effort", json!("Low"), "invalid_reasoning_effort"),
        ("reasoning_effort", json!(3), "invalid_reasoning_effort"),
        ("temperature", json!(2.1), "invalid_temperature"),
        ("temperature", json!(-0.1), "invalid_temperature"),
        ("temperature", json!("0.5"), "invalid_temperature"),
        ("top_p", json!(1.01), "invalid_top_p"),
        ("top_p", json!([0.5]), "invalid_top_p"),
        ("conversation_id", json!(" "), "invalid_value"),
        ("conversation_id", json!(""), "invalid_value"),
        ("conversation_id", json!("a/b"), "invalid_value"),
        ("conversation_id", json!("ä"), "invalid_value"),
        ("conversation_id", json!("a".repeat(201)), "invalid_value"),
        ("conversation_id", json!(7), "invalid_value"),
        ("user", json!({}), "invalid_value"),
    ] {
        let found = code_and_param(with(name, value.clone()));
        assert_eq!(found, (code, name.to_owned()), "{name} = {value}");
    }
    assert_eq!(
        code_and_param(with("stream_options", json!({"include_usage": "yes"}))),
        ("invalid_value", "stream_options.include_usage".to_owned())
    );
}

#[test]
fn messages_say_what_was_found() {
    let message = |name, value| with(name, value).unwrap_err().message;
    assert_eq!(
        message("temperature", json!(3)),
        "`temperature` must be between 0 and 2."
    );
    assert_eq!(
        message("top_p", json!("x")),
        "`top_p` must be a number between 0 and 1, not a string."
    );
    assert_eq!(
        message("user", json!(true)),
        "`user` must be a string, not a boolean."
    );
    assert_eq!(
        message("reasoning_effort", json!("max")),
        "`reasoning_effort` must be one of none, minimal, low, medium, high, xhigh."
    );
    let header = check_conversation_id("é", "x-conversation-id").unwrap_err();
    assert_eq!(header.param.as_deref(), Some("x-conversation-id"));
    assert!(header.message.starts_with("`x-conversation-id` must be"));
}

#[test]
fn what_is_no_json_object_names_the_body() {
    for body in [
        "",
        "{",
        "nonsense",
        "{\"model\":1e999}",
        "\"\\ud800\"",
        "{} {}",
    ] {
        let found = code_and_param(parse(body.as_bytes()));
        assert_eq!(found, ("json_invalid", "body".to_owned()), "{body}");
    }
    for (body, kind) in [
        ("[]", "an array"),
        ("null", "null"),
        ("1", "a number"),
        ("\"x\"", "a string"),
    ] {
        let message = format!("The body must be a JSON object, not {kind}.");
        let expected = Invalid::value("body", message);
        assert_eq!(parse(body.as_bytes()), Err(expected), "{body}");
    }
    assert_eq!(code_and_param(parse(b"\"\xff\"")).0, "json_invalid");
}

#[test]
fn a_missing_model_is_reported_before_anything_else() {
    let body = br#"{"n": 50, "messages": []}"#;
    assert_eq!(
        code_and_param(parse(body)),
        ("invalid_value", "model".to_owned())
    );
}

#[test]
fn image_config_is_read_with_the_rules_of_the_images_endpoint() {
    let parsed = |config: Value| {
        let body = json!({"model": "m", "messages": [{"role": "user", "content": "x"}],
                          "image_config": config});
        parse(body.to_string().as_bytes())
    };
    let config = parsed(json!({"n": 2, "size": "1280x720", "response_format": "base64"}));
    let config = config.unwrap().image_config.unwrap();
    assert_eq!(config.count, Some(2));
    assert_eq!(config.size.map(|size| size.aspect_ratio), Some("16:9"));
    assert_eq!(config.format, Some(crate::images::ImageFormat::Base64));
    for nothing in [json!(null), json!({})] {
        assert_eq!(parsed(nothing).unwrap().image_config, None);
    }
    for (config, code, param) in [
        (json!(1), "invalid_value", "image_config"),
        (json!({"n": 0}), "invalid_n", "image_config.n"),
        (json!({"size": "x"}), "invalid_size", "image_config.size"),
    ] {
        let error = parsed(config).unwrap_err();
        assert_eq!((error.code, error.param.as_deref()), (code, Some(param)));
    }
}

#[test]
fn video_config_is_read_by_its_own_rules() {
    let parsed = |config: Value| {
        let body = json!({"model": "m", "messages": [{"role": "user", "content": "x"}],
                          "video_config": config});
        parse(body.to_string().as_bytes())
    };
    let config = parsed(json!({"aspect_ratio": "1280x720", "video_length": 10,
        "resolution_name": "720p", "preset": "fun"}));
    let config = config.unwrap().video_config.unwrap();
    assert_eq!(config.size.map(|size| size.aspect_ratio), Some("16:9"));
    assert_eq!(
        (config.seconds, config.is_high_resolution),
        (Some(10), Some(true))
    );
    assert_eq!(config.preset, Some(crate::videos::Preset::Fun));
    for nothing in [json!(null), json!({})] {
        assert_eq!(parsed(nothing).unwrap().video_config, None);
    }
    for (config, code, param) in [
        (json!(1), "invalid_value", "video_config"),
        (
            json!({"aspect_ratio": "5:4"}),
            "invalid_aspect_ratio",
            "video_config.aspect_ratio",
        ),
        (
            json!({"video_length": 12}),
            "invalid_video_length",
            "video_config.video_length",
        ),
        (
            json!({"resolution_name": "4k"}),
            "invalid_resolution",
            "video_config.resolution_name",
        ),
        (
            json!({"preset": "x"}),
            "invalid_preset",
            "video_config.preset",
        ),
    ] {
        let error = parsed(config).unwrap_err();
        assert_eq!((error.code, error.param.as_deref()), (code, Some(param)));
    }
}
