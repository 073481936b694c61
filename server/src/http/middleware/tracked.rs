//! A response body that knows when its last byte has gone.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use http::{Method, StatusCode};
use http_body::{Body as _, Frame, SizeHint};

use crate::{record::RequestRecord, runtime::drain::Guard};

/// What the log says of a request besides its record.
pub(super) struct Line {
    pub(super) method: Method,
    pub(super) route: String,
    pub(super) status: StatusCode,
    pub(super) is_quiet: bool,
}

/// Counts the bytes, finishes the record and writes the log line at the end, be it the last byte
/// or a caller who has gone. Until then the request counts as under way.
pub(super) struct Tracked {
    inner: Body,
    record: RequestRecord,
    line: Line,
    is_complete: bool,
    _guard: Option<Guard>,
}

impl Tracked {
    pub(super) fn new(
        inner: Body,
        record: RequestRecord,
        line: Line,
        guard: Option<Guard>,
    ) -> Self {
        Self {
            inner,
            record,
            line,
            is_complete: false,
            _guard: guard,
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
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                self.record.sent(bytes);
            }
            Poll::Ready(None) => self.is_complete = true,
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        // A body of known length is not polled again after its last frame, one of a HEAD never.
        let is_complete =
            self.is_complete || self.inner.is_end_stream() || self.line.method == Method::HEAD;
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
