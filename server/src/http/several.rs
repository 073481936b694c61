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
    gateway::{
        Answer, Caller, GatewayError,
        chat::{Delivery, answer::AnswerHead},
    },
    record::RequestRecord,
};

/// How a protocol writes several answers.
pub(super) trait ChoiceFormat {
    /// The deltas of one answer, until it is whole.
    type Collected: Clone + Send;
    type Writer: ChoiceWriter;

    fn collector(&self) -> Self::Collected;

    fn push(collected: &mut Self::Collected, delta: Delta<'_>);

    /// All of them as one JSON document.
    fn to_json(&self, answers: &[(Self::Collected, Finish)]) -> Vec<u8>;

    /// Of the answer with this index.
    fn writer(&self, index: u8) -> Self::Writer;
}

/// Writes the frames of one of several streamed answers, and those behind the last of all.
pub(super) trait ChoiceWriter: Send + 'static {
    /// What comes before its first delta.
    fn start(&mut self, out: &mut Vec<u8>);

    fn delta(&mut self, delta: Delta<'_>, out: &mut Vec<u8>);

    /// Its end; the end of the stream comes behind the last of them.
    fn finish(&mut self, finish: &Finish, out: &mut Vec<u8>);

    /// All of them are good, and took `usage` together.
    fn end(&self, usage: Usage, out: &mut Vec<u8>);

    /// One of them broke off, and so all do.
    fn error(&self, error: &ApiError, out: &mut Vec<u8>);
}

/// Asks for so many answers at once, and writes them when the first content of each is there: as one
/// JSON document, or as events. `memory` is what the request's body holds. The first answer goes by the
/// record of the request.
///
/// # Errors
/// One of them could not be had, broke off before it was sent, or could not be recorded: the others are
/// given up.
pub(super) async fn respond<F: ChoiceFormat>(
    (state, caller): (&AppState, Caller),
    request: &Request,
    (choices, delivery): (u8, Delivery),
    memory: impl Send,
    format: impl FnOnce(&AnswerHead) -> F,
) -> Result<Response, ApiError> {
    // Boxed: these futures hold whole attempts.
    let answers = Box::pin(ask(state, &caller, request, (choices, delivery))).await?;
    drop(memory);
    let Some(first) = answers.first() else {
        return Err(anyhow::anyhow!("no answer was asked for").into());
    };
    let format = format(first.head());
    match delivery {
        Delivery::Whole => Box::pin(whole(answers, format)).await,
        Delivery::Stream => Ok(stream(answers, &format, (caller.record, state))),
    }
}

async fn ask(
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

async fn whole<F: ChoiceFormat>(answers: Vec<Answer>, format: F) -> Result<Response, ApiError> {
    let collecting = answers.into_iter().map(|mut answer| {
        let mut collected = format.collector();
        async move {
            while let Some(deltas) = answer.next().await? {
                deltas
                    .iter()
                    .for_each(|delta| F::push(&mut collected, delta));
            }
            let finish = answer.finish();
            Ok::<_, GatewayError>((answer, (collected, finish)))
        }
    });
    let (answers, collected): (Vec<_>, Vec<_>) =
        try_join_all(collecting).await?.into_iter().unzip();
    let body = format.to_json(&collected);
    let mut bytes = body.len();
    let commits = answers
        .into_iter()
        .map(|answer| answer.commit(std::mem::take(&mut bytes)));
    try_join_all(commits).await?;
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

/// All answers as server-sent events, each as it comes. Dropping the response ends every upstream
/// call.
fn stream<F: ChoiceFormat>(
    answers: Vec<Answer>,
    format: &F,
    (record, state): (RequestRecord, &AppState),
) -> Response {
    let frames = answers
        .into_iter()
        .zip(0..)
        .map(|(answer, index)| frames(answer, format.writer(index)).boxed());
    let merged = Merged {
        frames: stream::select_all(frames),
        usages: Vec::new(),
        end: format.writer(0),
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

struct Merged<W> {
    frames: SelectAll<BoxStream<'static, Piece>>,
    /// Of the answers that have ended.
    usages: Vec<Usage>,
    end: W,
    record: RequestRecord,
}

impl<W: ChoiceWriter> Merged<W> {
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
