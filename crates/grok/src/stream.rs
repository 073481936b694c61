//! The stream of an answer.

use crate::error::UpstreamError;
use crate::frame::Frame;
use crate::reader::FrameReader;

/// An answer that is being received. Dropping it ends the upstream call at once.
pub struct ChatStream {
    body: reqwest::Response,
    reader: FrameReader,
    received_bytes: u64,
    is_over: bool,
}

impl ChatStream {
    pub(crate) fn new(body: reqwest::Response, credential: &str) -> Self {
        Self {
            body,
            reader: FrameReader::new(credential),
            received_bytes: 0,
            is_over: false,
        }
    }

    /// Waits for the next frame that says something; `None` = the answer ended.
    ///
    /// Frames that are already in the buffer come without waiting, so `now_or_never` on this future
    /// collects what arrived together.
    ///
    /// # Errors
    /// An in-band error, a cut connection, an event over 16 MiB. Nothing follows an error but `None`.
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

    /// How many bytes of the body have come so far, after decompression.
    ///
    /// Tells a silent upstream from one that sends only events of no interest.
    #[must_use]
    pub fn received_bytes(&self) -> u64 {
        self.received_bytes
    }

    async fn receive(&mut self) -> Result<(), UpstreamError> {
        let broken = match self.body.chunk().await {
            Ok(Some(chunk)) => {
                self.received_bytes += chunk.len() as u64;
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
            .field("received_bytes", &self.received_bytes)
            .field("is_over", &self.is_over)
            .finish_non_exhaustive()
    }
}
