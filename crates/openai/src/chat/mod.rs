//! `POST /v1/chat/completions`: the request.
//!
//! ```text
//! body -> json (checked, read where it lies) -> parse: scalars here, the others by
//!         unsupported (refused) · tools · output (format, limits) · messages -> content -> media
//! ```

mod content;

mod media;
mod messages;
mod output;
mod parse;
mod tools;
mod unsupported;

pub use parse::{ChatRequest, check_conversation_id, parse};
pub use unsupported::only_text;
