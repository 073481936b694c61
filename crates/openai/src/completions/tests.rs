//! Tests of completions: the request, and that both forms of the answer say the same.

use chat::{
    Delta, Event, Finish, FinishReason, OutputLimits, Request, Role, Sampling, Turn, Usage,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{Invalid, stream::Head};

fn asked(fields: Value) -> Result<CompletionRequest, Invalid> {
    let mut body = json!({"model": "grok-4", "prompt": "Once"});
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    parse(body.to_string().as_bytes())
}

fn head() -> Head {
    Head {
        id: "cmpl-1".into(),
        created: 1_772_700_000,
        model: "grok-4".into(),
        conversation_id: None,
        fingerprint: None,
    }
}

fn finish(reason: FinishReason) -> Finish {
    let usage = Usage {
        prompt_tokens: 3,
        completion_tokens: 2,
        ..Usage::default()
    };
    Finish { reason, usage }
}

#[test]
fn every_field_is_read() {
    let asked = asked(
        json!({"prompt": ["Once "], "n": 2, "best_of": 2, "echo": true, "stream": true,
        "stream_options": {"include_usage": true}, "max_tokens": 5, "stop": ["a"], "user": "u",
        "temperature": 0, "top_p": 1, "suffix": "", "logprobs": null, "seed": 5,
        "logit_bias": {"1": 1}, "presence_penalty": 1}),
    );
    let expected = CompletionRequest {
        request: Request {
            model: "grok-4".to_owned(),
            turns: vec![Turn::text(Role::User, "Once ")],
            limits: OutputLimits {
                max_tokens: Some(5),
                stop: vec!["a".to_owned()],
            },
            sampling: Sampling {
                temperature: Some(0.0),
                top_p: Some(1.0),
            },
            user: Some("u".to_owned()),
            ..Request::default()
        },
        choices: 2,
        stream: Some(true),
        include_usage: true,
        echo: true,
    };
    assert_eq!(expected.prefix(), "Once ");
    assert_eq!(asked, Ok(expected));
}

#[test]
fn each_bad_parameter_has_its_code() {
    for (name, value, code) in [
        ("model", json!(" "), "invalid_value"),
        ("prompt", json!(null), "empty_prompt"),
        ("prompt", json!(" "), "empty_prompt"),
        ("prompt", json!([]), "empty_prompt"),
        ("prompt", json!({}), "invalid_value"),
        ("prompt", json!([null]), "invalid_value"),
        ("prompt", json!(["a", "b"]), "unsupported_parameter"),
        ("prompt", json!([1, 2]), "unsupported_parameter"),
        ("prompt", json!([[1, 2]]), "unsupported_parameter"),
        ("suffix", json!("x"), "unsupported_parameter"),
        ("suffix", json!(1), "invalid_value"),
        ("logprobs", json!(0), "unsupported_parameter"),
        ("logprobs", json!(5), "unsupported_parameter"),
        ("best_of", json!(3), "unsupported_parameter"),
        ("best_of", json!(0), "invalid_value"),
        ("best_of", json!("1"), "invalid_value"),
        ("n", json!(9), "invalid_n"),
        ("echo", json!("x"), "invalid_value"),
        ("stream", json!("x"), "invalid_stream"),
        ("max_tokens", json!(0), "invalid_max_tokens"),
        ("stop", json!(1), "invalid_stop"),
        ("temperature", json!(3), "invalid_temperature"),
        ("top_p", json!(3), "invalid_top_p"),
    ] {
        let invalid = asked(json!({name: value})).unwrap_err();
        assert_eq!(
            (invalid.code, invalid.param.as_deref()),
            (code, Some(name)),
            "{value}"
        );
        assert!(invalid.message.ends_with('.'), "{}", invalid.message);
    }
}

#[test]
fn both_forms_have_the_documented_bytes() {
    let mut answer = CompletionAnswer::new("Once".to_owned());
    answer.push(Delta::Reasoning("hm"));
    answer.push(Delta::Text(" upon"));
    let body = CompletionAnswer::to_json(&head(), &[(answer, finish(FinishReason::Length))]);
    let expected = concat!(
        r#"{"id":"cmpl-1","object":"text_completion","created":1772700000,"model":"grok-4","#,
        r#""system_fingerprint":null,"choices":[{"text":"Once upon","index":0,"logprobs":null,"#,
        r#""finish_reason":"length"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"#,
        r#""total_tokens":5,"prompt_tokens_details":{"cached_tokens":0,"text_tokens":3,"#,
        r#""audio_tokens":0,"image_tokens":0},"completion_tokens_details":{"text_tokens":2,"#,
        r#""audio_tokens":0,"reasoning_tokens":0}}}"#
    );
    assert_eq!(String::from_utf8(body).unwrap(), expected);
    let mut writer = CompletionWriter::of_choice(head(), 0, String::new(), false);
    let mut out = Vec::new();
    writer.start(&mut out);
    writer.delta(Delta::Text(" upon"), &mut out);
    let end = finish(FinishReason::Stop);
    writer.finish_choice(&end, &mut out);
    writer.end(end.usage, &mut out);
    let start = concat!(
        r#"data: {"id":"cmpl-1","object":"text_completion","created":1772700000,"#,
        r#""model":"grok-4","system_fingerprint":null,"choices":[{"text":"#
    );
    let expected = [
        start,
        r#"" upon","index":0,"logprobs":null,"finish_reason":null}]}"#,
        "\n\n",
        start,
        r#""","index":0,"logprobs":null,"finish_reason":"stop"}]}"#,
        "\n\ndata: [DONE]\n\n",
    ];
    assert_eq!(String::from_utf8(out).unwrap(), expected.concat());
}

fn piece() -> impl Strategy<Value = (u8, Option<String>)> {
    (0_u8..2, prop::option::of("[aé\n]{0,4}"))
}

proptest! {
    #[test]
    fn both_forms_say_the_same(pieces in prop::collection::vec(piece(), 0..12), echo in any::<bool>()) {
        let prefix = if echo { "Once" } else { "" };
        let mut answers = [CompletionAnswer::new(prefix.into()), CompletionAnswer::new(prefix.into())];
        let writer = |index| CompletionWriter::of_choice(head(), index, prefix.into(), true);
        let mut writers = [writer(0), writer(1)];
        let mut out = Vec::new();
        writers.iter_mut().for_each(|writer| writer.start(&mut out));
        let image = Event::Image { url: "https://a.io/b".into(), alt: String::new() };
        for (index, text) in &pieces {
            let delta = text.as_ref().map_or(Delta::Event(&image), |text| Delta::Text(text));
            answers[usize::from(*index)].push(delta);
            writers[usize::from(*index)].delta(delta, &mut out);
        }
        let end = finish(FinishReason::Stop);
        for writer in writers.iter_mut().rev() {
            writer.finish_choice(&end, &mut out);
        }
        writers[0].end(Usage::of_all([end.usage, end.usage]), &mut out);
        let answers = answers.map(|answer| (answer, end.clone()));
        let whole = CompletionAnswer::to_json(&head(), &answers);
        let whole: Value = serde_json::from_slice(&whole).unwrap();
        let text = String::from_utf8(out).unwrap();
        let body = text.strip_suffix("data: [DONE]\n\n").unwrap();
        let frames: Vec<Value> = body
            .split("\n\n")
            .filter_map(|frame| frame.strip_prefix("data: "))
            .map(|data| serde_json::from_str(data).unwrap())
            .collect();
        let mut said = [String::new(), String::new()];
        for choice in frames.iter().filter_map(|frame| frame["choices"].get(0)) {
            said[choice["index"].as_u64().unwrap() as usize].push_str(choice["text"].as_str().unwrap());
        }
        for (index, said) in said.iter().enumerate() {
            prop_assert_eq!(said, whole["choices"][index]["text"].as_str().unwrap());
        }
        prop_assert_eq!(&frames.last().unwrap()["usage"], &whole["usage"]);
        prop_assert_eq!(&whole["usage"]["total_tokens"], 10);
    }
}
