//! Several answers to one request: calls of their own, on leases of their own, in one body.

use std::convert::Infallible;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use chat::{Delta, Finish, Request, Usage};
use futures::{
    Stream, StreamExt,
    future::try_join_all,
    stream::{self, BoxStream, SelectAll},
};
use http::header::CONTENT_TYPE;

use super::{AppState, answer::EVENT_STREAM, error::ApiError, unread_stream};
use crate::{
    gateway::{Answer, Caller, GatewayError, chat::Delivery},
    record::RequestRecord,
};

/// Writes the frames of one of several streamed answers.
pub(super) trait ChoiceWriter: Send + 'static {
    /// What comes before its first delta.
    fn start(&mut self, out: &mut Vec<u8>);

    fn delta(&mut self, delta: Delta<'_>, out: &mut Vec<u8>);

    /// Its end; the end of the stream comes behind the last of them.
    fn finish(&mut self, finish: &Finish, out: &mut Vec<u8>);
}

/// Writes the end of a stream of several answers.
pub(super) trait EndWriter: Send + 'static {
    /// All of them are good, and took `usage` together.
    fn end(&self, usage: Usage, out: &mut Vec<u8>);

    /// One of them broke off, and so all do.
    fn error(&self, error: &ApiError, out: &mut Vec<u8>);
}

/// Asks for so many answers at once; resolves when the first content of each is there. The first one
/// goes by the record of the request.
///
/// # Errors
/// One of them could not be had: the others are given up.
pub(super) async fn ask(
    state: &AppState,
    caller: &Caller,
    request: &Request,
    (choices, delivery): (u8, Delivery),
) -> Result<Vec<Answer>, GatewayError> {
    let asking = (0..usize::from(choices)).map(|number| {
        let record = match number {
            0 => caller.record.clone(),
            number => caller.record.further(number),
        };
        let caller = Caller {
            record,
            ..caller.clone()
        };
        Box::pin(state.gateway.chat(caller, request.clone(), delivery))
    });
    try_join_all(asking).await
}

/// All answers as one JSON document: the deltas of each go to a collector of its own by `push`, then
/// `render` writes them.
///
/// # Errors
/// One of them broke off, or could not be recorded.
pub(super) async fn whole<T: Clone + Send>(
    answers: Vec<Answer>,
    collector: T,
    push: impl Fn(&mut T, Delta<'_>) + Copy + Send,
    render: impl FnOnce(&[(T, Finish)]) -> Vec<u8>,
) -> Result<Response, ApiError> {
    let collecting = answers.into_iter().map(|mut answer| {
        let mut collected = collector.clone();
        async move {
            while let Some(deltas) = answer.next().await? {
                deltas.iter().for_each(|delta| push(&mut collected, delta));
            }
            let finish = answer.finish();
            Ok::<_, GatewayError>((answer, (collected, finish)))
        }
    });
    let (answers, collected): (Vec<_>, Vec<_>) =
        try_join_all(collecting).await?.into_iter().unzip();
    let body = render(&collected);
    let mut bytes = body.len();
    let commits = answers
        .into_iter()
        .map(|answer| answer.commit(std::mem::take(&mut bytes)));
    try_join_all(commits).await?;
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

/// All answers as server-sent events, each as it comes. Dropping the response ends every upstream
/// call.
pub(super) fn stream<W: ChoiceWriter>(
    answers: Vec<(Answer, W)>,
    end: impl EndWriter,
    (record, state): (RequestRecord, &AppState),
) -> Response {
    let frames = answers
        .into_iter()
        .map(|(answer, writer)| frames(answer, writer).boxed());
    let merged = Merged {
        frames: stream::select_all(frames),
        usages: Vec::new(),
        end,
        record: record.clone(),
    };
    let body = stream::unfold(Some(merged), Merged::next);
    let body = unread_stream::watch(body, record, &state.unread);
    (EVENT_STREAM, Body::from_stream(body)).into_response()
}

/// What comes of one answer.
enum Piece {
    Frames(Vec<u8>),
    /// Recorded, with the frames of its end.
    End(Vec<u8>, Usage),
    Broken(GatewayError),
}

/// The frames of one answer.
fn frames<W: ChoiceWriter>(answer: Answer, mut writer: W) -> impl Stream<Item = Piece> {
    let mut first = Vec::new();
    writer.start(&mut first);
    stream::unfold(Some((answer, writer, first)), async |step| {
        let (mut answer, mut writer, mut out) = step?;
        match answer.next().await {
            Ok(Some(deltas)) => {
                deltas
                    .iter()
                    .for_each(|delta| writer.delta(delta, &mut out));
                Some((Piece::Frames(out), Some((answer, writer, Vec::new()))))
            }
            Ok(None) => {
                let finish = answer.finish();
                writer.finish(&finish, &mut out);
                let piece = match answer.commit(out.len()).await {
                    Ok(()) => Piece::End(out, finish.usage),
                    Err(error) => Piece::Broken(error),
                };
                Some((piece, None))
            }
            Err(error) => Some((Piece::Broken(error), None)),
        }
    })
}

struct Merged<E> {
    frames: SelectAll<BoxStream<'static, Piece>>,
    /// Of the answers that have ended.
    usages: Vec<Usage>,
    end: E,
    record: RequestRecord,
}

impl<E: EndWriter> Merged<E> {
    async fn next(this: Option<Self>) -> Option<(Result<Bytes, Infallible>, Option<Self>)> {
        let mut this = this?;
        loop {
            match this.frames.next().await {
                Some(Piece::Frames(frames)) if frames.is_empty() => {}
                Some(Piece::Frames(frames)) => return Some((Ok(frames.into()), Some(this))),
                Some(Piece::End(frames, usage)) => {
                    this.usages.push(usage);
                    return Some((Ok(frames.into()), Some(this)));
                }
                Some(Piece::Broken(error)) => {
                    let (error, mut out) = (ApiError::from(error), Vec::new());
                    this.record.error(error.status().as_u16(), error.code());
                    this.end.error(&error, &mut out);
                    return Some((Ok(out.into()), None));
                }
                None => {
                    let mut out = Vec::new();
                    this.end.end(Usage::of_all(this.usages), &mut out);
                    return Some((Ok(out.into()), None));
                }
            }
        }
    }
}
