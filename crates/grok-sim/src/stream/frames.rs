//! The frames of protocol 2.1, one function each. They return the object that sits in
//! `result.response` (or, in a follow-up, directly in `result`).

use serde_json::{Value, json};

use super::Ids;

pub(super) fn conversation(ids: &Ids) -> Value {
    json!({"result": {"conversation": {"conversationId": ids.conversation}}})
}

pub(super) fn user_response(ids: &Ids, model_hash: &str) -> Value {
    json!({
        "userResponse": {"responseId": ids.user_response},
        "responseId": ids.response,
        "llmInfo": {"modelHash": model_hash},
    })
}

pub(super) fn thinking(ids: &Ids, step: usize, token: &str) -> Value {
    json!({
        "token": token,
        "isThinking": true,
        "messageTag": "summary",
        "messageStepId": step,
        "rolloutId": "Agent 1",
        "responseId": ids.response,
    })
}

pub(super) fn token(ids: &Ids, token: &str) -> Value {
    json!({"token": token, "isThinking": false, "messageTag": "final", "responseId": ids.response})
}

/// The complete answer, with its cards and the addresses of what was drawn.
pub(super) fn model_response(
    ids: &Ids,
    model_hash: &str,
    message: &str,
    (cards, drawn): (&[Value], &[String]),
) -> Value {
    let cards: Vec<String> = cards.iter().map(Value::to_string).collect();
    json!({
        "modelResponse": {
            "responseId": ids.response,
            "message": message,
            "generatedImageUrls": drawn,
            "cardAttachmentsJson": cards,
            "metadata": {"llm_info": {"modelHash": model_hash}},
        }
    })
}

pub(super) fn stream_errors(ids: &Ids) -> Value {
    json!({
        "modelResponse": {
            "responseId": ids.response,
            "message": "",
            "streamErrors": [{"message": "The model failed to answer.", "code": 13}],
        }
    })
}

pub(super) fn last() -> Value {
    json!({"finalMetadata": {}, "isThinking": false, "isSoftStop": true})
}

pub(super) fn card(card: &Value) -> Value {
    json!({"cardAttachment": {"jsonData": card.to_string()}})
}

pub(super) fn moderated_image() -> Value {
    json!({
        "streamingImageGenerationResponse": {"imageIndex": 0, "progress": 50, "moderated": true}
    })
}

pub(super) fn anti_bot() -> Value {
    json!({
        "error": {"code": 7, "message": "Request rejected by anti-bot rules.", "details": []}
    })
}

pub(super) fn usage_limit() -> Value {
    json!({"error": {"code": 8, "message": "You have reached your usage limit.", "details": []}})
}
