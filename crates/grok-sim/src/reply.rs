//! The behaviours that a test can script, and how they look as JSON.
//!
//! Over the control endpoint a reply is an object with a `kind` and, for some kinds, fields:
//!
//! | `kind` | fields (default) | what the caller sees |
//! | --- | --- | --- |
//! | `answer` | | the usual answer, composed from the prompt |
//! | `text` | `text`, `thinking` (by model) | this answer; `thinking` is a list of reasoning steps |
//! | `tokens` | `tokens` | exactly these answer tokens |
//! | `paced` | `text`, `first_ms`, `each_ms` | this answer with these pauses, whatever the pace |
//! | `lines` | `lines` | these lines, each followed by a newline |
//! | `chunks` | `chunks` | these texts, one socket write each, nothing added |
//! | `http` | `status`, `headers` (`[]`), `body` (`""`) | a complete HTTP answer |
//! | `unauthorized` | | 401 |
//! | `challenge` | | 403 with a browser challenge page |
//! | `blocked_user` | | 403 JSON, the account is blocked |
//! | `policy` | | 403 JSON, any other decision |
//! | `rate_limited` | `retry_after_secs` (none) | 429; the quota is untouched |
//! | `quota_empty` | | 429; from now on the quota is 0 |
//! | `server_error` | `status` (500) | 408, 500, 502, 503, 504 … |
//! | `moderated` | `status` (400) | JSON with code `content-moderated` |
//! | `hang` | | nothing, not even headers |
//! | `reset` | | TCP reset instead of an answer |
//! | `stall` | `after_lines` (4) | the stream stops and stays open |
//! | `cut` | `after_lines` (4) | half of the next line, then TCP reset |
//! | `half_line` | `after_lines` (4) | half of the next line, then a clean end |
//! | `no_answer` | | only the first two lines, then a clean end |
//! | `unknown_shapes` | | a good answer among unknown fields and events |
//! | `split_utf8` | | a good answer, cut inside multi-byte characters |
//! | `huge_line` | `size_bytes` (17 MiB) | one line of that size inside an answer |
//! | `concatenated` | | a good answer without newlines |
//! | `event_stream` | | a good answer as `data:` lines with blank and odd lines |
//! | `anti_bot` | `after_lines` (0) | in-band error code 7, at the top level |
//! | `usage_limit` | `after_lines` (0) | in-band error code 8, inside `result.response` |
//! | `stream_errors` | `after_lines` (2) | `modelResponse.streamErrors` |
//! | `moderated_in_stream` | `after_lines` (4) | a moderated image event, an empty answer |
//! | `tool_card` | | an `xai:tool_usage_card` element spread over tokens |
//! | `render` | | a `grok:render` element and its image card |
//! | `web_search` | | search call, results, citation cards |
//! | `held` | `after_lines` (4), `then` | the reply `then`, which waits after so many lines until the test releases it; with 0 lines, or when it is a plain HTTP answer, before it begins |
//! | `moderated_picture` | `after` (`preview`) | every picture is moderated after this stage |
//! | `socket_error` | `code` (`rate_limit_exceeded`), `after_lines` (0) | an error frame on the imagine socket |
//! | `linked_pictures` | | frames carry an address instead of the picture |
//! | `wrong_type` | | frames, or a downloaded file, are a web page instead |
//! | `huge_picture` | `size_bytes` (40 MiB) | the final frame, or a downloaded file, has so many bytes |
//! | `dropped_room` | `after_ms` (2000) | a voice room that is gone after this time |
//! | `grpc` | `code`, `message` (`""`) | a gRPC-web answer with this status |
//! | `rate_limits` | `remaining`, `total`, `window_secs` | the answer to a quota question |
//!
//! A line is one frame, on the imagine socket as well; a usual answer of a chat starts with two frames that carry ids and no text.

mod constructors;

use serde::{Deserialize, Serialize};

/// Default size of [`Reply::HugeLine`]: above the 16 MiB that a client should accept.
const HUGE_LINE_BYTES: usize = 17 * 1024 * 1024;
/// Default size of [`Reply::HugePicture`]: above the 32 MiB that a client should accept.
const HUGE_PICTURE_BYTES: usize = 40 * 1024 * 1024;
/// How long a [`Reply::DroppedRoom`] stays open.
const DROP_AFTER_MS: u64 = 2_000;
/// Both head lines and two tokens.
const SOME_LINES: usize = 4;

/// How far a picture comes before it is moderated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PictureStage {
    #[default]
    Preview,
    Medium,
    Final,
}

