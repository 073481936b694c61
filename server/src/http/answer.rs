//! Sends an answer, whatever the protocol: as a stream of frames, or whole.

use std::{convert::Infallible, pin::pin, time::Duration};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use chat::{Delta, Finish};
use futures::{Stream, StreamExt};
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};

use tokio::time::Instant;

use super::{caller::CONVERSATION_HEADER, error::ApiError};
use crate::gateway::{Answer, chat::answer::AnswerHead};

/// First size of a write buffer: a few token frames.
const WRITE_BUFFER_BYTES: usize = 2048;

/// Writes the frames of one streamed answer. Every method appends whole frames.
pub trait AnswerWriter: Send + 'static {
    /// A sign of life after this much silence, for protocols that know one.
    const PING_AFTER: Option<Duration> = None;

    /// What comes before the first delta.
    fn start(&mut self, out: &mut Vec<u8>);

    fn delta(&mut self, delta: Delta<'_>, out: &mut Vec<u8>);

    /// The end of a good answer.
    fn finish(&mut self, finish: &Finish, out: &mut Vec<u8>);

    /// The end of an answer that broke off: the status is spent, and an end is never silent.
    fn error(&mut self, error: &ApiError, out: &mut Vec<u8>);

    /// The sign of life.
    fn ping(&mut self, _out: &mut Vec<u8>) {}
}

/// The answer as server-sent events, as they come. Dropping the response ends the upstream call and
/// returns the account.
pub fn stream<W: AnswerWriter>(answer: Answer, writer: W) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (CACHE_CONTROL, "no-cache"),
        // Tells nginx not to hold frames back.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    let conversation = conversation_header(&answer);
    let frames = frames(answer, writer).map(Ok::<_, Infallible>);
    (headers, conversation, Body::from_stream(frames)).into_response()
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

/// The conversation's id for protocols whose bodies have no place for it.
fn conversation_header(answer: &Answer) -> HeaderMap {
    let id = answer.head().conversation_id.as_deref();
    let value = id.and_then(|id| HeaderValue::from_str(id).ok());
    let header = value.map(|value| (HeaderName::from_static(CONVERSATION_HEADER), value));
    header.into_iter().collect()
}

fn frames<W: AnswerWriter>(mut answer: Answer, mut writer: W) -> impl Stream<Item = Bytes> + Send {
    async_stream::stream! {
        let record = answer.record().clone();
        let mut out = Vec::with_capacity(WRITE_BUFFER_BYTES);
        let mut sent = Instant::now();
        writer.start(&mut out);
        let broken = loop {
            let next = match W::PING_AFTER {
                None => answer.next().await,
                Some(silence) => {
                    let mut next = pin!(answer.next());
                    loop {
                        match tokio::time::timeout_at(sent + silence, &mut next).await {
                            Ok(next) => break next,
                            Err(_) => {
                                writer.ping(&mut out);
                                sent = Instant::now();
                                yield full(&mut out);
                            }
                        }
                    }
                }
            };
            match next {
                Ok(Some(deltas)) => deltas.iter().for_each(|delta| writer.delta(delta, &mut out)),
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
            // The last deltas go out with the end.
            if !out.is_empty() && !answer.is_over() {
                if W::PING_AFTER.is_some() {
                    sent = Instant::now();
                }
                yield full(&mut out);
            }
        };
        let broken = match broken {
            Some(error) => Some(error),
            None => {
                let before = out.len();
                writer.finish(&answer.finish(), &mut out);
                let refused = answer.commit(out.len()).await.err();
                if refused.is_some() {
                    out.truncate(before);
                }
                refused
            }
        };
        if let Some(error) = broken {
            let error = ApiError::from(error);
            record.error(error.status().as_u16(), error.code());
            writer.error(&error, &mut out);
        }
        yield Bytes::from(out);
    }
}

fn full(out: &mut Vec<u8>) -> Bytes {
    Bytes::from(std::mem::replace(
        out,
        Vec::with_capacity(WRITE_BUFFER_BYTES),
    ))
}
