//! A response body that knows when its last byte has gone.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use http::{Method, StatusCode};
use http_body::{Body as _, Frame, SizeHint};

use super::held_answer::HeldAnswer;
use crate::{record::RequestRecord, runtime::drain::Guard};

/// What the log says of a request besides its record.
pub(super) struct Line {
    pub(super) method: Method,
    pub(super) route: String,
    pub(super) status: StatusCode,
    /// Bytes of the answer, as its head says.
    pub(super) length: Option<u64>,
    pub(super) is_quiet: bool,
}

/// Counts the bytes, finishes the record and writes the log line at the end, be it the last byte
/// or a caller who has gone. Until then the request counts as under way.
pub(super) struct Tracked {
    inner: Body,
    record: RequestRecord,
    line: Line,
    is_complete: bool,
    /// Bytes that have not been taken yet, of an answer that says how many it has.
    left: Option<u64>,
    _guard: Option<Guard>,
    held: Option<HeldAnswer>,
}

impl Tracked {
    pub(super) fn new(
        inner: Body,
        record: RequestRecord,
        line: Line,
        (guard, held): (Option<Guard>, Option<HeldAnswer>),
    ) -> Self {
        Self {
            inner,
            record,
            left: line.length,
            line,
            is_complete: false,
            _guard: guard,
            held,
        }
    }
}

impl http_body::Body for Tracked {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Some(held) = &mut self.held
            && let Some(last) = held.asked()
        {
            return Poll::Ready(Some(Ok(Frame::data(last))));
        }
        let mut polled = Pin::new(&mut self.inner).poll_frame(context);
        match &mut polled {
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                self.record.sent(bytes);
                self.left = self.left.map(|left| left.saturating_sub(bytes as u64));
                if let Some(held) = &mut self.held {
                    held.offered(frame);
                }
            }
            Poll::Ready(None) => self.is_complete = true,
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream() && !self.held.as_ref().is_some_and(HeldAnswer::holds_back)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        // A body of known length is not polled again after its last byte, one of a HEAD never.
        let is_taken = self.left == Some(0) || self.inner.is_end_stream();
        let is_held = self.held.as_ref().is_some_and(HeldAnswer::holds_back);
        let is_complete =
            self.is_complete || is_taken && !is_held || self.line.method == Method::HEAD;
        let summary = self.record.finish(self.line.status.as_u16(), is_complete);
        let Line {
            method,
            route,
            is_quiet,
            ..
        } = &self.line;
        let request_id = self.record.id();
        let status = summary.status;
        let duration_ms = summary.duration.as_millis() as u64;
        if *is_quiet {
            tracing::debug!(%request_id, %method, route, status, duration_ms, "request");
            return;
        }
        tracing::info!(
            %request_id, %method, route, status, duration_ms,
            bytes = summary.bytes,
            first_byte_ms = summary.first_byte.map(|after| after.as_millis() as u64),
            client = summary.client,
            model = summary.model,
            account = summary.account,
            code = summary.code,
            "request"
        );
    }
}
