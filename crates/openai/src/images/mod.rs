//! Pictures: what is asked for, and how they are answered.

mod answer;
mod parse;

pub use answer::{Answer, EventWriter, Image, ImageUsage, Partial};
pub(crate) use parse::config;
pub use parse::{ImageConfig, ImageFormat, ImageRequest, ImageSize, MAX_STREAMED, parse};
