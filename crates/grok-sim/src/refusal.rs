//! HTTP answers other than success, in the shapes that the upstream uses.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::reply::Reply;

/// A JSON error with an HTTP status and a gRPC-like code.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: Value,
    message: String,
}

impl Refusal {
    fn new(status: StatusCode, code: impl Into<Value>, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
        }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, 3, message)
    }

    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, 16, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, 5, message)
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "permission-denied", message)
    }

    pub(crate) fn too_many_requests() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, 8, "Too many requests")
    }

    pub(crate) fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, 3, "Request body too large")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({"error": {"code": self.code, "message": self.message, "details": []}});
        (
            self.status,
            [(header::CONTENT_TYPE, "application/json")],
            body.to_string(),
        )
            .into_response()
    }
}

/// What a clearance check of the edge shows; real pages are longer, but carry these words.
const CHALLENGE_PAGE: &str = "<!DOCTYPE html><html><head><title>Just a moment...</title></head>\
<body><script src=\"/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1\"></script>\
<noscript>Enable JavaScript and cookies to continue</noscript></body></html>";

/// The HTTP answer of replies that are one; `None` for those that stream, hang or reset.
pub(crate) fn http_answer(reply: &Reply) -> Option<Response> {
    Some(match reply {
        Reply::Unauthorized => {
            Refusal::unauthorized("Invalid or expired credentials").into_response()
        }
        Reply::Challenge => challenge(),
        Reply::BlockedUser => Refusal::new(
            StatusCode::FORBIDDEN,
            7,
            "User is blocked [WKE=unauthorized:blocked-user]",
        )
        .into_response(),
        Reply::Policy => {
            Refusal::forbidden("This feature is not available for your account").into_response()
        }
        Reply::RateLimited { retry_after_secs } => rate_limited(*retry_after_secs),
        Reply::QuotaEmpty => Refusal::too_many_requests().into_response(),
        Reply::ServerError { status } => {
            Refusal::new(status_code(*status), 13, "Upstream is having trouble").into_response()
        }
        Reply::Moderated { status } => Refusal::new(
            status_code(*status),
            "content-moderated",
            "The content was moderated by policy",
        )
        .into_response(),
        Reply::Http {
            status,
            headers,
            body,
        } => custom(*status, headers, body),
        _ => return None,
    })
}

fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn challenge() -> Response {
    let html = [(header::CONTENT_TYPE, "text/html; charset=UTF-8")];
    (StatusCode::FORBIDDEN, html, CHALLENGE_PAGE).into_response()
}

fn rate_limited(retry_after_secs: Option<u32>) -> Response {
    let mut response = Refusal::too_many_requests().into_response();
    if let Some(secs) = retry_after_secs {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(secs));
    }
    response
}

fn custom(status: u16, headers: &[(String, String)], body: &str) -> Response {
    let mut builder = Response::builder().status(status_code(status));
    for (name, value) in headers {
        builder = builder.header(name, value);
    }
    builder
        .body(Body::from(body.to_owned()))
        .unwrap_or_else(|error| {
            Refusal::bad_request(format!("the scripted answer is not valid: {error}"))
                .into_response()
        })
}