/// What the simulator does with one call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Reply {
    /// The usual answer.
    Answer,
    /// This answer; `thinking: None` lets the model decide whether it thinks.
    Text {
        /// The visible answer.
        text: String,
        /// Reasoning steps before it.
        #[serde(default)]
        thinking: Option<Vec<String>>,
    },
    /// Exactly these answer tokens, no reasoning.
    Tokens {
        /// Token texts in order.
        tokens: Vec<String>,
    },
    /// This answer with pauses of its own.
    Paced {
        /// The visible answer.
        text: String,
        /// Pause before the first token.
        first_ms: u64,
        /// Pause before every later token.
        each_ms: u64,
    },
    /// Raw lines; a newline is added to each.
    Lines {
        /// Lines without newline.
        lines: Vec<String>,
    },
    /// Raw texts, one socket write each.
    Chunks {
        /// Bytes to write, as text.
        chunks: Vec<String>,
    },
    /// A complete HTTP answer.
    Http {
        /// Status code.
        status: u16,
        /// Names and values.
        #[serde(default)]
        headers: Vec<(String, String)>,
        /// Body.
        #[serde(default)]
        body: String,
    },
    /// 401.
    Unauthorized,
    /// 403 with a challenge page.
    Challenge,
    /// 403 JSON: the account is blocked.
    BlockedUser,
    /// 403 JSON: another decision.
    Policy,
    /// 429 with quota left.
    RateLimited {
        /// Value of `Retry-After` in seconds.
        #[serde(default)]
        retry_after_secs: Option<u32>,
    },
    /// 429; the account's quota becomes 0.
    QuotaEmpty,
    /// A status without meaning for the account: 408, 5xx.
    ServerError {
        /// Status code.
        #[serde(default = "default_server_error")]
        status: u16,
    },
    /// An HTTP error that says the content was moderated.
    Moderated {
        /// Status code, 4xx.
        #[serde(default = "default_moderated")]
        status: u16,
    },
    /// No answer at all, the connection stays open.
    Hang,
    /// TCP reset before any answer.
    Reset,
    /// The stream stops and stays open.
    Stall {
        /// Lines sent before.
        #[serde(default = "default_lines")]
        after_lines: usize,
    },
    /// Half of the next line, then TCP reset.
    Cut {
        /// Complete lines sent before.
        #[serde(default = "default_lines")]
        after_lines: usize,
    },
    /// Half of the next line, then a clean end.
    HalfLine {
        /// Complete lines sent before.
        #[serde(default = "default_lines")]
        after_lines: usize,
    },
    /// Head lines only, then a clean end.
    NoAnswer,
    /// A good answer among unknown fields and events.
    UnknownShapes,
    /// A good answer with writes that split characters.
    SplitUtf8,
    /// A good answer with one very long line.
    HugeLine {
        /// Length of that line in bytes, newline included.
        #[serde(default = "default_huge")]
        size_bytes: usize,
    },
    /// A good answer whose objects are not separated.
    Concatenated,
    /// A good answer with `data:` prefixes, blank lines and lines to skip.
    EventStream,
    /// In-band error code 7 at the top level.
    AntiBot {
        /// Lines sent before.
        #[serde(default)]
        after_lines: usize,
    },
    /// In-band error code 8 inside `result.response`.
    UsageLimit {
        /// Lines sent before.
        #[serde(default)]
        after_lines: usize,
    },
    /// A complete answer frame that carries `streamErrors`.
    StreamErrors {
        /// Lines sent before.
        #[serde(default = "default_head")]
        after_lines: usize,
    },
    /// A moderated image event and an empty answer.
    ModeratedInStream {
        /// Lines sent before.
        #[serde(default = "default_lines")]
        after_lines: usize,
    },
    /// A tool card element spread over tokens.
    ToolCard,
    /// A render element with its image card.
    Render,
    /// Web search with sources and citations.
    WebSearch,
    /// Another chat reply that waits for [`crate::Simulator::release`] on its way, so that a test can
    /// be sure what its client has seen by then.
    Held {
        /// Lines sent before the wait; 0 waits before the answer begins.
        #[serde(default = "default_lines")]
        after_lines: usize,
        /// What is held.
        then: Box<Reply>,
    },
    /// Pictures that are moderated on their way.
    ModeratedPicture {
        /// The last stage that is shown.
        #[serde(default)]
        after: PictureStage,
    },
    /// An error frame.
    SocketError {
        /// `err_code`.
        #[serde(default = "default_socket_error")]
        code: String,
        /// Frames sent before.
        #[serde(default)]
        after_lines: usize,
    },
    /// Frames with addresses only.
    LinkedPictures,
    /// Frames with a web page where a picture should be.
    WrongType,
    /// A final frame that is too large.
    HugePicture {
        /// Bytes of the picture.
        #[serde(default = "default_huge_picture")]
        size_bytes: usize,
    },
    /// A voice room that is gone after a while.
    DroppedRoom {
        /// Time from joining to the end.
        #[serde(default = "default_drop")]
        after_ms: u64,
    },
    /// A gRPC-web answer.
    Grpc {
        /// `grpc-status`.
        code: u32,
        /// `grpc-message`.
        #[serde(default)]
        message: String,
    },
    /// The answer to a quota question; it does not change the account.
    RateLimits {
        /// Queries left.
        remaining: u32,
        /// Queries of a full window.
        total: u32,
        /// Length of the window.
        window_secs: u64,
    },
}

