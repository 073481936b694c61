//! The stream of an answer.

use crate::error::UpstreamError;
use crate::frame::Frame;
use crate::reader::FrameReader;

/// An answer that is being received. Dropping it ends the upstream call at once.
pub struct ChatStream {
    body: reqwest::Response,
    reader: FrameReader,
    is_over: bool,
}

impl ChatStream {
    pub(crate) fn new(body: reqwest::Response, credential: &str) -> Self {
        Self {
            body,
            reader: FrameReader::new(credential),
            is_over: false,
        }
    }

    /// Waits for the next frame that says something; `None` = the answer is complete, or ended
    /// without a word.
    ///
    /// Frames that are already in the buffer come without waiting, so `now_or_never` on this future
    /// collects what arrived together.
    ///
    /// # Errors
    /// An in-band error, an event over 16 MiB, or [`UpstreamError::Cut`]: the connection broke, or the
    /// body ended cleanly, before an end mark said that the answer was complete. Nothing follows an
    /// error but `None`.
    ///
    /// # Cancellation
    /// Safe: no byte and no frame is lost when the future is dropped.
    pub async fn next_frame(&mut self) -> Result<Option<Frame<'_>>, UpstreamError> {
        while !self.is_over {
            match self.reader.advance() {
                Ok(true) => return Ok(Some(self.reader.frame())),
                Ok(false) => self.receive().await?,
                Err(error) => {
                    self.is_over = true;
                    return Err(error);
                }
            }
        }
        Ok(None)
    }

    async fn receive(&mut self) -> Result<(), UpstreamError> {
        let broken = match self.body.chunk().await {
            Ok(Some(chunk)) => {
                self.reader.push(chunk);
                return Ok(());
            }
            Ok(None) => None,
            Err(error) => Some(UpstreamError::from_transport(&error)),
        };
        self.is_over = true;
        self.reader.finish(broken)
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
