//! What is stored of a response becomes turns again, and is shown page by page.

use chat::{Delta, Event, Finish, FinishReason, Role, ToolCall, Turn, Usage};

use super::*;

fn rich_input() -> Value {
    json!([
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [
            {"type": "input_text", "text": "Look:"},
            {"type": "input_image", "image_url": "data:image/png;base64,aGk="},
            {"type": "input_image", "file_id": "file-1"},
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:a/b;base64,aGk="},
            {"type": "input_file", "file_url": "https://a.io/b"}]},
        {"role": "assistant", "content": "So:"},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "5"}
    ])
}

fn ended(deltas: &[Delta<'_>]) -> Vec<u8> {
    let echo = asked(json!({})).unwrap().echo;
    let mut document = ResponseDocument::new(head(), echo);
    deltas.iter().for_each(|delta| document.push(*delta));
    let finish = Finish {
        reason: FinishReason::Stop,
        usage: Usage::default(),
    };
    document.finish(&finish, 1);
    document.to_json()
}

/// Turns without the places of their attachments, which are named after where they were read.
fn without_places(mut turns: Vec<Turn>) -> Vec<Turn> {
    for turn in &mut turns {
        for part in &mut turn.parts {
            if let chat::Part::Attachment(attachment) = part {
                attachment.param.clear();
            }
        }
    }
    turns
}

#[test]
fn a_stored_response_becomes_the_turns_that_it_was() {
    let asked = asked(json!({"input": rich_input()})).unwrap();
    let items = asked.input_items("resp_5b");
    let call = Event::ToolCall(ToolCall {
        id: "c2".into(),
        name: "g".into(),
        arguments: "{\"a\":1}".into(),
    });
    let response = ended(&[
        Delta::Reasoning("hm"),
        Delta::Text("Here."),
        Delta::Event(&call),
    ]);
    let turns = stored_turns("previous_response_id", &items, &response).unwrap();
    let mut expected = asked.request.turns.clone();
    let mut said = Turn::text(Role::Assistant, "Here.");
    said.tool_calls.push(ToolCall {
        id: "c2".into(),
        name: "g".into(),
        arguments: "{\"a\":1}".into(),
    });
    expected.push(said);
    let attached: Vec<_> = turns.iter().flat_map(Turn::attachments).collect();
    assert_eq!(
        attached[0].param,
        "previous_response_id.input.1.content.1.image_url"
    );
    assert_eq!(without_places(turns), without_places(expected));
}

#[test]
fn input_items_have_one_form_and_an_id_each() {
    let asked = asked(json!({"input": rich_input()})).unwrap();
    let items: Value = serde_json::from_slice(&asked.input_items("resp_5b")).unwrap();
    let expected = json!([
        {"id": "msg_5bi00", "type": "message", "status": "completed", "role": "developer",
            "content": [{"type": "input_text", "text": "Be brief."}]},
        {"id": "msg_5bi01", "type": "message", "status": "completed", "role": "user", "content": [
            {"type": "input_text", "text": "Look:"},
            {"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64,aGk="},
            {"type": "input_image", "detail": "auto", "file_id": "file-1"},
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:a/b;base64,aGk="},
            {"type": "input_file", "file_url": "https://a.io/b"}]},
        {"id": "msg_5bi02", "type": "message", "status": "completed", "role": "assistant",
            "content": [{"type": "output_text", "text": "So:", "annotations": []}]},
        {"id": "fc_5bi03", "type": "function_call", "status": "completed", "call_id": "c1",
            "name": "f", "arguments": "{}"},
        {"id": "fco_5bi04", "type": "function_call_output", "status": "completed", "call_id": "c1",
            "name": "f", "output": "5"}
    ]);
    assert_eq!(items, expected);
}

#[test]
fn input_items_are_read_page_by_page() {
    let input: Value = (0..5)
        .map(|n| json!({"role": "user", "content": n.to_string()}))
        .collect();
    let items = asked(json!({"input": input}))
        .unwrap()
        .input_items("resp_5b");
    let page = |pairs: &[(&str, &str)]| {
        let query = ItemQuery::read(pairs.iter().copied())?;
        let page = input_items_page(&items, &query)?;
        let page: Value = serde_json::from_slice(&page).unwrap();
        let said: String = page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["content"][0]["text"].as_str().unwrap())
            .collect();
        let (first, last) = (page["first_id"].clone(), page["last_id"].clone());
        Ok::<_, Invalid>((said, page["has_more"] == true, first, last))
    };
    let id = |n: usize| json!(format!("msg_5bi{n:02x}"));
    assert_eq!(page(&[]), Ok(("43210".into(), false, id(4), id(0))));
    let first = page(&[("order", "asc"), ("limit", "2"), ("x", "y")]);
    assert_eq!(first, Ok(("01".into(), true, id(0), id(1))));
    let next = page(&[("order", "asc"), ("limit", "3"), ("after", "msg_5bi01")]);
    assert_eq!(next, Ok(("234".into(), false, id(2), id(4))));
    let end = page(&[("order", "asc"), ("after", "msg_5bi04")]);
    assert_eq!(end, Ok((String::new(), false, Value::Null, Value::Null)));
    for (pair, param) in [
        (("limit", "0"), "limit"),
        (("limit", "101"), "limit"),
        (("limit", "x"), "limit"),
        (("order", "up"), "order"),
        (("after", "a b"), "after"),
        (("after", "msg_none"), "after"),
    ] {
        let invalid = page(&[pair]).unwrap_err();
        assert_eq!(
            (invalid.code, invalid.param.as_deref()),
            ("invalid_value", Some(param))
        );
    }
}

#[test]
fn what_is_no_stored_response_is_refused() {
    assert!(stored_turns("p", b"nonsense", b"{}").is_err());
    assert!(stored_turns("p", b"[]", b"nonsense").is_err());
    assert_eq!(stored_turns("p", b"[]", b"{}"), Ok(vec![]));
}
