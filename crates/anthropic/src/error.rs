//! What a caller did wrong, and the envelope in which every error leaves.

use serde::{Serialize, Serializer};

use crate::json;

/// The field by which clients ask for a thread of messages.
pub const THREAD: &str = "thread";

/// A mistake in a request: HTTP 400. The first one found is reported.
///
/// Its text is `param: message`, since the API has no field for the place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{param}: {message}")]
pub struct Invalid {
    /// Where it is wrong: a dotted path such as `messages.0.content.1.source.data`, or `body`.
    pub param: String,
    /// One or two sentences for a person: what is wrong and what to send instead.
    pub message: String,
}

impl Invalid {
    /// Whether a thread of messages was asked for.
    #[must_use]
    pub fn is_of_thread(&self) -> bool {
        self.param == THREAD
    }

    /// The envelope for this mistake.
    pub fn body(&self, request_id: Option<String>) -> ErrorBody {
        ErrorBody {
            kind: ErrorKind::InvalidRequest,
            message: self.to_string(),
            request_id,
            is_thread_refused: self.is_of_thread(),
        }
    }
}

/// The `type` of an error, by which programs tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    InvalidRequest,
    Authentication,
    Permission,
    NotFound,
    RequestTooLarge,
    RateLimit,
    /// Something failed here or upstream.
    Api,
    /// There is no room now; later there may be.
    Overloaded,
    Timeout,
}

impl ErrorKind {
    /// The kind that Anthropic gives to an HTTP status.
    ///
    /// 503 is its neighbour 529: both say "later, please". Other 4xx are invalid requests, as in
    /// Anthropic's table, and everything else is an API error.
    pub fn from_status(status: u16) -> Self {
        match status {
            401 => Self::Authentication,
            403 => Self::Permission,
            404 => Self::NotFound,
            408 | 504 => Self::Timeout,
            413 => Self::RequestTooLarge,
            429 => Self::RateLimit,
            400..=499 => Self::InvalidRequest,
            503 | 529 => Self::Overloaded,
            _ => Self::Api,
        }
    }

    /// The word that stands in `error.type`.
    fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request_error",
            Self::Authentication => "authentication_error",
            Self::Permission => "permission_error",
            Self::NotFound => "not_found_error",
            Self::RequestTooLarge => "request_too_large",
            Self::RateLimit => "rate_limit_error",
            Self::Api => "api_error",
            Self::Overloaded => "overloaded_error",
            Self::Timeout => "timeout_error",
        }
    }
}

impl Serialize for ErrorKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The envelope: `{"type":"error","error":{"type","message"},"request_id"}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorBody {
    pub kind: ErrorKind,
    pub message: String,
    /// Left out when absent.
    pub request_id: Option<String>,
    /// The request names a thread: clients know by this that they have to do without.
    pub is_thread_refused: bool,
}

impl ErrorBody {
    /// The body of the HTTP answer.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128 + self.message.len());
        self.write_json(&mut out);
        out
    }

    /// Appends the envelope as JSON.
    pub(crate) fn write_json(&self, out: &mut Vec<u8>) {
        let envelope = Envelope {
            kind: "error",
            error: Detail {
                kind: self.kind,
                message: &self.message,
                details: self.is_thread_refused.then_some(NO_THREAD),
            },
            request_id: self.request_id.as_deref(),
        };
        json::write(&envelope, out);
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    error: Detail<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Detail<'a> {
    #[serde(rename = "type")]
    kind: ErrorKind,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details>,
}

#[derive(Serialize)]
struct Details {
    error_code: &'static str,
    unsupported: [&'static str; 1],
}

const NO_THREAD: Details = Details {
    error_code: "thread_unsupported_request",
    unsupported: [THREAD],
};

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: &ErrorBody) -> String {
        String::from_utf8(body.to_json()).unwrap()
    }

    #[test]
    fn a_mistake_leaves_in_the_envelope_with_its_place() {
        let invalid = Invalid {
            param: "messages.0.role".to_owned(),
            message: "Must be a \"string\".".to_owned(),
        };
        assert_eq!(
            text(&invalid.body(Some("req-1".to_owned()))),
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"messages.0.role: Must be a \"string\"."},"request_id":"req-1"}"#
        );
        assert_eq!(
            text(&invalid.body(None)),
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"messages.0.role: Must be a \"string\"."}}"#
        );
    }

    #[test]
    fn each_status_has_the_word_of_the_table() {
        for (status, word) in [
            (400, "invalid_request_error"),
            (401, "authentication_error"),
            (402, "invalid_request_error"),
            (403, "permission_error"),
            (404, "not_found_error"),
            (405, "invalid_request_error"),
            (408, "timeout_error"),
            (413, "request_too_large"),
            (415, "invalid_request_error"),
            (429, "rate_limit_error"),
            (499, "invalid_request_error"),
            (500, "api_error"),
            (502, "api_error"),
            (503, "overloaded_error"),
            (504, "timeout_error"),
            (529, "overloaded_error"),
            (399, "api_error"),
        ] {
            let body = ErrorBody {
                kind: ErrorKind::from_status(status),
                message: String::new(),
                request_id: None,
                is_thread_refused: false,
            };
            let expected =
                format!(r#"{{"type":"error","error":{{"type":"{word}","message":""}}}}"#);
            assert_eq!(text(&body), expected, "{status}");
        }
    }

    #[test]
    fn a_thread_is_refused_in_the_words_that_clients_know() {
        let invalid = crate::messages::parse(
            br#"{"model":"grok-4","max_tokens":1,"thread":{"type":"create"},
                "messages":[{"role":"user","content":"Hi"}]}"#,
        )
        .unwrap_err();
        let body = text(&invalid.body(None));
        assert!(
            body.ends_with(
                r#""details":{"error_code":"thread_unsupported_request","unsupported":["thread"]}}}"#
            ),
            "{body}"
        );
    }
}
