//! `/v1/files`: what callers upload to name it later by its id.

mod answer;
mod query;

pub use answer::{File, list_json};
pub use query::{FileQuery, Purpose, expires_after};
