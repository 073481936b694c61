//! Chat completions (`crates/openai/src/{chat,tools,answer,stream,wire}.rs`).

mod answer;
mod request;

pub(in crate::http) use self::{
    answer::{ChatCompletion, ChatCompletionChunk},
    request::ChatCompletionRequest,
};
pub(super) use self::{
    answer::{ChatUsage, FinishReason},
    request::{Effort, StreamOptions, Tool, ToolChoice},
};
