use serde_json::json;

use super::*;

fn with_frame<T>(line: &str, check: impl FnOnce(Frame<'_>) -> T) -> T {
    let mut scratch = String::new();
    let raw = RawFrame::read(line, &mut scratch).unwrap();
    assert_eq!(raw.error, None);
    check(raw.frame(line.as_bytes(), &scratch))
}

fn error_of(value: serde_json::Value) -> Option<serde_json::Value> {
    let mut scratch = String::new();
    RawFrame::read(&value.to_string(), &mut scratch)
        .unwrap()
        .error
        .map(|boxed| *boxed)
}

#[test]
fn a_token_frame_borrows_every_text() {
    let line = r#"{"result":{"response":{"token":"Look","isThinking":true,"messageTag":"summary","messageStepId":0,"rolloutId":"Agent 1","responseId":"r-1"}}}"#;
    with_frame(line, |frame| {
        assert_eq!(
            frame,
            Frame {
                token: Some("Look"),
                is_thinking: true,
                message_tag: Some("summary"),
                rollout_id: Some("Agent 1"),
                response_id: Some("r-1"),
                ..Frame::default()
            }
        );
    });
}

#[test]
fn escaped_texts_are_borrowed_from_the_scratch_buffer() {
    let line =
        r#"{"result":{"response":{"token":"a\n\"b\" \ud83e\udd80","messageTag":"fi\u006eal"}}}"#;
    with_frame(line, |frame| {
        assert_eq!(frame.token, Some("a\n\"b\" 🦀"));
        assert_eq!(frame.message_tag, Some("final"));
    });
}

#[test]
fn a_payload_directly_under_result_is_read_alike() {
    with_frame(r#"{"result":{"token":"x","responseId":"r-2"}}"#, |frame| {
        assert_eq!(frame.token, Some("x"));
        assert_eq!(frame.response_id, Some("r-2"));
    });
    with_frame(r#"{"result":{"modelResponse":{"message":"x"}}}"#, |frame| {
        assert_eq!(frame.model_response.unwrap().message.as_deref(), Some("x"));
    });
}

#[test]
fn the_first_frames_carry_ids_and_hash() {
    with_frame(
        r#"{"result":{"conversation":{"conversationId":"0b6e"}}}"#,
        |frame| {
            assert_eq!(frame.conversation_id, Some("0b6e"));
        },
    );
    let line = r#"{"result":{"response":{"userResponse":{"message":"q","responseId":"u-1"},"responseId":"r-1","llmInfo":{"modelHash":"k3/9="}}}}"#;
    with_frame(line, |frame| {
        assert_eq!(frame.response_id, Some("r-1"));
        assert_eq!(frame.model_hash, Some("k3/9="));
    });
}

#[test]
fn the_complete_answer_is_owned() {
    let line = json!({"result":{"response":{"modelResponse":{
        "responseId":"r-1","message":"done","generatedImageUrls":["a","b"],
        "cardAttachmentsJson":["{}",1,"{\"id\":1}"],"streamErrors":[],
        "metadata":{"llm_info":{"modelHash":"h"}}}}}});
    with_frame(&line.to_string(), |frame| {
        assert_eq!(
            frame.model_response,
            Some(Box::new(ModelResponse {
                message: Some("done".into()),
                model_hash: Some("h".into()),
                card_attachments: vec!["{}".into(), "{\"id\":1}".into()],
                pictures: vec!["a".into(), "b".into()],
            }))
        );
    });
}

#[test]
fn an_answer_of_odd_types_is_read_as_far_as_it_goes() {
    let line = json!({"result":{"response":{"modelResponse":{"message":["x"],
        "cardAttachmentsJson":"{}","metadata":{"llmInfo":{"modelHash":"h"}}}}}});
    with_frame(&line.to_string(), |frame| {
        let expected = ModelResponse {
            model_hash: Some("h".into()),
            ..ModelResponse::default()
        };
        assert_eq!(frame.model_response, Some(Box::new(expected)));
    });
}

