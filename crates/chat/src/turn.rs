//! Turns of a conversation and what they are made of.

use crate::{Source, ToolCall};

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Developer,
    System,
    User,
    Assistant,
    /// The caller's program, with the result of a tool call.
    Tool,
}

impl Role {
    const ALL: [Self; 5] = [
        Self::Developer,
        Self::System,
        Self::User,
        Self::Assistant,
        Self::Tool,
    ];

    /// The word that labels the turn in a flattened prompt.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Developer => "developer",
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }

    /// The role of that word, exactly as [`Role::as_str`] writes it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// One turn of the conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    pub role: Role,
    /// The speaker's name; for [`Role::Tool`] the tool's.
    pub name: Option<String>,
    /// In order; may be empty for an assistant that only called tools, and for a tool.
    pub parts: Vec<Part>,
    /// Calls that an assistant made. Empty for the other roles.
    pub tool_calls: Vec<ToolCall>,
    /// The call that this turn answers. Always there for [`Role::Tool`], never elsewhere.
    pub tool_call_id: Option<String>,
}

impl Turn {
    /// A turn that says `parts`.
    pub fn new(role: Role, parts: Vec<Part>) -> Self {
        Self {
            role,
            name: None,
            parts,
            tool_calls: Vec::new(),
            tool_call_id: None,
        }
    }

    /// A turn that says one text.
    pub fn text(role: Role, text: impl Into<String>) -> Self {
        Self::new(role, vec![Part::Text(text.into())])
    }

    /// Whether there is anything in it: text that is not blank, an attachment or a call.
    pub fn says_something(&self) -> bool {
        !self.tool_calls.is_empty()
            || self.parts.iter().any(|part| match part {
                Part::Text(text) => !text.trim().is_empty(),
                Part::Attachment(_) => true,
            })
    }

    /// Its texts that are not blank.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let texts = self.parts.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Attachment(_) => None,
        });
        texts.filter(|text| !text.trim().is_empty())
    }

    /// What it attaches.
    pub fn attachments(&self) -> impl Iterator<Item = &Attachment> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Attachment(attachment) => Some(attachment),
        })
    }
}

/// One piece of a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Text(String),
    Attachment(Attachment),
}

/// An image, file or recording to upload with the prompt. Cheap to clone: the data is shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    pub kind: AttachmentKind,
    pub source: Source,
    /// Its file name, if the caller gave one.
    pub name: Option<String>,
    /// Where it stood in the request, for errors: `messages.0.content.1.image_url.url`. Unique
    /// within a request.
    pub param: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachmentKind {
    Image,
    File,
    Audio,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_read_back_from_their_words() {
        for role in Role::ALL {
            assert_eq!(Role::from_name(role.as_str()), Some(role));
        }
        assert_eq!(Role::from_name("function"), None);
    }

    #[test]
    fn a_turn_says_something_by_text_attachment_or_call() {
        let call = ToolCall {
            id: "t".to_owned(),
            name: "f".to_owned(),
            arguments: "{}".to_owned(),
        };
        let image = Attachment {
            kind: AttachmentKind::Image,
            source: Source::Url("https://a.io/1.png".to_owned()),
            name: None,
            param: "p".to_owned(),
        };
        let mut called = Turn::new(Role::Assistant, Vec::new());
        assert!(!called.says_something());
        called.tool_calls.push(call);
        assert!(called.says_something());
        assert!(!Turn::text(Role::User, " \n").says_something());
        assert!(Turn::text(Role::User, "Hi").says_something());
        assert!(Turn::new(Role::User, vec![Part::Attachment(image)]).says_something());
    }
}
