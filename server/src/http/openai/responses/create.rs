//! `POST /v1/responses`.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use chat::{Delta, Finish, Request};
use http::HeaderMap;
use openai::responses::{
    self as format, Echo, Failure, ResponseDocument, ResponseHead, ResponseWriter, ResponsesRequest,
};
use settings::ResponsesConfig;

use super::{
    background,
    kept::{self, Head, Kept},
};
use crate::{
    clock::now_ms,
    gateway::{Caller, GatewayError, chat::Delivery},
    http::{
        AppState,
        answer::{self, AnswerWriter, Keeping},
        body::WholeBody,
        caller::{ApiCaller, conversation_header},
        error::ApiError,
        openai::{
            conversations, json,
            kept_store::{KeptStore, Said, check_room, owner_of},
        },
        openapi::{
            common::ConversationHeader,
            errors::{OfBody, OfUpstream},
            responses::{ResponseEvent, ResponseObject, ResponseRequest},
        },
    },
    ids,
    limits::Share,
};

/// Input of so many bytes and more has to have its room on the disk; others fit into what stays free.
const LARGE_BYTES: usize = 32 * 1024;

/// One response: as JSON, as a stream of events, or made in the background.
///
/// # Errors
/// Every error of the gateway, as long as no byte has been sent.
#[utoipa::path(
    post,
    path = "/responses",
    tag = "Responses",
    summary = "Create a response",
    description = "Answers to the input as one document, as events with `stream`, or while nobody waits with `background`.",
    params(ConversationHeader),
    request_body(
        content = ResponseRequest,
        example = json!({"model": "grok-4", "input": "Say hello."})
    ),
    responses(
        (status = 200, description = "The response, or its events.", content(
            (ResponseObject = "application/json"),
            (ResponseEvent = "text/event-stream"),
        ), links(
            ("get" = (operation_id = "get_response", parameters(("id" = "$response.body#/id")))),
            ("items" = (operation_id = "list_input_items", parameters(("id" = "$response.body#/id")))),
            ("delete" = (operation_id = "delete_response", parameters(("id" = "$response.body#/id")))),
        )),
        OfBody,
        OfUpstream,
    )
)]
pub(in crate::http::openai) async fn create_response(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    headers: HeaderMap,
    body: WholeBody,
) -> Result<Response, ApiError> {
    let (mut asked, memory) = body.parse(format::parse).await?;
    asked.request.conversation_id = conversation_header(&headers)?;
    let asked = Asked::read(&state, caller, asked).await?;
    if asked.is_background {
        return Ok(json(background::begin(&state, asked, memory).await?));
    }
    let delivery = match asked.is_stream {
        true => Delivery::Stream,
        false => Delivery::Whole,
    };
    let Asked {
        caller,
        request,
        head,
        echo,
        keeper,
        said,
        ..
    } = asked;
    // Boxed: the future holds a whole attempt, and most requests wait in it for seconds.
    let answer = Box::pin(state.gateway.chat(caller, request, delivery)).await?;
    drop((memory, said));
    if delivery == Delivery::Stream {
        let writer = Writer {
            writer: ResponseWriter::new(head, echo),
            keeper,
            response: Vec::new(),
        };
        return Ok(answer::stream(answer, writer, &state.unread));
    }
    let conversation = answer::conversation_header(&answer);
    let mut document = ResponseDocument::new(head, echo);
    let body = Box::pin(collect(answer, &mut document, keeper)).await?;
    Ok((conversation, json(body)).into_response())
}

/// The rest of an answer, into `document`; it is kept and recorded when this has resolved.
///
/// # Errors
/// It broke off, or could not be kept or recorded.
pub(super) async fn collect(
    mut answer: crate::gateway::Answer,
    document: &mut ResponseDocument,
    keeper: Option<Keeper>,
) -> Result<Vec<u8>, ApiError> {
    while let Some(deltas) = answer.next().await? {
        deltas.iter().for_each(|delta| document.push(delta));
    }
    document.finish(&answer.finish(), now_ms() / 1000);
    let body = document.to_json();
    let keeping = keeper.map(|keeper| keeper.keeping(body.clone()));
    answer::commit(answer, body.len(), keeping).await?;
    Ok(body)
}

/// A request with all that it refers to.
pub(super) struct Asked {
    pub(super) caller: Caller,
    pub(super) request: Request,
    pub(super) head: ResponseHead,
    pub(super) echo: Echo,
    /// `None`: it is not kept.
    pub(super) keeper: Option<Keeper>,
    /// The memory that what was said before takes.
    pub(super) said: Vec<Arc<Share>>,
    is_stream: bool,
    is_background: bool,
}

