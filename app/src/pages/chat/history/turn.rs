//! One turn of a conversation.

use crate::browser::completion::{Failure, TokenCounts};
use serde::{Deserialize, Serialize};

/// Number of a turn inside its conversation. Grows with time: the upper half counts, the lower half
/// tells apart what two tabs add at once. Never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct TurnId(pub(crate) u64);

impl TurnId {
    /// The next number after the highest one.
    pub(crate) fn after(last: Option<Self>, tie_breaker: u32) -> Self {
        let count = last.map_or(0, |last| last.0 >> 32) + 1;
        Self(count << 32 | u64::from(tie_breaker))
    }
}

/// When something is written, and a random number that no other tab has at that moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Unix milliseconds.
    pub(crate) at_ms: i64,
    pub(crate) tie_breaker: u32,
}

/// Who wrote a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Author {
    User,
    Assistant,
}

/// How far a turn has come. A reload finds `Streaming` only if the page was closed in mid-answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum TurnState {
    Complete,
    Streaming,
    /// By the person.
    Stopped,
    /// The page was closed before the answer was whole.
    Interrupted,
    Failed(Failure),
}

/// A file of a turn. Its content is stored apart, under `id`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AttachmentRef {
    /// Key of the content in the browser's store.
    pub(crate) id: String,
    pub(crate) name: String,
    /// As the browser says; `application/octet-stream` when it does not know.
    pub(crate) mime: String,
    pub(crate) size_bytes: u64,
}

impl TurnState {
    /// Nothing more comes. A guess that an answer was cut off may turn out wrong.
    pub(crate) fn is_final(&self) -> bool {
        !matches!(self, Self::Streaming | Self::Interrupted)
    }
}

impl AttachmentRef {
    pub(crate) fn is_image(&self) -> bool {
        self.mime.starts_with("image/")
    }
}

/// What one side said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Turn {
    pub(crate) id: TurnId,
    pub(crate) parent: Option<TurnId>,
    pub(crate) author: Author,
    pub(crate) text: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) thinking: String,
    /// How long the model thought before it answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) thinking_ms: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) attachments: Vec<AttachmentRef>,
    pub(crate) state: TurnState,
    /// The model that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tokens: Option<TokenCounts>,
    /// Unix milliseconds.
    pub(crate) at_ms: i64,
}
