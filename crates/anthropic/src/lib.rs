//! Anthropic's Messages API as a wire format over [`chat`] (`docs/anthropic-api.md`). Pure: no I/O,
//! no clock.
//!
//! The way in: [`messages::parse`] or [`count::parse`] turns a body into a valid [`chat::Request`]
//! or one [`Invalid`] that names its place.
//!
//! The way out: [`chat::Delta`]s and the [`chat::Finish`] leave through a [`stream::EventWriter`]
//! (server-sent events) or a [`message::Message`] (one JSON document). Both make the same content
//! blocks.

mod block;
mod call_id;
pub mod count;
pub mod error;
mod event;
mod json;
pub mod message;
pub mod messages;
mod place;
mod read;
mod search;
pub mod stream;
mod usage;

pub use error::{ErrorBody, ErrorKind, Invalid, THREAD};

/// What is known of an answer before it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// `msg_` and an id of its own.
    pub id: String,
    /// As the caller named it.
    pub model: String,
    /// [`chat::count_tokens`] of the request.
    pub input_tokens: u64,
}
