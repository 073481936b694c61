//! Chat completions (`crates/openai/src/{chat,tools,answer,stream,wire}.rs`).

#![expect(
    dead_code,
    reason = "shapes are read by the derive and never constructed"
)]

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
