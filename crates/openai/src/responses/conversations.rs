//! `/v1/conversations`: what responses that name a conversation add to.

use std::collections::BTreeMap;

use chat::Turn;
use serde::Serialize;

use super::{input, input_items, settings};
use crate::{
    Invalid, fields,
    json::{Array, Json},
    wire::to_json,
};

/// Items that one request may add; OpenAI's limit.
const MAX_ITEMS: usize = 20;

/// What a request sets or adds: `POST /v1/conversations`, `POST …/{id}` and `POST …/{id}/items`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConversationRequest {
    /// `items`; their turns are for [`ConversationRequest::items`].
    turns: Vec<Turn>,
    pub metadata: BTreeMap<String, String>,
}

impl ConversationRequest {
    /// Whether it brings any items.
    #[must_use]
    pub fn has_items(&self) -> bool {
        !self.turns.is_empty()
    }

    /// Its items as a JSON array with ids. `unique` is what no other call for this conversation has:
    /// the id of the conversation when it is created, else an id of the request.
    #[must_use]
    pub fn items(&self, unique: &str) -> Vec<u8> {
        input_items::to_items(&self.turns, unique)
    }
}

/// Parses and validates the body of a request about a conversation; an empty body asks for nothing.
///
/// # Errors
/// `invalid_metadata`, `too_many_items`, and those of the items of a response's input.
pub fn parse_conversation(body: &[u8]) -> Result<ConversationRequest, Invalid> {
    if body.trim_ascii().is_empty() {
        return Ok(ConversationRequest::default());
    }
    let fields = fields::read(body, &["items", "metadata"])?;
    let metadata = settings::metadata(&fields)?;
    let items = match fields.get("items") {
        None => None,
        Some(Json::Array(items)) => {
            check_count(items)?;
            Some(Json::Array(items))
        }
        Some(other) => {
            let message = format!("`items` must be an array, not {}.", other.kind());
            return Err(Invalid::value("items", message));
        }
    };
    Ok(ConversationRequest {
        turns: input::parse(items, "items")?,
        metadata,
    })
}

fn check_count(items: Array<'_>) -> Result<(), Invalid> {
    items.try_map(|index, _| {
        if index < MAX_ITEMS {
            return Ok(());
        }
        let message = format!("`items` must not hold more than {MAX_ITEMS} items at a time.");
        Err(Invalid::new("too_many_items", "items", message))
    })?;
    Ok(())
}

/// One conversation as the API shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversation<'a> {
    pub id: &'a str,
    /// Unix seconds.
    pub created: i64,
    pub metadata: &'a BTreeMap<String, String>,
}

impl Conversation<'_> {
    /// The body of an answer about one conversation.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Body<'a> {
            id: &'a str,
            object: &'static str,
            created_at: i64,
            metadata: &'a BTreeMap<String, String>,
        }
        to_json(&Body {
            id: self.id,
            object: "conversation",
            created_at: self.created,
            metadata: self.metadata,
        })
    }
}
