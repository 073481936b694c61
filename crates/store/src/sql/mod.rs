//! The SQL engine: statements, one writer task, a few readers.
//!
//! - `sqlite`: opens the file, owns the connections, implements the traits
//! - `writer`: the owner task that groups writes into transactions
//! - `op`: what can be written, and how a group of it is applied
//! - `rows`: between rows and Rust types
//! - `dialect`: statements that other engines spell differently, and multi-row texts

mod dialect;
mod op;
mod rows;
mod sqlite;
mod stores;
mod writer;

pub use sqlite::{DATABASE_FILE, SqliteStore};
pub use writer::QUEUE_LENGTH;
