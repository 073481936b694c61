//! `POST /v1/chat/completions`: the request.
//!
//! ```text
//! body -> json (checked, read where it lies) -> parse: scalars here, the others by
//!         unsupported (refused) · tools, legacy (functions) · output (format, limits) ·
//!         messages -> content -> media, recording
//! ```

mod content;
mod legacy;
mod media;
mod messages;
pub(crate) mod output;
mod parse;
pub(crate) mod recording;
mod unsupported;

pub use parse::{ChatRequest, check_conversation_id, parse};
pub use unsupported::only_text;
