//! `GET /ws/imagine/listen` (protocol 2.8, and 8.4 for today's form): pictures over a WebSocket, one
//! request at a time on each. The handshake and every request on it are recorded apart.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{
        FromRequestParts, Request, State,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    http::header,
    response::Response,
};
use serde_json::Value;

use super::Call;
use crate::{
    check, names,
    options::{Generation, Pace},
    picture::{Format, Picture},
    pictures::{self, Frame, Frames},
    record::{Arrival, Ticket},
    refusal::{self, Refusal},
    reply::Reply,
    scripts::Operation,
    state::Shared,
    wire::Line,
};

const PATH: &str = "/ws/imagine/listen";
/// As many as an older upstream makes of every request.
const OLDER_COUNT: u64 = 6;
const MAX_COUNT: u64 = 10;
/// Pause before a frame at human pace.
const HUMAN_GAP: Duration = Duration::from_millis(350);

pub(super) async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    match respond(&shared, request).await {
        Ok(response) | Err(response) => response,
    }
}

async fn respond(shared: &Arc<Shared>, request: Request) -> Result<Response, Response> {
    let (mut parts, body) = request.into_parts();
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &()).await;
    let host = parts.headers.get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
    let origin = format!("http://{host}");
    let request = Request::from_parts(parts, body);
    let call = Call::receive(shared, Operation::Socket, request, check::socket_headers).await?;
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(_) => return Err(call.refuse(Refusal::bad_request("not a WebSocket handshake"))),
    };
    let account = call.account.clone();
    let at_handshake = shared
        .scripts
        .next_if(&account, Operation::Imagine, refuses_handshake)
        .or_else(|| names::reply_for(&account, Operation::Imagine).filter(refuses_handshake));
    let call = match at_handshake {
        Some(reply) => call.common(shared, &reply).await?,
        None => call,
    };
    let socket = Socket {
        shared: Arc::clone(shared),
        line: call.line.clone(),
        account,
        origin,
    };
    Ok(call.finish(upgrade.on_upgrade(move |stream| socket.serve(stream))))
}

/// Replies that come instead of an open socket.
fn refuses_handshake(reply: &Reply) -> bool {
    refusal::http_answer(reply).is_some() || matches!(reply, Reply::Hang | Reply::Reset)
}

/// One open socket.
struct Socket {
    shared: Arc<Shared>,
    line: Line,
    account: String,
    /// Where addresses of pictures lead.
    origin: String,
}

/// The caller has left, or the simulator ends.
struct Gone;

impl Socket {
    async fn serve(self, mut stream: WebSocket) {
        loop {
            let message = tokio::select! {
                () = self.line.closing() => return,
                message = stream.recv() => message,
            };
            let text = match message {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_))) => continue,
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            };
            let json = serde_json::from_str(&text).unwrap_or(Value::Null);
            let done = match Asked::read(&json, &self.shared) {
                Ok(None) => Ok(()),
                Ok(Some(asked)) => self.picture(&mut stream, &asked, &json).await,
                Err(why) => send(&mut stream, &pictures::error("invalid_request", why)).await,
            };
            if done.is_err() {
                return;
            }
        }
    }

    async fn picture(
        &self,
        stream: &mut WebSocket,
        asked: &Asked,
        json: &Value,
    ) -> Result<(), Gone> {
        let mut ticket = self.ticket(json);
        let reply = self.shared.next_reply(&self.account, Operation::Imagine);
        let reply = match reply {
            Reply::Answer if asked.prompt.contains(super::MODERATED_WORD) => {
                Reply::moderated_picture()
            }
            reply => reply,
        };
        ticket.reply(reply.kind());
        let reply = if self.shared.ledger.consume(&self.account, 1) {
            reply
        } else {
            Reply::socket_error("rate_limit_exceeded")
        };
        let frames = Frames::new(asked.pictures(&self.shared), &reply, self.form(asked));
        for frame in frames {
            match frame {
                Frame::Text(text) => {
                    self.pause(stream).await?;
                    send(stream, &text).await?;
                    ticket.wrote();
                }
                Frame::Reset => {
                    self.line.reset_on_close();
                    ticket.finish();
                    return Err(Gone);
                }
                Frame::Silence => tokio::select! {
                    () = self.line.closing() => return Err(Gone),
                    left = wait(stream, Duration::MAX) => left?,
                },
            }
        }
        ticket.finish();
        Ok(())
    }

    fn ticket(&self, json: &Value) -> Ticket {
        let ticket = self
            .shared
            .recorder
            .receive(Operation::Imagine, || Arrival {
                operation: Operation::Imagine,
                method: "GET".to_owned(),
                path: PATH.to_owned(),
                query: None,
                headers: Vec::new(),
                body: json.clone(),
            });
        ticket.account(&self.account);
        ticket
    }

    fn form(&self, asked: &Asked) -> pictures::Form {
        pictures::Form {
            is_older: self.shared.options.generation == Generation::February,
            origin: self.origin.clone(),
            prompt: asked.prompt.clone(),
        }
    }

    async fn pause(&self, stream: &mut WebSocket) -> Result<(), Gone> {
        match self.shared.options.pace {
            Pace::Full => Ok(()),
            Pace::Human => wait(stream, HUMAN_GAP).await,
            Pace::Interval(gap) => wait(stream, gap).await,
        }
    }
}

