//! The OpenAI-compatible API as bytes: a wire format over the neutral model of the crate `chat`. It
//! knows no upstream, no accounts and no HTTP. Pure: no I/O, no clock.
//!
//! The way in: [`crate::chat::parse`] turns a body into a valid [`crate::chat::ChatRequest`] or one
//! [`Invalid`] that names its parameter.
//!
//! The same for pictures: [`crate::images::parse`], and [`images::EventWriter`] or
//! [`images::Answer`].
//!
//! Videos: [`crate::videos::parse`], [`videos::Video`].
//!
//! The way out: each [`::chat::Delta`] of an answer goes to a [`stream::ChunkWriter`] (SSE) or an
//! [`answer::Answer`] (one JSON document), then the [`::chat::Finish`]. Errors leave as [`ErrorBody`].

pub mod answer;
pub mod chat;
mod content;
pub mod error;
mod fields;
pub mod images;
mod json;
pub mod models;
pub mod stream;
pub mod videos;
mod wire;

pub use error::{ErrorBody, Invalid};
pub use fields::check_prompt;
