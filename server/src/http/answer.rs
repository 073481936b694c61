//! Sends an answer, whatever the protocol: as a stream of frames, or whole.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use chat::{Delta, Finish};
use futures::join;
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use tokio::time::Instant;

use super::{caller::CONVERSATION_HEADER, error::ApiError};
use crate::{
    gateway::{
        Answer, GatewayError,
        chat::{
            answer::AnswerHead,
            unread::{UnreadAnswers, Watched},
        },
    },
    record::RequestRecord,
    timer::LazyTimer,
};

/// Headers of server-sent events.
pub(super) const EVENT_STREAM: [(HeaderName, &str); 3] = [
    (CONTENT_TYPE, "text/event-stream; charset=utf-8"),
    (CACHE_CONTROL, "no-cache"),
    // Tells nginx not to hold frames back.
    (HeaderName::from_static("x-accel-buffering"), "no"),
];
/// First size of a write buffer: a few token frames.
const WRITE_BUFFER_BYTES: usize = 2048;

/// What has to be kept of an answer before its end is sent.
pub type Keeping = Pin<Box<dyn Future<Output = Result<(), GatewayError>> + Send>>;

/// Writes the frames of one streamed answer. Every method appends whole frames.
pub trait AnswerWriter: Send + Unpin + 'static {
    /// A sign of life after this much silence, for protocols that know one.
    const PING_AFTER: Option<Duration> = None;

    /// What comes before the first delta.
    fn start(&mut self, out: &mut Vec<u8>);

    fn delta(&mut self, delta: Delta<'_>, out: &mut Vec<u8>);

    /// The end of a good answer.
    fn finish(&mut self, finish: &Finish, out: &mut Vec<u8>);

    /// What has to be kept, besides the record, of a good answer whose end was just written.
    fn keep(&mut self) -> Option<Keeping> {
        None
    }

    /// The end of an answer that broke off: the status is spent, and an end is never silent.
    fn error(&mut self, error: &ApiError, out: &mut Vec<u8>);

    /// The sign of life.
    fn ping(&mut self, _out: &mut Vec<u8>) {}
}

/// The answer as server-sent events, as they come. Dropping the response ends the upstream call and
/// returns the account.
pub fn stream<W: AnswerWriter>(answer: Answer, writer: W, unread: &UnreadAnswers) -> Response {
    let conversation = conversation_header(&answer);
    let body = Body::new(Frames::new(answer, writer, unread));
    (EVENT_STREAM, conversation, body).into_response()
}

