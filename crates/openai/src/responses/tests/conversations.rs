//! Conversations: what is set and added, and the items that responses leave in them.

use std::collections::BTreeMap;

use chat::{Delta, Finish, FinishReason, Turn, Usage};

use super::*;

#[test]
fn a_conversation_is_made_of_items_and_metadata_or_of_nothing() {
    for nothing in ["", " \n", "{}", r#"{"items": [], "metadata": null}"#] {
        let asked = parse_conversation(nothing.as_bytes()).unwrap();
        assert_eq!(asked, ConversationRequest::default());
        assert!(!asked.has_items());
        assert_eq!(asked.items("conv_1"), b"[]");
    }
    let body = json!({"metadata": {"a": "b"}, "items": [{"role": "user", "content": "Hi"}]});
    let asked = parse_conversation(body.to_string().as_bytes()).unwrap();
    assert!(asked.has_items());
    let items: Value = serde_json::from_slice(&asked.items("conv_1")).unwrap();
    assert_eq!(items[0]["id"], "msg_1i00");
    let conversation = Conversation {
        id: "conv_1",
        created: 1_772_700_000,
        metadata: &asked.metadata,
    };
    let expected =
        r#"{"id":"conv_1","object":"conversation","created_at":1772700000,"metadata":{"a":"b"}}"#;
    assert_eq!(String::from_utf8(conversation.to_json()).unwrap(), expected);
    assert_eq!(
        asked.metadata,
        BTreeMap::from([("a".to_owned(), "b".to_owned())])
    );
}

#[test]
fn each_bad_conversation_has_its_code_and_param() {
    let many: Value = (0..21)
        .map(|_| json!({"role": "user", "content": "x"}))
        .collect();
    for (body, code, param) in [
        (json!([]), "invalid_value", "body"),
        (json!({"items": {}}), "invalid_value", "items"),
        (json!({"items": many}), "too_many_items", "items"),
        (json!({"items": [{}]}), "missing_type", "items.0.type"),
        (
            json!({"metadata": {"a": 1}}),
            "invalid_metadata",
            "metadata",
        ),
    ] {
        let invalid = parse_conversation(body.to_string().as_bytes()).unwrap_err();
        assert_eq!(
            (invalid.code, invalid.param.as_deref()),
            (code, Some(param))
        );
    }
}

#[test]
fn a_response_adds_its_input_and_its_output() {
    let asked = asked(json!({"input": "second", "conversation": "conv_1"})).unwrap();
    let mut document = ResponseDocument::new(head(), asked.echo.clone());
    document.push(Delta::Text("third"));
    let finish = Finish {
        reason: FinishReason::Stop,
        usage: Usage::default(),
    };
    document.finish(&finish, 1);
    let first = br#"{"items": [{"role": "user", "content": "first"}]}"#;
    let stored = parse_conversation(first).unwrap().items("conv_1");
    let items = joined_items(&stored, &asked.input_items("resp_5b"), &document.to_json());
    let turns = stored_turns("conversation", &items, b"{}").unwrap();
    let said: Vec<_> = turns.iter().flat_map(Turn::texts).collect();
    assert_eq!(said, ["first", "second", "third"]);
    let query = ItemQuery::read([("limit", "1")]).unwrap();
    let page: Value = serde_json::from_slice(&input_items_page(&items, &query).unwrap()).unwrap();
    assert_eq!(
        (&page["data"][0]["id"], &page["has_more"]),
        (&json!("msg_5b00"), &json!(true))
    );
    assert_eq!(joined_items(b"[]", b"[]", b"{}"), b"[]");
}
