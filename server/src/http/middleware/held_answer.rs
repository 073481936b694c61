//! Answers on their way: what they take until they have gone.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{Method, header::CONTENT_TYPE};
use http_body::{Body as _, Frame};

use crate::{
    delivery::Delivery,
    http::{AppState, error::ApiError, pages::is_server_function},
    limits::Share,
};

/// Answers over HTTP/1 that are smaller are not counted: a connection takes as much by itself.
const SMALL_BYTES: u64 = 64 * 1024;
/// What lists and other large answers over HTTP/1 may take together.
pub const ALL_ANSWER_BYTES: u64 = 256 * 1024 * 1024;

/// What an answer takes while it is on its way.
pub(super) struct HeldAnswer {
    /// Over HTTP/2, where each stream is read by itself.
    watched: Option<Delivery>,
    /// `None` for a stream, whose pieces are small.
    share: Option<Share>,
    /// The last byte of the last piece. hyper takes a whole piece when there is room for one byte and
    /// drops the body with its last one, however long that waits to be sent: with a byte kept back the
    /// body lasts until all the others are gone.
    last_byte: Option<Bytes>,
}

impl HeldAnswer {
    /// Puts an error into the place of the answer when too many are on their way over HTTP/2.
    pub(super) fn over_http2(state: &AppState, response: &mut Response) -> Self {
        let is_stream = mime(response).starts_with(b"text/event-stream");
        let config = &state.current.load().settings.config;
        let max = config.server.max_http2_answers;
        let share = (!is_stream).then(|| state.limits.http2_answers.take(1, max.into()));
        if matches!(share, Some(None)) {
            *response = ApiError::TooManyAnswers.into_response();
        }
        Self {
            watched: Some(state.deliveries.watch()),
            share: share.flatten(),
            last_byte: None,
        }
    }

    /// The same for large answers over HTTP/1 that cost nothing to make: lists, however they are asked
    /// for.
    pub(super) fn over_http1(
        state: &AppState,
        (method, path): (&Method, &str),
        response: &mut Response,
    ) -> Option<Self> {
        let is_read = method == Method::GET || is_server_function(path);
        let bytes = response.body().size_hint().exact()?;
        let is_whole = mime(response).starts_with(b"application/json");
        if !is_read || !is_whole || bytes <= SMALL_BYTES {
            return None;
        }
        let share = state.limits.answer_bytes.take(bytes, ALL_ANSWER_BYTES);
        if share.is_none() {
            *response = ApiError::Busy("Too many large answers wait to be read.").into_response();
        }
        Some(Self {
            watched: None,
            share: Some(share?),
            last_byte: None,
        })
    }

    pub(super) fn holds_back(&self) -> bool {
        self.last_byte.is_some()
    }

    /// The connection asks for more; gets what was kept back.
    pub(super) fn asked(&mut self) -> Option<Bytes> {
        let last = self.last_byte.take();
        if let Some(watched) = &self.watched {
            match &last {
                Some(_) => watched.offered(),
                None => watched.asked(),
            }
        }
        last
    }

    /// There is a piece to be read.
    pub(super) fn offered(&mut self, frame: &mut Frame<Bytes>) {
        if let Some(watched) = &self.watched {
            watched.offered();
        }
        if let Some(data) = frame.data_mut().filter(|data| data.len() > 1)
            && self.share.is_some()
        {
            self.last_byte = Some(data.split_off(data.len() - 1));
        }
    }
}

fn mime(response: &Response<Body>) -> &[u8] {
    let mime = response.headers().get(CONTENT_TYPE);
    mime.map_or(&[], |mime| mime.as_bytes())
}