async fn send(stream: &mut WebSocket, frame: &str) -> Result<(), Gone> {
    let message = Message::Text(frame.into());
    stream.send(message).await.map_err(|_| Gone)
}

/// Waits, unless the caller leaves. What else he says meanwhile is not heard.
async fn wait(stream: &mut WebSocket, time: Duration) -> Result<(), Gone> {
    let leaving = async {
        loop {
            match stream.recv().await {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            }
        }
    };
    match tokio::time::timeout(time, leaving).await {
        Ok(()) => Err(Gone),
        Err(_) => Ok(()),
    }
}

/// What a message asks for.
struct Asked {
    prompt: String,
    ratio: String,
    count: u64,
    is_pro: bool,
}

impl Asked {
    /// `None` for a reset, which today's clients send first.
    fn read(json: &Value, shared: &Shared) -> Result<Option<Self>, &'static str> {
        if json["type"] != "conversation.item.create" || json["timestamp"].as_u64().is_none() {
            return Err("type or timestamp");
        }
        let content = &json["item"]["content"][0];
        if content["type"] == "reset" {
            return Ok(None);
        }
        let prompt = content["text"].as_str().map(str::trim);
        let prompt = prompt.filter(|prompt| !prompt.is_empty()).ok_or("text")?;
        if content["type"] != "input_text" || content["requestId"].as_str().is_none() {
            return Err("content");
        }
        let properties = &content["properties"];
        for flag in [
            "enable_nsfw",
            "is_kids_mode",
            "skip_upsampler",
            "is_initial",
        ] {
            properties[flag].as_bool().ok_or("properties")?;
        }
        let ratio = properties["aspect_ratio"].as_str().ok_or("aspect_ratio")?;
        let is_older = shared.options.generation == Generation::February;
        let count = match properties["num_generations"].as_u64() {
            Some(count) if !is_older => count,
            _ => OLDER_COUNT,
        };
        Ok(Some(Self {
            prompt: prompt.to_owned(),
            ratio: ratio.to_owned(),
            count: count.min(MAX_COUNT),
            is_pro: properties["enable_pro"] == true && !is_older,
        }))
    }

    /// Ids and pictures, remembered so that their addresses work.
    fn pictures(&self, shared: &Shared) -> Vec<(String, Picture)> {
        let format = match self.is_pro {
            true => Format::Png,
            false => Format::Jpeg,
        };
        let one = |n| {
            let name = format!("{}#{n}", self.prompt);
            let (id, picture) = (shared.new_id(), Picture::new(&name, &self.ratio, format));
            shared.memory.keep_picture(&id, picture);
            (id, picture)
        };
        (0..self.count).map(one).collect()
    }
}
