//! `GET /rtc` (a WebSocket): LiveKit's server of voice rooms, as far as one guest needs it. What the
//! room does stands in the token that opens it.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::{
        FromRequestParts, Request, State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code},
    },
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use tokio::sync::mpsc;
use voice_sim::{Guest, Link};

use super::arrival;
use crate::{
    record::Ticket, refusal, reply::Reply, scripts::Operation, state::Shared, token::RoomToken,
    wire::Line,
};

/// Messages on their way between socket and room.
const QUEUE: usize = 32;
/// How long the end of a socket waits for its other side.
const GOODBYE: Duration = Duration::from_secs(1);

/// Opens the room.
pub(super) async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let mut ticket = shared.recorder.receive(Operation::Room, || {
        arrival(Operation::Room, &parts, &Value::Null)
    });
    let token = match token(&shared, &parts) {
        Ok(token) => token,
        Err(response) => {
            ticket.status(response.status().as_u16());
            ticket.finish();
            return *response;
        }
    };
    ticket.reply(token.reply.kind());
    if token.reply == Reply::Hang {
        std::future::pending::<()>().await;
    }
    let line = parts.extensions.get::<Line>().cloned().unwrap_or_default();
    match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade.on_upgrade(move |socket| host(socket, line, token, ticket)),
        Err(refused) => {
            ticket.finish();
            refused.into_response()
        }
    }
}

/// `GET /rtc/validate`: why a room would not open. LiveKit's client asks from a page of another
/// address.
pub(super) async fn validate(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut response = match token(&shared, &parts) {
        Ok(_) => "success".into_response(),
        Err(response) => *response,
    };
    response.headers_mut().insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        header::HeaderValue::from_static("*"),
    );
    response
}

/// The token of the query, unless it opens nothing.
fn token(shared: &Shared, parts: &Parts) -> Result<RoomToken, Box<Response>> {
    let query = parts.uri.query().unwrap_or_default();
    let mut fields = query.split('&').filter_map(|field| field.split_once('='));
    let token = fields.find(|(name, _)| *name == "access_token");
    let token = token.and_then(|(_, token)| RoomToken::read(token, shared.token_key()));
    let Some(token) = token else {
        let refusal = (StatusCode::UNAUTHORIZED, "invalid token");
        return Err(Box::new(refusal.into_response()));
    };
    match refusal::http_answer(&token.reply) {
        Some(response) => Err(Box::new(response)),
        None => Ok(token),
    }
}

async fn host(mut socket: WebSocket, line: Line, token: RoomToken, mut ticket: Ticket) {
    let (to_room, incoming) = mpsc::channel(QUEUE);
    let (outgoing, mut from_room) = mpsc::channel::<Bytes>(QUEUE);
    let lifetime = match token.reply {
        Reply::DroppedRoom { after_ms } => Some(Duration::from_millis(after_ms)),
        _ => None,
    };
    let guest = Guest {
        identity: token.user,
        room: token.room,
    };
    let room = voice_sim::serve(guest, lifetime, Link { incoming, outgoing });
    let mut room = std::pin::pin!(room);
    let mut is_open = true;
    loop {
        let is_going_on = tokio::select! {
            ended = room.as_mut(), if is_open => {
                is_open = false;
                match ended {
                    Ok(()) => true,
                    Err(error) => {
                        tracing::warn!(%error, "a voice room broke");
                        return;
                    }
                }
            }
            message = from_room.recv() => match message {
                Some(message) => socket.send(Message::Binary(message)).await.is_ok(),
                // The room has ended and has said all.
                None => false,
            },
            message = socket.recv(), if is_open => match message {
                Some(Ok(Message::Binary(message))) => to_room.send(message).await.is_ok(),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Text(_))) => true,
                Some(Ok(Message::Close(_)) | Err(_)) | None => false,
            },
            () = line.closing() => return,
        };
        if !is_going_on {
            break;
        }
    }
    ticket.finish();
    close(socket).await;
}

/// Ends a socket as LiveKit's client expects it; a guest who has gone answers nothing.
async fn close(mut socket: WebSocket) {
    let goodbye = CloseFrame {
        code: close_code::NORMAL,
        reason: "".into(),
    };
    if socket.send(Message::Close(Some(goodbye))).await.is_ok() {
        let answered = async { while let Some(Ok(_)) = socket.recv().await {} };
        // Whoever does not answer has nothing to lose.
        let _ = tokio::time::timeout(GOODBYE, answered).await;
    }
}
