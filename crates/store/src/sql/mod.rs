//! What the SQL engines have in common: everything but their connections, and the statements in
//! which they differ.
//!
//! - `columns`, `values`, `select`: reading a row, binding a statement and writing a query, of any
//!   database; `dialect`: in what databases differ there; `numbers`: their integers and ours
//! - `rows`, `document`, `video_job`: between rows and Rust types
//! - `request`, `media`: queries; `page`: lists page by page; `tables`: whole tables
//! - `reader`: the reading half, over an engine's `connections`
//! - `ops`: operations that are one statement; `media_write`, `video_job`: some that are more, over an
//!   engine's `session`
//! - `error`: failures that mean the same everywhere
//!
//! An engine says what differs and brings its connections; nothing here knows which engines there
//! are.

mod columns;
mod connections;
mod dialect;
mod document;
mod error;
mod media;
pub(crate) mod media_write;
mod numbers;
mod ops;
mod page;
mod reader;
mod request;
mod rows;
mod select;
mod session;
mod tables;
mod values;
pub(crate) mod video_job;

pub(crate) use columns::Columns;
pub(crate) use connections::{Accounts, Connections};
pub(crate) use dialect::Dialect;
pub(crate) use document::{bind_content, bind_name};
pub(crate) use error::{failed, outage};
pub(crate) use media_write::MediaStatements;
pub(crate) use numbers::to_i64;
pub(crate) use ops::Statements;
pub(crate) use reader::{SqlReader, read_all};
pub(crate) use request::finish;
pub(crate) use rows::{
    ACCOUNT_COLUMNS, account_or_name, bind_account, bind_request, bind_sum, read_media,
    read_media_kind, select_accounts,
};
pub(crate) use select::Select;
pub(crate) use session::WriteSession;
pub(crate) use tables::{SqlTables, View};
pub(crate) use values::Values;
pub(crate) use video_job::bind_video_job;
