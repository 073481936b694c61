//! Pictures: what is asked for, and how they are answered.

mod answer;
mod edit;
mod parse;

pub use answer::{Answer, Completed, EventWriter, Image, ImageUsage, Look, Making, Partial};
pub use edit::{
    EditRequest, MAX_INPUT_BYTES, MAX_INPUTS, check_count, parse_edit, parse_edit_form,
};
pub(crate) use parse::config;
pub use parse::{
    ImageConfig, ImageFormat, ImageRequest, ImageSize, MAX_PROMPT_BYTES, MAX_STREAMED, parse,
};
