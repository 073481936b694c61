//! One file for each operation, and what they share.
//!
//! Every call goes the same way: read the body, write the request down, check cookie and headers,
//! take the reply that is due, let the operation answer.

mod account_settings;
mod asset;
mod assets;
mod chat;
mod control;
mod edit;
mod form;
mod imagine;
mod imagine_quota;
mod post;
mod rate_limits;
mod room;
mod upload;
mod video;
mod voice;

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, request::Parts},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use http_body_util::{BodyExt, Limited};
use serde_json::{Value, json};

use crate::{
    check,
    record::{Arrival, Ticket},
    refusal::{self, Refusal},
    reply::Reply,
    scripts::Operation,
    server::NoAnswer,
    state::Shared,
    wire::Line,
};

/// Largest request body; an attachment of 32 MiB as base64 fits.
const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;
/// A prompt with this word is moderated, so that a person can see what becomes of it.
const MODERATED_WORD: &str = "moderated";
/// Longer attachments are recorded by length only.
const RECORDED_CONTENT: usize = 4096;

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let upstream = Router::new()
        .route(
            "/rest/app-chat/conversations/new",
            post(chat::new_conversation),
        )
        .route(
            "/rest/app-chat/conversations/{id}/responses",
            post(chat::follow_up),
        )
        .route("/rest/rate-limits", post(rate_limits::answer))
        .route(
            "/rest/media/imagine/quota_info",
            post(imagine_quota::answer),
        )
        .route("/rest/app-chat/upload-file", post(upload::answer))
        .route("/http/upload-file-v2/direct", post(upload::answer_form))
        .route("/rest/media/post/create", post(post::answer))
        .route("/rest/media/video/upscale", post(video::upscale))
        .route("/rest/assets", get(assets::list))
        .route("/rest/assets-metadata/{id}", delete(assets::delete))
        .route(
            "/auth_mgmt.AuthManagement/SetTosAcceptedVersion",
            post(account_settings::account_terms),
        )
        .route(
            "/auth_mgmt.AuthManagement/UpdateUserFeatureControls",
            post(account_settings::feature_controls),
        )
        .route(
            "/rest/auth/set-tos-accepted",
            post(account_settings::product_terms),
        )
        .route(
            "/rest/auth/set-birth-date",
            post(account_settings::birth_date),
        )
        .route("/rest/livekit/tokens", post(voice::answer))
        .route("/rtc", get(room::answer))
        .route("/rtc/validate", get(room::validate))
        .route("/ws/imagine/listen", get(imagine::answer))
        .route("/{*path}", get(asset::answer).fallback(unknown))
        .fallback(unknown);
    let router = if shared.options.control {
        upstream.nest("/__sim", control::router())
    } else {
        upstream
    };
    router.with_state(shared)
}

async fn unknown() -> Refusal {
    Refusal::not_found("no such operation")
}

/// A call whose caller is known.
struct Call {
    ticket: Ticket,
    account: String,
    line: Line,
    json: Value,
}

impl Call {
    /// Reads and records a request, then checks cookie and JSON headers.
    async fn receive_json(
        shared: &Shared,
        operation: Operation,
        request: Request,
    ) -> Result<Self, Response> {
        Self::receive(shared, operation, request, check::json_headers).await
    }

    async fn receive(
        shared: &Shared,
        operation: Operation,
        request: Request,
        check_headers: fn(&HeaderMap) -> Result<(), Refusal>,
    ) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let body = read(body).await.map_err(IntoResponse::into_response)?;
        let grpc_web = account_settings::recorded(&parts.headers, &body);
        let json = match (form::boundary(&parts.headers), grpc_web) {
            (Some(boundary), _) => form::read(body, boundary).await.unwrap_or(Value::Null),
            (None, Some(message)) => message,
            (None, None) => serde_json::from_slice(&body).unwrap_or(Value::Null),
        };
        let operation = match operation {
            Operation::Chat if video::is_asked(&json) => Operation::Video,
            Operation::Chat => edit::operation_of(&json),
            other => other,
        };
        let ticket = shared
            .recorder
            .receive(operation, || arrival(operation, &parts, &json));
        let account = check::account(&parts.headers)
            .inspect(|account| ticket.account(account))
            .and_then(|account| check_headers(&parts.headers).map(|()| account));
        let line = parts.extensions.get::<Line>().cloned().unwrap_or_default();
        match account {
            Ok(account) => Ok(Self {
                ticket,
                account,
                line,
                json,
            }),
            Err(refusal) => Err(refuse(ticket, refusal)),
        }
    }

    /// Answers with a complete response.
    fn finish(mut self, response: impl IntoResponse) -> Response {
        let response = response.into_response();
        self.ticket.status(response.status().as_u16());
        self.ticket.finish();
        response
    }

    /// Refuses an invalid request without using up a reply.
    fn refuse(self, refusal: Refusal) -> Response {
        refuse(self.ticket, refusal)
    }

    /// Does what replies have in common for every call; gives the call back if the reply is
    /// something for the operation itself.
    async fn common(self, shared: &Shared, reply: &Reply) -> Result<Self, Response> {
        self.ticket.reply(reply.kind());
        if *reply == Reply::QuotaEmpty {
            shared.ledger.set(&self.account, 0);
        }
        if let Some(response) = refusal::http_answer(reply) {
            return Err(self.finish(response));
        }
        match reply {
            Reply::Hang => std::future::pending().await,
            Reply::Reset => {
                self.line.reset_on_close();
                let mut response = self.finish(());
                response.extensions_mut().insert(NoAnswer);
                Err(response)
            }
            _ => Ok(self),
        }
    }
}

fn refuse(mut ticket: Ticket, refusal: Refusal) -> Response {
    let response = refusal.into_response();
    ticket.reply("refused");
    ticket.status(response.status().as_u16());
    ticket.finish();
    response
}

async fn read(body: Body) -> Result<Bytes, Refusal> {
    match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(_) => Err(Refusal::too_large()),
    }
}

fn arrival(operation: Operation, parts: &Parts, json: &Value) -> Arrival {
    let headers = parts.headers.iter().map(|(name, value)| {
        (
            name.as_str().to_owned(),
            String::from_utf8_lossy(value.as_bytes()).into_owned(),
        )
    });
    Arrival {
        operation,
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: headers.collect(),
        body: shortened(json),
    }
}

/// The body with a long `content` replaced by its length.
fn shortened(json: &Value) -> Value {
    let length = json
        .get("content")
        .and_then(Value::as_str)
        .map_or(0, str::len);
    let mut json = if length > RECORDED_CONTENT {
        let fields = json.as_object().into_iter().flatten();
        fields
            .filter(|(name, _)| *name != "content")
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    } else {
        json.clone()
    };
    if length > RECORDED_CONTENT {
        json["content"] = json!(format!("({length} characters)"));
    }
    json
}

/// A non-empty text field.
fn text<'a>(json: &'a Value, name: &str) -> Result<&'a str, Refusal> {
    json.get(name)
        .and_then(Value::as_str)
        .filter(|text| !text.trim().is_empty())
        .ok_or_else(|| Refusal::bad_request(format!("field {name} must be a non-empty text")))
}
