//! What a chat request says, once it is known to be valid.

use std::sync::Arc;

/// A valid chat completion request.
#[derive(Clone, Debug, PartialEq)]
pub struct ChatRequest {
    /// Not blank. Whether such a model exists is for the caller to check.
    pub model: String,
    /// At least one of them says or attaches something.
    pub messages: Vec<Message>,
    /// `None`: the configured default applies.
    pub stream: Option<bool>,
    /// `stream_options.include_usage`.
    pub include_usage: bool,
    /// `none`, `minimal`, `low`, `medium`, `high` or `xhigh`.
    pub reasoning_effort: Option<String>,
    /// 0 to 2. `None`: no override is sent upstream.
    pub temperature: Option<f64>,
    /// 0 to 1. `None`: no override is sent upstream.
    pub top_p: Option<f64>,
    /// The conversation to continue: 1 to 200 characters of `A-Z a-z 0-9 _ -`.
    pub conversation_id: Option<String>,
    /// The caller's own name for its end user.
    pub user: Option<String>,
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Developer,
    System,
    User,
    Assistant,
    Tool,
}

impl Role {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Developer => "developer",
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        [
            Self::Developer,
            Self::System,
            Self::User,
            Self::Assistant,
            Self::Tool,
        ]
        .into_iter()
        .find(|role| role.as_str() == name)
    }
}

/// One turn of the conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub role: Role,
    pub name: Option<String>,
    pub content: Content,
    /// Always there for [`Role::Tool`].
    pub tool_call_id: Option<String>,
    /// Calls that an assistant made earlier. Empty for the other roles.
    pub tool_calls: Vec<ToolCall>,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// `null`, absent, or of a kind that says nothing (assistant and tool only).
    Empty,
    Text(String),
    Parts(Vec<Part>),
}

/// One content block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Trimmed and not empty.
    Text(String),
    Media(Attachment),
}

/// A function call in the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCall {
    pub name: String,
    /// As the caller wrote them; JSON text as a rule.
    pub arguments: String,
}

/// What the upstream gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    pub text: String,
    /// Files first, then images, each in the order of the messages.
    pub attachments: Vec<Attachment>,
}

/// A file or image to upload with the prompt. Cheap to clone: the data is shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    pub kind: AttachmentKind,
    pub source: Source,
    /// `file.filename`, if the caller gave one.
    pub name: Option<String>,
    /// Where it came from, for errors: `messages.0.content.1.image_url.url`.
    pub param: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachmentKind {
    Image,
    File,
}

/// Where the bytes of an attachment are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// From a data URI.
    Data {
        /// `type/subtype` in lower case, without parameters.
        mime: String,
        /// Standard alphabet, padded, no whitespace, not empty.
        base64: Arc<str>,
    },
    /// An absolute http or https URL. It has not been checked any further.
    Url(String),
}
