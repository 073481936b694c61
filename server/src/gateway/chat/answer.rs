//! An answer under way: what every protocol renders.
//!
//! [`Answer::next`] until `None`, then [`Answer::finish`], then [`Answer::commit`] before the end
//! is sent (`docs/decisions/0003`). Dropping it at any moment ends the upstream call and gives the
//! account back unharmed.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, ready},
};

use ::chat::{Delta, Deltas, Finish};
use pool::{Lease, Outcome};

use super::{
    ChatContext,
    attempt::Attempt,
    conversations::{CredentialMark, UpstreamConversation},
};
use crate::{
    clock::now_ms,
    gateway::{Gateway, GatewayError, failure::Failure, slots::Slot},
    record::RequestRecord,
};

/// What is known of an answer when its first content is there.
#[derive(Clone, Debug)]
pub struct AnswerHead {
    /// The upstream's id of this response, if it named one.
    pub response_id: Option<String>,
    /// The upstream's conversation, by which a follow-up can name it; `None` when it keeps none.
    pub conversation_id: Option<String>,
    /// The upstream's name for the exact model.
    pub fingerprint: Option<String>,
    /// Id in the catalogue.
    pub model: String,
    /// Unix seconds.
    pub created: i64,
    /// Estimated tokens of the prompt.
    pub prompt_tokens: u64,
}

/// An answer under way. Holds its account, its slot and the upstream call.
pub struct Answer {
    gateway: Arc<Gateway>,
    context: ChatContext,
    head: AnswerHead,
    /// `None` once the answer has broken off.
    lease: Option<Lease>,
    attempt: Attempt,
    /// The text so far, when the next turn may need to be recognised by it.
    transcript: Option<String>,
    /// Deltas are waiting that [`Answer::next`] has not handed out.
    is_unread: bool,
    _slot: Slot,
}

impl Answer {
    pub(super) fn new(
        gateway: Arc<Gateway>,
        context: ChatContext,
        (lease, attempt): (Lease, Attempt),
        slot: Slot,
    ) -> Self {
        let record = &context.caller.record;
        if let Some(after) = attempt.first_byte {
            record.first_byte(after);
        }
        let translator = &attempt.translator;
        // A temporary conversation cannot be continued, so its id would promise too much.
        let keeps_conversations = !context.settings().config.app.temporary;
        let conversation_id = attempt
            .conversation_id()
            .filter(|_| keeps_conversations)
            .cloned();
        let head = AnswerHead {
            response_id: translator.response_id.clone(),
            conversation_id,
            fingerprint: translator.fingerprint.clone(),
            model: context.model.id.clone(),
            created: now_ms() / 1000,
            prompt_tokens: context.prompt_tokens.max(1),
        };
        Self {
            gateway,
            head,
            lease: Some(lease),
            attempt,
            transcript: keeps_conversations.then(String::new),
            is_unread: true,
            context,
            _slot: slot,
        }
    }

    #[must_use]
    pub fn head(&self) -> &AnswerHead {
        &self.head
    }

    #[must_use]
    pub fn record(&self) -> &RequestRecord {
        &self.context.caller.record
    }

    /// What is new, or `None` when the answer has said everything.
    ///
    /// # Errors
    /// The answer broke off: say so and drop it.
    ///
    /// # Cancellation
    /// Safe: nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Result<Option<&Deltas>, GatewayError> {
        let has_more = poll_fn(|context| self.poll_advance(context)).await?;
        Ok(has_more.then_some(&self.attempt.deltas))
    }

    /// As [`Answer::next`].
    ///
    /// # Errors
    /// As [`Answer::next`].
    pub fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<&Deltas>, GatewayError>> {
        let has_more = ready!(self.poll_advance(context))?;
        Poll::Ready(Ok(has_more.then_some(&self.attempt.deltas)))
    }

    /// Moves to the next deltas; false = there are none.
    fn poll_advance(&mut self, context: &mut Context<'_>) -> Poll<Result<bool, GatewayError>> {
        loop {
            if self.is_unread {
                self.is_unread = false;
                self.note();
                if !self.attempt.deltas.is_empty() {
                    return Poll::Ready(Ok(true));
                }
            }
            if self.attempt.is_ended {
                return Poll::Ready(Ok(false));
            }
            self.attempt.deltas.clear();
            if let Err(failure) = ready!(self.attempt.poll_advance(context)) {
                return Poll::Ready(Err(self.broken(failure)));
            }
            self.is_unread = true;
        }
    }

    /// How it ended. To be asked when [`Answer::next`] has said `None`.
    #[must_use]
    pub fn finish(&self) -> Finish {
        Finish {
            reason: self.attempt.finish_reason(),
            usage: self.attempt.translator.usage(self.context.prompt_tokens),
        }
    }

    /// Charges the account and makes usage and quota durable. Only then may the caller see the end;
    /// `last_bytes` is its length.
    ///
    /// # Errors
    /// [`crate::gateway::ErrorKind::StoreUnavailable`]; the account has been charged in memory.
    pub async fn commit(self, last_bytes: usize) -> Result<(), GatewayError> {
        let usage = self.attempt.translator.usage(self.context.prompt_tokens);
        self.remember();
        let Self { context, lease, .. } = self;
        let cost = context.model.cost;
        let finish = |lease: Lease| lease.finish(Outcome::Success { cost }, now_ms());
        let changes = lease.map(finish).unwrap_or_default();
        context
            .caller
            .record
            .commit(changes, usage, cost, last_bytes)
            .await
            .map_err(|_| GatewayError::store_unavailable())
    }

    fn note(&mut self) {
        let Some(transcript) = &mut self.transcript else {
            return;
        };
        for delta in self.attempt.deltas.iter() {
            if let Delta::Text(piece) = delta {
                transcript.push_str(piece);
            }
        }
        // Such an answer cannot be continued; it can be read all the same.
        if transcript.len() > self.context.max_answer_bytes() {
            self.transcript = None;
        }
    }

    /// Notes the upstream conversation of a complete answer.
    fn remember(&self) {
        let (Some(lease), Some(answer), Some(id), Some(response_id)) = (
            &self.lease,
            &self.transcript,
            &self.head.conversation_id,
            &self.attempt.translator.response_id,
        ) else {
            return;
        };
        let conversation = UpstreamConversation {
            account: lease.account_id().clone(),
            credential: CredentialMark::of(lease.credential()),
            id: id.clone(),
            parent_response_id: response_id.clone(),
        };
        let context = &self.context;
        let exchange = (&context.request, answer.as_str());
        self.gateway
            .remember_conversation(&context.caller, conversation, exchange);
    }

    /// What the caller has seen is spent: no other account is tried.
    fn broken(&mut self, failure: Failure) -> GatewayError {
        let (caller, model) = (&self.context.caller, &self.context.model);
        self.gateway
            .break_off(caller, model, self.lease.take(), failure)
    }
}
