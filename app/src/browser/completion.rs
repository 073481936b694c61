//! Meaning of chat completion frames and of error answers.
//!
//! Pure: the text of one SSE `data` field, or of a refused answer's body, in; typed facts out.

use serde::Deserialize;

/// What one frame adds to the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// New text; both may be empty.
    Delta { content: String, reasoning: String },
    /// Counted tokens, the last frame before the end.
    Usage(TokenCounts),
    /// `[DONE]`: the answer is whole.
    Done,
    /// The server gave up after it had begun to answer.
    Failed(Failure),
}

/// Tokens of one exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, Deserialize)]
pub struct TokenCounts {
    #[serde(default)]
    pub prompt_tokens: u64,
    #[serde(default)]
    pub completion_tokens: u64,
}

/// Why an answer did not come or stopped, as a person may read it.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, Deserialize)]
pub struct Failure {
    pub kind: FailureKind,
    /// The server's sentence; empty when there was none.
    pub message: String,
    /// Of the error object.
    pub code: FailureCode,
    pub request_id: Option<String>,
    /// Seconds after which a new try makes sense, from the moment of the failure.
    pub retry_after_secs: Option<u64>,
    /// When the failure came, in Unix milliseconds; 0 = in an earlier version.
    #[serde(default)]
    pub at_ms: i64,
}

/// The server's stable error codes that mean something else to a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    NoAccountAvailable,
    NoUsableAccount,
    RateLimitExceeded,
    AtCapacity,
    ServerBusy,
    ShuttingDown,
    StoreUnavailable,
    UpstreamError,
    UpstreamUnauthorized,
    UpstreamUnreachable,
    UpstreamUnavailable,
    UpstreamInterrupted,
    UpstreamClearance,
    UpstreamAccountBlocked,
    EmptyAnswer,
    AnswerTooLarge,
    ContentPolicyViolation,
    StreamFirstTimeout,
    StreamIdleTimeout,
    StreamTotalTimeout,
    ModelNotFound,
    RequestTooLarge,
    #[default]
    #[serde(other)]
    Other,
}

/// What the person can do about a [`Failure`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The server answered with an error: read its message.
    #[default]
    Server,
    /// 401: sign in.
    SignIn,
    /// 429 or 503: wait.
    Busy,
    /// The server could not be reached.
    Network,
    /// The answer ended without its end mark.
    CutOff,
}

#[derive(Deserialize)]
struct RawFrame {
    #[serde(default)]
    choices: Vec<RawChoice>,
    usage: Option<TokenCounts>,
    error: Option<RawError>,
}

#[derive(Deserialize)]
struct RawChoice {
    #[serde(default)]
    delta: RawDelta,
}

