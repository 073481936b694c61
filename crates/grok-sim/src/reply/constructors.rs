//! Short ways to write the replies that tests ask for most.

use super::{DROP_AFTER_MS, HUGE_LINE_BYTES, PictureStage, Reply, SOME_LINES};

impl Reply {
    /// An answer with this text; thinking models think first.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text {
            text: text.into(),
            thinking: None,
        }
    }

    /// An answer with these reasoning steps.
    pub fn thinking<S: Into<String>>(
        steps: impl IntoIterator<Item = S>,
        text: impl Into<String>,
    ) -> Self {
        let steps = steps.into_iter().map(Into::into).collect();
        Self::Text {
            text: text.into(),
            thinking: Some(steps),
        }
    }

    /// Exactly these answer tokens.
    pub fn tokens<S: Into<String>>(tokens: impl IntoIterator<Item = S>) -> Self {
        Self::Tokens {
            tokens: tokens.into_iter().map(Into::into).collect(),
        }
    }

    /// Raw lines, a newline after each.
    pub fn lines<S: Into<String>>(lines: impl IntoIterator<Item = S>) -> Self {
        Self::Lines {
            lines: lines.into_iter().map(Into::into).collect(),
        }
    }

    /// Raw texts, one write each.
    pub fn chunks<S: Into<String>>(chunks: impl IntoIterator<Item = S>) -> Self {
        Self::Chunks {
            chunks: chunks.into_iter().map(Into::into).collect(),
        }
    }

    /// A voice room that is gone after two seconds.
    #[must_use]
    pub fn dropped_room() -> Self {
        Self::DroppedRoom {
            after_ms: DROP_AFTER_MS,
        }
    }

    /// A complete HTTP answer.
    pub fn http(status: u16, body: impl Into<String>) -> Self {
        Self::Http {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// A redirect, for asset downloads.
    pub fn redirect(location: impl Into<String>) -> Self {
        let headers = vec![("location".to_owned(), location.into())];
        Self::Http {
            status: 302,
            headers,
            body: String::new(),
        }
    }

    /// 429 with quota left and no `Retry-After`.
    #[must_use]
    pub const fn rate_limited() -> Self {
        Self::RateLimited {
            retry_after_secs: None,
        }
    }

    /// 429 with quota left and `Retry-After`.
    #[must_use]
    pub const fn retry_after(secs: u32) -> Self {
        Self::RateLimited {
            retry_after_secs: Some(secs),
        }
    }

    /// 408 or 5xx.
    #[must_use]
    pub const fn server_error(status: u16) -> Self {
        Self::ServerError { status }
    }

    /// HTTP 400 that says the content was moderated.
    #[must_use]
    pub const fn moderated() -> Self {
        Self::Moderated { status: 400 }
    }

    /// Stops after two tokens.
    #[must_use]
    pub const fn stall() -> Self {
        Self::Stall {
            after_lines: SOME_LINES,
        }
    }

    /// TCP reset after two tokens and a half.
    #[must_use]
    pub const fn cut() -> Self {
        Self::Cut {
            after_lines: SOME_LINES,
        }
    }

    /// Clean end after two tokens and a half.
    #[must_use]
    pub const fn half_line() -> Self {
        Self::HalfLine {
            after_lines: SOME_LINES,
        }
    }

    /// One line of 17 MiB.
    #[must_use]
    pub const fn huge_line() -> Self {
        Self::HugeLine {
            size_bytes: HUGE_LINE_BYTES,
        }
    }

    /// In-band error code 7 as the first frame.
    #[must_use]
    pub const fn anti_bot() -> Self {
        Self::AntiBot { after_lines: 0 }
    }

    /// In-band error code 8 as the first frame.
    #[must_use]
    pub const fn usage_limit() -> Self {
        Self::UsageLimit { after_lines: 0 }
    }

    /// `streamErrors` right after the head lines.
    #[must_use]
    pub const fn stream_errors() -> Self {
        Self::StreamErrors { after_lines: 2 }
    }

    /// A moderated image event after two tokens.
    #[must_use]
    pub const fn moderated_in_stream() -> Self {
        Self::ModeratedInStream {
            after_lines: SOME_LINES,
        }
    }

    /// Every picture is moderated after its preview.
    #[must_use]
    pub const fn moderated_picture() -> Self {
        Self::ModeratedPicture {
            after: PictureStage::Preview,
        }
    }

    /// An error frame before any picture.
    pub fn socket_error(code: impl Into<String>) -> Self {
        Self::SocketError {
            code: code.into(),
            after_lines: 0,
        }
    }

    /// This reply, held after two tokens until it is released.
    #[must_use]
    pub fn held(self) -> Self {
        Self::Held {
            after_lines: SOME_LINES,
            then: Box::new(self),
        }
    }
}
