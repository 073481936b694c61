//! One account's try at one request: the lease, the upstream stream and what came of it so far.

use std::time::Duration;

use futures::FutureExt;
use grok::{ChatCall, ChatStream, UpstreamError};
use pool::Lease;
use tokio::time::{Instant, timeout_at};

use crate::{
    gateway::{
        chat::Plan,
        conversations::Thread,
        failure::Failure,
        translate::{Deltas, Translator},
    },
    http::error::{ApiError, Deadline},
};

/// Ready frames are gathered into one write up to this size, so that a fast upstream does not cost
/// one system call an event.
const GATHER_BYTES: usize = 16 * 1024;

/// The three deadlines of a chat (STR-2…4). Zero switches one off.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    pub first: Duration,
    pub idle: Duration,
    pub total: Duration,
    /// When the request came in.
    pub started: Instant,
}

impl Deadlines {
    /// The earlier of "`wait` from now" and the end of the total time, and which of them it is.
    fn until(&self, wait: Duration, deadline: Deadline) -> (Instant, Deadline, Duration) {
        const FAR: Duration = Duration::from_secs(365 * 24 * 3600);
        let or_far = |limit: Duration| if limit.is_zero() { FAR } else { limit };
        let soon = Instant::now() + or_far(wait);
        let end = self.started + or_far(self.total);
        if end <= soon {
            (end, Deadline::Total, self.total)
        } else {
            (soon, deadline, wait)
        }
    }

    async fn wait<T>(
        &self,
        wait: Duration,
        deadline: Deadline,
        future: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        let (at, deadline, limit) = self.until(wait, deadline);
        timeout_at(at, future).await.map_err(|_| Failure::Deadline {
            deadline,
            after_secs: limit.as_secs(),
        })
    }
}

/// A stream under way on a leased account. Dropping it ends the call and returns the account.
pub struct Attempt {
    pub lease: Lease,
    pub translator: Translator,
    /// What arrived since the caller last took it.
    pub deltas: Deltas,
    /// The upstream has said everything.
    pub is_ended: bool,
    /// Time from the request's arrival to the first content.
    pub ttft: Option<Duration>,
    /// The conversation that this attempt added a turn to; `None` when it began one.
    continued: Option<Thread>,
    stream: ChatStream,
    deadlines: Deadlines,
    has_frame: bool,
    /// How the stream broke right behind frames that were fine: those go to the caller first.
    broken: Option<UpstreamError>,
}

impl Attempt {
    /// Calls the upstream and reads up to the first content, so that errors which the upstream
    /// reports inside the stream can still move the request to another account. With `thread` only
    /// the newest turn is sent, to that conversation.
    ///
    /// # Errors
    /// The lease and why this account did not serve.
    pub async fn open(
        lease: Lease,
        plan: &Plan,
        thread: Option<&Thread>,
        file_ids: &[String],
    ) -> Result<Self, (Lease, Failure)> {
        let started = plan.deadlines.wait(
            plan.deadlines.first,
            Deadline::FirstByte,
            call_upstream(&lease, plan, thread, file_ids),
        );
        let stream = match started.await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) if thread.is_some() && error.status() == Some(404) => {
                return Err((lease, Failure::LostConversation));
            }
            Ok(Err(error)) => return Err((lease, error.into())),
            Err(failure) => return Err((lease, failure)),
        };
        let live = &plan.live.config;
        let mut attempt = Self {
            lease,
            translator: Translator::new(&live.app.filter_tags, plan.shows_reasoning),
            deltas: Deltas::default(),
            is_ended: false,
            ttft: None,
            continued: thread.cloned(),
            stream,
            deadlines: plan.deadlines,
            has_frame: false,
            broken: None,
        };
        while !attempt.translator.has_content {
            if let Err(failure) = attempt.advance().await {
                return Err((attempt.lease, failure));
            }
            if attempt.is_ended && !attempt.translator.has_content {
                return Err((attempt.lease, Failure::Empty));
            }
        }
        attempt.ttft = Some(plan.deadlines.started.elapsed());
        Ok(attempt)
    }

    /// Upstream id of the conversation. A follow-up's answer need not repeat it.
    pub fn conversation_id(&self) -> Option<&String> {
        let continued = self
            .continued
            .as_ref()
            .map(|thread| &thread.conversation_id);
        self.translator.conversation_id.as_ref().or(continued)
    }

    /// Reads at least one frame and whatever else is there already.
    ///
    /// # Errors
    /// The stream broke, went silent or was moderated.
    pub async fn advance(&mut self) -> Result<(), Failure> {
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
                return Err(Failure::Request(ApiError::ContentPolicy));
            }
            translator.apply(&read, deltas);
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
    plan: &Plan,
    thread: Option<&Thread>,
    file_ids: &[String],
) -> Result<ChatStream, UpstreamError> {
    let app = &plan.live.config.app;
    let personality = Some(app.custom_instruction.trim()).filter(|text| !text.is_empty());
    let prompt = if thread.is_some() {
        &plan.last_turn
    } else {
        &plan.prompt
    };
    let call = ChatCall {
        model_name: &plan.model.upstream_name,
        model_mode: plan.model.mode.as_deref(),
        message: &prompt.text,
        file_attachments: file_ids,
        temporary: app.temporary,
        disable_memory: app.disable_memory,
        custom_personality: personality,
        temperature: plan.temperature,
        top_p: plan.top_p,
        reasoning_effort: plan.reasoning_effort.as_deref(),
    };
    let credential = lease.credential().expose();
    let upstream = &plan.live.upstream;
    match thread {
        Some(thread) => {
            let (conversation, parent) = (&thread.conversation_id, &thread.parent_response_id);
            upstream
                .continue_chat(credential, conversation, parent, &call)
                .await
        }
        None => upstream.start_chat(credential, &call).await,
    }
}
