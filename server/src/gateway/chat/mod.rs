//! The chat operation: from a neutral request to an answer under way.
//!
//! - `attempt`: one try on one account; `translate`: what its events mean; `answer`: the answer under way
//! - `made_pictures`: pictures that the upstream tells of; `pictures`: fetches and keeps them; `place`:
//!   where in the text they may stand
//! - `conversations`: which upstream conversation a request continues; `shared_conversations`: the same in
//!   the store; `listed_conversations`: as the operator lists and deletes them
//! - `unread`: answers that nobody reads

pub mod answer;
mod attempt;
pub mod conversations;
pub mod listed_conversations;
mod made_pictures;
mod pictures;
mod place;
mod shared_conversations;
mod translate;
pub mod unread;

use std::{sync::Arc, time::Duration};

use ::chat::{Prompt, Request, Shape, flatten, flatten_last_turn, schema_mistake};
use grok::Uploaded;
use grok2api_app::limits::MAX_FILES;
use pool::{AccountId, Lease};
use settings::ModelKind;
use tokio::time::Instant;

pub use self::answer::Answer;
use self::{
    attempt::Attempt,
    conversations::{Scope, UpstreamConversation},
};
use super::{
    Gateway,
    accounts::Operation,
    attachments::{self, Input, ReadyFile},
    breakers::Pass,
    deadlines::Deadlines,
    error::GatewayError,
    failure::Failure,
    uploads::Purpose,
};
use crate::{
    media::links::FileLinks,
    record::RequestRecord,
    snapshot::{
        Settings, Snapshot,
        models::{Model, Models},
    },
};

/// Bytes of all images and files of one request together.
const MAX_FILE_BYTES: usize = 64 * 1024 * 1024;

/// Who asks.
#[derive(Clone)]
pub struct Caller {
    pub snapshot: Snapshot,
    pub scope: Scope,
    /// Of what is generated for them.
    pub owner: String,
    pub record: RequestRecord,
    /// What addresses of this server's files begin with, as this caller sees them.
    pub own_address: Arc<str>,
    /// Addresses of what is generated for them, in texts.
    pub file_links: FileLinks,
}

impl Caller {
    /// How many tokens the prompt of a request would have, which is recorded: the estimate that its usage would
    /// show.
    ///
    /// # Errors
    /// There is no such model.
    pub fn count_tokens(&self, request: &Request) -> Result<u64, GatewayError> {
        self.record.asks(&request.model, false);
        let model = self.snapshot.settings.models.get(&request.model);
        let model = model.ok_or_else(|| GatewayError::model_not_found(&request.model))?;
        self.record.serves(&model.id);
        Ok(chat::count_tokens(request))
    }
}

/// How the caller wants the answer. A whole one may still move to another account when the first
/// one breaks off; of a stream the caller has seen the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    Stream,
    Whole,
}

/// What every attempt at one request shares.
pub(super) struct ChatContext {
    pub(super) model: Arc<Model>,
    pub(super) caller: Caller,
    pub(super) delivery: Delivery,
    pub(super) prompt: Prompt,
    /// The newest turn alone, for a follow-up on `conversation`.
    pub(super) last_turn: Option<Prompt>,
    /// The upstream conversation that this request continues, if any.
    pub(super) conversation: Option<UpstreamConversation>,
    pub(super) shows_reasoning: bool,
    /// The model may make pictures.
    pub(super) makes_pictures: bool,
    pub(super) prompt_tokens: u64,
    pub(super) deadlines: Deadlines,
    /// Kept to recognise the next turn of the same conversation.
    pub(super) request: Request,
}

/// One chat over as many accounts as it may take.
struct Chat<'a> {
    gateway: &'a Gateway,
    context: &'a ChatContext,
    files: &'a [ReadyFile],
}

