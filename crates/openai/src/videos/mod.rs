//! Videos: what is asked for, and the objects by which they are answered.

mod answer;
mod parse;
mod shape;

pub use answer::{Video, VideoStatus, list};
pub(crate) use parse::config;
pub use parse::{
    Page, VideoConfig, VideoRequest, parse, parse_form, parse_page, parse_remix, parse_start,
};
pub use shape::{Preset, VideoSize};
