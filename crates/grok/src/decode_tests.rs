use serde_json::json;

use super::*;

fn with_frame<T>(line: &str, check: impl FnOnce(Frame<'_>) -> T) -> T {
    let mut scratch = String::new();
    let draft = Draft::read(line, &mut scratch).unwrap();
    assert_eq!(draft.error, None);
    check(draft.frame(line.as_bytes(), &scratch))
}

fn error_of(value: serde_json::Value) -> Option<serde_json::Value> {
    let mut scratch = String::new();
    Draft::read(&value.to_string(), &mut scratch)
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
                token: Some("Look".into()),
                is_thinking: true,
                message_tag: Some("summary".into()),
                rollout_id: Some("Agent 1".into()),
                response_id: Some("r-1".into()),
                ..Frame::default()
            }
        );
        assert!(matches!(frame.token, Some(Cow::Borrowed(_))));
    });
}

#[test]
fn escaped_texts_are_borrowed_from_the_scratch_buffer() {
    let line =
        r#"{"result":{"response":{"token":"a\n\"b\" \ud83e\udd80","messageTag":"fi\u006eal"}}}"#;
    with_frame(line, |frame| {
        assert_eq!(frame.token.as_deref(), Some("a\n\"b\" 🦀"));
        assert_eq!(frame.message_tag.as_deref(), Some("final"));
        assert!(matches!(frame.token, Some(Cow::Borrowed(_))));
    });
}

#[test]
fn a_payload_directly_under_result_is_read_alike() {
    with_frame(
        r#"{"result":{"token":"x","responseId":"r-2","isSoftStop":true}}"#,
        |frame| {
            assert_eq!(frame.token.as_deref(), Some("x"));
            assert_eq!(frame.response_id.as_deref(), Some("r-2"));
            assert!(frame.is_soft_stop);
        },
    );
    with_frame(r#"{"result":{"modelResponse":{"message":"x"}}}"#, |frame| {
        assert_eq!(frame.model_response.unwrap().message.as_deref(), Some("x"));
    });
}

#[test]
fn the_first_frames_carry_ids_and_hash() {
    with_frame(
        r#"{"result":{"conversation":{"conversationId":"0b6e"}}}"#,
        |frame| {
            assert_eq!(frame.conversation_id.as_deref(), Some("0b6e"));
        },
    );
    let line = r#"{"result":{"response":{"userResponse":{"message":"q","responseId":"u-1"},"responseId":"r-1","llmInfo":{"modelHash":"k3/9="}}}}"#;
    with_frame(line, |frame| {
        assert_eq!(frame.user_response_id.as_deref(), Some("u-1"));
        assert_eq!(frame.response_id.as_deref(), Some("r-1"));
        assert_eq!(frame.model_hash.as_deref(), Some("k3/9="));
    });
}

#[test]
fn the_complete_answer_is_owned_and_its_images_are_found_anywhere() {
    let line = json!({"result":{"response":{"modelResponse":{
        "responseId":"r-1","message":"done","generatedImageUrls":["a","b"],
        "inner":{"imageURLs":["b","c",""]},"cardAttachmentsJson":["{}"],
        "fileAttachments":["f"],"streamErrors":[],
        "metadata":{"llm_info":{"modelHash":"h"}}}}}});
    with_frame(&line.to_string(), |frame| {
        assert_eq!(
            frame.model_response,
            Some(ModelResponse {
                response_id: Some("r-1".into()),
                message: Some("done".into()),
                model_hash: Some("h".into()),
                generated_image_urls: vec!["a".into(), "b".into(), "c".into()],
                card_attachments: vec!["{}".into()],
                file_attachments: vec!["f".into()],
            })
        );
    });
}

#[test]
fn sources_tool_cards_and_end_markers_are_read() {
    let line = json!({"result":{"response":{
        "webSearchResults":{"results":[{"url":"https://a","title":"A","preview":"p"},{"title":"no url"}]},
        "xSearchResults":{"results":[{"username":"u","postId":"1","text":"t"}]},
        "toolUsageCardId":"t1","toolUsageCard":{"webSearch":{"args":{"query":"q"}}}}}});
    with_frame(&line.to_string(), |frame| {
        let sources: Vec<_> = frame
            .web_results
            .iter()
            .map(|s| (s.url.as_str(), s.title.as_str()))
            .collect();
        assert_eq!(
            sources,
            [("https://a", "A"), ("https://x.com/u/status/1", "t")]
        );
        assert_eq!(frame.tool_usage_card_id.as_deref(), Some("t1"));
        assert_eq!(
            frame.tool_usage_card.as_deref(),
            Some(r#"{"webSearch":{"args":{"query":"q"}}}"#)
        );
    });
    let line =
        r#"{"result":{"response":{"finalMetadata":{},"isThinking":false,"isSoftStop":true}}}"#;
    with_frame(line, |frame| {
        assert!(frame.is_final_metadata && frame.is_soft_stop)
    });
}

#[test]
fn moderation_is_seen_in_images_videos_and_cards() {
    let card = json!({"image_chunk":{"moderated":true,"imageUrl":"u"}}).to_string();
    for payload in [
        json!({"streamingImageGenerationResponse":{"imageIndex":0,"moderated":true}}),
        json!({"streamingVideoGenerationResponse":{"moderated":true}}),
        json!({"cardAttachment":{"jsonData":card}}),
    ] {
        let line = json!({"result":{"response":payload}}).to_string();
        assert!(with_frame(&line, |frame| frame.moderated), "{line}");
    }
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
            Draft::read(line, &mut scratch).unwrap().is_empty(),
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
        assert!(Draft::read(line, &mut scratch).is_none(), "{line}");
    }
}
