//! Pictures: what is asked for, and how they are answered.

mod answer;
mod parse;

pub use answer::{Answer, EventWriter, Image, ImageUsage, Partial};
pub use parse::{ImageFormat, ImageRequest, ImageSize, parse};
