//! Shapes that several APIs have.

#![expect(
    dead_code,
    reason = "shapes are read by the derive and never constructed"
)]

use std::collections::BTreeMap;

use utoipa::{IntoParams, ToSchema};

/// Types of fields that hold always the same word.
macro_rules! words {
    ($($name:ident = $word:literal),+ $(,)?) => {$(
        #[derive(utoipa::ToSchema)]
        pub(super) enum $name {
            #[schema(rename = $word)]
            Word,
        }
    )+};
}
pub(super) use words;

words! {
    ListWord = "list",
    SuccessWord = "success",
}

/// An id in the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(in crate::http) struct Named {
    /// The id, as an earlier answer gave it.
    id: String,
}

/// Ids of a conversation and of one of its items in the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(in crate::http) struct NamedItem {
    /// The id of the conversation.
    id: String,
    /// The id of the item, as the list of items has it.
    item_id: String,
}

/// The conversation to go on with, for clients that cannot add a field to the body.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(in crate::http) struct ConversationHeader {
    /// 1 to 200 letters, digits, `_` or `-`.
    #[param(
        rename = "x-conversation-id",
        min_length = 1,
        max_length = 200,
        pattern = "^[A-Za-z0-9_-]+$"
    )]
    conversation: Option<String>,
}

/// A picture of one pixel, for examples.
pub(in crate::http) const PIXEL: &str = "data:image/png;base64,\
    iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// Which page of a list of items.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct ItemPage {
    /// Entries of the page.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// The id of the last entry of the page before.
    #[param(min_length = 1, max_length = 128, pattern = "^[A-Za-z0-9_-]+$")]
    after: Option<String>,
    /// By the time of the entries.
    #[param(inline)]
    order: Option<Order>,
}

/// The order of a list.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(in crate::http) enum Order {
    /// Oldest first.
    Asc,
    /// Newest first.
    Desc,
}

/// Any JSON object.
#[derive(ToSchema)]
#[schema(value_type = Object)]
pub(in crate::http) struct AnyObject(serde_json::Value);

/// What is said of something that was deleted.
#[derive(ToSchema)]
pub(in crate::http) struct Deleted {
    /// The id of what is gone.
    id: String,
    /// What it was.
    object: String,
    deleted: bool,
}

/// Up to 16 pairs of texts that the caller attaches: keys of at most 64, values of at most 512 characters.
#[derive(ToSchema)]
pub(super) struct Metadata(BTreeMap<String, String>);

/// One name or several.
#[derive(ToSchema)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}