fn default_server_error() -> u16 {
    500
}

fn default_moderated() -> u16 {
    400
}

fn default_lines() -> usize {
    SOME_LINES
}

fn default_head() -> usize {
    2
}

fn default_socket_error() -> String {
    "rate_limit_exceeded".to_owned()
}

fn default_huge_picture() -> usize {
    HUGE_PICTURE_BYTES
}

fn default_drop() -> u64 {
    DROP_AFTER_MS
}

fn default_huge() -> usize {
    HUGE_LINE_BYTES
}

impl Reply {
    /// The reply behind a [`Reply::Held`] and after how many lines it waits.
    pub(crate) fn unheld(self) -> (Self, Option<usize>) {
        match self {
            Self::Held { after_lines, then } => (*then, Some(after_lines)),
            reply => (reply, None),
        }
    }

    /// The `kind` of the JSON form; also what [`crate::Recorded::reply`] shows.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Text { .. } => "text",
            Self::Tokens { .. } => "tokens",
            Self::Paced { .. } => "paced",
            Self::Lines { .. } => "lines",
            Self::Chunks { .. } => "chunks",
            Self::Http { .. } => "http",
            Self::Unauthorized => "unauthorized",
            Self::Challenge => "challenge",
            Self::BlockedUser => "blocked_user",
            Self::Policy => "policy",
            Self::RateLimited { .. } => "rate_limited",
            Self::QuotaEmpty => "quota_empty",
            Self::ServerError { .. } => "server_error",
            Self::Moderated { .. } => "moderated",
            Self::Hang => "hang",
            Self::Reset => "reset",
            Self::Stall { .. } => "stall",
            Self::Cut { .. } => "cut",
            Self::HalfLine { .. } => "half_line",
            Self::NoAnswer => "no_answer",
            Self::UnknownShapes => "unknown_shapes",
            Self::SplitUtf8 => "split_utf8",
            Self::HugeLine { .. } => "huge_line",
            Self::Concatenated => "concatenated",
            Self::EventStream => "event_stream",
            Self::AntiBot { .. } => "anti_bot",
            Self::UsageLimit { .. } => "usage_limit",
            Self::StreamErrors { .. } => "stream_errors",
            Self::ModeratedInStream { .. } => "moderated_in_stream",
            Self::ToolCard => "tool_card",
            Self::Render => "render",
            Self::WebSearch => "web_search",
            Self::Held { .. } => "held",
            Self::ModeratedPicture { .. } => "moderated_picture",
            Self::SocketError { .. } => "socket_error",
            Self::LinkedPictures => "linked_pictures",
            Self::WrongType => "wrong_type",
            Self::HugePicture { .. } => "huge_picture",
            Self::DroppedRoom { .. } => "dropped_room",
            Self::Grpc { .. } => "grpc",
            Self::RateLimits { .. } => "rate_limits",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_form_has_defaults_and_the_documented_kind() {
        let cut: Reply = serde_json::from_str(r#"{"kind":"cut"}"#).unwrap();
        assert_eq!(cut, Reply::cut());
        let json = serde_json::to_value(Reply::retry_after(7)).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"kind": "rate_limited", "retry_after_secs": 7})
        );
    }

    #[test]
    fn misspelt_fields_are_refused() {
        let wrong = serde_json::from_str::<Reply>(r#"{"kind":"cut","after_line":2}"#);
        assert!(
            wrong.is_err(),
            "a test with a typo must not pass by accident"
        );
    }

    #[test]
    fn kind_agrees_with_the_json_form() {
        let all = [
            Reply::Answer,
            Reply::text("a"),
            Reply::moderated_in_stream().held(),
            Reply::SplitUtf8,
            Reply::http(200, ""),
            Reply::RateLimits {
                remaining: 1,
                total: 2,
                window_secs: 3,
            },
        ];
        for reply in all {
            let json = serde_json::to_value(&reply).unwrap();
            assert_eq!(json["kind"], reply.kind());
        }
    }
}
