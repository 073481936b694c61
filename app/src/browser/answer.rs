//! The streamed answer of `POST /v1/public/chat/completions`, and of `POST /v1/chat/completions`.

use super::{
    completion::{Failure, FailureKind, Frame, read_frame},
    stream::{EventStream, RequestBody, failed},
};

const ENDPOINT: &str = "/v1/public/chat/completions";
const API_ENDPOINT: &str = "/v1/chat/completions";

/// An answer that is being received. Dropping it ends the request, which frees the account.
pub(crate) struct AnswerStream {
    events: EventStream,
    is_done: bool,
}

/// Sends a request and waits for the head of the answer.
///
/// # Errors
/// The server's refusal, or that it could not be reached.
///
/// # Cancellation
/// Dropping the future ends the request.
pub(crate) async fn open_answer(body: &str) -> Result<AnswerStream, Failure> {
    let events = EventStream::open(ENDPOINT, RequestBody::Json(body.to_owned())).await?;
    Ok(AnswerStream {
        events,
        is_done: false,
    })
}

/// As [`open_answer`], from the API and as a client that presents `key`.
pub(crate) async fn open_client_answer(body: String, key: &str) -> Result<AnswerStream, Failure> {
    let events = EventStream::open_as_client(API_ENDPOINT, RequestBody::Json(body), key).await?;
    Ok(AnswerStream {
        events,
        is_done: false,
    })
}

impl AnswerStream {
    /// The next frame; `None` after the end mark.
    ///
    /// # Errors
    /// The server's error frame, or [`FailureKind::CutOff`] when the stream ends without its mark.
    pub(crate) async fn next(&mut self) -> Result<Option<Frame>, Failure> {
        if self.is_done {
            return Ok(None);
        }
        while let Some(event) = self.events.next().await? {
            match read_frame(&event.data) {
                Some(Frame::Done) => {
                    self.is_done = true;
                    self.read_out().await;
                    return Ok(None);
                }
                Some(Frame::Failed(failure)) => return Err(failure),
                Some(frame) => return Ok(Some(frame)),
                None => {}
            }
        }
        Err(failed(FailureKind::CutOff))
    }

    /// Reads past the end mark, so that the browser sees the request end instead of an abort.
    async fn read_out(&mut self) {
        while matches!(self.events.next().await, Ok(Some(_))) {}
    }
}