#[test]
fn sources_are_read_from_every_list() {
    let pages = |name: &str| {
        json!({name: {"results": [{"url":"https://a","title":"A","preview":"p"},
            {"url":"https://b","title":null},{"title":"no url"},{"url":""},7]}})
    };
    let posts = |name: &str| {
        json!({name: [{"username":"u","postId":"1","text":"t"},{"username":"u","postId":""},
            {"postId":"2"}]})
    };
    let source = |url: &str, title: &str| Source {
        url: url.to_owned(),
        title: title.to_owned(),
    };
    let of_pages = [source("https://a", "A"), source("https://b", "")];
    let of_posts = [source("https://x.com/u/status/1", "t")];
    for (payload, expected) in [
        (pages("webSearchResults"), of_pages.as_slice()),
        (pages("citedWebSearchResults"), &of_pages),
        (posts("xSearchResults"), &of_posts),
        (posts("xposts"), &of_posts),
        (posts("citedXposts"), &of_posts),
        (
            json!({"webSearchResults": {"results": 1}, "xposts": "x", "token": "t"}),
            &[],
        ),
    ] {
        let line = json!({"result": {"response": payload}}).to_string();
        with_frame(&line, |frame| {
            assert_eq!(frame.web_results, expected, "{line}")
        });
    }
}

