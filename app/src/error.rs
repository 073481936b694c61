//! The one error that server functions return to a page.
//!
//! What a page has to tell apart is an enum, and a page translates it with an exhaustive `match`:
//! see `components::describe`. The `Display` texts are for logs and the terminal.

mod sent;

use self::sent::Sent;
use leptos::{
    prelude::{FromServerFnError, ServerFnErrorErr},
    server_fn::codec::JsonEncoding,
};
use serde::{Deserialize, Serialize};

/// Why a page's call failed. Pages translate it; it carries no internal text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(into = "Sent", try_from = "Sent")]
pub enum UiError {
    #[error("sign in first")]
    SignInRequired,
    #[error("wrong password")]
    WrongPassword,
    #[error("too many attempts, retry in {retry_secs} s")]
    TooManyAttempts { retry_secs: u64 },
    #[error("{field}: {rule}")]
    Invalid { field: Field, rule: Rule },
    /// The arguments of a call are not those of the function: a page of another version asks, or
    /// somebody else.
    #[error("{message} ({request_id})")]
    Malformed { message: String, request_id: String },
    #[error("not found")]
    NotFound,
    /// The request came from another site.
    #[error("cross-site request refused")]
    CrossSite,
    /// The browser does not keep a session at the address it has opened.
    #[error("open {app_url} instead")]
    NotEncrypted { app_url: String },
    /// The environment of the server sets it.
    #[error("the environment variable {variable} decides that")]
    SetByEnvironment { variable: String },
    /// The store did not take the change; nothing was lost, try again.
    #[error("the store is unavailable")]
    Unavailable,
    #[error("internal error ({request_id})")]
    Internal { request_id: String },
    /// The browser could not reach the server, or the answer was not ours.
    #[error("connection failed")]
    Connection,
}

/// The value that the server refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    #[error("the new password")]
    NewPassword,
    #[error("the repeated password")]
    RepeatedPassword,
    #[error("the code")]
    Code,
    #[error("the chosen media")]
    Media,
    #[error("the note")]
    Note,
    #[error("the tags")]
    Tags,
    #[error("the cookie")]
    Cookie,
    #[error("the proxy")]
    Proxy,
    /// As a whole.
    #[error("what was sent")]
    Content,
}

/// The rule that a value breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    #[error(transparent)]
    Password(#[from] PasswordRule),
    #[error("it is not the same as the first time")]
    Differs,
    #[error("it is too long")]
    TooLong,
    #[error("it is not one")]
    NotOne,
    #[error("another account has it")]
    Taken,
    #[error("the store does not take it; it may be too large")]
    NotStorable,
}

/// Why a new password of the operator is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum PasswordRule {
    #[error("it needs at least {min_chars} characters")]
    TooShort { min_chars: u16 },
    #[error("it may have at most {max_chars} characters")]
    TooLong { max_chars: u16 },
    /// In every scanner's word list.
    #[error("it was the default password of earlier versions, which everybody knows")]
    IsDefault,
}

impl FromServerFnError for UiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) => Self::Connection,
            #[cfg(feature = "ssr")]
            ServerFnErrorErr::Args(message)
            | ServerFnErrorErr::MissingArg(message)
            | ServerFnErrorErr::Deserialization(message) => crate::api::malformed(&message),
            #[cfg(feature = "ssr")]
            _ => crate::api::internal(),
            #[cfg(not(feature = "ssr"))]
            _ => Self::Internal {
                request_id: String::new(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminal_gets_sentences_and_no_identifiers() {
        let too_short = PasswordRule::TooShort { min_chars: 10 };
        assert_eq!(too_short.to_string(), "it needs at least 10 characters");
        let refused = UiError::Invalid {
            field: Field::NewPassword,
            rule: PasswordRule::IsDefault.into(),
        };
        assert_eq!(
            refused.to_string(),
            "the new password: it was the default password of earlier versions, which everybody \
             knows"
        );
    }

    #[test]
    fn a_refused_value_survives_the_way_to_the_page() {
        let rules = [
            PasswordRule::TooShort { min_chars: 10 }.into(),
            PasswordRule::TooLong { max_chars: 1024 }.into(),
            PasswordRule::IsDefault.into(),
            Rule::Differs,
            Rule::TooLong,
        ];
        for rule in rules {
            let sent = UiError::Invalid {
                field: Field::NewPassword,
                rule,
            };
            let json = serde_json::to_string(&sent).unwrap();
            assert_eq!(
                serde_json::from_str::<UiError>(&json).unwrap(),
                sent,
                "{json}"
            );
        }
    }
}
