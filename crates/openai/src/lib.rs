//! The OpenAI-compatible API as bytes: a wire format over the neutral model of the crate `chat`. It
//! knows no upstream, no accounts and no HTTP. Pure: no I/O, no clock.
//!
//! The way in: [`crate::chat::parse`] turns a body into a valid [`crate::chat::ChatRequest`] or one
//! [`Invalid`] that names its parameter.
//!
//! Several answers to one request: [`stream::ChunkWriter::of_choice`] or [`answer::merged_json`].
//!
//! The other ways to ask: [`crate::responses::parse`], [`responses::ResponseWriter`] and
//! [`responses::ResponseDocument`]; [`crate::completions::parse`], [`completions::CompletionWriter`]
//! and [`completions::CompletionAnswer`]. Uploads: [`files`].
//!
//! The same for pictures: [`crate::images::parse`], and [`images::EventWriter`] or
//! [`images::Answer`].
//!
//! Videos: [`crate::videos::parse`], [`videos::Video`].
//!
//! The way out: each [`::chat::Delta`] of an answer goes to a [`stream::ChunkWriter`] (SSE) or an
//! [`answer::Answer`] (one JSON document), then the [`::chat::Finish`]. Errors leave as [`ErrorBody`].

#[cfg(test)]
mod agreement;
pub mod answer;
pub mod chat;
pub mod completions;
mod content;
mod deleted;
pub mod error;
mod fields;
pub mod files;
pub mod images;
mod json;
pub mod models;
pub mod page;
pub mod responses;
pub mod stream;
mod tools;
mod turns;
pub mod videos;
mod wire;

pub use deleted::Deleted;
pub use error::{ErrorBody, Invalid};
pub use fields::{MAX_CHOICES, check_prompt, too_many_choices};
pub use turns::name_tool_results;