impl Gateway {
    /// Asks for one answer; resolves when its first content is there, or all of it.
    ///
    /// # Errors
    /// Any [`GatewayError`]; the caller has seen nothing yet.
    ///
    /// # Cancellation
    /// Dropping the future ends the upstream call and returns the account unharmed.
    pub async fn chat(
        self: &Arc<Self>,
        caller: Caller,
        request: Request,
        delivery: Delivery,
    ) -> Result<Answer, GatewayError> {
        let is_stream = delivery == Delivery::Stream;
        caller.record.asks(&request.model, is_stream);
        self.admit(&caller.record)?;
        let context = self.chat_context(caller, request, delivery).await?;
        // Before the slot: a slow file server must not keep others from chatting.
        let files = self.load_attachments(&context).await?;
        let wait = context.deadlines.first.unwrap_or(Duration::MAX);
        let slot = self
            .chat_slots
            .acquire(wait.max(Duration::from_secs(1)))
            .await?;
        let chat = Chat {
            gateway: self,
            context: &context,
            files: &files,
        };
        let (lease, attempt) = self
            .with_account(&context.caller.snapshot, &context.caller.record, &chat)
            .await?;
        drop(files);
        Ok(Answer::new(
            Arc::clone(self),
            context,
            (lease, attempt),
            slot,
        ))
    }

    /// Whether a request could be served now, as far as that is known without asking the upstream.
    ///
    /// # Errors
    /// There is no such model, or the store takes no records.
    pub fn check_chat(&self, caller: &Caller, request: &Request) -> Result<(), GatewayError> {
        self.admit(&caller.record)?;
        chat_model(&caller.snapshot.settings.models, &request.model)?;
        check_schema(&caller.record, request)
    }

    async fn load_attachments(
        &self,
        context: &ChatContext,
    ) -> Result<Vec<ReadyFile>, GatewayError> {
        // A follow-up on a known conversation may still fall back to the whole history.
        let attachments = &context.prompt.attachments;
        if attachments.len() > MAX_FILES {
            let message = format!("A request may carry at most {MAX_FILES} images and files.");
            return Err(GatewayError::invalid("invalid_media", "messages", message));
        }
        let inputs = attachments.iter().map(Input::from).collect();
        self.load(&context.caller, inputs, MAX_FILE_BYTES).await
    }

    async fn chat_context(
        &self,
        caller: Caller,
        request: Request,
        delivery: Delivery,
    ) -> Result<ChatContext, GatewayError> {
        let settings = caller.snapshot.settings.clone();
        let config = &settings.config;
        let model = chat_model(&settings.models, &request.model)?;
        caller.record.serves(&model.id);
        check_schema(&caller.record, &request)?;
        let prompt = flatten(&request);
        let conversation = self.find_conversation(&caller, &request).await;
        let started = Instant::from_std(caller.record.started());
        Ok(ChatContext {
            model,
            caller,
            delivery,
            last_turn: conversation.is_some().then(|| flatten_last_turn(&request)),
            conversation,
            shows_reasoning: request.reasoning.is_shown.unwrap_or(config.app.thinking),
            // Where calls or JSON are read, a picture would be in the way.
            makes_pictures: config.chat.generate_images && !Shape::is_wanted(&request),
            prompt_tokens: prompt.tokens(),
            deadlines: Deadlines {
                section: "chat",
                first: config.chat.stream_first_timeout.as_duration(),
                idle: config.chat.stream_timeout.as_duration(),
                total: config.chat.stream_total_timeout.as_duration(),
                started,
            },
            prompt,
            request,
        })
    }
}