/// The whole answer as one JSON document: every delta goes to `push`, then `render` writes it.
///
/// # Errors
/// The answer broke off, or could not be recorded.
pub async fn whole<T>(
    mut answer: Answer,
    mut document: T,
    push: impl Fn(&mut T, Delta<'_>),
    render: impl FnOnce(T, &AnswerHead, &Finish) -> Vec<u8>,
) -> Result<Response, ApiError> {
    while let Some(deltas) = answer.next().await? {
        deltas.iter().for_each(|delta| push(&mut document, delta));
    }
    let body = render(document, answer.head(), &answer.finish());
    let conversation = conversation_header(&answer);
    answer.commit(body.len()).await?;
    Ok(([(CONTENT_TYPE, "application/json")], conversation, body).into_response())
}

/// Records an answer whose end is `last_bytes` long, and keeps what has to be kept of it. Both at once, so
/// that the store writes them together.
///
/// # Errors
/// The store does not take one of them.
pub(super) async fn commit(
    answer: Answer,
    last_bytes: usize,
    keeping: Option<Keeping>,
) -> Result<(), GatewayError> {
    let Some(keeping) = keeping else {
        return answer.commit(last_bytes).await;
    };
    // Neither ends the other: what was answered is charged, kept or not.
    let (kept, recorded) = join!(keeping, answer.commit(last_bytes));
    kept.and(recorded)
}

/// The conversation's id for protocols whose bodies have no place for it.
pub(super) fn conversation_header(answer: &Answer) -> HeaderMap {
    let id = answer.head().conversation_id.as_deref();
    let value = id.and_then(|id| HeaderValue::from_str(id).ok());
    let header = value.map(|value| (HeaderName::from_static(CONVERSATION_HEADER), value));
    header.into_iter().collect()
}

/// The body of a streamed answer.
struct Frames<W> {
    answer: Watched,
    record: RequestRecord,
    writer: W,
    /// What waits to be sent.
    out: Vec<u8>,
    end: End,
    /// Fires after [`AnswerWriter::PING_AFTER`] without a frame.
    silence: LazyTimer,
    last_sent: Instant,
}

/// How far the end has come. It is sent when the answer has been recorded.
enum End {
    NotYet,
    Committing {
        commit: Keeping,
        /// Bytes of `out` that come before the end.
        before: usize,
    },
    Sent,
}

/// What came of asking the answer.
enum Step {
    Written,
    Over(Box<Answer>),
    Broken(GatewayError),
    /// Nobody read it for too long, so it was ended; the connection follows.
    Gone,
}

impl<W: AnswerWriter> Frames<W> {
    fn new(answer: Answer, mut writer: W, unread: &UnreadAnswers) -> Self {
        let mut out = Vec::with_capacity(WRITE_BUFFER_BYTES);
        writer.start(&mut out);
        Self {
            record: answer.record().clone(),
            answer: unread.watch(answer),
            writer,
            out,
            end: End::NotYet,
            silence: LazyTimer::default(),
            last_sent: Instant::now(),
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        match &self.end {
            End::NotYet => {}
            End::Committing { .. } => return self.poll_commit(context),
            End::Sent => return Poll::Ready(None),
        }
        match self.poll_answer(context) {
            Poll::Ready(Step::Written) => self.send(),
            Poll::Ready(Step::Over(answer)) => {
                self.begin_end(*answer);
                self.poll_commit(context)
            }
            Poll::Ready(Step::Broken(error)) => self.send_last(Some(error)),
            Poll::Ready(Step::Gone) => {
                self.end = End::Sent;
                Poll::Ready(None)
            }
            Poll::Pending => {
                ready!(self.poll_silence(context));
                self.writer.ping(&mut self.out);
                self.send()
            }
        }
    }

    /// Writes what is new into `out`.
    fn poll_answer(&mut self, context: &mut Context<'_>) -> Poll<Step> {
        let mut held = self.answer.lock();
        let held = &mut *held;
        held.unread_since = None;
        loop {
            let Some(answer) = &mut held.answer else {
                return Poll::Ready(Step::Gone);
            };
            let step = match ready!(answer.poll_next(context)) {
                Ok(Some(deltas)) => {
                    let (writer, out) = (&mut self.writer, &mut self.out);
                    deltas.iter().for_each(|delta| writer.delta(delta, out));
                    if self.out.is_empty() {
                        continue;
                    }
                    held.unread_since = Some(Instant::now());
                    Step::Written
                }
                Ok(None) => held
                    .answer
                    .take()
                    .map_or(Step::Gone, |answer| Step::Over(Box::new(answer))),
                Err(error) => {
                    held.answer = None;
                    Step::Broken(error)
                }
            };
            return Poll::Ready(step);
        }
    }

    fn poll_commit(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let End::Committing { commit, before } = &mut self.end else {
            return Poll::Ready(None);
        };
        let before = *before;
        let refused = ready!(commit.as_mut().poll(context)).err();
        if refused.is_some() {
            self.out.truncate(before);
        }
        self.send_last(refused)
    }

    fn send_last(&mut self, error: Option<GatewayError>) -> Poll<Option<Bytes>> {
        if let Some(error) = error {
            let error = ApiError::from(error);
            self.record.error(error.status().as_u16(), error.code());
            self.writer.error(&error, &mut self.out);
        }
        self.end = End::Sent;
        Poll::Ready(Some(std::mem::take(&mut self.out).into()))
    }

    fn begin_end(&mut self, answer: Answer) {
        let before = self.out.len();
        self.writer.finish(&answer.finish(), &mut self.out);
        let last_bytes = self.out.len();
        let commit = commit(answer, last_bytes, self.writer.keep());
        self.end = End::Committing {
            commit: Box::pin(commit),
            before,
        };
    }

    fn send(&mut self) -> Poll<Option<Bytes>> {
        if W::PING_AFTER.is_some() {
            self.last_sent = Instant::now();
        }
        let next = Vec::with_capacity(WRITE_BUFFER_BYTES);
        Poll::Ready(Some(std::mem::replace(&mut self.out, next).into()))
    }

    /// Ready when it is time for a sign of life.
    fn poll_silence(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(after) = W::PING_AFTER else {
            return Poll::Pending;
        };
        self.silence.poll_until(self.last_sent + after, context)
    }
}

impl<W: AnswerWriter> http_body::Body for Frames<W> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        let bytes = ready!(self.poll(context));
        Poll::Ready(bytes.map(|bytes| Ok(http_body::Frame::data(bytes))))
    }

    /// Knowing it early saves a poll, and the last bytes and the end go out in one write.
    fn is_end_stream(&self) -> bool {
        matches!(self.end, End::Sent)
    }
}
