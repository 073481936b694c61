//! The one error that server functions return to a page.

use leptos::{
    prelude::{FromServerFnError, ServerFnErrorErr},
    server_fn::codec::JsonEncoding,
};
use serde::{Deserialize, Serialize};

/// Why a page's call failed. Pages translate it; it carries no internal text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum UiError {
    #[error("sign in first")]
    SignInRequired,
    #[error("wrong password")]
    WrongPassword,
    #[error("too many attempts, retry in {retry_secs} s")]
    TooManyAttempts { retry_secs: u64 },
    /// `field` is the form field; `rule` is a translation key such as `too_short`.
    #[error("{field}: {rule}")]
    Invalid { field: String, rule: String },
    #[error("not found")]
    NotFound,
    /// The request came from another site.
    #[error("cross-site request refused")]
    CrossSite,
    /// The store did not take the change; nothing was lost, try again.
    #[error("the store is unavailable")]
    Unavailable,
    #[error("internal error ({request_id})")]
    Internal { request_id: String },
    /// The browser could not reach the server, or the answer was not ours.
    #[error("connection failed")]
    Connection,
}

impl FromServerFnError for UiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) => Self::Connection,
            _ => Self::Internal {
                request_id: String::new(),
            },
        }
    }
}
