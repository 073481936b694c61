//! The stream of an answer.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use crate::error::UpstreamError;
use crate::frame::Frame;
use crate::net::Body;
use crate::reader::FrameReader;

/// An answer that is being received. Dropping it ends the upstream call at once.
pub struct ChatStream {
    body: Body,
    reader: FrameReader,
    is_over: bool,
}

impl ChatStream {
    pub(crate) fn new(body: Body, credential: &str) -> Self {
        Self {
            body,
            reader: FrameReader::new(credential),
            is_over: false,
        }
    }

    /// The next frame that says something; `None` = the answer is complete, or ended without a
    /// word. Frames that are already in the buffer come without waiting.
    ///
    /// # Errors
    /// An in-band error, an event over 16 MiB, or [`UpstreamError::Cut`]: the connection broke, or the
    /// body ended cleanly, before an end mark said that the answer was complete. Nothing follows an
    /// error but `None`.
    pub fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Frame<'_>>, UpstreamError>> {
        let has_frame = ready!(self.poll_advance(context))?;
        Poll::Ready(Ok(has_frame.then(|| self.reader.frame())))
    }

    /// As [`ChatStream::poll_frame`].
    ///
    /// # Errors
    /// As [`ChatStream::poll_frame`].
    ///
    /// # Cancellation
    /// Safe: no byte and no frame is lost when the future is dropped.
    pub async fn next_frame(&mut self) -> Result<Option<Frame<'_>>, UpstreamError> {
        let has_frame = poll_fn(|context| self.poll_advance(context)).await?;
        Ok(has_frame.then(|| self.reader.frame()))
    }

    /// Moves to the next frame; false = there is none.
    fn poll_advance(&mut self, context: &mut Context<'_>) -> Poll<Result<bool, UpstreamError>> {
        while !self.is_over {
            match self.reader.advance() {
                Ok(true) => return Poll::Ready(Ok(true)),
                Ok(false) => ready!(self.poll_receive(context))?,
                Err(error) => {
                    self.is_over = true;
                    return Poll::Ready(Err(error));
                }
            }
        }
        Poll::Ready(Ok(false))
    }

    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Result<(), UpstreamError>> {
        let broken = match ready!(self.body.poll_chunk(context)) {
            Some(Ok(chunk)) => {
                self.reader.push(chunk);
                return Poll::Ready(Ok(()));
            }
            None => None,
            Some(Err(error)) => Some(error),
        };
        self.is_over = true;
        Poll::Ready(self.reader.finish(broken))
    }
}

impl std::fmt::Debug for ChatStream {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The buffers hold answers, and the reader knows the credential.
        formatter
            .debug_struct("ChatStream")
            .field("is_over", &self.is_over)
            .finish_non_exhaustive()
    }
}
