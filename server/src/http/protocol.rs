//! Which API a request speaks, as far as its errors are concerned.

use http::{HeaderName, StatusCode};

use super::{anthropic, error::ApiError, mcp, openai};

/// A public API with an envelope of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    OpenAi,
    Anthropic,
    Mcp,
}

impl Protocol {
    /// Of the APIs under `/v1`, by path, since an error may come before any route is found, or where there is none: the `/v1`
    /// of a wrong base URL is missing, or there twice.
    #[must_use]
    pub fn of(path: &str) -> Self {
        let mut path = path;
        while let Some(rest) = path
            .strip_prefix("/v1")
            .filter(|rest| rest.starts_with('/'))
        {
            path = rest;
        }
        let is_messages = path
            .strip_prefix("/messages")
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if is_messages {
            Self::Anthropic
        } else {
            Self::OpenAi
        }
    }

    /// The header in which its clients look for the request id, besides ours.
    #[must_use]
    pub fn request_id_header(self) -> Option<HeaderName> {
        match self {
            Self::OpenAi | Self::Mcp => None,
            Self::Anthropic => Some(HeaderName::from_static("request-id")),
        }
    }

    /// Status and JSON body of an error.
    #[must_use]
    pub fn error(self, error: &ApiError, request_id: &str) -> (StatusCode, Vec<u8>) {
        match self {
            Self::OpenAi => (
                error.status(),
                openai::error::body(error, request_id).to_json(),
            ),
            Self::Anthropic => (
                anthropic::error::status(error),
                anthropic::error::body(error, request_id).to_json(),
            ),
            Self::Mcp => (error.status(), mcp::error::body(error, request_id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_messages_speak_the_other_protocol() {
        for path in [
            "/v1/messages",
            "/v1/messages/count_tokens",
            "/v1/messages/",
            "/messages",
            "/v1/v1/messages",
        ] {
            assert_eq!(Protocol::of(path), Protocol::Anthropic, "{path}");
        }
        for path in [
            "/v1/messagesx",
            "/v1messages",
            "/v1/chat/completions",
            "/v1/models/messages",
            "/",
            "/v1",
        ] {
            assert_eq!(Protocol::of(path), Protocol::OpenAi, "{path}");
        }
    }
}
