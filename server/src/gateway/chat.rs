//! `chat`: from a valid request to a reply, over as many accounts as it may take.

use std::{sync::Arc, time::Duration};

use openai::{
    chat::{ChatRequest, Prompt},
    stream::Thinking,
    usage::Estimator,
};
use pool::{AccountId, Lease, SelectRequest};
use tokio::time::Instant;

use crate::{
    clock::{hour_minute, now_ms},
    config::{ModelKind, ThinkingFormat},
    gateway::{
        Caller, Gateway,
        attachments::{self, ReadyFile},
        attempt::{Attempt, Deadlines},
        conversations::Thread,
        failure::Failure,
        models::Model,
        reply::Reply,
    },
    http::error::ApiError,
    state::Live,
};

/// Prompt tokens that one attachment counts for, since the upstream reports none.
const ATTACHMENT_TOKENS: u64 = 256;

/// What every attempt at one request shares.
pub struct Plan {
    pub live: Arc<Live>,
    pub model: Arc<Model>,
    pub caller: Caller,
    pub prompt: Prompt,
    /// The newest turn alone, for a follow-up on `thread`.
    pub last_turn: Prompt,
    /// The upstream conversation that this request continues, if any.
    pub thread: Option<Thread>,
    pub is_stream: bool,
    pub include_usage: bool,
    pub shows_reasoning: bool,
    pub thinking: Thinking,
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub reasoning_effort: Option<String>,
    pub prompt_tokens: u64,
    pub deadlines: Deadlines,
    /// Kept to recognise the next turn of the same conversation.
    pub request: ChatRequest,
}

impl Gateway {
    /// Serves one chat completion.
    ///
    /// # Errors
    /// Any [`ApiError`]; nothing has been sent to the caller yet.
    ///
    /// # Cancellation
    /// Dropping the future ends the upstream call and returns the account unharmed.
    pub async fn chat(
        self: &Arc<Self>,
        caller: Caller,
        request: ChatRequest,
    ) -> Result<Reply, ApiError> {
        let plan = self.plan(caller, request)?;
        let slot = self
            .slot(plan.deadlines.first.max(Duration::from_secs(1)))
            .await?;
        let files = attachments::load(&plan).await?;
        let attempt = self.try_accounts(&plan, &files).await?;
        if plan.is_stream {
            Ok(Reply::stream(Arc::clone(self), plan, attempt, slot))
        } else {
            Reply::json(self, plan, attempt).await
        }
    }

    fn plan(&self, caller: Caller, request: ChatRequest) -> Result<Plan, ApiError> {
        let live = self.live.load_full();
        let model = chat_model(&live, &request.model)?;
        let config = &live.config;
        let prompt = openai::chat::flatten(&request);
        let attachment_tokens = ATTACHMENT_TOKENS * prompt.attachments.len() as u64;
        let shows_reasoning = match request.reasoning_effort.as_deref() {
            None => config.app.thinking,
            Some(effort) => effort != "none",
        };
        let thinking = match (shows_reasoning, config.app.thinking_format) {
            (false, _) => Thinking::Hidden,
            (true, ThinkingFormat::ReasoningContent) => Thinking::ReasoningContent,
            (true, ThinkingFormat::ThinkTags) => Thinking::ThinkTags,
        };
        let thread = (!config.app.temporary)
            .then(|| self.conversations.find(&caller.scope, &request, now_ms()))
            .flatten();
        Ok(Plan {
            model,
            caller,
            last_turn: openai::chat::flatten_last_turn(&request),
            thread,
            is_stream: request.stream.unwrap_or(config.app.stream),
            include_usage: request.include_usage,
            shows_reasoning,
            thinking,
            temperature: request.temperature,
            top_p: request.top_p,
            reasoning_effort: request.reasoning_effort.clone(),
            prompt_tokens: Estimator::count(&prompt.text) + attachment_tokens,
            deadlines: Deadlines {
                first: config.chat.stream_first_timeout,
                idle: config.chat.stream_timeout,
                total: config.chat.stream_total_timeout,
                started: Instant::now(),
            },
            prompt,
            request,
            live,
        })
    }

    /// Tries accounts until one has begun to answer (stream) or has answered (no stream).
    async fn try_accounts(&self, plan: &Plan, files: &[ReadyFile]) -> Result<Attempt, ApiError> {
        let max_tries = plan.live.config.retry.max_retry.max(1) as usize;
        let mut tried: Vec<AccountId> = Vec::new();
        let mut last_failure: Option<Failure> = None;
        let mut all_rate_limited = true;
        while tried.len() < max_tries {
            let lease = match self.select(plan, &tried) {
                Ok(lease) => lease,
                Err(error) => {
                    return Err(no_more_accounts(
                        error,
                        last_failure,
                        &tried,
                        all_rate_limited,
                    ));
                }
            };
            tried.push(lease.account_id().clone());
            let (lease, failure) = match self.attempt(lease, plan, files).await {
                Ok(attempt) => return Ok(attempt),
                Err(failed) => failed,
            };
            tracing::warn!(
                account.id = %lease.account_id(), attempt = tried.len(), model = plan.model.id,
                reason = failure.label(), "account {} did not serve", lease.account_id()
            );
            all_rate_limited &= failure.is_rate_limit();
            self.settle_failure(lease, &failure, plan);
            if !failure.is_worth_another_account() {
                return Err(failure.into_api_error(tried.len()));
            }
            last_failure = Some(failure);
        }
        let failure = last_failure.unwrap_or(Failure::Empty);
        Err(failure.into_api_error(tried.len()))
    }

