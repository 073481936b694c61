//! `POST /v1/chat/completions`: the request.
//!
//! `parse` → [`ChatRequest`] → `flatten` (a new conversation) or `flatten_last_turn` (a follow-up in
//! the conversation that [`history_key`] or `conversation_id` found) → [`Prompt`].

mod content;
mod fields;
mod flatten;
mod history;
mod media;
mod messages;
mod parse;
mod request;
mod unsupported;

pub use flatten::{flatten, flatten_last_turn};
pub use history::{History, history_after, history_key};
pub use parse::{check_conversation_id, parse};
pub use request::{
    Attachment, AttachmentKind, ChatRequest, Content, Message, Part, Prompt, Role, Source, ToolCall,
};
