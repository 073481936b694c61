//! An answer that is not streamed.

use chat::{Delta, Finish, ToolCall};

use crate::{
    Head,
    block::{Block, SIGNATURE, image_markdown},
    event::MessageObject,
    json,
};

/// One whole answer, collected from its deltas. It has the blocks that
/// [`crate::stream::EventWriter`] makes of the same deltas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    content: Vec<Content>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    Text(String),
    Thinking(String),
    ToolUse(ToolCall),
}

impl Message {
    /// A message that says nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what is new. Reasoning must be left out by the caller where it is not shown.
    pub fn push(&mut self, delta: Delta<'_>) {
        match delta {
            Delta::Text("") | Delta::Reasoning("") => {}
            Delta::Text(text) => self.push_text(text),
            Delta::Reasoning(text) => match self.content.last_mut() {
                Some(Content::Thinking(whole)) => whole.push_str(text),
                _ => self.content.push(Content::Thinking(text.to_owned())),
            },
            Delta::Event(chat::Event::Image { url, alt }) => {
                self.push_text(&image_markdown(url, alt));
            }
            Delta::Event(chat::Event::ToolCall(call)) => {
                self.content.push(Content::ToolUse(call.clone()));
            }
            Delta::Event(
                chat::Event::Citation(_) | chat::Event::Search(_) | chat::Event::Progress { .. },
            ) => {}
        }
    }

    /// The body of the HTTP answer.
    pub fn to_json(&self, head: &Head, finish: &Finish) -> Vec<u8> {
        let mut content: Vec<Block<'_>> = self.content.iter().map(Content::block).collect();
        let is_content = |block: &Block<'_>| !matches!(block, Block::Thinking { .. });
        if !content.iter().any(is_content) {
            content.push(Block::Text { text: "" });
        }
        let mut out = Vec::with_capacity(512);
        json::write(&MessageObject::whole(head, content, finish), &mut out);
        out
    }

    fn push_text(&mut self, text: &str) {
        match self.content.last_mut() {
            Some(Content::Text(whole)) => whole.push_str(text),
            _ => self.content.push(Content::Text(text.to_owned())),
        }
    }
}

impl Content {
    fn block(&self) -> Block<'_> {
        match self {
            Self::Text(text) => Block::Text { text },
            Self::Thinking(thinking) => Block::Thinking {
                thinking,
                signature: SIGNATURE,
            },
            Self::ToolUse(call) => Block::tool_use(call),
        }
    }
}