#[derive(Default, Deserialize)]
struct RawDelta {
    content: Option<String>,
    reasoning_content: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawError {
    Object {
        #[serde(default)]
        message: String,
        code: Option<Code>,
        request_id: Option<String>,
    },
    Text(String),
}

/// Ours is a word; others send numbers or nothing.
#[derive(Deserialize)]
#[serde(untagged)]
enum Code {
    Known(FailureCode),
    Foreign(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct RawErrorBody {
    error: RawError,
}

/// Reads the `data` of one SSE event. `None` for frames that say nothing to us (keep-alives,
/// unknown kinds).
#[must_use]
pub fn read_frame(data: &str) -> Option<Frame> {
    let data = data.trim();
    if data == "[DONE]" {
        return Some(Frame::Done);
    }
    let raw: RawFrame = serde_json::from_str(data).ok()?;
    if let Some(error) = raw.error {
        return Some(Frame::Failed(failure(error, FailureKind::Server)));
    }
    if let Some(choice) = raw.choices.into_iter().next() {
        return Some(Frame::Delta {
            content: choice.delta.content.unwrap_or_default(),
            reasoning: choice.delta.reasoning_content.unwrap_or_default(),
        });
    }
    raw.usage.map(Frame::Usage)
}

/// Reads an answer whose status is not 200.
///
/// `request_id` and `retry_after` are the headers of these names; `retry_after` in whole seconds.
#[must_use]
pub fn read_refusal(
    status: u16,
    body: &str,
    request_id: Option<String>,
    retry_after: Option<&str>,
) -> Failure {
    let kind = match status {
        401 => FailureKind::SignIn,
        429 | 503 => FailureKind::Busy,
        _ => FailureKind::Server,
    };
    let mut found = match serde_json::from_str::<RawErrorBody>(body) {
        Ok(body) => failure(body.error, kind),
        Err(_) => Failure {
            kind,
            ..Failure::default()
        },
    };
    found.request_id = found.request_id.or(request_id);
    found.retry_after_secs = retry_after.and_then(|text| text.trim().parse().ok());
    found
}

fn failure(error: RawError, kind: FailureKind) -> Failure {
    match error {
        RawError::Object {
            message,
            code,
            request_id,
        } => {
            let code = match code {
                Some(Code::Known(code)) => code,
                Some(Code::Foreign(_)) | None => FailureCode::Other,
            };
            Failure {
                kind,
                message,
                code,
                request_id,
                ..Failure::default()
            }
        }
        RawError::Text(message) => Failure {
            kind,
            message,
            ..Failure::default()
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delta_carries_text_and_thinking() {
        let frame = read_frame(
            r#"{"id":"r","conversation_id":"c-1","choices":[{"index":0,"delta":{"content":"A","reasoning_content":"b"},"logprobs":null,"finish_reason":null}]}"#,
        );
        assert_eq!(
            frame,
            Some(Frame::Delta {
                content: "A".into(),
                reasoning: "b".into(),
            })
        );
    }

    #[test]
    fn null_content_is_no_text() {
        let frame = read_frame(
            r#"{"choices":[{"delta":{"role":"assistant","content":null},"finish_reason":"stop"}]}"#,
        );
        assert_eq!(
            frame,
            Some(Frame::Delta {
                content: String::new(),
                reasoning: String::new()
            })
        );
    }

    #[test]
    fn the_usage_frame_has_no_choices() {
        let frame = read_frame(
            r#"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":9,"total_tokens":12}}"#,
        );
        assert_eq!(
            frame,
            Some(Frame::Usage(TokenCounts {
                prompt_tokens: 3,
                completion_tokens: 9
            }))
        );
    }

    #[test]
    fn the_end_mark_is_done() {
        assert_eq!(read_frame("[DONE]"), Some(Frame::Done));
    }

    #[test]
    fn an_error_frame_is_a_failure() {
        let frame = read_frame(
            r#"{"error":{"message":"cut","type":"upstream_error","param":null,"code":"stream_idle_timeout","request_id":"q-1"}}"#,
        );
        let Some(Frame::Failed(failure)) = frame else {
            panic!("a failure")
        };
        assert_eq!(failure.message, "cut");
        assert_eq!(failure.code, FailureCode::StreamIdleTimeout);
        assert_eq!(failure.request_id.as_deref(), Some("q-1"));
    }

    #[test]
    fn an_error_may_be_plain_text() {
        let Some(Frame::Failed(failure)) =
            read_frame(r#"{"error":"boom","code":"internal_error"}"#)
        else {
            panic!("a failure")
        };
        assert_eq!(failure.message, "boom");
    }

    #[test]
    fn codes_that_are_not_ours_are_no_mistake() {
        for code in [r#""new_code""#, "429", "null", r#"{"a":1}"#] {
            let frame = read_frame(&format!(r#"{{"error":{{"message":"m","code":{code}}}}}"#));
            let Some(Frame::Failed(failure)) = frame else {
                panic!("a failure")
            };
            assert_eq!((failure.code, &*failure.message), (FailureCode::Other, "m"));
        }
        let old =
            r#"{"kind":"busy","message":"","code":"pool","request_id":null,"retry_after_secs":60}"#;
        let old: Failure = serde_json::from_str(old).unwrap();
        assert_eq!(
            (old.code, old.at_ms),
            (FailureCode::Other, 0),
            "kept by an earlier version"
        );
    }

    #[test]
    fn noise_is_skipped() {
        assert_eq!(read_frame("ping"), None);
        assert_eq!(read_frame("{}"), None);
        assert_eq!(read_frame(""), None);
    }

    #[test]
    fn a_refusal_says_when_to_retry_and_under_which_id() {
        let failure = read_refusal(
            429,
            r#"{"error":{"message":"no account","type":"rate_limit_error","param":null,"code":"no_account_available"}}"#,
            Some("q-7".into()),
            Some("30"),
        );
        assert_eq!(
            failure,
            Failure {
                kind: FailureKind::Busy,
                message: "no account".into(),
                code: FailureCode::NoAccountAvailable,
                request_id: Some("q-7".into()),
                retry_after_secs: Some(30),
                at_ms: 0,
            }
        );
    }

    #[test]
    fn a_refusal_without_our_body_puts_no_words_into_our_mouth() {
        let failure = read_refusal(502, "<html>", None, None);
        assert_eq!(
            (failure.kind, failure.message.as_str()),
            (FailureKind::Server, "")
        );
        assert_eq!(read_refusal(401, "", None, None).kind, FailureKind::SignIn);
    }
}