impl Operation for Chat<'_> {
    type Output = Attempt;

    /// A chat's 429 is the end of the account's quota (`upstream-protocol.md` 1.9).
    const REPEATS_RATE_LIMITS: bool = false;

    fn model(&self) -> &Model {
        &self.context.model
    }

    fn prefers(&self) -> Option<&AccountId> {
        let conversation = self.context.conversation.as_ref()?;
        Some(&conversation.account)
    }

    fn ends_at(&self) -> Option<Instant> {
        self.context.deadlines.ends_at()
    }

    /// Uploads, call, first content; for a whole answer also the rest.
    async fn attempt(&self, lease: &Lease, pass: &Pass<'_>) -> Result<Attempt, Failure> {
        let conversation = self
            .context
            .conversation
            .as_ref()
            .filter(|one| one.account == *lease.account_id());
        let mut attempt = match (self.open(lease, pass, conversation).await, conversation) {
            (Err(Failure::LostConversation), Some(conversation)) => {
                tracing::info!(
                    account.id = %lease.account_id(),
                    "the upstream lost a conversation: its whole history starts a new one"
                );
                self.gateway.forget_conversation(&conversation.id);
                self.open(lease, pass, None).await?
            }
            (opened, _) => opened?,
        };
        while self.context.delivery == Delivery::Whole && !attempt.is_ended {
            attempt.advance().await?;
            if attempt.size_bytes() > self.context.max_answer_bytes() {
                return Err(Failure::TooLarge {
                    limit_mb: self.context.settings().config.chat.max_answer_mb,
                });
            }
        }
        Ok(attempt)
    }
}

impl Chat<'_> {
    /// Uploads what this attempt refers to, then calls.
    async fn open(
        &self,
        lease: &Lease,
        pass: &Pass<'_>,
        conversation: Option<&UpstreamConversation>,
    ) -> Result<Attempt, Failure> {
        let context = self.context;
        // The conversation already has the files of earlier turns.
        let files = attachments::of(context.prompt_for(conversation), self.files);
        let files = (files.as_slice(), Purpose::Chat);
        let open = |uploaded: Vec<Uploaded>| async move {
            let ids: Vec<_> = uploaded.into_iter().map(|one| one.id).collect();
            Attempt::open(lease, context, conversation, ids).await
        };
        let opening = self
            .gateway
            .with_uploads(lease, context.settings(), files, open);
        let attempt = opening.await?;
        // Not only at its end: a whole answer may take minutes.
        pass.passed();
        Ok(attempt)
    }
}

impl ChatContext {
    fn settings(&self) -> &Settings {
        &self.caller.snapshot.settings
    }

    /// `chat.max_answer_mb`: how much of an answer is kept in memory.
    fn max_answer_bytes(&self) -> usize {
        let mib = self.settings().config.chat.max_answer_mb;
        usize::try_from(mib.saturating_mul(1024 * 1024)).unwrap_or(usize::MAX)
    }

    /// The newest turn for a conversation that has the others, else everything.
    fn prompt_for(&self, conversation: Option<&UpstreamConversation>) -> &Prompt {
        let last_turn = conversation.and(self.last_turn.as_ref());
        last_turn.unwrap_or(&self.prompt)
    }
}

/// A schema that nothing could be checked against would promise too much.
fn check_schema(record: &RequestRecord, request: &Request) -> Result<(), GatewayError> {
    let Some(why) = schema_mistake(&request.response_format) else {
        return Ok(());
    };
    let field = match record.endpoint() {
        Some("responses") => "text.format.schema",
        Some("messages") => "output_config.format.schema",
        _ => "response_format.json_schema.schema",
    };
    let message = format!("The JSON schema of the answer's format cannot be used: {why}.");
    Err(GatewayError::invalid("invalid_schema", field, message))
}

fn chat_model(models: &Models, id: &str) -> Result<Arc<Model>, GatewayError> {
    let model = models
        .get(id)
        .ok_or_else(|| GatewayError::model_not_found(id))?;
    if model.kind != ModelKind::Chat {
        let message = format!(
            "`{id}` does not chat. Models that make images or videos answer \
             POST /v1/chat/completions, /v1/images/generations, /v1/images/edits and /v1/videos."
        );
        return Err(GatewayError::invalid(
            "model_not_supported",
            "model",
            message,
        ));
    }
    Ok(Arc::clone(model))
}
