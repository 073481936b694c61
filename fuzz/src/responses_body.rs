//! The bodies of a response, of a conversation and of a legacy completion: all read every input.

use openai::{Invalid, completions, responses};

use crate::requests;

/// Checks one input: each reader refuses it with a code and a place, or makes a request of it that can
/// be told; what is stored of a response reads as the same turns.
pub(crate) fn check(data: &[u8]) {
    match responses::parse(data) {
        Ok(parsed) => response(parsed, data.len()),
        Err(invalid) => refused(&invalid),
    }
    match completions::parse(data) {
        Ok(parsed) => {
            requests::hold(&parsed.request, data.len());
            assert!(parsed.prefix().len() <= 3 * data.len());
        }
        Err(invalid) => refused(&invalid),
    }
    if let Err(invalid) = responses::parse_conversation(data) {
        refused(&invalid);
    }
}

fn response(parsed: responses::ResponsesRequest, body_bytes: usize) {
    let items = parsed.input_items("resp_0a1b");
    let stored = responses::stored_turns("previous_response_id", &items, br#"{"output":[]}"#);
    assert!(stored.is_ok(), "{stored:?}");
    let earlier = stored.unwrap_or_default();
    let texts =
        |turns: &[chat::Turn]| -> String { turns.iter().flat_map(|turn| turn.texts()).collect() };
    assert_eq!(texts(&earlier), texts(&parsed.request.turns));
    let (request, _) = parsed.into_request(earlier);
    requests::hold(&request, 2 * body_bytes);
}

fn refused(invalid: &Invalid) {
    let param = invalid.param.as_deref().unwrap_or_default();
    requests::refusal(&invalid.message, param, invalid.code);
}
