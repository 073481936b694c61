//! One account's try at one request: the upstream stream and what came of it so far.

use std::{
    future::poll_fn,
    task::{Context, Poll},
    time::Duration,
};

use chat::{Deltas, FinishReason};
use grok::{ChatCall, ChatStream, UpstreamError};
use pool::Lease;

use super::{ChatContext, conversations::UpstreamConversation, translate::Translator};
use crate::gateway::{deadlines::FrameWait, error::Deadline, failure::Failure};

/// Frames are gathered into one write up to this size, so that a fast upstream does not cost one
/// system call an event.
const GATHER_BYTES: usize = 16 * 1024;

/// A stream under way on a leased account. Dropping it ends the call.
pub(in crate::gateway) struct Attempt {
    pub(super) translator: Translator,
    /// What arrived since the caller last took it.
    pub(super) deltas: Deltas,
    /// The upstream has said everything.
    pub(in crate::gateway) is_ended: bool,
    /// Time from the request's arrival to the first content.
    pub(super) first_byte: Option<Duration>,
    /// The conversation that this attempt added a turn to; `None` when it began one.
    continued: Option<UpstreamConversation>,
    stream: ChatStream,
    wait: FrameWait,
    /// How the stream broke right behind frames that were fine: those go to the caller first.
    broken: Option<UpstreamError>,
}

impl Attempt {
    /// Calls the upstream and reads up to the first content, so that errors which the upstream
    /// reports inside the stream can still move the request to another account. With `conversation` only
    /// the newest turn is sent, to that conversation.
    ///
    /// # Errors
    /// Why this account did not serve.
    pub(super) async fn open(
        lease: &Lease,
        context: &ChatContext,
        conversation: Option<&UpstreamConversation>,
        file_ids: &[String],
    ) -> Result<Self, Failure> {
        let call = call_upstream(lease, context, conversation, file_ids);
        let stream = match context.deadlines.wait(Deadline::FirstByte, call).await? {
            Ok(stream) => stream,
            Err(error) if conversation.is_some() && error.status() == Some(404) => {
                return Err(Failure::LostConversation);
            }
            Err(error) => return Err(error.into()),
        };
        let mut attempt = Self {
            translator: Translator::new(
                &context.settings().config.app.filter_tags,
                context.shows_reasoning,
                context.limiter(),
            ),
            deltas: Deltas::default(),
            is_ended: false,
            first_byte: None,
            continued: conversation.cloned(),
            stream,
            wait: FrameWait::new(context.deadlines),
            broken: None,
        };
        while !attempt.translator.has_content {
            attempt.advance().await?;
            if attempt.is_ended && !attempt.translator.has_content {
                return Err(Failure::Empty);
            }
        }
        attempt.first_byte = Some(context.deadlines.started.elapsed());
        Ok(attempt)
    }

    /// Upstream id of the conversation. A follow-up's answer need not repeat it.
    pub(super) fn conversation_id(&self) -> Option<&String> {
        let continued = self.continued.as_ref().map(|conversation| &conversation.id);
        self.translator.conversation_id.as_ref().or(continued)
    }

    /// Why the answer ended.
    pub(super) fn finish_reason(&self) -> FinishReason {
        self.translator.finish_reason()
    }

    /// Reads at least one frame and whatever else is there already.
    ///
    /// # Errors
    /// The stream broke, went silent or was moderated.
    pub(in crate::gateway) async fn advance(&mut self) -> Result<(), Failure> {
        poll_fn(|context| self.poll_advance(context)).await
    }

    /// As [`Attempt::advance`].
    ///
    /// # Errors
    /// As [`Attempt::advance`].
    pub(super) fn poll_advance(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        if let Some(error) = self.broken.take() {
            return Poll::Ready(Err(error.into()));
        }
        let mut has_news = false;
        loop {
            let frame = match self.stream.poll_frame(context) {
                Poll::Ready(Ok(Some(frame))) => frame,
                Poll::Ready(Ok(None)) => {
                    self.translator.finish(&mut self.deltas);
                    self.is_ended = true;
                    return Poll::Ready(Ok(()));
                }
                Poll::Ready(Err(error)) if has_news => {
                    self.broken = Some(error);
                    return Poll::Ready(Ok(()));
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error.into())),
                Poll::Pending if has_news => return Poll::Ready(Ok(())),
                Poll::Pending => return self.wait.poll(context).map(Err),
            };
            if frame.moderated {
                return Poll::Ready(Err(Failure::Moderated));
            }
            self.wait.frame();
            self.translator.apply(&frame, &mut self.deltas);
            if self.translator.ended_early() {
                self.is_ended = true;
                return Poll::Ready(Ok(()));
            }
            has_news = true;
            if self.deltas.len_bytes() >= GATHER_BYTES {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

async fn call_upstream(
    lease: &Lease,
    context: &ChatContext,
    conversation: Option<&UpstreamConversation>,
    file_ids: &[String],
) -> Result<ChatStream, UpstreamError> {
    let settings = context.settings();
    let app = &settings.config.app;
    let personality = Some(app.custom_instruction.trim()).filter(|text| !text.is_empty());
    let prompt = context.prompt_for(conversation);
    let request = &context.request;
    let call = ChatCall {
        model_name: &context.model.upstream_name,
        model_mode: context.model.mode.as_deref(),
        message: &prompt.text,
        file_attachments: file_ids,
        temporary: app.temporary,
        disable_memory: app.disable_memory,
        custom_personality: personality,
        temperature: request.sampling.temperature,
        top_p: request.sampling.top_p,
        reasoning_effort: request.reasoning.effort.map(chat::Effort::as_str),
    };
    let credential = lease.credential().expose();
    let upstream = settings.upstream_for(lease);
    match conversation {
        Some(UpstreamConversation {
            id,
            parent_response_id,
            ..
        }) => {
            upstream
                .continue_chat(credential, id, parent_response_id, &call)
                .await
        }
        None => upstream.start_chat(credential, &call).await,
    }
}
