//! `POST /rest/livekit/tokens` (protocol 2.9): the token with which a browser joins a voice room.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{Call, text};
use crate::{
    names, refusal::Refusal, reply::Reply, scripts::Operation, state::Shared, token::RoomToken,
};

const VOICES: [&str; 6] = ["ara", "eve", "leo", "rex", "sal", "gork"];
const PERSONALITIES: [&str; 14] = [
    "assistant",
    "custom",
    "therapist",
    "storyteller",
    "kids_story_time",
    "kids_trivia_game",
    "meditation",
    "doc",
    "unhinged",
    "sexy",
    "motivation",
    "conspiracy",
    "romantic",
    "argumentative",
];

pub(super) async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    match respond(&shared, request).await {
        Ok(response) | Err(response) => response,
    }
}

async fn respond(shared: &Shared, request: Request) -> Result<Response, Response> {
    let call = Call::receive_json(shared, Operation::Voice, request).await?;
    let voice = match check(&call.json) {
        Ok(voice) => voice,
        Err(refusal) => return Err(call.refuse(refusal)),
    };
    let reply = shared.next_reply(&call.account, Operation::Voice);
    let call = call.common(shared, &reply).await?;
    if !shared.ledger.consume(&call.account, 1) {
        return Err(call.finish(Refusal::too_many_requests()));
    }
    let room = shared
        .scripts
        .next(&call.account, Operation::Room)
        .or_else(|| names::reply_for(&call.account, Operation::Room))
        .unwrap_or(Reply::Answer);
    let token = RoomToken {
        user: Shared::user_of(&call.account),
        room: shared.new_id(),
        voice,
        reply: room,
    };
    let body = json!({"token": token.sign(shared.token_key())});
    Ok(call.finish(Json(body).into_response()))
}

/// The voice that is asked for, if the body is the documented one.
fn check(json: &Value) -> Result<String, Refusal> {
    let bad = |why: &str| Err(Refusal::bad_request(why));
    if json.get("requestAgentDispatch") != Some(&json!(false)) {
        return bad("field requestAgentDispatch must be false");
    }
    let url = text(json, "livekitUrl")?;
    if !url.starts_with("wss://") && !url.starts_with("ws://") {
        return bad("field livekitUrl must be the address of a WebSocket");
    }
    if json.pointer("/params/enable_markdown_transcript") != Some(&json!("true")) {
        return bad("field params.enable_markdown_transcript must be \"true\"");
    }
    let Ok(session) = serde_json::from_str::<Value>(text(json, "sessionPayload")?) else {
        return bad("field sessionPayload must be JSON as a text");
    };
    check_session(&session)
}

fn check_session(session: &Value) -> Result<String, Refusal> {
    let bad = |why: &str| Err(Refusal::bad_request(format!("sessionPayload: {why}")));
    let voice = text(session, "voice")?;
    if !VOICES.contains(&voice) {
        return bad("unknown voice");
    }
    if !PERSONALITIES.contains(&text(session, "personality")?) {
        return bad("unknown personality");
    }
    let speed = session.get("playback_speed").and_then(Value::as_f64);
    if !speed.is_some_and(|speed| (0.5..=2.0).contains(&speed)) {
        return bad("playback_speed must be between 0.5 and 2");
    }
    if session.get("enable_vision") != Some(&json!(false)) {
        return bad("enable_vision must be false");
    }
    if session.pointer("/turn_detection/type") != Some(&json!("server_vad")) {
        return bad("turn_detection.type must be server_vad");
    }
    Ok(voice.to_owned())
}
