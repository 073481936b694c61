//! What a conversation is, whatever API it comes through. Pure: no I/O, no clock, no wire format.
//!
//! Data flow: a protocol crate (`openai`, `anthropic`) parses bytes into a [`Request`]; [`flatten`]
//! turns it into the one [`Prompt`] that the upstream takes; what the upstream says becomes
//! [`Deltas`], bounded by an [`OutputLimiter`] and counted by an [`Estimator`]; the protocol crate
//! writes them, then the [`Finish`].
//!
//! A [`History`] identifies what has been said so far, so that a follow-up finds its conversation.

mod contract;
mod delta;
mod finish;
mod flatten;
mod history;
mod json;
mod limit;
mod request;
mod shape;
mod source;
mod tool;
mod turn;
mod usage;

pub use delta::{Citation, Delta, Deltas, Event, Found, SearchActivity, SearchKind};
pub use finish::{Finish, FinishReason};
pub use flatten::{Prompt, count_tokens, flatten, flatten_last_turn};
pub use history::{History, history_after, history_key};
pub use limit::OutputLimiter;
pub use request::{
    Effort, JsonSchema, MAX_MODEL_BYTES, MAX_STOP_BYTES, OutputLimits, Reasoning, Request,
    ResponseFormat, Sampling, Search,
};
pub use shape::{Shape, Verdict, WrittenCall, schema_mistake};
pub use source::{Source, SourceError};
pub use tool::{Tool, ToolCall, ToolChoice};
pub use turn::{Attachment, AttachmentKind, Part, Role, Turn};
pub use usage::{Estimator, Usage};
