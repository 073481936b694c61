//! What may go wrong. An entry names the sets that hold for its handler; the envelope, which depends
//! on the API, and what may happen to every request are added by `super::document`.

#![expect(
    dead_code,
    reason = "shapes are read by the derive and never constructed"
)]

use std::collections::BTreeMap;

use utoipa::{
    IntoResponses, ToSchema,
    openapi::{RefOr, response::Response},
};

/// The sentence that stands beside a status.
pub(super) fn meaning(status: &str) -> &'static str {
    match status {
        "400" => "Something in the request is not as documented; `param` names it.",
        "401" => "Nobody is signed in: the key or the session is missing or wrong.",
        "403" => {
            "The request comes from a web page, or under a name, that this server does not serve."
        }
        "404" => "There is nothing of that id or name for this caller.",
        "408" => "The body did not come in time (`server.body_timeout_secs`).",
        "409" => "It does not go together with how things are now; `code` says why.",
        "412" => "The file is another one than `If-Match` names.",
        "413" => "The body is larger than the server takes.",
        "415" => "The body is of a media type that is not taken here.",
        "416" => "The file has no such range.",
        "429" => "A limit is reached; `Retry-After` says when to try again.",
        "500" => "An internal error; the server's log has the cause under the request id.",
        "502" => "Grok failed, or its answer could not be used.",
        "503" | "529" => {
            "Not possible now: no account, no room, or the server is stopping; try again later."
        }
        "504" => "Grok did not answer in time.",
        _ => "The request was refused.",
    }
}

macro_rules! error_sets {
    ($($(#[$doc:meta])* $name:ident = [$($status:literal),+];)+) => {$(
        $(#[$doc])*
        pub(in crate::http) struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                let of = |status: &str| (status.to_owned(), Response::new(meaning(status)).into());
                [$($status),+].into_iter().map(of).collect()
            }
        }
    )+};
}

error_sets! {
    /// Of whoever reads an address or a query.
    Refused = ["400"];
    /// Of whoever reads a body.
    OfBody = ["400", "408", "413", "415"];
    /// Of what has an id.
    Missing = ["404"];
    /// Of what changes something that may have changed.
    Conflicting = ["409"];
    /// Of a limit of one caller.
    Limited = ["429"];
    /// Of whatever is asked of Grok: no such model, a file of another account, limits, failures.
    OfUpstream = ["404", "409", "429", "502", "504"];
    /// Of a file that is sent with its conditions.
    OfFile = ["400", "404", "412", "416"];
}

/// An error in the envelope of OpenAI's API.
#[derive(ToSchema)]
pub(super) struct Error {
    error: ErrorDetail,
}

/// What went wrong.
#[derive(ToSchema)]
pub(super) struct ErrorDetail {
    /// One or two sentences: what is wrong and what to do.
    message: String,
    /// The kind of error, which follows from the status.
    #[schema(rename = "type")]
    kind: ErrorType,
    /// The place in the request, such as `messages.0.content`.
    #[schema(required)]
    param: Option<String>,
    /// The stable word for programs.
    code: String,
    /// The request in the server's log; the header `x-request-id` has it too.
    request_id: String,
}

/// The kind of an error.
#[derive(ToSchema)]
pub(super) enum ErrorType {
    #[schema(rename = "invalid_request_error")]
    InvalidRequest,
    #[schema(rename = "authentication_error")]
    Authentication,
    #[schema(rename = "permission_error")]
    Permission,
    #[schema(rename = "not_found_error")]
    NotFound,
    #[schema(rename = "rate_limit_error")]
    RateLimit,
    #[schema(rename = "server_error")]
    Server,
}

/// An error in the envelope of Anthropic's API.
#[derive(ToSchema)]
pub(super) struct AnthropicError {
    #[schema(rename = "type")]
    kind: ErrorWord,
    error: AnthropicErrorDetail,
    /// The request in the server's log; the header `request-id` has it too.
    request_id: String,
}

/// The word of an envelope.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum ErrorWord {
    Error,
}

/// What went wrong.
#[derive(ToSchema)]
pub(super) struct AnthropicErrorDetail {
    /// The kind of error, which follows from the status.
    #[schema(rename = "type")]
    kind: AnthropicErrorType,
    /// The place in the request and one or two sentences.
    message: String,
    /// Only of a request that names a thread: clients send the whole history from then on.
    #[schema(nullable = false)]
    details: Option<ThreadRefused>,
}

/// Why a thread of messages is refused.
#[derive(ToSchema)]
pub(super) struct ThreadRefused {
    error_code: String,
    unsupported: Vec<String>,
}

/// The kind of an error.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum AnthropicErrorType {
    InvalidRequestError,
    AuthenticationError,
    PermissionError,
    NotFoundError,
    RequestTooLarge,
    RateLimitError,
    ApiError,
    OverloadedError,
    TimeoutError,
}
