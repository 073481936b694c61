//! The one error type at the HTTP edge. Only this file knows status codes and the OpenAI envelope.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header::RETRY_AFTER};
use openai::error::ErrorBody;

/// Which of the three upstream deadlines passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// `chat.stream_first_timeout`: nothing arrived from the upstream.
    FirstByte,
    /// `chat.stream_timeout`: the upstream went silent in the middle.
    Idle,
    /// `chat.stream_total_timeout`: the whole answer took too long.
    Total,
}

/// Everything that can go wrong for an API caller.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ApiError {
    /// The request breaks a rule; `code` and `param` say which.
    #[error("{message}")]
    Invalid {
        message: String,
        param: Option<String>,
        code: &'static str,
    },
    #[error("The model `{model}` does not exist. GET /v1/models lists the models of this server.")]
    ModelNotFound { model: String },
    #[error("{0}")]
    NotFound(String),
    #[error("The method is not allowed here; see the Allow header.")]
    MethodNotAllowed,
    #[error(
        "The API key is missing or wrong. Send `Authorization: Bearer <key>` with a key from `app.api_key`."
    )]
    InvalidApiKey,
    #[error("Sign in first.")]
    SignInRequired,
    #[error("{0}")]
    Forbidden(String),
    #[error("The request body is larger than the {limit_mb} MiB that `server.max_body_mb` allows.")]
    BodyTooLarge { limit_mb: u64 },
    /// The upstream moderated the request or the answer. Never retried elsewhere.
    #[error("The upstream declined this request for policy reasons.")]
    ContentPolicy,
    /// Accounts exist, but none has room now.
    #[error("No account can serve `{model}` now: {reasons}.")]
    AccountsBusy {
        model: String,
        reasons: String,
        retry_after_secs: u64,
    },
    /// No account could serve this model however long the caller waits.
    #[error(
        "No account can serve `{model}`: {reasons}. Add or repair an account in the admin page."
    )]
    NoAccounts { model: String, reasons: String },
    /// Every account that was tried answered 429.
    #[error("Grok refused the request with a rate limit on {tried} account(s). {detail}")]
    UpstreamRateLimited {
        tried: usize,
        detail: String,
        retry_after_secs: u64,
    },
    #[error("{message}")]
    Upstream { message: String, code: &'static str },
    #[error("{}", deadline_message(*.deadline, *.after_secs))]
    UpstreamTimeout { deadline: Deadline, after_secs: u64 },
    #[error(
        "The server is at its limit of {limit} concurrent chats (`chat.concurrent`). Try again."
    )]
    AtCapacity { limit: usize },
    #[error("The server is shutting down. Try again in a moment.")]
    Draining,
    #[error("The answer could not be recorded because the store is not available. Try again.")]
    StoreUnavailable,
    /// The cause is in the log under the request id, never in the answer.
    #[error("Internal error. The server's log has the cause under this request id.")]
    Internal(Arc<anyhow::Error>),
}

fn deadline_message(deadline: Deadline, after_secs: u64) -> String {
    match deadline {
        Deadline::FirstByte => {
            format!("Grok sent nothing within {after_secs} s (`chat.stream_first_timeout`).")
        }
        Deadline::Idle => {
            format!(
                "Grok went silent for {after_secs} s in the middle of the answer (`chat.stream_timeout`)."
            )
        }
        Deadline::Total => format!(
            "The answer was not complete after {after_secs} s (`chat.stream_total_timeout`)."
        ),
    }
}

impl ApiError {
    /// Status, OpenAI `type` and stable `code`. The only place that decides them.
    #[must_use]
    pub fn class(&self) -> (StatusCode, &'static str, &'static str) {
        const INVALID: &str = "invalid_request_error";
        const RATE: &str = "rate_limit_error";
        const SERVER: &str = "server_error";
        match self {
            Self::Invalid { code, .. } => (StatusCode::BAD_REQUEST, INVALID, code),
            Self::ModelNotFound { .. } => {
                (StatusCode::NOT_FOUND, "not_found_error", "model_not_found")
            }
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not_found_error", "not_found"),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                INVALID,
                "method_not_allowed",
            ),
            Self::InvalidApiKey => (
                StatusCode::UNAUTHORIZED,
                "authentication_error",
                "invalid_api_key",
            ),
            Self::SignInRequired => (
                StatusCode::UNAUTHORIZED,
                "authentication_error",
                "sign_in_required",
            ),
            Self::Forbidden(_) => (StatusCode::FORBIDDEN, "permission_error", "forbidden"),
            Self::BodyTooLarge { .. } => {
                (StatusCode::PAYLOAD_TOO_LARGE, INVALID, "request_too_large")
            }
            Self::ContentPolicy => (StatusCode::BAD_REQUEST, INVALID, "content_policy_violation"),
            Self::AccountsBusy { .. } | Self::UpstreamRateLimited { .. } => {
                (StatusCode::TOO_MANY_REQUESTS, RATE, "rate_limit_exceeded")
            }
            Self::NoAccounts { .. } => (
                StatusCode::SERVICE_UNAVAILABLE,
                SERVER,
                "no_account_available",
            ),
            Self::Upstream { code, .. } => (StatusCode::BAD_GATEWAY, SERVER, code),
            Self::UpstreamTimeout { deadline, .. } => {
                let code = match deadline {
                    Deadline::FirstByte => "stream_first_timeout",
                    Deadline::Idle => "stream_idle_timeout",
                    Deadline::Total => "stream_total_timeout",
                };
                (StatusCode::GATEWAY_TIMEOUT, SERVER, code)
            }
            Self::AtCapacity { .. } => (StatusCode::SERVICE_UNAVAILABLE, SERVER, "at_capacity"),
            Self::Draining => (StatusCode::SERVICE_UNAVAILABLE, SERVER, "shutting_down"),
            Self::StoreUnavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, SERVER, "store_unavailable")
            }
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, SERVER, "internal_error"),
        }
    }

    /// Whole seconds for `Retry-After`, for 429 and 503 only.
    #[must_use]
    pub fn retry_after_secs(&self) -> Option<u64> {
        match self {
            Self::AccountsBusy {
                retry_after_secs, ..
            }
            | Self::UpstreamRateLimited {
                retry_after_secs, ..
            } => Some((*retry_after_secs).max(1)),
            Self::NoAccounts { .. } => Some(60),
            Self::Draining | Self::StoreUnavailable => Some(5),
            Self::AtCapacity { .. } => Some(1),
            _ => None,
        }
    }

    /// The envelope's content for this request.
    #[must_use]
    pub fn body(&self, request_id: &str) -> ErrorBody {
        let (_, kind, code) = self.class();
        let param = match self {
            Self::Invalid { param, .. } => param.clone(),
            Self::ModelNotFound { .. } => Some("model".to_owned()),
            _ => None,
        };
        ErrorBody {
            message: self.to_string(),
            kind,
            param,
            code: code.to_owned(),
            request_id: Some(request_id.to_owned()),
        }
    }
}

impl From<openai::Invalid> for ApiError {
    fn from(error: openai::Invalid) -> Self {
        Self::Invalid {
            message: error.message,
            param: error.param,
            code: error.code,
        }
    }
}

impl From<anyhow::Error> for ApiError {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(Arc::new(error))
    }
}

/// The body is written by [`super::middleware::request`], which knows the request id.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.class().0.into_response();
        if let Some(secs) = self.retry_after_secs() {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(secs));
        }
        response.extensions_mut().insert(self);
        response
    }
}
