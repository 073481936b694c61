//! One account's try at one request: the upstream stream and what came of it so far.

use std::{
    future::poll_fn,
    task::{Context, Poll},
    time::Duration,
};

use chat::{Deltas, FinishReason};
use grok::{ChatCall, ChatStream, UpstreamError, Without};
use pool::Lease;

use super::{
    ChatContext,
    conversations::{CredentialMark, UpstreamConversation},
    translate::Translator,
};
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
    /// What the call referred to.
    file_ids: Vec<String>,
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
        file_ids: Vec<String>,
    ) -> Result<Self, Failure> {
        let ask = Ask {
            message: &context.prompt_for(conversation).text,
            conversation,
            file_ids: &file_ids,
        };
        let call = call_upstream(lease, context, ask);
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
                (context.shows_reasoning, context.makes_pictures),
                &context.request,
            ),
            deltas: Deltas::default(),
            is_ended: false,
            first_byte: None,
            continued: conversation.cloned(),
            file_ids,
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

    /// Bytes of the answer that are in memory.
    pub(super) fn size_bytes(&self) -> usize {
        self.deltas.len_bytes() + self.translator.held_bytes()
    }

    /// What to ask once more after an answer that does not fit. A conversation that the upstream keeps
    /// goes on with the `correction`; elsewhere everything is said again.
    pub(super) fn once_more(
        &self,
        lease: &Lease,
        context: &ChatContext,
        correction: &str,
    ) -> OnceMore {
        let keeps = !context.settings().config.app.temporary;
        let place = self
            .conversation_id()
            .zip(self.translator.response_id.as_ref());
        if let Some((id, response_id)) = place.filter(|_| keeps) {
            let conversation = UpstreamConversation {
                account: lease.account_id().clone(),
                credential: CredentialMark::of(lease.credential()),
                id: id.clone(),
                parent_response_id: response_id.clone(),
            };
            return OnceMore {
                message: correction.trim_start().to_owned(),
                conversation: Some(conversation),
                file_ids: Vec::new(),
            };
        }
        let prompt = context.prompt_for(self.continued.as_ref());
        OnceMore {
            message: format!("{}{correction}", prompt.text),
            conversation: self.continued.clone(),
            file_ids: self.file_ids.clone(),
        }
    }

    /// Goes on with the answer to what was asked once more.
    pub(super) fn begin_again(
        &mut self,
        context: &ChatContext,
        asked: OnceMore,
        stream: ChatStream,
    ) {
        self.translator
            .begin_again(&context.settings().config.app.filter_tags);
        self.continued = asked.conversation;
        self.file_ids = asked.file_ids;
        self.stream = stream;
        self.wait = FrameWait::new(context.deadlines);
        self.broken = None;
        self.is_ended = false;
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
                    return Poll::Ready(match self.translator.pictures.leave_nothing() {
                        true => Err(Failure::Moderated),
                        false => Ok(()),
                    });
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
                self.translator.finish(&mut self.deltas);
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

/// What the upstream is asked after an answer that does not fit.
pub(super) struct OnceMore {
    message: String,
    conversation: Option<UpstreamConversation>,
    file_ids: Vec<String>,
}

impl OnceMore {
    /// Asks on the account that answered before.
    ///
    /// # Errors
    /// Why it did not serve.
    pub(super) async fn ask(
        &self,
        lease: &Lease,
        context: &ChatContext,
    ) -> Result<ChatStream, Failure> {
        let ask = Ask {
            message: &self.message,
            conversation: self.conversation.as_ref(),
            file_ids: &self.file_ids,
        };
        let call = call_upstream(lease, context, ask);
        Ok(context.deadlines.wait(Deadline::FirstByte, call).await??)
    }
}

/// One call: what is new, and the conversation that it goes to.
#[derive(Clone, Copy)]
struct Ask<'a> {
    message: &'a str,
    conversation: Option<&'a UpstreamConversation>,
    file_ids: &'a [String],
}

async fn call_upstream(
    lease: &Lease,
    context: &ChatContext,
    ask: Ask<'_>,
) -> Result<ChatStream, UpstreamError> {
    let settings = context.settings();
    let app = &settings.config.app;
    let personality = Some(app.custom_instruction.trim()).filter(|text| !text.is_empty());
    let request = &context.request;
    let call = ChatCall {
        model_name: &context.model.upstream_name,
        model_mode: context.model.mode.as_deref(),
        message: ask.message,
        file_attachments: ask.file_ids,
        temporary: app.temporary,
        disable_memory: app.disable_memory,
        custom_personality: personality,
        temperature: request.sampling.temperature,
        top_p: request.sampling.top_p,
        reasoning_effort: request.reasoning.effort.map(chat::Effort::as_str),
        without: without(context),
        makes_pictures: context.makes_pictures,
    };
    let credential = lease.credential().expose();
    let upstream = settings.upstream_for(lease);
    match ask.conversation {
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

/// What the model may not look up: as the caller says, else as configured.
fn without(context: &ChatContext) -> Without {
    let (asked, config) = (context.request.search, &context.settings().config);
    Without {
        web_search: !asked.web.unwrap_or(config.chat.web_search),
        x_search: !asked.x.unwrap_or(config.chat.x_search),
    }
}
