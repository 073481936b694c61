//! What the caller gets: one JSON answer, or a stream of SSE frames.

use std::sync::Arc;

use bytes::Bytes;
use futures::Stream;
use openai::{
    answer::Answer,
    stream::{ChunkWriter, Delta, Head, Thinking},
};
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    clock::now_ms,
    gateway::{Gateway, attempt::Attempt, chat::Plan, failure::Failure},
    http::error::ApiError,
};

/// First size of a write buffer: a few token frames.
const WRITE_BUFFER_BYTES: usize = 2048;

pub enum Reply {
    Json(Vec<u8>),
    Stream(std::pin::Pin<Box<dyn Stream<Item = Bytes> + Send>>),
}

impl Reply {
    /// The whole answer. The attempt has ended already.
    pub(super) async fn json(
        gateway: &Gateway,
        plan: Plan,
        attempt: Attempt,
    ) -> Result<Self, ApiError> {
        let (content, reasoning) = collect(&attempt);
        let usage = attempt.translator.usage(plan.prompt_tokens);
        let head = head(&plan, &attempt);
        gateway.remember(&plan, &attempt, &content);
        gateway
            .settle_success(attempt.lease, &plan, &usage, attempt.ttft)
            .await?;
        let answer = Answer {
            id: head.id,
            created: head.created,
            model: head.model,
            fingerprint: head.fingerprint,
            conversation_id: head.conversation_id,
            content,
            reasoning,
            finish_reason: "stop".to_owned(),
            usage,
            ..Answer::default()
        };
        let answer = if plan.thinking == Thinking::ThinkTags {
            answer.with_think_tags()
        } else {
            answer
        };
        Ok(Self::Json(answer.to_json()))
    }

    /// Frames as they come. Dropping the stream ends the upstream call and returns the account.
    pub(super) fn stream(
        gateway: Arc<Gateway>,
        plan: Plan,
        attempt: Attempt,
        slot: OwnedSemaphorePermit,
    ) -> Self {
        Self::Stream(Box::pin(frames(gateway, plan, attempt, slot)))
    }
}

fn frames(
    gateway: Arc<Gateway>,
    plan: Plan,
    mut attempt: Attempt,
    slot: OwnedSemaphorePermit,
) -> impl Stream<Item = Bytes> + Send {
    async_stream::stream! {
        let _slot = slot;
        let mut writer = ChunkWriter::new(head(&plan, &attempt), plan.thinking)
            .include_usage(plan.include_usage);
        let mut out = Vec::with_capacity(WRITE_BUFFER_BYTES);
        let mut text = gateway.transcript(&plan);
        writer.role(&mut out);
        loop {
            for delta in attempt.deltas.iter() {
                if let (Delta::Text(piece), Some(text)) = (&delta, text.as_mut()) {
                    text.push_str(piece);
                }
                writer.delta(delta, &mut out);
            }
            attempt.deltas.clear();
            if attempt.is_ended {
                break;
            }
            if !out.is_empty() {
                let full = std::mem::replace(&mut out, Vec::with_capacity(WRITE_BUFFER_BYTES));
                yield Bytes::from(full);
            }
            if let Err(failure) = attempt.advance().await {
                yield broken(&gateway, &plan, attempt, failure, &mut writer);
                return;
            }
        }
        let usage = attempt.translator.usage(plan.prompt_tokens);
        if let Some(text) = &text {
            gateway.remember(&plan, &attempt, text);
        }
        match gateway.settle_success(attempt.lease, &plan, &usage, attempt.ttft).await {
            Ok(()) => writer.finish("stop", plan.include_usage.then_some(&usage), &mut out),
            Err(error) => writer.error(&error.body(&plan.caller.request_id), &mut out),
        }
        yield Bytes::from(out);
    }
}

/// The status is spent: one error frame, then the end. Never a silent end.
fn broken(
    gateway: &Gateway,
    plan: &Plan,
    attempt: Attempt,
    failure: Failure,
    writer: &mut ChunkWriter,
) -> Bytes {
    tracing::warn!(
        request_id = %plan.caller.request_id, account.id = %attempt.lease.account_id(),
        reason = failure.label(), "the answer broke off"
    );
    gateway.settle_failure(attempt.lease, &failure, plan);
    let mut out = Vec::with_capacity(512);
    writer.error(
        &failure.into_api_error(1).body(&plan.caller.request_id),
        &mut out,
    );
    Bytes::from(out)
}

fn head(plan: &Plan, attempt: &Attempt) -> Head {
    let translator = &attempt.translator;
    Head {
        id: translator
            .response_id
            .clone()
            .unwrap_or_else(|| format!("chatcmpl-{}", plan.caller.request_id)),
        created: now_ms() / 1000,
        model: plan.model.id.clone(),
        conversation_id: attempt.conversation_id().cloned(),
        fingerprint: translator.fingerprint.clone(),
    }
}

/// Content and reasoning of an ended attempt.
fn collect(attempt: &Attempt) -> (String, Option<String>) {
    let mut content = String::new();
    let mut reasoning = String::new();
    for delta in attempt.deltas.iter() {
        match delta {
            Delta::Text(piece) => content.push_str(piece),
            Delta::Reasoning(piece) => reasoning.push_str(piece),
        }
    }
    (content, (!reasoning.is_empty()).then_some(reasoning))
}