    /// One account: uploads, call, first content; for a JSON answer also the rest.
    async fn attempt(
        &self,
        lease: Lease,
        plan: &Plan,
        files: &[ReadyFile],
    ) -> Result<Attempt, (Lease, Failure)> {
        let thread = plan
            .thread
            .as_ref()
            .filter(|thread| thread.account == *lease.account_id());
        let mut attempt = match (self.open(lease, plan, thread, files).await, thread) {
            (Err((lease, Failure::LostConversation)), Some(thread)) => {
                tracing::info!(
                    account.id = %lease.account_id(),
                    "the upstream lost a conversation: its whole history starts a new one"
                );
                self.conversations.forget(&thread.conversation_id);
                self.open(lease, plan, None, files).await?
            }
            (opened, _) => opened?,
        };
        while !plan.is_stream && !attempt.is_ended {
            if let Err(failure) = attempt.advance().await {
                return Err((attempt.lease, failure));
            }
        }
        Ok(attempt)
    }

    /// Uploads what this attempt refers to, then calls.
    async fn open(
        &self,
        lease: Lease,
        plan: &Plan,
        thread: Option<&Thread>,
        files: &[ReadyFile],
    ) -> Result<Attempt, (Lease, Failure)> {
        // The conversation already has the files of earlier turns.
        let turn = thread.map_or(&plan.prompt, |_| &plan.last_turn);
        match attachments::upload(&lease, plan, &attachments::of(turn, files)).await {
            Ok(ids) => Attempt::open(lease, plan, thread, &ids).await,
            Err(failure) => Err((lease, failure)),
        }
    }

    fn select(&self, plan: &Plan, tried: &[AccountId]) -> Result<Lease, ApiError> {
        let want = SelectRequest {
            tier: plan.model.tier,
            cost: plan.model.cost,
            exclude: tried,
            prefer: plan.thread.as_ref().map(|thread| &thread.account),
        };
        let now = now_ms();
        let selected = plan.live.pool.select(&want, now);
        self.record_elapsed(&plan.live.pool, now);
        selected.map_err(|exhausted| {
            let reasons = describe(&exhausted);
            tracing::warn!(
                model = plan.model.id,
                "no account can serve {}: {reasons}",
                plan.model.id
            );
            exhausted_error(&plan.model.id, reasons, retry_at(&exhausted, now), now)
        })
    }
}

fn chat_model(live: &Live, id: &str) -> Result<Arc<Model>, ApiError> {
    let model = live.models.get(id).ok_or_else(|| ApiError::ModelNotFound {
        model: id.to_owned(),
    })?;
    if model.kind != ModelKind::Chat {
        return Err(ApiError::Invalid {
            message: format!(
                "`{id}` makes pictures or videos, which this version does not serve yet. \
                 GET /v1/models lists the chat models."
            ),
            param: Some("model".to_owned()),
            code: "model_not_supported",
        });
    }
    Ok(Arc::clone(model))
}

/// What to say when the pool has nobody left: what the tried accounts said, if any was tried.
fn no_more_accounts(
    exhausted: ApiError,
    last_failure: Option<Failure>,
    tried: &[AccountId],
    all_rate_limited: bool,
) -> ApiError {
    match last_failure {
        Some(_) if all_rate_limited => exhausted,
        Some(failure) => failure.into_api_error(tried.len()),
        None => exhausted,
    }
}

/// When trying again makes sense, if ever. Soon where open requests hold the last of the quota.
fn retry_at(exhausted: &pool::Exhausted, now_ms: i64) -> Option<i64> {
    use pool::SkipReason::{Busy, Ejected};
    let is_soon = |skip: &pool::SkipCount| matches!(skip.reason, Busy | Ejected);
    if exhausted.skips.iter().any(is_soon) {
        Some(now_ms)
    } else {
        exhausted.retry_at_ms
    }
}

fn exhausted_error(
    model: &str,
    reasons: String,
    retry_at_ms: Option<i64>,
    now_ms: i64,
) -> ApiError {
    let model = model.to_owned();
    match retry_at_ms {
        Some(at_ms) => {
            let wait_ms = u64::try_from(at_ms - now_ms).unwrap_or(0);
            ApiError::AccountsBusy {
                model,
                reasons,
                retry_after_secs: wait_ms.div_ceil(1000).max(1),
            }
        }
        None => ApiError::NoAccounts { model, reasons },
    }
}

/// `3 cooling until 14:20 UTC, 1 expired`.
fn describe(exhausted: &pool::Exhausted) -> String {
    use pool::SkipReason;
    let parts: Vec<String> = exhausted
        .skips
        .iter()
        .map(|skip| {
            let n = skip.count;
            match skip.reason {
                SkipReason::Cooling { until_ms } => {
                    format!("{n} cooling until {}", hour_minute(until_ms))
                }
                SkipReason::NoQuota => format!("{n} without quota"),
                SkipReason::Disabled => format!("{n} disabled"),
                SkipReason::Expired => format!("{n} expired"),
                SkipReason::Busy => format!("{n} busy"),
                SkipReason::Excluded => format!("{n} tried already"),
                SkipReason::WrongTier => format!("{n} without the needed plan"),
                SkipReason::Ejected => format!("{n} resting after upstream errors"),
            }
        })
        .collect();
    if parts.is_empty() {
        "there are no accounts".to_owned()
    } else {
        parts.join(", ")
    }
}
