//! Conversations (`crates/openai/src/responses/conversations.rs`).

#![expect(
    dead_code,
    reason = "shapes are read by the derive and never constructed"
)]

use utoipa::ToSchema;

use super::{
    common::{Metadata, words},
    responses::InputItem,
};

words! {
    ConversationWord = "conversation",
}

/// What a conversation begins with.
#[derive(ToSchema)]
pub(in crate::http) struct ConversationRequest {
    /// What was said elsewhere; up to 20 items.
    #[schema(max_items = 20)]
    items: Option<Vec<InputItem>>,
    /// What the caller attaches.
    metadata: Option<Metadata>,
}

/// What replaces the metadata of a conversation.
#[derive(ToSchema)]
pub(in crate::http) struct ConversationUpdate {
    /// What the caller attaches.
    metadata: Option<Metadata>,
}

/// What is added to a conversation.
#[derive(ToSchema)]
pub(in crate::http) struct ConversationItems {
    /// 1 to 20 items.
    #[schema(min_items = 1, max_items = 20)]
    items: Vec<InputItem>,
}

/// A conversation without its items.
#[derive(ToSchema)]
pub(in crate::http) struct Conversation {
    id: String,
    #[schema(inline)]
    object: ConversationWord,
    /// Unix seconds.
    created_at: i64,
    metadata: Metadata,
}
