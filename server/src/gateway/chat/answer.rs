//! An answer under way: what every protocol renders.
//!
//! [`Answer::next`] until `None`, then [`Answer::finish`], then [`Answer::commit`] before the end
//! is sent (`docs/decisions/0003`). Dropping it at any moment ends the upstream call and gives the
//! account back unharmed.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use ::chat::{Delta, Deltas, Event, Finish, ToolCall, Usage, Verdict, history_after};
use grok::ChatStream;
use pool::{Lease, Outcome};

use super::{
    ChatContext,
    attempt::{Attempt, OnceMore},
    conversations::{CredentialMark, UpstreamConversation},
    pictures::Pictures,
    place::TextPlace,
};
use crate::{
    clock::now_ms,
    gateway::{Gateway, GatewayError, failure::Failure, pictures::PICTURE_TOKENS, slots::Slot},
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

/// What was asked once more, and the stream that answers it. It holds the lease meanwhile.
type Asking = Pin<Box<dyn Future<Output = Asked> + Send>>;

struct Asked {
    lease: Lease,
    what: OnceMore,
    opened: Result<ChatStream, Failure>,
}

/// An answer as the next request will repeat it.
#[derive(Default)]
struct Transcript {
    text: String,
    calls: Vec<ToolCall>,
}

/// An answer under way. Holds its account, its slot and the upstream call.
pub struct Answer {
    gateway: Arc<Gateway>,
    context: Arc<ChatContext>,
    head: AnswerHead,
    /// `None` once the answer has broken off, and while `asking` has it.
    lease: Option<Lease>,
    attempt: Attempt,
    /// Under way while the upstream is asked once more.
    asking: Option<Asking>,
    /// How often the upstream has answered.
    answered: u32,
    /// What was said so far, when the next turn may need to be recognised by it.
    transcript: Option<Transcript>,
    /// How far the text is, where pictures may come into it.
    place: Option<TextPlace>,
    /// `None` until there is one.
    pictures: Option<Box<Pictures>>,
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
            asking: None,
            answered: 1,
            transcript: keeps_conversations.then(Transcript::default),
            place: context.makes_pictures.then(TextPlace::default),
            pictures: None,
            is_unread: true,
            context: Arc::new(context),
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
                let has_more = ready!(self.poll_once_more(context))?;
                if !has_more && !ready!(self.poll_last_pictures(context)) {
                    return Poll::Ready(Ok(false));
                }
                continue;
            }
            if self.poll_pictures(context) {
                continue;
            }
            self.attempt.deltas.clear();
            if let Err(failure) = ready!(self.attempt.poll_advance(context)) {
                return Poll::Ready(Err(self.broken(failure)));
            }
            self.is_unread = true;
        }
    }

    /// Goes on with the pictures while the text does. True = one has come, and it fits in here.
    fn poll_pictures(&mut self, context: &mut Context<'_>) -> bool {
        self.fetch_pictures();
        let Some(pictures) = &mut self.pictures else {
            return false;
        };
        let _ = pictures.poll(&self.attempt.translator.pictures, context);
        let fits = self.place.as_ref().is_some_and(TextPlace::takes_paragraph);
        fits && self.tell_picture()
    }

    /// The text has ended: what is under way is waited for. True = one has come.
    fn poll_last_pictures(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        let is_limited = self.attempt.translator.ended_early();
        if !is_limited {
            self.fetch_pictures();
        }
        let Some(pictures) = &mut self.pictures else {
            return Poll::Ready(false);
        };
        if is_limited {
            // It ends where its caller has limited it.
            pictures.give_up();
        }
        let polled = pictures.poll(&self.attempt.translator.pictures, context);
        if self.tell_picture() {
            return Poll::Ready(true);
        }
        polled.map(|()| false)
    }

    /// Begins to fetch those that the upstream has finished.
    fn fetch_pictures(&mut self) {
        let made = &mut self.attempt.translator.pictures;
        let Some(lease) = self.lease.as_ref().filter(|_| made.has_fresh()) else {
            return;
        };
        let begin = || Box::new(Pictures::new(&self.gateway, &self.context, lease));
        let pictures = self.pictures.get_or_insert_with(begin);
        pictures.fetch(made.take_fresh());
    }

    /// Makes the next picture that is ready the news, if there is one.
    fn tell_picture(&mut self) -> bool {
        let told = self.pictures.as_mut().and_then(|pictures| pictures.take());
        let Some(told) = told else {
            return false;
        };
        let place = self.place.as_ref();
        let before = place.map_or("\n\n".into(), TextPlace::paragraph_break);
        let deltas = &mut self.attempt.deltas;
        deltas.clear();
        deltas.append_text(|buffer| buffer.extend([&*before, told.as_str()]));
        self.attempt.translator.begin_paragraph();
        self.is_unread = true;
        true
    }

    /// A complete answer of another shape than was asked for is asked for once more, on its account.
    /// True = there is more to come.
    fn poll_once_more(&mut self, context: &mut Context<'_>) -> Poll<Result<bool, GatewayError>> {
        let asked = match &mut self.asking {
            Some(asking) => ready!(asking.as_mut().poll(context)),
            None => return self.judge(),
        };
        self.asking = None;
        self.lease = Some(asked.lease);
        self.attempt.deltas.clear();
        match asked.opened {
            Ok(stream) => {
                self.answered += 1;
                self.attempt.begin_again(&self.context, asked.what, stream);
            }
            Err(failure) => {
                let request_id = self.record().id();
                let reason = failure.label();
                tracing::warn!(%request_id, reason, "an answer could not be asked for once more");
                // Judged again, it is what it is.
                self.attempt.translator.finish(&mut self.attempt.deltas);
                self.is_unread = true;
            }
        }
        Poll::Ready(Ok(true))
    }

    /// What a complete answer is worth.
    fn judge(&mut self) -> Poll<Result<bool, GatewayError>> {
        let correction = match self.attempt.translator.take_verdict() {
            None | Some(Verdict::Fine) => return Poll::Ready(Ok(false)),
            Some(Verdict::Misfit(why)) => {
                return Poll::Ready(Err(self.broken(Failure::Misfit(why))));
            }
            Some(Verdict::AskAgain(correction)) => correction,
        };
        let Some(lease) = self.lease.take() else {
            return Poll::Ready(Ok(false));
        };
        tracing::info!(
            request_id = %self.record().id(), account.id = %lease.account_id(),
            "the answer does not have the shape that was asked for: it is asked for once more"
        );
        let what = self.attempt.once_more(&lease, &self.context, &correction);
        let context = Arc::clone(&self.context);
        self.asking = Some(Box::pin(async move {
            let opened = what.ask(&lease, &context).await;
            Asked {
                lease,
                what,
                opened,
            }
        }));
        Poll::Ready(Ok(true))
    }

    /// How it ended. To be asked when [`Answer::next`] has said `None`.
    #[must_use]
    pub fn finish(&self) -> Finish {
        Finish {
            reason: self.attempt.finish_reason(),
            usage: self.usage(),
        }
    }

    /// Estimated; a picture counts as much as it does elsewhere.
    fn usage(&self) -> Usage {
        let mut usage = self.attempt.translator.usage(self.context.prompt_tokens);
        let pictures = self.pictures.as_ref().map_or(0, |pictures| pictures.made());
        usage.completion_tokens += PICTURE_TOKENS * u64::from(pictures);
        usage
    }

    /// Charges the account and makes usage and quota durable. Only then may the caller see the end;
    /// `last_bytes` is its length.
    ///
    /// # Errors
    /// [`crate::gateway::ErrorKind::StoreUnavailable`]; the account has been charged in memory.
    pub async fn commit(self, last_bytes: usize) -> Result<(), GatewayError> {
        let usage = self.usage();
        self.remember();
        let cost = self.context.model.cost.saturating_mul(self.answered);
        let Self { context, lease, .. } = self;
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
        if let Some(place) = &mut self.place {
            for delta in self.attempt.deltas.iter() {
                if let Delta::Text(piece) = delta {
                    place.read(piece);
                }
            }
        }
        let Some(transcript) = &mut self.transcript else {
            return;
        };
        for delta in self.attempt.deltas.iter() {
            match delta {
                Delta::Text(piece) => transcript.text.push_str(piece),
                Delta::Event(Event::ToolCall(call)) => transcript.calls.push(call.clone()),
                Delta::Reasoning(_) | Delta::Event(_) => {}
            }
        }
        // Such an answer cannot be continued; it can be read all the same.
        if transcript.text.len() > self.context.max_answer_bytes() {
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
        // Asked once more in another conversation than the caller was told of.
        if self.attempt.conversation_id() != Some(id) {
            return;
        }
        let conversation = UpstreamConversation {
            account: lease.account_id().clone(),
            credential: CredentialMark::of(lease.credential()),
            id: id.clone(),
            parent_response_id: response_id.clone(),
        };
        let context = &self.context;
        let history = history_after(&context.request, &answer.text, &answer.calls);
        self.gateway
            .remember_conversation(&context.caller, conversation, history);
    }

    /// What the caller has seen is spent: no other account is tried.
    fn broken(&mut self, failure: Failure) -> GatewayError {
        let (caller, model) = (&self.context.caller, &self.context.model);
        self.gateway
            .break_off(caller, model, self.lease.take(), failure)
    }
}
