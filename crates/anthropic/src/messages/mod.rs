//! `POST /v1/messages`: from the body to a [`chat::Request`].
//!
//! Each file holds the rules of one part of the body. They walk it by `crate::read`, so that an
//! error names the exact place and a large body is never held a second time.

mod attach;
mod output;
mod part;
mod reasoning;
mod request;
mod schema;
mod tools;
mod turns;

use crate::{
    Invalid,
    read::{boolean, integer},
};

/// A valid request for a message.
#[derive(Clone, Debug, PartialEq)]
pub struct MessagesRequest {
    pub request: chat::Request,
    /// The caller declared the web search tool and lets it be used, so searches and citations are
    /// part of the answer.
    pub shows_searches: bool,
    /// Whether the answer shall be a stream of events. `false` if the caller did not say.
    pub stream: bool,
}

/// Reads the body of a request for a message.
///
/// # Errors
/// The first mistake: a body that is no JSON object (its place is `body`), a field that is missing
/// or breaks its rule, or something that cannot be served: uploaded files, tools of Anthropic
/// other than web search, MCP servers.
pub fn parse(body: &[u8]) -> Result<MessagesRequest, Invalid> {
    let fields = request::fields(body)?;
    let max_tokens = fields.required("max_tokens", |at, raw| integer(at, raw, 1))?;
    let stream = fields.optional("stream", boolean)?.unwrap_or(false);
    let request = request::read(&fields, Some(max_tokens))?;
    Ok(MessagesRequest {
        shows_searches: request.search.web == Some(true),
        request,
        stream,
    })
}

/// Reads a body without `max_tokens` and `stream`, which are ignored.
pub(crate) fn parse_uncapped(body: &[u8]) -> Result<chat::Request, Invalid> {
    request::read(&request::fields(body)?, None)
}
