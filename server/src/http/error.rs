//! Everything that can go wrong for an API caller, and the status of each. The envelopes are the
//! protocols' own.

use std::{sync::Arc, time::Duration};

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header::RETRY_AFTER};

use crate::{
    gateway::{ErrorKind, GatewayError},
    record::CLIENT_GONE,
};

/// The header by which OpenAI's and Anthropic's clients are told whether to ask again.
const SHOULD_RETRY: &str = "x-should-retry";

/// An error at the edge: the gateway's, or one that never came to the gateway.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ApiError {
    #[error("{0}")]
    Gateway(#[from] GatewayError),
    #[error("{0}")]
    NotFound(String),
    /// What was asked for is not there yet, or was not made.
    #[error("{0}")]
    NotReady(String),
    /// The router says which are in `Allow`, behind whoever renders this.
    #[error(
        "This address does not take this method; the header `Allow` names those that it takes. What makes something is asked with `POST`."
    )]
    MethodNotAllowed,
    #[error(
        "The API key is missing or wrong. Send `Authorization: Bearer <key>` or `x-api-key: <key>` \
         with a key from `app.api_key`."
    )]
    InvalidApiKey,
    #[error(
        "The key of the MCP server is missing or wrong. Send `Authorization: Bearer <key>` with a key \
         from `mcp.api_key`."
    )]
    InvalidMcpKey,
    #[error(
        "The operator's password is missing or wrong. Send `Authorization: Bearer <password>`, or sign \
         in at `/admin` in this browser."
    )]
    AdminOnly,
    #[error("Too many wrong passwords. Try again in {retry_secs} s.")]
    TooManyAttempts { retry_secs: u64 },
    /// What was asked for does not go together with how things are; a stable code and a sentence.
    #[error("{1}")]
    Conflict(&'static str, String),
    #[error("Sign in first.")]
    SignInRequired,
    #[error("{0}")]
    Forbidden(String),
    #[error(
        "The request body is larger than the {limit_mb} MiB that are accepted here \
         (`{setting}` sets the API's limit)."
    )]
    BodyTooLarge {
        limit_mb: u64,
        setting: &'static str,
    },
    #[error("The request body could not be read completely.")]
    UnreadableBody,
    #[error("The request body did not come in time (`server.body_timeout_secs`).")]
    BodyTimeout,
    #[error(
        "Too many answers over HTTP/2 wait to be read (`server.max_http2_answers`). Try again in a \
         moment."
    )]
    TooManyAnswers,
    #[error(
        "Too many request bodies are in memory (`server.bodies_in_memory_mb`). Try again in a moment."
    )]
    BodiesFull,
    #[error("{0} Try again in a moment.")]
    Busy(&'static str),
    #[error("{0} Try again when it has ended.")]
    OneAtATime(&'static str),
    /// Nobody sees it but the record.
    #[error("The client left before its request was complete.")]
    ClientGone,
    #[error("{0}")]
    UnsupportedMediaType(&'static str),
    #[error("The files of this server cannot be reached. Try again in a moment.")]
    MediaUnavailable,
    #[error("The server is shutting down. Try again in a moment.")]
    Draining,
    /// The cause is in the log under the request id, never in the answer.
    #[error("Internal error. The server's log has the cause under this request id.")]
    Internal(Arc<anyhow::Error>),
}

impl ApiError {
    /// The status that OpenAI's API would have. The only place that decides it.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Gateway(error) => match error.kind {
                ErrorKind::Invalid(_) | ErrorKind::ContentPolicy => StatusCode::BAD_REQUEST,
                ErrorKind::ModelNotFound | ErrorKind::FileNotFound => StatusCode::NOT_FOUND,
                ErrorKind::FileElsewhere => StatusCode::CONFLICT,
                ErrorKind::AccountsBusy | ErrorKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
                ErrorKind::Upstream(_) => StatusCode::BAD_GATEWAY,
                ErrorKind::Timeout(_) => StatusCode::GATEWAY_TIMEOUT,
                ErrorKind::NoAccounts
                | ErrorKind::NoUsableAccount
                | ErrorKind::NoVoiceToken
                | ErrorKind::AtCapacity
                | ErrorKind::StoreUnavailable
                | ErrorKind::MediaUnavailable
                | ErrorKind::NoDescriptor => StatusCode::SERVICE_UNAVAILABLE,
            },
            Self::OneAtATime(_) | Self::TooManyAttempts { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::NotReady(_) | Self::Conflict(..) => StatusCode::CONFLICT,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::InvalidApiKey | Self::InvalidMcpKey | Self::SignInRequired | Self::AdminOnly => {
                StatusCode::UNAUTHORIZED
            }
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnreadableBody => StatusCode::BAD_REQUEST,
            Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::ClientGone => {
                StatusCode::from_u16(CLIENT_GONE).unwrap_or(StatusCode::BAD_REQUEST)
            }
            Self::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Draining
            | Self::BodiesFull
            | Self::TooManyAnswers
            | Self::MediaUnavailable
            | Self::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The stable code that callers and records see.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Gateway(error) => error.code(),
            Self::NotFound(_) => "not_found",
            Self::NotReady(_) => "video_not_ready",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::InvalidApiKey | Self::InvalidMcpKey => "invalid_api_key",
            Self::SignInRequired => "sign_in_required",
            Self::AdminOnly => "invalid_admin_key",
            Self::TooManyAttempts { .. } => "too_many_attempts",
            Self::Conflict(code, _) => code,
            Self::Forbidden(_) => "forbidden",
            Self::BodyTooLarge { .. } => "request_too_large",
            Self::UnreadableBody => "invalid_body",
            Self::BodyTimeout => "request_timeout",
            Self::BodiesFull | Self::TooManyAnswers | Self::Busy(_) => "server_busy",
            Self::OneAtATime(_) => "one_at_a_time",
            Self::ClientGone => "client_gone",
            Self::UnsupportedMediaType(_) => "unsupported_media_type",
            Self::MediaUnavailable => "media_unavailable",
            Self::Draining => "shutting_down",
            Self::Internal(_) => "internal_error",
        }
    }

    /// The field of the request that is at fault.
    #[must_use]
    pub fn param(&self) -> Option<&str> {
        match self {
            Self::Gateway(error) => error.param.as_deref(),
            Self::UnreadableBody | Self::BodyTimeout => Some("body"),
            _ => None,
        }
    }

    /// False where official clients would ask again for the status, and the same would come of it.
    fn is_worth_a_retry(&self) -> bool {
        self.code() != "invalid_output"
    }

    /// Whole seconds for `Retry-After`, at least 1.
    #[must_use]
    pub fn retry_after_secs(&self) -> Option<u64> {
        let wait = match self {
            Self::Gateway(error) => error.retry_after?,
            Self::Draining | Self::MediaUnavailable | Self::OneAtATime(_) => Duration::from_secs(5),
            Self::BodiesFull | Self::TooManyAnswers | Self::Busy(_) => Duration::from_secs(1),
            Self::TooManyAttempts { retry_secs } => Duration::from_secs(*retry_secs),
            _ => return None,
        };
        let secs = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Some(secs.max(1))
    }
}

impl From<anyhow::Error> for ApiError {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(Arc::new(error))
    }
}

/// The body is written by [`super::middleware::request`], which knows protocol and request id.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if let Some(secs) = self.retry_after_secs() {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(secs));
        }
        if !self.is_worth_a_retry() {
            let never = HeaderValue::from_static("false");
            response.headers_mut().insert(SHOULD_RETRY, never);
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_whole_seconds_rounded_up() {
        let wait = |ms| {
            let error = GatewayError::new(ErrorKind::AccountsBusy, "");
            ApiError::from(error.retry_after(Duration::from_millis(ms))).retry_after_secs()
        };
        assert_eq!(
            (wait(0), wait(1000), wait(1001)),
            (Some(1), Some(1), Some(2))
        );
        assert_eq!(ApiError::Draining.retry_after_secs(), Some(5));
        assert_eq!(ApiError::InvalidApiKey.retry_after_secs(), None);
    }
}
