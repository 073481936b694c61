//! One account's try at one request: the upstream stream and what came of it so far.

use std::time::Duration;

use chat::{Deltas, FinishReason};
use futures::FutureExt;
use grok::{ChatCall, ChatStream, UpstreamError};
use pool::Lease;
use tokio::time::{Instant, timeout_at};

use super::{ChatContext, conversations::UpstreamConversation, translate::Translator};
use crate::gateway::{error::Deadline, failure::Failure};

/// Ready frames are gathered into one write up to this size, so that a fast upstream does not cost
/// one system call an event.
const GATHER_BYTES: usize = 16 * 1024;

/// The three deadlines of a chat. `None` switches one off.
#[derive(Clone, Copy, Debug)]
pub(in crate::gateway) struct Deadlines {
    pub(in crate::gateway) first: Option<Duration>,
    pub(in crate::gateway) idle: Option<Duration>,
    pub(in crate::gateway) total: Option<Duration>,
    /// When the request came in.
    pub(in crate::gateway) started: Instant,
}

impl Deadlines {
    /// The earlier of "`wait` from now" and the end of the total time, and which of them it is.
    fn until(
        &self,
        wait: Option<Duration>,
        deadline: Deadline,
    ) -> Option<(Instant, Deadline, Duration)> {
        let soon = wait.map(|wait| (Instant::now() + wait, deadline, wait));
        let end = self
            .total
            .map(|total| (self.started + total, Deadline::Total, total));
        match (soon, end) {
            (Some(soon), Some(end)) if soon.0 < end.0 => Some(soon),
            (soon, end) => end.or(soon),
        }
    }

    async fn wait<T>(
        &self,
        wait: Option<Duration>,
        deadline: Deadline,
        future: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        let Some((at, deadline, limit)) = self.until(wait, deadline) else {
            return Ok(future.await);
        };
        timeout_at(at, future).await.map_err(|_| Failure::Deadline {
            deadline,
            after_secs: limit.as_secs(),
        })
    }
}

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
    deadlines: Deadlines,
    has_frame: bool,
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
        let started = context.deadlines.wait(
            context.deadlines.first,
            Deadline::FirstByte,
            call_upstream(lease, context, conversation, file_ids),
        );
        let stream = match started.await? {
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
            deadlines: context.deadlines,
            has_frame: false,
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
        let (wait, deadline) = if self.has_frame {
            (self.deadlines.idle, Deadline::Idle)
        } else {
            (self.deadlines.first, Deadline::FirstByte)
        };
        let Self {
            stream,
            translator,
            deltas,
            broken,
            ..
        } = self;
        if let Some(error) = broken.take() {
            return Err(error.into());
        }
        let mut frame = match stream.next_frame().now_or_never() {
            Some(frame) => frame?,
            None => {
                self.deadlines
                    .wait(wait, deadline, stream.next_frame())
                    .await??
            }
        };
        self.has_frame = true;
        loop {
            let Some(read) = frame else {
                translator.finish(deltas);
                self.is_ended = true;
                return Ok(());
            };
            if read.moderated {
                return Err(Failure::Moderated);
            }
            translator.apply(&read, deltas);
            if translator.ended_early() {
                self.is_ended = true;
                return Ok(());
            }
            if deltas.len_bytes() >= GATHER_BYTES {
                return Ok(());
            }
            frame = match stream.next_frame().now_or_never() {
                Some(Ok(next)) => next,
                Some(Err(error)) => {
                    *broken = Some(error);
                    return Ok(());
                }
                None => return Ok(()),
            };
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
    let upstream = &settings.upstream;
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
