//! The public OpenAI-compatible API: types, validation and translation. Pure: no I/O, no clock.
//!
//! The way in: [`chat::parse`] turns a body into a valid [`chat::ChatRequest`] or one [`Invalid`]
//! that names its parameter; [`chat::flatten`] turns that into the one message the upstream takes.
//!
//! The way out: each upstream token passes a [`tags::TagFilter`], is counted by a
//! [`usage::Estimator`], and leaves through a [`stream::ChunkWriter`] (SSE) or an
//! [`answer::Answer`] (one JSON document).

pub mod answer;
pub mod chat;
pub mod error;
mod json;
pub mod models;
pub mod stream;
pub mod tags;
pub mod usage;

pub use error::{ErrorBody, Invalid};
