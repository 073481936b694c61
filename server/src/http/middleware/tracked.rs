//! A response body that knows when its last byte has gone.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{Method, StatusCode, header::CONTENT_TYPE};
use http_body::{Body as _, Frame, SizeHint};

use crate::{
    delivery::Delivery,
    http::{AppState, error::ApiError},
    limits::Share,
    record::RequestRecord,
    runtime::drain::Guard,
};

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
    http2: Option<Http2Delivery>,
}

/// What an answer over HTTP/2 takes while it is on its way.
pub(super) struct Http2Delivery {
    watched: Delivery,
    /// `None` for a stream, whose pieces are small.
    share: Option<Share>,
    /// The last byte of the last piece. hyper takes a whole piece when there is room for one byte and
    /// drops the body with its last one, however long that waits to be sent: with a byte kept back the
    /// body lasts until all the others are gone.
    last_byte: Option<Bytes>,
}

impl Http2Delivery {
    /// Puts an error into the place of the answer when too many are on their way.
    pub(super) fn begin(state: &AppState, response: &mut Response) -> Self {
        let mime = response.headers().get(CONTENT_TYPE);
        let is_stream = mime.is_some_and(|mime| mime.as_bytes().starts_with(b"text/event-stream"));
        let max = state
            .current
            .load()
            .settings
            .config
            .server
            .max_http2_answers;
        let share = (!is_stream).then(|| state.limits.http2_answers.take(1, max.into()));
        if matches!(share, Some(None)) {
            *response = ApiError::TooManyAnswers.into_response();
        }
        Self {
            watched: state.deliveries.watch(),
            share: share.flatten(),
            last_byte: None,
        }
    }

    fn holds_back(&self) -> bool {
        self.last_byte.is_some()
    }

    /// The connection asks for more; gets what was kept back.
    fn asked(&mut self) -> Option<Bytes> {
        let last = self.last_byte.take();
        match &last {
            Some(_) => self.watched.offered(),
            None => self.watched.asked(),
        }
        last
    }

    /// There is a piece to be read.
    fn offered(&mut self, frame: &mut Frame<Bytes>) {
        self.watched.offered();
        if let Some(data) = frame.data_mut().filter(|data| data.len() > 1)
            && self.share.is_some()
        {
            self.last_byte = Some(data.split_off(data.len() - 1));
        }
    }
}

impl Tracked {
    pub(super) fn new(
        inner: Body,
        record: RequestRecord,
        line: Line,
        (guard, http2): (Option<Guard>, Option<Http2Delivery>),
    ) -> Self {
        Self {
            inner,
            record,
            left: line.length,
            line,
            is_complete: false,
            _guard: guard,
            http2,
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
        if let Some(http2) = &mut self.http2
            && let Some(last) = http2.asked()
        {
            return Poll::Ready(Some(Ok(Frame::data(last))));
        }
        let mut polled = Pin::new(&mut self.inner).poll_frame(context);
        match &mut polled {
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                self.record.sent(bytes);
                self.left = self.left.map(|left| left.saturating_sub(bytes as u64));
                if let Some(http2) = &mut self.http2 {
                    http2.offered(frame);
                }
            }
            Poll::Ready(None) => self.is_complete = true,
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream() && !self.http2.as_ref().is_some_and(Http2Delivery::holds_back)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        // A body of known length is not polled again after its last byte, one of a HEAD never.
        let is_taken = self.left == Some(0) || self.inner.is_end_stream();
        let is_held = self.http2.as_ref().is_some_and(Http2Delivery::holds_back);
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