#[test]
fn end_marks_are_three_and_say_nothing_by_themselves() {
    let mut scratch = String::new();
    let mut mark = |payload: &str| {
        let line = format!("{{\"result\":{{\"response\":{payload}}}}}");
        let raw = RawFrame::read(&line, &mut scratch).unwrap();
        (raw.is_end_mark, raw.is_empty())
    };
    assert_eq!(mark(r#"{"isSoftStop":true}"#), (true, true));
    assert_eq!(
        mark(r#"{"finalMetadata":{},"isThinking":false}"#),
        (true, true)
    );
    assert_eq!(mark(r#"{"modelResponse":{}}"#), (true, false));
    assert_eq!(mark(r#"{"isSoftStop":true,"token":"x"}"#), (true, false));
    assert_eq!(
        mark(r#"{"isSoftStop":true,"finalMetadata":null}"#),
        (true, true)
    );
    for none in [
        r#"{"isSoftStop":false}"#,
        r#"{"isSoftStop":"true"}"#,
        r#"{"finalMetadata":null}"#,
        r#"{"modelResponse":[]}"#,
        r#"{"userResponse":{"responseId":"u-1"}}"#,
    ] {
        assert_eq!(mark(none), (false, true), "{none}");
    }
}

#[test]
fn words_are_tokens_that_are_not_empty_and_whole_pictures() {
    let mut scratch = String::new();
    let mut has_words = |payload: &str| {
        let line = format!("{{\"result\":{payload}}}");
        RawFrame::read(&line, &mut scratch).unwrap().has_words()
    };
    assert!(has_words(r#"{"token":"x"}"#) && has_words(r#"{"token":"\n"}"#));
    let picture = r#"{"streamingImageGenerationResponse":{"imageUrl":"u","isFinal":true}}"#;
    assert!(has_words(picture), "an answer may be pictures alone");
    for none in [r#"{"token":""}"#, r#"{"token":7}"#, r#"{"responseId":"x"}"#] {
        assert!(!has_words(none), "{none}");
    }
}

#[test]
fn what_counts_alone_makes_a_frame() {
    let mut scratch = String::new();
    for payload in [
        r#"{"conversation":{"conversationId":"c"}}"#,
        r#"{"conversationId":"c"}"#,
        r#"{"responseId":"r"}"#,
        r#"{"llmInfo":{"modelHash":"h"}}"#,
        r#"{"rolloutId":"a"}"#,
        r#"{"messageTag":"final"}"#,
        r#"{"token":"x"}"#,
        r#"{"cardAttachment":{"jsonData":"{}"}}"#,
        r#"{"modelResponse":{}}"#,
        r#"{"webSearchResults":[{"url":"https://a"}]}"#,
        r#"{"streamingImageGenerationResponse":{"imageIndex":0,"progress":50}}"#,
        r#"{"streamingVideoGenerationResponse":{"moderated":true}}"#,
        r#"{"error":"x"}"#,
    ] {
        let line = format!("{{\"result\":{payload}}}");
        assert!(
            !RawFrame::read(&line, &mut scratch).unwrap().is_empty(),
            "{payload}"
        );
    }
}

#[test]
fn a_moderated_video_marks_its_frame() {
    let line = json!({"result":{"streamingVideoGenerationResponse":{"moderated":true}}});
    assert!(with_frame(&line.to_string(), |frame| frame.moderated));
}

#[test]
fn pictures_are_told_by_events_and_by_cards() {
    let card = |chunk: serde_json::Value| {
        let card = json!({"id":"c1","image_chunk":chunk}).to_string();
        json!({"cardAttachment":{"jsonData":card}})
    };
    let fact = |progress: f64, url: &str, is_moderated| PictureFact {
        index: 0,
        progress,
        url: url.to_owned(),
        is_moderated,
    };
    for (payload, expected) in [
        (
            json!({"streamingImageGenerationResponse":{"imageIndex":0,"progress":50}}),
            fact(50.0, "", false),
        ),
        (
            json!({"streamingImageGenerationResponse":{"progress":100,"imageUrl":"u","moderated":true}}),
            fact(100.0, "u", true),
        ),
        (
            card(json!({"imageUuid":"i1","imageUrl":"u","progress":100,"moderated":false})),
            fact(100.0, "u", false),
        ),
        (
            card(json!({"moderated":true,"imageUrl":"u"})),
            fact(0.0, "u", true),
        ),
    ] {
        let line = json!({"result":{"response":payload}}).to_string();
        with_frame(&line, |frame| {
            assert_eq!(frame.pictures, [expected], "{line}")
        });
    }
    let other = json!({"result":{"response":{"cardAttachment":{"jsonData":"{\"id\":\"c\"}"}}}});
    with_frame(&other.to_string(), |frame| {
        assert!(frame.pictures.is_empty())
    });
}

#[test]
fn errors_are_found_wherever_they_are() {
    assert_eq!(
        error_of(json!({"error":{"code":7}})),
        Some(json!({"code":7}))
    );
    assert_eq!(
        error_of(json!({"result":{"response":{"error":"x"}}})),
        Some(json!("x"))
    );
    let card = json!({"image_chunk":{"systemErrCode":"rate_limit"}}).to_string();
    let limited = error_of(json!({"result":{"response":{"cardAttachment":{"jsonData":card}}}}));
    assert_eq!(limited.unwrap()["code"], 8);
    let errors = json!(["usage limit", {"error":{"code":"content-moderated"}}]);
    let worst = error_of(json!({"result":{"response":{"modelResponse":{"streamErrors":errors}}}}));
    assert_eq!(worst, Some(json!({"error":{"code":"content-moderated"}})));
    assert_eq!(error_of(json!({"error":null})), None);
}

#[test]
fn wrong_types_and_unknown_kinds_are_passed_over() {
    let mut scratch = String::new();
    for line in [
        r#"{"result":{"title":{"newTitle":"t"}}}"#,
        r#"{"result":null}"#,
        r#"{"result":"text"}"#,
        r#"{"result":[1,{"token":"x"}]}"#,
        r#"{"result":{"response":7.5,"somethingNew":{"a":[1,2]}}}"#,
        r#"{"result":{"response":{"token":5,"messageTag":null,"cardAttachment":1}}}"#,
        r#"{"token":"at the top"}"#,
        r"{}",
    ] {
        assert!(
            RawFrame::read(line, &mut scratch).unwrap().is_empty(),
            "{line}"
        );
    }
    for line in [
        "{oops}",
        r#"{"a":1}{"b":2}"#,
        "",
        "{",
        r#"{"result":{"response":{"token":"x}}}"#,
    ] {
        assert!(RawFrame::read(line, &mut scratch).is_none(), "{line}");
    }
}