impl Asked {
    async fn read(
        state: &AppState,
        caller: Caller,
        asked: ResponsesRequest,
    ) -> Result<Self, ApiError> {
        let (earlier, said) = earlier(&state.kept, &caller, &asked).await?;
        let id = ids::ordered("resp_");
        let config = &caller.snapshot.settings.config.responses;
        let (is_stream, is_background) = (asked.stream, asked.background);
        let mut keeper = asked.store.then(|| Keeper {
            state: state.clone(),
            limits: config.clone(),
            conversation: asked.conversation.clone(),
            kept: Kept {
                id: id.clone(),
                owner: owner_of(&caller),
                at_ms: now_ms(),
                revision: 0,
                head: Head {
                    earlier,
                    alive_ms: None,
                    is_background,
                    has_failed: false,
                },
                input: asked.input_items(&id),
                response: Vec::new(),
                memory: None,
            },
            room: None,
        });
        if let Some(keeper) = &mut keeper {
            keeper.check_input()?;
            let otherwise = "Responses with `store: false` are made.";
            let bytes = Some(keeper.kept.input.len()).filter(|bytes| *bytes >= LARGE_BYTES);
            let room = check_room(state, (bytes.unwrap_or(0), otherwise)).await?;
            keeper.room = Some(room);
        }
        let head = ResponseHead {
            id,
            created: now_ms() / 1000,
            model: asked.request.model.clone(),
            conversation: asked.conversation.clone(),
        };
        let (request, echo) = asked.into_request(said.turns);
        Ok(Self {
            caller,
            request,
            head,
            echo,
            keeper,
            said: said.memory,
            is_stream,
            is_background,
        })
    }
}

/// Ids of the responses that a request goes on from, and what was said in them or in its conversation.
pub(super) async fn earlier(
    store: &KeptStore,
    caller: &Caller,
    asked: &ResponsesRequest,
) -> Result<(Vec<String>, Said), ApiError> {
    if let Some(id) = &asked.previous_response_id {
        let found = Kept::find(store, caller, id).await;
        let previous = found.map_err(|error| at(kept::PREVIOUS, "response_not_found", error))?;
        let chain = kept::chain(&previous)?;
        return Ok((chain, kept::said(store, caller, previous).await?));
    }
    let Some(id) = &asked.conversation else {
        return Ok((Vec::new(), Said::default()));
    };
    let said = conversations::said(store, caller, id).await;
    let said = said.map_err(|error| at("conversation", "conversation_not_found", error))?;
    Ok((Vec::new(), said))
}

/// What is not there was named by a field.
fn at(param: &str, code: &'static str, error: ApiError) -> ApiError {
    match error {
        ApiError::NotFound(message) => GatewayError::invalid(code, param, message).into(),
        other => other,
    }
}

/// Keeps a response when it is complete.
pub(super) struct Keeper {
    pub(super) state: AppState,
    pub(super) limits: ResponsesConfig,
    pub(super) conversation: Option<String>,
    pub(super) kept: Kept,
    /// On the disk, for its input.
    room: Option<Share>,
}

impl Keeper {
    fn check_input(&self) -> Result<(), ApiError> {
        if self.kept.input.len() <= self.max_bytes() {
            return Ok(());
        }
        let message = format!(
            "The input is larger than the {} MiB that are kept (`responses.max_stored_mb`). Send \
             `store: false`.",
            self.limits.max_stored_mb
        );
        Err(GatewayError::invalid("input_too_large", "input", message).into())
    }

    fn max_bytes(&self) -> usize {
        (self.limits.max_stored_mb as usize).saturating_mul(1024 * 1024)
    }

    /// Larger than what is kept.
    pub(super) fn is_too_large(&self) -> bool {
        self.kept.input.len() + self.kept.response.len() > self.max_bytes()
    }

    /// [`keep`](Self::keep), for whoever does not know what is kept.
    fn keeping(self, response: Vec<u8>) -> Keeping {
        Box::pin(async move {
            let kept = self.keep(response).await;
            kept.map_err(|_| GatewayError::store_unavailable())
        })
    }

    /// Keeps it with this answer, and adds it to its conversation.
    ///
    /// # Errors
    /// The store does not take it.
    async fn keep(mut self, response: Vec<u8>) -> Result<(), ApiError> {
        self.kept.response = response;
        if self.is_too_large() {
            tracing::warn!(
                id = self.kept.id,
                "a response is larger than responses.max_stored_mb: it is not kept"
            );
            return Ok(());
        }
        self.kept.add(&self.state.kept, &self.limits).await?;
        self.room = None;
        self.add_to_conversation().await;
        Ok(())
    }

    /// Adds it to the conversation that was named, if one was.
    pub(super) async fn add_to_conversation(&self) {
        let Some(id) = &self.conversation else {
            return;
        };
        let place = (self.kept.owner.as_str(), id.as_str());
        let added = conversations::add(&self.state, place, &self.kept, self.limits.keep_days).await;
        if let Err(error) = added {
            // Deleted or full meanwhile: the answer is made all the same.
            tracing::warn!(id = self.kept.id, %error, "a response is not part of its conversation");
        }
    }
}

struct Writer {
    writer: ResponseWriter,
    keeper: Option<Keeper>,
    /// When it has ended, as JSON.
    response: Vec<u8>,
}

impl AnswerWriter for Writer {
    const PING_AFTER: Option<Duration> = None;

    fn start(&mut self, out: &mut Vec<u8>) {
        self.writer.start(out);
    }

    fn delta(&mut self, delta: Delta<'_>, out: &mut Vec<u8>) {
        self.writer.delta(delta, out);
    }

    fn finish(&mut self, finish: &Finish, out: &mut Vec<u8>) {
        self.response = self.writer.finish(finish, now_ms() / 1000, out);
    }

    fn keep(&mut self) -> Option<Keeping> {
        let keeper = self.keeper.take()?;
        Some(keeper.keeping(std::mem::take(&mut self.response)))
    }

    fn error(&mut self, error: &ApiError, out: &mut Vec<u8>) {
        self.writer.fail(failure(error), out);
    }
}

/// Why a response has failed.
pub(super) fn failure(error: &ApiError) -> Failure {
    Failure {
        code: error.code().to_owned(),
        message: error.to_string(),
    }
}
