//! The OpenAPI document: what `/openapi.json` says, and `/docs` shows.
//!
//! Each handler has its entry in front of it (`#[utoipa::path]`), and routers are made of handlers
//! with an entry, so a route of the API cannot exist without one. What stands behind the first paragraph of
//! a handler's doc comment is published as its description, up to the first heading. What is here:
//!
//! - `document`: what the document says of itself, and what all operations have in common
//! - `access`: who may call, said where the layer stands that checks it
//! - `errors`: what may go wrong, in sets that entries name
//! - one module for each API: the shapes of its bodies and answers. The wire itself is written by
//!   `crates/openai`, `crates/anthropic` and the handlers; nothing here is ever constructed.
//! - `written`: the document as JSON; `serve`: the document at its address; `page`: the same for people

pub(super) mod access;
pub(super) mod admin;
pub(super) mod chat;
pub(super) mod common;
pub(super) mod completions;
pub(super) mod conversations;
mod document;
pub(super) mod errors;
pub(super) mod files;
pub(super) mod images;
pub(super) mod messages;
pub(super) mod models;
pub(super) mod ops;
pub(super) mod page;
pub(super) mod public;
pub(super) mod responses;
pub(super) mod serve;
pub(super) mod videos;
mod written;

pub(super) use self::document::empty;
